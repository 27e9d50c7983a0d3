"""What is wrong with the links of a built site: those that lead nowhere, or fetch from elsewhere.

Engines check the links that they make themselves; this reads the pages as a browser gets them. What
may live here: finding links and anchors in HTML, and holding one against the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}
"""The elements whose files a browser fetches by itself, and what names the file."""
_FETCHED_LINKS = {"stylesheet", "icon", "preload", "modulepreload", "manifest"}
_NO_PAGES = ("404.html",)


@dataclass(slots=True)
class _Page(HTMLParser):
    """The links and anchors of one page."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in what an element links to, and the anchor that it is."""
        found = {name: value or "" for name, value in attrs}
        self.anchors.update(found[name] for name in ("id", "name") if name in found)
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in _FETCHED and _FETCHED[tag] in found:
            self.fetched.append(found[_FETCHED[tag]])
        if tag == "link" and _FETCHED_LINKS & set(found.get("rel", "").split()):
            self.fetched.append(found.get("href", ""))


def problems(site: Path) -> list[str]:
    """Return one line for each link that leads nowhere, and each file that comes from elsewhere."""
    pages = {path.resolve(): _read(path) for path in sorted(site.rglob("*.html"))}
    return [
        f"{path.relative_to(site.resolve())}: {problem}"
        for path, page in pages.items()
        if path.name not in _NO_PAGES  # it is served at any depth, so its links are absolute
        for problem in _problems(path, page, pages)
    ]


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


def _problems(path: Path, page: _Page, pages: dict[Path, _Page]) -> Iterator[str]:
    for link in dict.fromkeys([*page.links, *page.fetched]):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            if link in page.fetched and parts.scheme != "data":
                yield f"fetches {link} from elsewhere"
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        target = target / "index.html" if target.is_dir() else target
        if not target.is_file():
            yield f"{link} leads to no file"
        elif target in pages and not _has(pages[target], unquote(parts.fragment)):
            yield f"{link} leads to no anchor"


def _has(page: _Page, anchor: str) -> bool:
    return not anchor or anchor in page.anchors
