"""The programs around the reference: the adapters, the command line, the documented script."""
# The passwords here protect nothing.
# ruff: noqa: S105, S106

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.helpers_adapter import Adapter
from tests.helpers_reference import covers, eventually
from wirebook.reference.pgnet import ExampleGame, Server, app, devclient, interactive_client
from wirebook.reference.pgnet.conformance_app import ADMIN_PASSWORD
from wirebook.reference.pgnet.running import Handle
from wirebook.reference.pgnet.secrecy import Secrets, asked_for

PROGRAM = [sys.executable, "-m", "wirebook.reference.pgnet"]


@pytest.fixture
def served() -> Iterator[Handle]:
    """The conformance application."""
    handle = app.serve("127.0.0.1", 0)
    yield handle
    handle.stop()
    assert not handle.alive()


@pytest.fixture
def adapter() -> Iterator[Adapter]:
    """A client adapter."""
    adapter = Adapter(app.client)
    yield adapter
    adapter.close()
    assert not adapter.thread.is_alive()


def connect(adapter: Adapter, handle: Handle, username: str = "alice", **options: str) -> None:
    """Let an adapter connect."""
    answer = adapter.ask(
        "connect", host="127.0.0.1", port=handle.port, username=username, **options
    )
    assert answer["ok"]
    eventually(lambda: adapter.ask("status")["connected"])


def answer_of(adapter: Adapter, tag: str) -> dict[str, Any]:
    """Return the response to the request with a tag."""
    return dict(adapter.expect(event="response", tag=tag)["response"])


def has_news(adapter: Adapter, lines: list[str]) -> bool:
    """Tell whether a heartbeat has told these lines."""
    beats = [message for message in adapter.messages if message.get("event") == "heartbeat"]
    return any(beat["response"]["payload"] == {"log": lines} for beat in beats)


def test_adapter_says_hello_and_answers_nonsense(adapter: Adapter) -> None:
    """It is ready at once, disconnected, and says what is wrong with a request."""
    assert adapter.expect(event="ready") == {"event": "ready", "protocol": "pgnet", "version": 1}
    assert adapter.ask("status") == {"id": 1, "ok": True, "connected": False, "game": None}
    assert adapter.ask("disconnect")["ok"]
    assert adapter.ask("heartbeat", payload={})["ok"]
    for refused in (adapter.ask("send", message="x"), adapter.ask("dance"), adapter.ask("connect")):
        assert (refused["ok"], bool(refused["error"])) == (False, True)


def test_adapter_plays(served: Handle, adapter: Adapter) -> None:
    """Every request of the chapter does what it says."""
    connect(adapter, served, password="pw")
    adapter.expect(event="connection", connected=True)
    adapter.ask("create_game", name="Game 1", password="x", tag="create")
    assert answer_of(adapter, "create")["payload"] == {"heartbeat_rate": 10}
    adapter.expect(event="game", game="Game 1")
    adapter.ask("send", message="hello", payload={"a": 1}, tag="send")
    assert answer_of(adapter, "send") == {
        "message": "Message added.",
        "payload": {},
        "status": 0,
        "disconnecting": False,
        "game": "Game 1",
    }
    adapter.ask("send", message="untagged")
    lines = ["alice says: 'hello'", "alice says: 'untagged'"]
    eventually(partial(has_news, adapter, lines))
    adapter.ask("game_dir", tag="dir")
    assert answer_of(adapter, "dir")["payload"]["games"]["Game 1"]["password_protected"]
    assert adapter.ask("game_dir")["ok"]
    adapter.ask("leave_game", tag="leave")
    assert answer_of(adapter, "leave")["game"] is None
    adapter.ask("join_game", name="Game 1", tag="wrong")
    assert answer_of(adapter, "wrong")["status"] == 2
    adapter.ask("join_game", name="Game 1", password="x", tag="join")
    assert answer_of(adapter, "join")["status"] == 0
    assert adapter.ask("status")["game"] == "Game 1"
    assert adapter.ask("flush")["ok"]
    assert adapter.ask("disconnect")["ok"]
    adapter.expect(event="connection", connected=False)
    connect(adapter, served, "bob")
    assert adapter.ask("quit")["ok"]


def test_adapter_notices_another_key(served: Handle, adapter: Adapter) -> None:
    """With a key of the server, no other is accepted."""
    other = Server(ExampleGame).pubkey
    adapter.ask("connect", host="127.0.0.1", port=served.port, username="alice", pubkey=other)
    assert adapter.ask("disconnect")["ok"]
    assert adapter.find(event="connection") is None
    connect(adapter, served, pubkey=served.server.pubkey)


def test_scripted_game(served: Handle, adapter: Adapter) -> None:
    """The script of the chapter, and the game lives on."""
    connect(adapter, served)
    adapter.ask("create_game", name="Game 1")
    adapter.ask("heartbeat", payload={"fail": True})
    for number, word in enumerate(("fail", "rubbish", "leave")):
        adapter.ask("send", message=f"script.{word}", tag=f"t{number}")
        answer = answer_of(adapter, f"t{number}")
        assert answer["status"] == (0 if word == "leave" else 2)
    adapter.expect(event="game", game=None)
    refused = [m for m in adapter.messages if m.get("event") == "heartbeat"]
    assert all(message["response"]["status"] == 2 for message in refused)


def test_served_with_a_save_file(tmp_path: Path) -> None:
    """What a server saved when it was stopped is there when it is started again."""
    path = tmp_path / "state.json"
    for number in range(2):
        handle = app.serve("127.0.0.1", 0, save_file=str(path))
        adapter = Adapter(app.client)
        try:
            connect(adapter, handle, "admin", password=ADMIN_PASSWORD)
            adapter.ask("join_game", name="Game 1", tag="join")
            answer_of(adapter, "join")
            adapter.ask("send", message=f"m{number}", tag="said")
            answer_of(adapter, "said")
            expected = [f"admin says: 'm{known}'" for known in range(number + 1)]
            eventually(partial(has_news, adapter, expected))
        finally:
            adapter.close()
            handle.stop()


def test_adapters_are_programs_too(served: Handle) -> None:
    """`python -m` speaks the same protocol on its standard streams."""
    requests = [
        {"id": 1, "do": "connect", "host": "127.0.0.1", "port": served.port, "username": "alice"},
        {"id": 2, "do": "status"},
        {"id": 3, "do": "quit"},
    ]
    ended = subprocess.run(
        [*PROGRAM, "client"],
        input="".join(json.dumps(request) + "\n" for request in requests),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    replies = [json.loads(line) for line in ended.stdout.splitlines()]
    assert {1, 2, 3} <= {reply.get("id") for reply in replies}


def test_server_program(tmp_path: Path) -> None:
    """It says where it listens, takes the admin's password from a file, and saves when it ends."""
    (tmp_path / "password").write_text("secret-of-admin\n")
    path = tmp_path / "state.json"
    options = ["--save-file", str(path), "--admin-password-file", str(tmp_path / "password")]
    with subprocess.Popen(
        [*PROGRAM, "-v", "server", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout
        said = [line := server.stdout.readline()]
        while "; Ctrl-C ends it" not in line:
            said.append(line := server.stdout.readline())
        port = line.split("port ")[1].split(";")[0]
        environment = {**os.environ, "PGNET_PASSWORD": "secret-of-admin"}
        ended = subprocess.run(
            [*PROGRAM, "remote", "--port", port, "--username", "admin"],
            input="/do set_registration {}\n/do save\n",
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert "<- Registration is off." in ended.stdout
        assert "<- Saved." in ended.stdout
        assert json.loads(path.read_bytes())["registration"] is False
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
        shown = "".join(said) + server.stdout.read() + ended.stdout + ended.stderr
        assert "secret-of-admin" not in shown


def test_local_program() -> None:
    """A game on a server of one's own, which ends with the input."""
    ended = subprocess.run(
        [*PROGRAM, "local"],
        input="/create Game 1\nHello world!\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "<- Message added." in ended.stdout


@covers("PGN-SEC-006")
def test_no_password_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """There are options for files and prompts only."""
    for mode in ("local", "server", "remote"):
        for option in ("--password", "--admin-password", "--invite-code"):
            with pytest.raises(SystemExit):
                devclient.main([mode, f"{option}=x"])
        capsys.readouterr()
        with pytest.raises(SystemExit):
            devclient.main([mode, "--help"])
        assert "--password " not in capsys.readouterr().out


def test_secrets_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """From a file, a prompt or the environment, and nothing of it shows."""
    path = tmp_path / "password"
    path.write_text("from-file\nmore\n")
    assert asked_for(path).password == "from-file"
    monkeypatch.setattr("wirebook.reference.pgnet.secrecy.getpass", lambda _: "from-prompt")
    assert asked_for(ask=True).password == "from-prompt"
    monkeypatch.setenv("PGNET_PASSWORD", "from-env")
    monkeypatch.setenv("PGNET_INVITE_CODE", "code-env")
    secrets = asked_for()
    assert (secrets.password, secrets.invite_code) == ("from-env", "code-env")
    path.write_text("")
    with pytest.raises(ValueError, match="no password"):
        asked_for(path)
    print(secrets)
    assert "env" not in "".join(capfd.readouterr())


def test_unknown_applications_are_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is no application ends with status 2 and the names there are."""
    for mode in (["server", "--app", "chess"], ["local", "--game", "chess"]):
        with pytest.raises(SystemExit) as ended:
            devclient.main(mode)
        assert ended.value.code == 2
    assert "conformance, example" in capsys.readouterr().err
    for name in ("wirebook.nowhere:server", "json:loads", "builtins:dict", "os:sep"):
        with pytest.raises((LookupError, TypeError)):
            app.find(name)


def test_applications_are_found_by_name() -> None:
    """Built-in names, functions and games lead to servers."""
    for name in ("conformance", "example", "wirebook.reference.pgnet.examples:ExampleGame"):
        assert isinstance(app.find(name, port=0), Server)


def test_nobody_to_talk_to(served: Handle, capsys: pytest.CaptureFixture[str]) -> None:
    """It is one clear line, with the reason of the server if there is one."""
    with pytest.raises(SystemExit):
        devclient.main(["remote", "--port", str(served.port), "--username", "x"])
    assert "Username not allowed." in capsys.readouterr().err
    port = served.port
    served.stop()
    with pytest.raises(OSError, match="no server at"):
        app.interactive("127.0.0.1", port)


def test_talking_line_by_line(
    served: Handle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The interactive client takes a script, and shows what comes back."""
    script = """\
        /password
        /create Game 1

        Hello {world}!
        Hello again {"a": 1}
        Hello {"a": oops}
        /games
        /status
        /news
        /leave
        /join Game 1
        /do help
        /do debug
        /help
        """
    monkeypatch.setattr(sys, "stdin", io.StringIO(textwrap.dedent(script)))
    monkeypatch.setattr(interactive_client, "getpass", lambda _: "secret")
    interactive_client.talk("127.0.0.1", served.port, "alice", Secrets(), served.server.pubkey)
    shown = capsys.readouterr().out
    for part in (
        "** Logged in as alice.",
        "<- Created new game: 'Game 1'.",
        "<- Message added.",
        "cannot ask that: ",
        '"password_protected": true',
        "in the game 'Game 1'",
        "<- Left game: 'Game 1'.",
        "<- Joined game: 'Game 1'.",
        "__pgnet__.create_invite",
        "<- (status 2) __pgnet__.debug is for the admin.",
        "ask the game; a JSON object",
    ):
        assert part in shown, part
    assert "secret" not in shown


def test_what_a_server_says_cannot_steer_a_terminal() -> None:
    """Control characters are not shown."""
    assert interactive_client._printable("a\x1b[2Jü\nb") == "a�[2Jü\nb"


DOCUMENTED_SCRIPT = """\
import asyncio
from wirebook.reference import pgnet

Game, Client = pgnet.examples.ExampleGame, pgnet.examples.ExampleClient

def response_callback(response: pgnet.Response):
    print(f"SERVER RESPONSE: {response}")

async def main():
    client = Client.local(game=Game, username="player", port=0)
    asyncio.create_task(client.async_connect())
    await asyncio.sleep(1)
    for text in ("Hello world!", "Goodbye."):
        client.send(pgnet.Packet(text), response_callback)
        await asyncio.sleep(1)
    client.disconnect()
    await asyncio.sleep(1)

asyncio.run(main())
"""


def test_the_documented_script_runs() -> None:
    """With its import changed, and a free port; it waits instead of using events."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", DOCUMENTED_SCRIPT],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout.count("SERVER RESPONSE: Response(message='Message added.'") == 2
    assert "Traceback" not in ended.stderr
