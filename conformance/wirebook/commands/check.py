"""`wirebook check` and `wirebook replay`: the suite on an implementation.

What may live here: their options, and what happens between the options and the session.
"""

from __future__ import annotations

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wirebook.commands import check_options, check_pcap, console, replay_file
from wirebook.commands.keys import KeyOption, read_keys
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
    seed: check_options.SeedOption = None,
    report: ReportOption = None,
    expect: ExpectOption = "",
    strict: StrictOption = False,
    exit_first: Annotated[
        bool, typer.Option("--exit-first", "-x", help="End the run at the first violation.")
    ] = False,
    network: check_options.NetworkOption = "",
    last_failed: check_options.LastFailedOption = False,
    repeat: check_options.RepeatOption = 1,
    shard: check_options.ShardOption = "",
    stability: check_options.StabilityOption = None,
    audit: check_options.AuditOption = False,
    corpus: check_options.CorpusOption = None,
    pcap: check_pcap.PcapOption = None,
    given_keys: KeyOption = None,
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
      wirebook check --target my-server.toml --last-failed
      wirebook check --network "loss=5%,duplicate=5%,reorder=5%" --jobs 2
      wirebook check --target my-server.toml --stability 5 --jobs 2
      wirebook check pygase --pcap session.pcap

    \b
    Exit status:
      0  it conforms
      1  it does not, or an expectation is stale, or --stability found a verdict that changes
      2  the command makes no sense: unknown book or file, no case matches, …
      3  the suite failed
      4  the target cannot be reached
      130  interrupted; the reports are written all the same
    """
    from wirebook.conformance.choices import Options

    if role not in ("", "server", "client"):
        raise CommandError(f'"{role}" is not a role', hint="--role server or --role client")
    given = {
        "--exit-first": exit_first,
        "--expect": expect,
        "--repeat": repeat > 1,
        "--stability": stability,
        "--last-failed": last_failed,
        "--shard": shard,
    }
    check_options.refuse_together(given)
    if pcap is not None:
        started: dict[str, object] = {
            "--target": target,
            "--server": server,
            "-k": keyword,
            "--network": network,
        }
        started |= {"--report": report, "--audit": audit, "--jobs": jobs > 1, "--seed": seed}
        started |= {"--corpus": corpus}
        check_pcap.refuse({**given, **started, "--target-python": python})
        status = check_pcap.judge(
            books or (),
            pcap,
            role=role,
            keys=read_keys(given_keys or ()),
            strict=strict,
            as_json=as_json,
        )
        raise typer.Exit(status)
    if given_keys:
        raise CommandError("--key opens what a capture holds", hint="give it with --pcap FILE")
    options = Options(
        books=tuple(books or ()),
        target=target,
        server=server,
        role=role,
        keyword=keyword,
        jobs=jobs,
        seed=seed or 0,
        expect=expect,
        strict=strict,
        python=python,
        exit_first=exit_first,
        network=_network(network),
        repeat=repeat,
        shard=check_options.shard(shard),
        stability=stability or 0,
        last_failed=last_failed,
        last_report=report,
        last_seed=seed is None,
        keep=True,
        audit=audit,
        corpus=corpus,
        command=_command_line(),
    )
    raise typer.Exit(_run(options, report, as_json))


def replay(
    case: Annotated[
        str,
        typer.Argument(
            metavar="CASE@SEED|FILE.json",
            help="A case as a report names it, or what wirebook fuzz has found.",
            show_default=False,
        ),
    ] = "",
    network: check_options.NetworkOption = "",
    last_failed: check_options.LastFailedOption = False,
    target: TargetOption = "",
    server: ServerOption = "",
    corpus: check_options.CorpusOption = None,
    mutant: Annotated[
        str,
        typer.Option("--mutant", metavar="ID", help="Play a finding on the reference as this."),
    ] = "",
    report: ReportOption = None,
    python: PythonOption = "",
    as_json: JsonOption = False,
) -> None:
    """Run just one case again, or all that failed last time, with the same seed.

    A file of a finding is played again: on the target if there is one, else on the reference.

    \b
    Examples:
      wirebook replay "pygase/server_window/late_package_is_marked@0" --target my-server.toml
      wirebook replay --last-failed --target my-server.toml
      wirebook replay fuzz/corpus/pygase/0123456789ab.json --target my-server.toml

    The exit status is that of wirebook check: 1 if it still breaks.
    """
    from wirebook.conformance.choices import Options

    check_options.refuse_together({"--last-failed": last_failed, "CASE@SEED": case})
    if last_failed:
        options = Options(
            target=target,
            server=server,
            python=python,
            network=_network(network),
            last_failed=True,
            last_report=report,
            last_seed=True,
            keep=True,
            corpus=corpus,
            command=_command_line(),
        )
        raise typer.Exit(_run(options, report, as_json))
    if not case:
        raise CommandError("replay what?", hint="CASE@SEED from a report, or --last-failed")
    if case.endswith(replay_file.ENDING):
        on_target = Options(
            target=target,
            server=server,
            python=python,
            network=_network(network),
            command=_command_line(),
        )
        play = partial(_run, directory=report, as_json=as_json)
        raise typer.Exit(replay_file.replay(Path(case), on_target, play, mutant=mutant))
    if mutant:
        raise CommandError("--mutant is for what fuzzing has found", hint="name a FILE.json")
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
        network=_network(network),
        only=(name,),
        corpus=corpus,
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


def _network(text: str) -> str:
    """Return what `--network` says, once it is known to make sense."""
    from wirebook.conformance.network import NetworkOption

    return NetworkOption.parse(text).text if text else ""


def _command_line() -> str:
    return shlex.join(["wirebook", *sys.argv[1:]])
