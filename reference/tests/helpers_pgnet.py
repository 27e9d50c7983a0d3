"""What the tests of PGNet share: a server in memory with its users, in virtual time.

Nothing sleeps and nothing is slow: errands are carried out at once, unless a test holds them back.
What may live here: helpers that more than one test file uses.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

from wirebook.reference.pgnet.core.outcomes import CheckPassword, KeepPassword, Outcome, Pause
from wirebook.reference.pgnet.core.server import ServerCore, Surroundings
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.game import Game
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.reference.pgnet.passwords import LEAST_COST, keep, proves
from wirebook.reference.pgnet.tunnel import Key, Tunnel

SERVER_KEY = Key(bytes(range(32)))
ADMIN_KEPT = keep("admin-password", LEAST_COST)


def octets() -> Callable[[int], bytes]:
    """Return a source of octets that are never the same twice, and no secret."""
    serial = count(1)
    return lambda size: next(serial).to_bytes(size, "big")


RANDOM = octets()


class Log(Game):
    """A game that remembers what happens to it."""

    instances: list[Log] = []  # noqa: RUF012 - of all tests; each clears it

    def __init__(self, name: str, save_string: str | None = None) -> None:
        self.name = name
        self.save_string = save_string
        self.lines: list[str] = []
        self.updates = 0
        self.instances.append(self)

    def user_joined(self, username: str) -> None:
        self.lines.append(f"+{username}")

    def user_left(self, username: str) -> None:
        self.lines.append(f"-{username}")

    def handle_game_packet(self, packet: Packet) -> Response:
        self.lines.append(f"{packet.username}: {packet.message}")
        answers: dict[str, Any] = {
            "leave": Response("Goodbye.", disconnecting=True),
            "rubbish": "rubbish",
            "no-json": Response("x", {"x": {1, 2}}),
            "nan": Response("x", {"x": float("nan")}),
            "surrogate": Response("x", {"x": "\ud800"}),
            "large": Response("x" * (1 << 20)),
            "bad-status": Response("x", status=9),
        }
        if packet.message == "fail":
            raise ValueError("on purpose")
        found: Response = answers.get(packet.message, Response("noted", {"seen": packet.payload}))
        return found

    def handle_heartbeat(self, packet: Packet) -> Response:
        return Response("news", {"lines": self.lines, "asked": packet.payload})

    def get_save_string(self) -> str:
        return "\n".join(self.lines)

    def update(self) -> None:
        self.updates += 1


class PersistentLog(Log):
    """One that goes on while nobody is in it."""

    persistent = True


class World:
    """A server, and time."""

    def __init__(self, game: type[Game] = Log, **options: Any) -> None:
        Log.instances.clear()
        self.now = 1000.0
        self.failures: list[str] = []
        self.connections: list[tuple[str, bool]] = []
        self.traces: list[tuple[str, Packet, Response]] = []
        self.saves = 0
        self.carries_out = True
        """Whether errands are carried out at once."""
        codes = count(1)
        self.server = ServerCore(
            game,
            SERVER_KEY,
            Surroundings(
                random=RANDOM,
                make_invite_code=lambda: f"code-{next(codes)}",
                failed=self.failures.append,
                tell_connection=lambda name, there: self.connections.append((name, there)),
                trace=lambda *args: self.traces.append(args),
            ),
            **{"admin_password": ADMIN_KEPT, **options},
        )
        self.server.start(self.now)

    def peer(self, address: str = "192.0.2.1") -> Peer:
        """Return a peer whose WebSocket has just opened."""
        return Peer(self, address)

    def user(self, name: str, password: str = "", **members: Any) -> Peer:
        """Return a peer that has logged in."""
        peer = self.peer()
        peer.trade_keys()
        answer = peer.login(name, password, **members)
        assert answer["status"] == 0, answer
        return peer

    def admin(self) -> Peer:
        """Return the admin."""
        return self.user("admin", "admin-password")

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while True:
            dues = [self.server.next_timer()]
            dues += [connection.next_timer() for connection in self.server.connections]
            due = min((due for due in dues if due is not None), default=end)
            if due > end:
                break
            self.now = max(self.now, due)
            if self.server.handle_timer(self.now):
                self.saves += 1
            for connection in list(self.server.connections):
                connection.handle_timer(self.now)
            if due == end:
                break
        self.now = end

    def carry_out(self, connection: ServerConnection) -> None:
        """Do what a connection waits for, and what it waits for then."""
        while connection.errand is not None:
            connection.resume(self.done(connection.errand), self.now)

    def done(self, errand: Outcome) -> Callable[[], Outcome]:
        """Do something slow, and return how to go on."""
        match errand:
            case KeepPassword(password, then, _):
                kept = keep(password, LEAST_COST)
                return lambda: then(kept)
            case CheckPassword(kept_before, password, then_right, _):
                right = proves(kept_before, password)
                return lambda: then_right(right)
            case Pause(seconds, then_on):
                self.now += seconds
                return then_on
        self.saves += 1
        return lambda: errand.then(True)  # type: ignore[union-attr]  # only SaveNow is left


class Peer:
    """The other end of a server's connection, which can say anything."""

    def __init__(self, world: World, address: str) -> None:
        self.world = world
        self.core = world.server.connect(address, world.now)
        self.tunnel: Tunnel | None = None
        self.received: list[dict[str, Any]] = []

    @property
    def close_code(self) -> int | None:
        """The code with which the server closes, if it does."""
        return self.core.close_code

    def trade_keys(self) -> dict[str, Any]:
        """Trade keys and return the response."""
        key = Key(RANDOM(32))
        answer = self.say({"message": "key_trade", "payload": {"pubkey": key.pubkey}})
        secret = key.shared_with(answer["payload"]["pubkey"])
        assert secret is not None
        self.tunnel = Tunnel(secret, RANDOM)
        return answer

    def login(self, name: object, password: object = "", **members: Any) -> dict[str, Any]:
        """Log in and return the response."""
        payload = {"username": name, "password": password, **members}
        return self.say({"message": "handshake", "payload": payload})

    def ask(self, message: str, /, **payload: Any) -> dict[str, Any]:
        """Send a request and return its response; `/` stands for the prefix."""
        message = message.replace("/", "__pgnet__.", 1)
        return self.say({"message": message, "payload": payload})

    def say(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and return its response."""
        answers = self.send(json.dumps(request))
        assert len(answers) == 1, (answers, self.close_code)
        return answers[0]

    def send(self, text: str) -> list[dict[str, Any]]:
        """Send a text, in a box if it is time for that, and return what comes."""
        return self.send_raw(text if self.tunnel is None else self.tunnel.seal(text))

    def send_raw(self, text: str) -> list[dict[str, Any]]:
        """Send a message as it is and return what comes."""
        self.core.receive_text(text, self.world.now)
        if self.world.carries_out:
            self.world.carry_out(self.core)
        return self.take()

    def take(self) -> list[dict[str, Any]]:
        """Return what the server has sent."""
        answers = []
        for text in self.core.texts_to_send():
            opened = text if self.tunnel is None else self.tunnel.open(text)
            answers.append(json.loads(opened))
        self.received += answers
        return answers

    def lose(self) -> None:
        """Lose the connection."""
        self.core.receive_end()
