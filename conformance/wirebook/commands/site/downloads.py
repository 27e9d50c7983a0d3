"""The files that readers and their tools take away, and their list below the page about them.

What may live here: which file is made from what. How a kind of file is made is in
`wirebook.spec.artefacts`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from wirebook.commands.evidence import Entry
from wirebook.spec import books, neutral
from wirebook.spec.artefacts import json_schema, kaitai, wireshark


def write(checkout: Path, folder: Path, entries: Sequence[Entry]) -> None:
    """Write the files into `downloads/`, and list them in the page `downloads.md`."""
    files = dict(_files(checkout, entries))
    for name, data in files.items():
        path = folder / "downloads" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    (folder / "downloads" / "SHA256SUMS").write_text(sums, encoding="ascii")
    page = folder / "downloads.md"
    lists = "".join(_section(book, files) for book in books.names())
    page.write_text(page.read_text(encoding="utf-8") + lists, encoding="utf-8")


def _files(checkout: Path, entries: Sequence[Entry]) -> Iterator[tuple[str, bytes]]:
    yield "requirements.json", _json([entry.to_json() for entry in entries])
    for book in books.names():
        form = neutral.load(book)
        yield f"{book}/wire.json", neutral.path_of(book).read_bytes()
        yield f"{book}/{book}.lua", wireshark.document(form).encode()
        for path in sorted(neutral.path_of(book).parent.glob("vectors/*.json")):
            yield f"{book}/vectors/{path.name}", path.read_bytes()
        for message in form["messages"]:
            schema = json_schema.document(form, message)
            yield f"{book}/schemas/{message}.json", _json(schema)
            yield f"{book}/kaitai/{message}.ksy", kaitai.document(form, message).encode()
    samples = checkout / "conformance" / "tests" / "captures"
    for path in sorted(samples.glob("*.pcap")):
        yield f"{path.name.partition('-')[0]}/{path.name}", path.read_bytes()


def _section(book: str, files: dict[str, bytes]) -> str:
    rows = "".join(
        f"| [{name.partition('/')[2]}](downloads/{name}) | {_KINDS[Path(name).suffix]} | "
        f"{len(data):,} |\n".replace(",", " ")
        for name, data in files.items()
        if name.startswith(f"{book}/")
    )
    return f"\n## {books.get(book).title}\n\n| file | what | octets |\n|---|---|---:|\n{rows}"


_KINDS = {
    ".json": "JSON",
    ".ksy": "Kaitai Struct",
    ".lua": "Wireshark dissector",
    ".pcap": "sample capture",
}


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
