"""The programs around the reference: the conformance application, the adapters, the game of tag."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from tests.helpers_adapter import Adapter
from tests.helpers_reference import eventually
from wirebook.reference.pygase import TO_DELETE, Backend, Client, GameState, app
from wirebook.reference.pygase.__main__ import main
from wirebook.reference.pygase.errors import UnknownClient
from wirebook.reference.pygase.examples import tag, tag_terminal
from wirebook.reference.pygase.examples.tag_game import Tag
from wirebook.reference.pygase.examples.tag_players import Player, View


@pytest.fixture
def served() -> Iterator[app.Handle]:
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


@pytest.fixture
def connected(served: app.Handle, adapter: Adapter) -> Adapter:
    """A client adapter that is connected to the conformance application."""
    assert adapter.ask("connect", host="127.0.0.1", port=served.port)["ok"]
    eventually(lambda: adapter.ask("status")["status"] == "Connected")
    return adapter


def state_of(adapter: Adapter) -> dict[str, Any]:
    """Return the state that an adapter has."""
    return dict(adapter.ask("state")["state"])


def test_adapter_says_hello_and_answers_nonsense(adapter: Adapter) -> None:
    """It is ready at once, disconnected, and says what is wrong with a request."""
    assert eventually(lambda: adapter.find(event="ready")) == {
        "event": "ready",
        "protocol": "pygase",
        "version": 1,
    }
    assert adapter.ask("status")["status"] == "Disconnected"
    for refused in (adapter.ask("state"), adapter.ask("dispatch", type="E"), adapter.ask("dance")):
        assert (refused["ok"], bool(refused["error"])) == (False, True)


def test_echo_returns_every_kind_of_value(connected: Adapter) -> None:
    """Arguments come back as they were, whatever the keywords are called."""
    args = [1, True, {"$float": 1.5}, {"$bin": "00ff"}, {"$map": [[1, "a"]]}, {"$float": "inf"}]
    kwargs = {"retries": 1, "event_type": 2, "target_client": 3, "self": 4}
    connected.ask("handle", type="ECHO")
    connected.ask("dispatch", type="ECHO", args=args, kwargs=kwargs, tag="t")
    assert eventually(lambda: connected.find(event="received", type="ECHO")) == {
        "event": "received",
        "type": "ECHO",
        "args": args,
        "kwargs": kwargs,
    }
    assert eventually(lambda: connected.find(event="acked", tag="t"))


def test_events_of_the_server(connected: Adapter) -> None:
    """Address, bursts, broadcasts and acks are shown."""
    for event_type in ("YOU_ARE", "BURST", "BROADCAST", "WATCHED", "ACKED"):
        connected.ask("handle", type=event_type)
    connected.ask("dispatch", type="WHOAMI")
    connected.ask("dispatch", type="BURST", args=[7])
    connected.ask("dispatch", type="BROADCAST", args=["all"])
    connected.ask("dispatch", type="WATCH", args=["w", 1])
    eventually(lambda: connected.find(type="ACKED", args=["w"]))
    assert connected.find(type="WATCHED", args=["w"])
    assert connected.find(type="BROADCAST", args=["all"])
    assert connected.find(type="BURST", args=[6])
    eventually(lambda: connected.find(type="YOU_ARE"))


def test_events_of_the_game_loop(connected: Adapter) -> None:
    """Counters, updates and fillings show in the state; what fails does not."""
    for event_type, *args in (
        ("COUNT", "a"),
        ("UPDATE", {"time_order": 1}),
        ("UPDATE", {"x": [1], "self": 2}),
        ("RAISE", "step"),
        ("RAISE", "server"),
        ("FILL", 10**9),
        ("FILL", 100),
        ("COUNT", "a"),
    ):
        connected.ask("dispatch", type=event_type, args=args)
    eventually(lambda: state_of(connected).get("counts") == {"a": 2})
    state = state_of(connected)
    assert (state["x"], state["self"], state["fill"]) == ([1], 2, "x" * 100)
    assert (state["greeting"], state["game_status"]) == ("conformance", 1)
    connected.ask("dispatch", type="FILL", args=[0])
    eventually(lambda: "fill" not in state_of(connected))


def test_failing_handler_of_the_adapter(connected: Adapter) -> None:
    """A handler that is to fail notifies first, and the client lives on."""
    connected.ask("handle", type="ECHO", fail=True)
    connected.ask("dispatch", type="ECHO", args=[1])
    connected.ask("dispatch", type="ECHO", args=[2])
    eventually(lambda: connected.find(type="ECHO", args=[2]))


def test_adapter_connects_again(served: app.Handle, connected: Adapter) -> None:
    """After disconnecting it can connect anew, and then shut the server down if it is host."""
    connected.ask("disconnect", shutdown_server=False)
    assert connected.ask("status")["status"] == "Disconnected"
    connected.ask("connect", host="127.0.0.1", port=served.port)
    eventually(lambda: connected.ask("status")["status"] == "Connected")
    assert served.alive()


def test_quit_ends_the_adapter(served: app.Handle, connected: Adapter) -> None:
    """The host client takes the server with it, and `quit` is answered."""
    eventually(lambda: served.backend.server.host_client)
    connected.ask("disconnect", shutdown_server=True)
    eventually(lambda: not served.alive())
    assert connected.ask("quit")["ok"]
    connected.thread.join(10.0)
    assert not connected.thread.is_alive()


def test_adapters_are_programs_too(served: app.Handle) -> None:
    """`python -m` speaks the same protocol on its standard streams."""
    requests = [
        {"id": 1, "do": "connect", "host": "127.0.0.1", "port": served.port},
        {"id": 2, "do": "status"},
        {"id": 3, "do": "quit"},
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "wirebook.reference.pygase", "client"],
        input="".join(json.dumps(request) + "\n" for request in requests),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    replies = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [reply.get("id") for reply in replies] == [None, 1, 2, 3]
    assert replies[2]["status"] in ("Connecting", "Connected")


def test_server_program_runs_until_it_is_shut_down() -> None:
    """`python -m … server` says where it listens, and ends when the host client wants it to."""
    with subprocess.Popen(
        [sys.executable, "-m", "wirebook.reference.pygase", "server"],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout
        line = server.stdout.readline()
        client = Client()
        thread = client.connect_in_thread(int(line.split("port ")[1].split(";")[0]), "127.0.0.1")
        client.try_to(lambda state: state.greeting, timeout=10.0)
        client.disconnect(shutdown_server=True)
        thread.join(10.0)
        assert server.wait(10) == 0


def test_unknown_application_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is no application ends with status 2 and the names there are."""
    with pytest.raises(SystemExit) as ended:
        main(["server", "--app", "chess"])
    assert ended.value.code == 2
    assert "conformance, tag" in capsys.readouterr().err
    for name in ("wirebook.nowhere:backend", "json:loads", "builtins:dict"):
        with pytest.raises((LookupError, TypeError)):
            app.find(name)


def test_applications_are_found_by_name() -> None:
    """Built-in names, functions and objects lead to backends."""
    for name in ("conformance", "tag", "wirebook.reference.pygase.conformance_app:backend"):
        assert isinstance(app.find(name), Backend)


def test_serve_forever_says_what_it_does(served: app.Handle) -> None:
    """A port that is taken is the caller's error; otherwise there is a line at the beginning."""
    with pytest.raises(OSError, match=r"."):
        app.serve_forever("127.0.0.1", served.port, "conformance", print)


def test_talking_line_by_line(
    served: app.Handle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The interactive client takes a script, and shows events, state and status."""
    script = 'ECHO 1 {"$float": 0.5} [2] {"k": null}\nECHO {oops\n/status\n/state\n/help\n\n'
    monkeypatch.setattr(sys, "stdin", io.StringIO(script))
    app.interactive("127.0.0.1", served.port)
    shown = capsys.readouterr().out
    assert '<- ECHO 1 {"$float": 0.5} [2] {"k": null}' in shown
    for part in ("connected to", "ECHO acked", "cannot send that", "Connected, quality good"):
        assert part in shown
    assert "dispatch an event" in shown


def test_bots_play_tag(capsys: pytest.CaptureFixture[str]) -> None:
    """The game runs without a terminal, and says how it ended."""
    assert tag.main(["--bots", "3", "--seconds", "0.5", "--seed", "1"]) == 0
    assert "3 players, 0.5 s" in capsys.readouterr().out


def test_tag_without_a_server_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody at the address: status 1 and a line about it."""
    monkeypatch.setattr(Player.join, "__defaults__", (0.1,))
    assert tag.main(["--bots", "1", "--seconds", "1", "--connect", "127.0.0.1:9"]) == 1
    assert "nobody answers" in capsys.readouterr().err


class _Present:
    """Stands for a connection that is there, or is not any more."""

    def __init__(self) -> None:
        self.status = 2


def tag_of(*names: str) -> tuple[Tag, GameState, dict[Any, Any]]:
    """Return a game with players in the middle, its state, and their connections."""
    game = Tag(seed=1)
    state = game.backend.game_state_store.get_game_state()
    connections: dict[Any, Any] = game.backend.server.connections
    for number, name in enumerate(names):
        connections["h", number] = _Present()
        changes = game.join(name, state, client_address=("h", number), dt=0.0)
        state.players = {**state.players, name: [0.5, 0.5]}
        state.chaser = changes["chaser"]
    return game, state, connections


def test_touching_passes_the_tag() -> None:
    """The chaser catches who is near, and the last chaser cannot be caught at once."""
    game, state, _ = tag_of("ann", "bob")
    changes = game.step(state, 0.02)
    assert (changes["chaser"], changes["protected"], changes["tags"]) == ("bob", "ann", 1)
    state.chaser, state.protected = "bob", "ann"
    assert "chaser" not in game.step(state, 0.02)
    assert game.step(state, 1.0)["chaser"] == "ann"


def test_players_run_and_stop_at_the_walls() -> None:
    """A direction lasts until there is another, and no step leads out of the square."""
    game, state, _ = tag_of("ann")
    game.run(3.0, 0.0, state, client_address=("h", 0), dt=0.02)
    assert game.step(state, 1.0)["players"] == {"ann": [pytest.approx(0.8), 0.5]}
    assert game.step(state, 9.0)["players"] == {"ann": [1.0, 0.5]}


def test_players_leave() -> None:
    """Whoever leaves, or is gone, is taken out, and somebody else chases."""
    game, state, connections = tag_of("ann", "bob")
    assert game.leave(state, client_address=("h", 9), dt=0.0) == {}
    connections["h", 0].status = 0
    assert game.step(state, 0.02) == {"players": {"ann": TO_DELETE}, "chaser": "bob"}


def test_players_may_be_refused() -> None:
    """A bad name, one that is taken, and a second one for the same client are refused."""
    game, state, connections = tag_of("ann")
    connections["h", 1] = _Present()
    for name, address in (("", ("h", 1)), ("ann", ("h", 1)), ("eve", ("h", 0))):
        with pytest.raises(UnknownClient):  # the refusal is sent, and nobody is there to get it
            game.join(name, state, client_address=address, dt=0.0)


def test_board_shows_who_is_who() -> None:
    """The board has the player, the others and the chaser."""
    view = View({"you": (0.0, 0.0), "bot1": (1.0, 1.0)}, "bot1", "", 3, 100)
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(tag_terminal.board(view, "you", "bot1 caught you"))
    shown = console.export_text()
    for part in ("@", "1", "bot1 chases", "3 caught so far", "bot1 caught you"):
        assert part in shown
