"""What the site's decoder knows of the books: neutral forms, and where requirements stand.

What may live here: that data. How octets are read is in the sources of the decoder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from wirebook.spec import books, neutral
from wirebook.spec.requirements import Requirement


def write(folder: Path, requirements: Iterable[Requirement]) -> None:
    """Write the data where the decoder's page loads it from."""
    data = {
        "forms": {book: neutral.load(book) for book in books.names()},
        "pages": {one.id: f"{one.page}.html#{one.id}" for one in requirements},
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    path = folder / "assets" / "decoder-data.js"
    path.write_text(f"globalThis.WIREBOOK = {text};\n", encoding="utf-8")
