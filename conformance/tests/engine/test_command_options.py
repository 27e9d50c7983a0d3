"""Options of a book's application: read by the signature of what takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wirebook import cli
from wirebook.commands import console, options
from wirebook.conformance.errors import CommandError


def application(
    host: str,
    *,
    save_file: Path | None = None,
    rate: float = 2.5,
    most: int = 3,
    name: str = "",
    verbose: bool = False,
) -> None:
    """Stand for the function of a book."""


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([], {}),
        (["save-file=state.json"], {"save_file": Path("state.json")}),
        (["save_file=a=b"], {"save_file": Path("a=b")}),
        (["rate=1", "most=4"], {"rate": 1.0, "most": 4}),
        (["name="], {"name": ""}),
        (["verbose"], {"verbose": True}),
        (["verbose=no"], {"verbose": False}),
        (["most=1", "most=2"], {"most": 2}),
    ],
)
def test_options_become_keyword_arguments(given: list[str], read: dict[str, Any]) -> None:
    """Each value has the type that the parameter is annotated with."""
    assert options.read(given, application) == read


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("save-fiel=x", 'unknown option "-o save-fiel" (did you mean "save-file"?)'),
        ("colour=x", 'unknown option "-o colour" (known: most, name, rate, save-file, verbose)'),
        ("most=secret", "-o most is not a whole number"),
        ("rate=secret", "-o rate is not a number"),
        ("verbose=secret", "-o verbose is not true or false"),
        ("name", "-o name needs a value: text (-o name=…)"),
    ],
)
def test_option_that_makes_no_sense_is_one_line(given: str, message: str) -> None:
    """What is wrong is told without repeating a value that may be secret."""
    with pytest.raises(CommandError) as raised:
        options.read([given], application)
    assert str(raised.value) == message


def test_function_without_options_says_so() -> None:
    """Nobody has to guess whether a name was mistyped."""
    with pytest.raises(CommandError, match=r"this book has no options here"):
        options.read(["a=b"], lambda: None)
    assert options.describe(lambda: None) == "there are no options"


def test_options_are_listed() -> None:
    """Name, type and default of each."""
    assert options.describe(application).splitlines() == [
        "-o save-file=…  a path",
        "-o rate=…  a number (default: 2.5)",
        "-o most=…  a whole number (default: 3)",
        "-o name=…  text",
        "-o verbose=…  true or false (default: false)",
    ]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Give what the application of a book has been called with."""
    calls: list[dict[str, Any]] = []

    def serve_forever(host: str, port: int, app: str, log: object, *, save_file: str = "") -> None:
        if app == "broken":
            raise ValueError("two things at once cannot be")
        if app == "unreadable":
            raise FileNotFoundError(2, "No such file or directory", "gone.json")
        if app == "taken":
            raise OSError(98, "Address already in use")
        calls.append({"host": host, "port": port, "app": app, "save_file": save_file})

    def interactive(host: str, port: int, *, username: str = "") -> None:
        calls.append({"host": host, "port": port, "username": username})

    functions = {"serve_forever": serve_forever, "interactive": interactive}
    monkeypatch.setattr(console, "part_of", lambda _book, _module, name: functions[name])
    return calls


def test_serve_passes_options_on(started: list[dict[str, Any]]) -> None:
    """The options reach the application of the book."""
    assert cli.run(["serve", "pgnet", "--port", "4", "-o", "save-file=x"]) == 0
    wanted = {"host": "127.0.0.1", "port": 4, "app": "conformance", "save_file": "x"}
    assert started == [wanted]


def test_connect_passes_options_on(started: list[dict[str, Any]]) -> None:
    """So does the client's."""
    assert cli.run(["connect", "pgnet", "127.0.0.1:4", "-o", "username=ann"]) == 0
    assert started == [{"host": "127.0.0.1", "port": 4, "username": "ann"}]


def test_help_of_options_starts_nothing(
    started: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Asking for the options needs no address and opens no socket."""
    assert cli.run(["serve", "pgnet", "-o", "help"]) == 0
    assert cli.run(["connect", "pgnet", "-o", "help"]) == 0
    assert capsys.readouterr().out == "-o save-file=…  text\n-o username=…  text\n"
    assert started == []


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["serve", "pgnet", "--app", "broken"], 2, "two things at once cannot be"),
        (["serve", "pgnet", "--app", "unreadable"], 2, "cannot open gone.json: No such file"),
        (["serve", "pgnet", "--port", "9", "--app", "taken"], 4, "cannot listen on 127.0.0.1:9: A"),
        (["connect", "pgnet"], 2, "where to? (wirebook connect pgnet HOST:PORT)"),
        (["connect", "pgnet", "127.0.0.1:4", "-o", "usrname=x"], 2, 'did you mean "username"?'),
    ],
)
def test_what_an_application_refuses_is_one_line(
    started: list[dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    message: str,
) -> None:
    """Mistakes are told without a traceback, with the status that fits."""
    assert cli.run(arguments) == status
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
