"""The programs around the reference: the conformance application, the adapters and the chat."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.helpers_adapter import Adapter
from tests.helpers_packetmq import RawPeer, leave, packet
from tests.helpers_reference import eventually
from wirebook.reference.packetmq import Reactor, app, conformance_app
from wirebook.reference.packetmq.__main__ import main
from wirebook.reference.packetmq.conformance_app import NAMES
from wirebook.reference.packetmq.control import PACKETS
from wirebook.reference.packetmq.examples import chat
from wirebook.reference.packetmq.examples.chat_client import ChatClient

IDS = dict(PACKETS)


@pytest.fixture
def served() -> Iterator[app.Handle]:
    """The conformance application."""
    handle = app.serve("127.0.0.1", 0)
    assert handle.alive()
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


@pytest.fixture
def connected(served: app.Handle, adapter: Adapter) -> Adapter:
    """A client adapter that is connected to the conformance application."""
    assert adapter.ask("connect", host="127.0.0.1", port=served.port)["ok"]
    adapter.expect(event="made", connection=0)
    return adapter


def payload_of(adapter: Adapter, name: str) -> Any:
    """Return the payload of the first packet of a name that an adapter tells of."""
    return adapter.expect(event="received", type=f"conformance:{name}")["payload"]


def test_adapter_says_hello_and_answers_nonsense(adapter: Adapter) -> None:
    """It is ready at once, and says what is wrong with a request."""
    assert adapter.expect(event="ready") == {"event": "ready", "protocol": "packetmq", "version": 1}
    for refused in (
        adapter.ask("send", type="conformance:echo"),
        adapter.ask("send", type="no:such", to=0),
        adapter.ask("softquit", to=0),
        adapter.ask("fail", type="no:such"),
        adapter.ask("register", adapt=True, packets=[["bad", 1]]),
        adapter.ask("dance"),
    ):
        assert (refused["ok"], bool(refused["error"])) == (False, True)


def test_every_kind_of_value_comes_back(connected: Adapter) -> None:
    """Payloads are echoed as they were."""
    payload = [1, {"$float": "inf"}, {"$bin": "00ff"}, {"$map": [[1, None]]}, {"$ext": [-1, "00"]}]
    assert connected.ask("send", type="conformance:echo", payload=payload)["ok"]
    assert payload_of(connected, "echoed") == payload


def test_packets_of_the_server(connected: Adapter) -> None:
    """Number, bursts, broadcasts and history are shown; what fails does not stop anything."""
    for name, payload in (
        ("fail", None),
        ("whoami", None),
        ("burst", 3),
        ("burst", 10**9),
        ("broadcast", "all"),
        ("history", None),
    ):
        assert connected.ask("send", type=f"conformance:{name}", payload=payload, to=0)["ok"]
    assert payload_of(connected, "happened") == [["made", 0]]
    assert payload_of(connected, "you_are") == 0
    items = [m["payload"] for m in connected.messages if m.get("type") == "conformance:item"]
    assert items == [0, 1, 2, "all"]


@pytest.mark.parametrize(
    ("payload", "reason"), [("reason.x", "reason.x"), (None, "reason.unknown")]
)
def test_server_takes_its_leave(connected: Adapter, payload: Any, reason: str) -> None:
    """With the reason it is told, or without one; the history has it."""
    connected.ask("send", type="conformance:leave", payload=payload)
    assert connected.expect(event="lost") == {"event": "lost", "connection": 0, "reason": reason}


def test_client_takes_its_leave(connected: Adapter, served: app.Handle) -> None:
    """With a reason and without one; both sides have it."""
    connected.ask("softquit", to=0, reason="reason.bye")
    connected.ask("connect", host="127.0.0.1", port=served.port)
    connected.expect(event="made", connection=1)
    connected.ask("softquit", to=1)
    connected.expect(event="lost", connection=0, reason="reason.bye")
    connected.expect(event="lost", connection=1, reason="reason.unknown")
    server = served.server
    assert isinstance(server, conformance_app.ConformanceServer)
    eventually(lambda: len(server.history) == 4)
    assert [entry[2] for entry in server.history if entry[0] == "lost"] == [
        "reason.bye",
        "reason.unknown",
    ]


def test_new_clients_begin_anew(connected: Adapter, served: app.Handle) -> None:
    """Numbers start at 0, old connections are dropped without a word, and packets may differ."""
    packets = [[f"conformance:{name}", number] for number, name in enumerate(reversed(NAMES), 200)]
    assert connected.ask("register", adapt=True, packets=packets)["ok"]
    eventually(lambda: not served.server.connections)
    connected.messages.clear()
    connected.ask("connect", host="127.0.0.1", port=served.port)
    connected.expect(event="made", connection=0)
    connected.ask("register", adapt=True, packets=[["app:other", 40]])
    connected.ask("connect", host="127.0.0.1", port=served.port)
    connected.expect(event="lost", connection=0, reason="reason.nonequalpackets")
    connected.ask("register", adapt=False, packets=[])
    connected.messages.clear()
    connected.ask("connect", host="127.0.0.1", port=served.port)
    connected.expect(event="lost", connection=0, reason="reason.sameadaptivepolicy")


def test_callbacks_fail_when_they_are_told_to(connected: Adapter) -> None:
    """The packet is told, then its callback fails, and the next one comes all the same."""
    connected.ask("fail", type="conformance:item")
    connected.ask("send", type="conformance:burst", payload=2)
    for payload in (0, 1):
        connected.expect(event="received", type="conformance:item", payload=payload)


def test_adapter_ends_on_quit(served: app.Handle) -> None:
    """`quit` ends it, while it is connected or connecting, as a program of its own."""
    requests = [
        {"id": 1, "do": "connect", "host": "127.0.0.1", "port": served.port},
        {"id": 2, "do": "quit"},
        {"id": 3, "do": "quit"},
    ]
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-m", "wirebook.reference.packetmq", "client"],
        input="".join(json.dumps(request) + "\n" for request in requests),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    replies = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [reply["id"] for reply in replies if "id" in reply] == [1, 2]
    assert ended.stderr == ""


def test_server_program_runs_until_it_is_killed() -> None:
    """`python -m … server` says where it listens, and serves."""
    with subprocess.Popen(
        [sys.executable, "-m", "wirebook.reference.packetmq", "server"],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout
        line = server.stdout.readline()
        with RawPeer.active(int(line.split("port ")[1].split(";")[0]), IDS) as peer:
            peer.send(packet(17, "hello"))
            assert peer.read(1) == [(18, "hello")]
        server.terminate()


def test_unknown_application_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is no application ends with status 2 and the names there are."""
    with pytest.raises(SystemExit) as ended:
        main(["server", "--app", "chess"])
    assert ended.value.code == 2
    assert "conformance, chat" in capsys.readouterr().err
    for name in ("wirebook.nowhere:server", "json:nothing", "string:digits"):
        with pytest.raises(LookupError):
            app.find(name)


def test_port_that_is_taken(served: app.Handle) -> None:
    """It is the caller's error, and nothing is left running."""
    with pytest.raises(OSError, match=r"."):
        app.serve_forever("127.0.0.1", served.port, "chat", print)


def test_handle_notices_the_end(served: app.Handle) -> None:
    """A loop that has ended serves nobody."""
    served.server.stop()
    assert not served.alive()


SCRIPT = """\
/names
conformance:echo {"a": [1, {"$float": 1.5}]}
conformance:whoami
conformance:nope 1
conformance:echo {oops
/help

/quit reason.done
"""


def test_talking_line_by_line(
    served: app.Handle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The interactive client learns the names, takes a script, and shows packets."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(SCRIPT))
    app.interactive("127.0.0.1", served.port)
    shown = capsys.readouterr().out
    assert "     17  conformance:echo\n" in shown
    assert "cannot send that: no packet 'conformance:nope' is registered" in shown
    assert shown.count("cannot send that") == 2
    assert "send a packet" in shown
    assert shown.endswith("the connection is gone: reason.done\n")


def test_a_script_without_quit_gets_its_answers(
    served: app.Handle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The end of the input takes leave, too, after a moment for the answers."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("conformance:echo [1]\n"))
    app.interactive("127.0.0.1", served.port)
    assert "<- conformance:echoed [1]\n" in capsys.readouterr().out


class Slow:
    """Somebody who types the last line when the server has gone."""

    def __init__(self, served: app.Handle, *lines: str) -> None:
        self._served = served
        self._lines = list(lines)

    def isatty(self) -> bool:
        """It is no terminal."""
        return False

    def readline(self) -> str:
        """Return the next line."""
        if len(self._lines) == 1:
            eventually(lambda: not self._served.server.connections)
        return self._lines.pop(0) if self._lines else ""


def test_a_server_that_leaves_ends_the_talk(
    served: app.Handle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing more can be said then."""

    monkeypatch.setattr(sys, "stdin", Slow(served, 'conformance:leave "so.there"\n', "after\n"))
    app.interactive("127.0.0.1", served.port)
    assert "the connection is gone: so.there\n" in capsys.readouterr().out


def test_talking_to_nobody() -> None:
    """An error that the command line can show."""
    with pytest.raises(ConnectionError):
        app.interactive("127.0.0.1", 1)


class Person:
    """Somebody in the chat, with all that was heard."""

    def __init__(self, name: str, port: int, loop: Reactor) -> None:
        self.heard: list[str] = []
        self.client = ChatClient(name, self.heard.append, reactor=loop)
        self.client.connect(("127.0.0.1", port))
        self.client.runAsync()
        assert self.client.settled.wait(10.0)

    def hears(self, line: str) -> None:
        """Wait for a line."""
        eventually(lambda: line in self.heard)


@pytest.fixture
def chatting() -> Iterator[tuple[int, Reactor]]:
    """The port of a chat, and a reactor for its people."""
    handle = app.start(app.find("chat"), "127.0.0.1", 0)
    loop = Reactor()
    yield handle.port, loop
    loop.close()
    handle.stop()


def test_a_chat(chatting: tuple[int, Reactor]) -> None:
    """Everybody hears who comes and goes, and what anybody says."""
    people = [Person(name, *chatting) for name in ("ann", "bob", "eve")]
    ann, bob, eve = people
    ann.hears("here are ann")
    eve.hears("here are ann, bob, eve")
    ann.hears("eve has come")
    bob.client.say("hello")
    for person in people:
        person.hears("bob: hello")
    eve.client.leave()
    for person in (ann, bob):
        person.hears("eve has gone")
    assert not any("gone" in line for line in eve.heard)


def test_a_chat_refuses(chatting: tuple[int, Reactor]) -> None:
    """A name that is taken, and one that is none; whoever has not joined is not heard."""
    port, loop = chatting
    ann = Person("ann", port, loop)
    assert Person("ann", port, loop).heard == ["somebody has that name already"]
    assert Person("x" * 21, port, loop).heard == ["the server does not like the name"]
    with RawPeer.active(port, {name: 100 + at for at, name in enumerate(_names())}) as stranger:
        stranger.send(packet(102, "psst"), leave("chat.bye"))
        assert stranger.read_to_end() == []
    ann.client.say("ping")
    ann.hears("ann: ping")
    assert "psst" not in "".join(ann.heard)


def _names() -> tuple[str, ...]:
    from wirebook.reference.packetmq.examples.chat_server import NAMES

    return NAMES


def chat_of(name: str, port: int, script: str) -> subprocess.CompletedProcess[str]:
    """Run the terminal client with a script."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "wirebook.reference.packetmq.examples.chat",
            name,
            f"127.0.0.1:{port}",
        ],
        input=script,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_chat_in_the_terminal(chatting: tuple[int, Reactor]) -> None:
    """A script chats, leaves, and does not get in under a name that is taken."""
    port, loop = chatting
    ann = Person("ann", port, loop)
    bob = chat_of("bob", port, "hello\n\nand bye\n")
    assert (bob.returncode, bob.stderr) == (0, "")
    assert "here are ann, bob" in bob.stdout
    for line in ("bob: hello", "bob: and bye", "bob has gone"):
        ann.hears(line)
    assert chat_of("ann", port, "").stdout == "somebody has that name already\n"
    with pytest.raises(SystemExit):
        chat.main(["ann", "nowhere"])
