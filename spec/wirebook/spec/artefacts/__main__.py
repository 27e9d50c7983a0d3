"""The command `python -m wirebook.spec.artefacts`: fill the blocks of the prose, or check."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from wirebook.spec import requirements
from wirebook.spec.artefacts import BlockError, stale, write


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if all blocks and figures are current, or have been made so, and else 1."""
    parser = argparse.ArgumentParser(prog="python -m wirebook.spec.artefacts", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="say which files are not current")
    what.add_argument("--write", action="store_true", help="fill the blocks, draw the figures")
    chosen = parser.parse_args(arguments)
    folder = requirements.prose_folder()
    try:
        files = write(folder) if chosen.write else stale(folder)
    except (BlockError, requirements.ExtractionError) as error:
        print(error, file=sys.stderr)
        return 1
    for file in files:
        print(f"{file}: {'written' if chosen.write else 'not current, run with --write'}")
    return 1 if files and chosen.check else 0


if __name__ == "__main__":
    sys.exit(main())
