"""A client for people, and for scripts that feed it lines: players, developers and admins.

What may live here: reading lines and showing what comes back.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from getpass import getpass
from threading import Condition
from typing import Any, Final

from wirebook.reference.pgnet.client import Client
from wirebook.reference.pgnet.errors import LocalProtocolError
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.reference.pgnet.secrecy import Secrets
from wirebook.reference.pgnet.threads import ClientThread
from wirebook.spec.pgnet.states import PREFIX

HELP: Final = """\
  MESSAGE [JSON]    ask the game; a JSON object at the end is the payload
  /do WORD [JSON]   ask the server, for instance: /do create_invite {"username": "bob"}
  /do help          show what can be asked
  /games            show the games
  /create NAME      open a game; /join NAME joins one, /leave leaves it
  /password         ask for the password that /create and /join use
  /news             show the news of the game, or stop showing them
  /status           show the connection and the game
  /help             show this
  /quit             disconnect and end"""

_PATIENCE: Final = 6.0
"""Seconds that a server has to log the user in, and to answer."""


def talk(host: str, port: int, username: str, secrets: Secrets, pubkey: str = "") -> None:
    """Log in, and ask what is typed; raise ConnectionError if there is no server or no entry."""
    converse(
        Client.remote(
            address=host,
            port=port,
            username=username,
            password=secrets.password,
            invite_code=secrets.invite_code,
            verify_server_pubkey=pubkey,
        )
    )


def converse(client: Client) -> None:
    """Connect a client, and ask what is typed; raise ConnectionError if it does not connect."""
    session = _Session(client)
    try:
        session.connect()
        session.run()
    finally:
        session.close()


class _Session:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._thread = ClientThread()
        self._changed = Condition()
        self._open = 0
        """Requests without a response so far."""
        self._password: str | None = None
        self._shows_news = False
        setattr(client, "on_status", self._note_status)  # noqa: B010 - as documented
        setattr(client, "on_connection", lambda _: self._wake())  # noqa: B010
        setattr(client, "on_heartbeat", self._note_news)  # noqa: B010

    def connect(self) -> None:
        ending = self._thread.connect(self._client)
        ending.add_done_callback(lambda _: self._wake())
        with self._changed:
            self._changed.wait_for(lambda: self._client.connected or ending.done(), _PATIENCE)
        if not self._client.connected:
            raise ConnectionError(self._client.status)
        self._show("/help shows what can be said")

    def close(self) -> None:
        self._thread.close()

    def run(self) -> None:
        while True:
            if sys.stdin.isatty():
                sys.stdout.write("> ")
                sys.stdout.flush()
            line = sys.stdin.readline()
            if not line or line.strip() == "/quit" or not self._client.connected:
                return
            try:
                self._obey(line.strip())
            except (ValueError, LocalProtocolError) as error:
                self._show(f"cannot ask that: {error}")
            with self._changed:  # a script may rely on what it has asked for
                self._changed.wait_for(self._is_quiet, _PATIENCE)

    def _obey(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        match word, rest.strip():
            case "", "":
                pass
            case "/do", request:
                self._ask(*_message_and_payload(PREFIX + request))
            case "/games", "":
                self._call(lambda: self._client.get_game_dir(self._answered()))
            case "/create", name:
                self._enter(self._client.create_game, name)
            case "/join", name:
                self._enter(self._client.join_game, name)
            case "/leave", "":
                self._call(lambda: self._client.leave_game(callback=self._answered()))
            case "/password", "":
                self._password = getpass("password of games: ") or None
            case "/news", "":
                self._shows_news = not self._shows_news
            case "/status", "":
                game = self._client.game
                where = "in the lobby" if game is None else f"in the game {game!r}"
                self._show(f"{self._client.status} ({where})")
            case _ if word.startswith("/"):
                self._show(HELP)
            case _:
                self._ask(*_message_and_payload(line))

    def _ask(self, message: str, payload: dict[str, Any]) -> None:
        self._call(lambda: self._client.send(Packet(message, payload), self._answered()))

    def _enter(self, method: Callable[..., None], name: str) -> None:
        self._call(lambda: method(name, password=self._password, callback=self._answered()))

    def _call(self, function: Callable[[], None]) -> None:
        self._thread.call(function)

    def _answered(self) -> Callable[[Response], None]:
        with self._changed:
            self._open += 1

        def answered(response: Response) -> None:
            mark = "<-" if not response.status else f"<- (status {int(response.status)})"
            self._show(f"{mark} {response.message}")
            if response.payload:
                self._show(json.dumps(response.payload, indent=2, ensure_ascii=False))
            with self._changed:
                self._open -= 1
            self._wake()

        return answered

    def _is_quiet(self) -> bool:
        return not self._open or not self._client.connected

    def _note_status(self, status: str) -> None:
        self._show(f"** {status}")

    def _note_news(self, response: Response) -> None:
        if self._shows_news:
            self._show(f"<- news: {json.dumps(response.payload, ensure_ascii=False)}")

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _show(self, text: str) -> None:
        with self._changed:
            sys.stdout.write(_printable(text) + "\n")
            sys.stdout.flush()


def _message_and_payload(line: str) -> tuple[str, dict[str, Any]]:
    """Split a line into a message and the JSON object at its end, if there is one."""
    start = line.find(" {")
    if start < 0 or not line.endswith("}"):
        return line, {}
    payload = json.loads(line[start:])
    return line[:start].rstrip(), payload


def _printable(text: str) -> str:
    """Return what a server said without what a terminal would take for a command."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in text)
