"""The command `wirebook`: composes the commands and turns every error into one line.

What may live here: the list of commands and the way out. This is the one module that may know all
four parts of the project, and it imports none of them before a command needs it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from wirebook.commands import (
    bench,
    book,
    check,
    console,
    decode,
    diff,
    doctor,
    fuzz,
    interop,
    mutants,
    play,
    requirements,
    target,
)
from wirebook.conformance.errors import CommandError
from wirebook.conformance.verdicts import ExitStatus, TargetUnreachable

# The common base of everything that typer says of a wrong command line; its module has moved
# between versions.
_MISUSE: type = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="wirebook",
    add_completion=False,
    # Plain help starts in half the time, and can be piped.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        print(f"wirebook {metadata.version('wirebook')}")
        raise typer.Exit


@app.callback()
def wirebook(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Books of game-networking protocols: read them, check yours, play against the reference.

    \b
    Examples:
      wirebook check                                        the reference against the books
      wirebook check pygase --server 127.0.0.1:4711         your server
      wirebook interop pygase --target my-server.toml       how yours and the reference get along
      wirebook serve pygase                                 a server to try your client on
      wirebook decode ffd0fab9000100000000000000000000      octets to fields

    Each command tells more with --help. WIREBOOK_DEBUG=1 shows tracebacks.
    """


app.command()(check.check)
app.command()(check.replay)
app.command()(interop.interop)
app.command()(doctor.doctor)
app.command()(play.serve)
app.command()(play.connect)
app.command()(decode.decode)
app.command()(diff.diff)
app.command()(mutants.mutants)
app.command()(fuzz.fuzz)
app.command()(bench.bench)
app.command()(requirements.requirements)
app.add_typer(target.app, name="target")
app.add_typer(book.app, name="book")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its status."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; errors are one line on standard error."""
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        status = app(args=given, prog_name="wirebook", standalone_mode=False)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the output has had enough; Python must not complain about it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitStatus.CONFORMS)
    except Exception as error:
        if console.debugging():
            raise
        return _explain(error)
    return status if isinstance(status, int) else int(ExitStatus.CONFORMS)


def _explain(error: Exception) -> int:
    if isinstance(error, CommandError):
        console.complain(str(error))
        return int(error.status)
    if isinstance(error, TargetUnreachable):
        console.complain(str(error))
        return int(ExitStatus.UNREACHABLE)
    if isinstance(error, _MISUSE):
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "wirebook"
        message = getattr(error, "format_message", error.__str__)()
        console.complain(f"{message} (see {path} --help)")
        return int(ExitStatus.USAGE)
    console.complain(f"{type(error).__name__}: {error} (WIREBOOK_DEBUG=1 shows where)")
    return int(ExitStatus.HARNESS)
