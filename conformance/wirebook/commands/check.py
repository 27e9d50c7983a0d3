"""`wirebook check` and `wirebook replay`: the suite on an implementation.

What may live here: their options, and what happens between the options and the session.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wirebook.commands import console
from wirebook.conformance.errors import CommandError

if TYPE_CHECKING:
    from wirebook.conformance.choices import Options
    from wirebook.conformance.report import Reporters

TargetOption = Annotated[
    str,
    typer.Option(
        "--target",
        metavar="NAME|FILE",
        help="The implementation under test: a built-in name (wirebook target list), or a TOML "
        "file that describes it. Without it: the embedded reference.",
    ),
]
ServerOption = Annotated[
    str,
    typer.Option(
        "--server",
        metavar="HOST:PORT",
        help="A server that runs already, with the book's conformance application; only the role "
        "server is checked. All features count as declared, unless --target says which.",
    ),
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="DIR",
        help="Write index.html, junit.xml, events.ndjson, summary.json and pcap/ there.",
    ),
]
ExpectOption = Annotated[
    str,
    typer.Option(
        "--expect",
        metavar="FILE",
        help="Known defects, which do not fail the run as long as they are there; "
        '"builtin" for those of a built-in target.',
    ),
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Count nonstrict and inconclusive as violations.")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the summary as JSON on standard output.")
]
PythonOption = Annotated[
    str,
    typer.Option(
        "--target-python",
        metavar="PATH",
        help="What {python} in the target's commands stands for, instead of an environment "
        "that is made for it.",
    ),
]


def check(
    books: Annotated[
        list[str] | None,
        typer.Argument(metavar="BOOK", help="The books to check; all of the target's."),
    ] = None,
    target: TargetOption = "",
    server: ServerOption = "",
    role: Annotated[
        str, typer.Option("--role", metavar="server|client", help="Check one role only.")
    ] = "",
    keyword: Annotated[
        str,
        typer.Option(
            "-k",
            metavar="EXPR",
            help='Choose cases by parts of their IDs and requirements: "window and not late".',
        ),
    ] = "",
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            max=64,
            metavar="N",
            help="Processor cores to use. Cases mostly wait, so with more than one core, two "
            "cases share each; with one, cases run one after the other.",
        ),
    ] = 1,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="For everything random in the cases.")
    ] = 0,
    report: ReportOption = None,
    expect: ExpectOption = "",
    strict: StrictOption = False,
    exit_first: Annotated[
        bool, typer.Option("--exit-first", "-x", help="End the run at the first violation.")
    ] = False,
    as_json: JsonOption = False,
    python: PythonOption = "",
) -> None:
    """Check an implementation against its book, and say which requirement it breaks.

    \b
    Examples:
      wirebook check
      wirebook check pygase --server 127.0.0.1:4711
      wirebook check --target my-server.toml --jobs 2 --report report
      wirebook check pygase --target pygase-0.3.1 --expect builtin
      wirebook check pygase --role client -k "ack or window"

    \b
    Exit status:
      0  it conforms
      1  it does not, or an expectation is stale
      2  the command makes no sense: unknown book or file, no case matches, …
      3  the suite failed
      4  the target cannot be reached
      130  interrupted; the reports are written all the same
    """
    from wirebook.conformance.choices import Options

    if role not in ("", "server", "client"):
        raise CommandError(f'"{role}" is not a role', hint="--role server or --role client")
    if exit_first and expect:
        # Which failures are expected is known at the end only, when stale entries are told too.
        raise CommandError("--exit-first and --expect cannot go together", hint="drop one of them")
    options = Options(
        books=tuple(books or ()),
        target=target,
        server=server,
        role=role,
        keyword=keyword,
        jobs=jobs,
        seed=seed,
        expect=expect,
        strict=strict,
        python=python,
        exit_first=exit_first,
        command=_command_line(),
    )
    raise typer.Exit(_run(options, report, as_json))


def replay(
    case: Annotated[
        str, typer.Argument(metavar="CASE@SEED", help="As a report names it.", show_default=False)
    ],
    target: TargetOption = "",
    server: ServerOption = "",
    report: ReportOption = None,
    python: PythonOption = "",
    as_json: JsonOption = False,
) -> None:
    """Run just one case again, with the same seed.

    \b
    Example:
      wirebook replay "pygase/server_window/late_package_is_marked@0" --target my-server.toml

    The exit status is that of wirebook check.
    """
    from wirebook.conformance.choices import Options

    name, _, seed = case.rpartition("@")
    book, _, rest = name.partition("/")
    if not rest or not seed.removeprefix("-").isdigit():
        raise CommandError(
            f'"{case}" is not CASE@SEED', hint="copy it from a report: book/role_topic/name@seed"
        )
    options = Options(
        books=(book,),
        target=target,
        server=server,
        role=rest.partition("_")[0] if not server else "",
        seed=int(seed),
        python=python,
        only=(name,),
        command=_command_line(),
    )
    raise typer.Exit(_run(options, report, as_json))


def _run(options: Options, directory: Path | None, as_json: bool) -> int:
    from wirebook.conformance.library import open_library
    from wirebook.conformance.report import Reporters
    from wirebook.conformance.session import Session

    begun = False

    def open_reports(any_case: bool) -> Reporters:
        nonlocal begun
        begun = any_case
        # Where no case runs there is one line to say, and it is said below.
        terminal = any_case and (not as_json or sys.stderr.isatty())
        return Reporters.create(terminal=terminal, directory=directory, json=as_json)

    session = Session(options, open_library(), console.say)
    outcome = session.run(open_reports)
    for problem in outcome.problems:
        console.complain(problem)
    if outcome.interrupted and not begun:
        console.complain("interrupted before the first case")
    return outcome.code


def _command_line() -> str:
    return shlex.join(["wirebook", *sys.argv[1:]])
