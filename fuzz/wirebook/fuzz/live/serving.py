"""`python -m wirebook.fuzz.live.serving NAME HOST PORT`: an embedded server as a process.

What shares a process with the fuzzer cannot be watched: its memory, its descriptors and its
processor time are not its own. What may live here: running one server until it ends.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from wirebook.conformance.targets import embedded
from wirebook.reference import mutants

_POLL_SECONDS = 0.02


def main(arguments: list[str]) -> int:
    """Serve until the server has ended, or one of its threads has failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--mutant", nargs=2, metavar=("BOOK", "ID"))
    given = parser.parse_args(arguments)
    if given.mutant:
        mutants.apply(*given.mutant)
    threading.excepthook = _end_with_the_thread
    with tempfile.TemporaryDirectory(prefix="wirebook-") as folder:
        saving = {"save_file": str(Path(folder, "saved"))} if embedded.saves(given.name) else {}
        server: embedded.ServerThread = embedded.find(given.name)(given.host, given.port, **saving)
        while server.alive():
            time.sleep(_POLL_SECONDS)
    print("the server has ended", file=sys.stderr, flush=True)
    return 1


def _end_with_the_thread(failure: threading.ExceptHookArgs) -> None:
    threading.__excepthook__(failure)
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
