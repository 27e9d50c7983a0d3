"""The page: what it shows, that it stands alone, and that a target cannot take it over."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.helpers_report import (
    HOSTILE,
    Dissection,
    Field,
    Flaw,
    Page,
    Text,
    case,
    finished_run,
    note,
    page,
    plain,
    transfer,
)
from wirebook.conformance.report import exchange, html
from wirebook.conformance.verdicts import (
    Transfer,
    Verdict,
)


def test_every_verdict_has_its_badge_with_sign_and_word() -> None:
    """Colour is never the only sign."""
    shown = page(*(case(verdict.value, verdict) for verdict in Verdict))
    cases = shown.all("details", "case")
    assert {element.attributes["data-verdict"] for element in cases} == set(Verdict)
    signs = set()
    for element in cases:
        verdict = element.attributes["data-verdict"] or ""
        assert f"{html.SIGNS[verdict]} {verdict}" in element.text
        signs.add(html.SIGNS[verdict])
    assert len(signs) == len(Verdict)


def test_page_asks_for_nothing() -> None:
    """One file is the whole report: no style, script, image or font comes from elsewhere."""
    shown = page(case("a"))
    assert not shown.all("img")
    assert all(not element.attributes.get("src") for element in shown.elements)
    assert [element.attributes["href"] for element in shown.all("link")] == ["data:,"]
    (style,) = shown.all("style")
    assert not re.search(r"url\(|@import", style.text)


def test_page_links_only_to_itself_and_to_its_neighbours() -> None:
    """A report works from a disk and from a CI server's artefacts alike."""
    shown = page(case("a", Verdict.FAIL))
    names = {element.attributes.get("id") for element in shown.elements}
    for link in shown.all("a"):
        target = link.attributes["href"] or ""
        if target.startswith("#"):
            assert target[1:] in names
        else:
            assert re.fullmatch(r"[\w.]+|pcap/[\w.-]+", target)


def test_ids_are_unique() -> None:
    """A fragment leads to one place."""
    cases = [case("a"), case("b"), case("c", role="client"), case("d", chapter="Events")]
    found = [
        element.attributes["id"] for element in page(*cases).elements if "id" in element.attributes
    ]
    assert [name for name, times in Counter(found).items() if times > 1] == []


def test_hostile_text_stays_text() -> None:
    """What a target wrote can neither add an element nor run, wherever it is shown."""
    hostile = case(
        f"a[{HOSTILE}]",
        Verdict.CRASH,
        title=HOSTILE,
        chapter=HOSTILE,
        reason=HOSTILE,
        detail=HOSTILE,
        expectation=HOSTILE,
        output=HOSTILE,
        replay=HOSTILE,
        requirements=(HOSTILE,),
        exchange=(note(1, HOSTILE), replace(transfer(2), message=HOSTILE, local=HOSTILE)),
    )

    def dissect(*_: object) -> Dissection:
        return Dissection((Field(0, 1, HOSTILE, HOSTILE, HOSTILE, HOSTILE),), Flaw("x", HOSTILE, 0))

    shown = page(hostile, dissect=dissect, target=HOSTILE, command=HOSTILE)
    assert not shown.all("img")
    assert len(shown.all("script")) == 2
    assert not any(
        name.startswith("on") for element in shown.elements for name in element.attributes
    )
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", shown.source)


def test_only_the_own_script_may_run() -> None:
    """The content security policy names the digest of the one script there is beside data."""
    shown = page(case("a"))
    (script,) = (item for item in shown.all("script") if "type" not in item.attributes)
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    policies = [
        meta.attributes["content"] or ""
        for meta in shown.all("meta")
        if "http-equiv" in meta.attributes
    ]
    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]
    assert f"script-src 'sha256-{digest}'" in policies[0]


def test_requirements_are_shown_with_text_and_level() -> None:
    """The Markdown of a requirement becomes markup; a link becomes its text."""
    shown = page(case("a"))
    (cited,) = shown.all("ul", "cited")
    words = "PGS-WIN-001 MUST NOT A receiver MUST not answer ff d0, see Errors."
    assert " ".join(cited.text.split()) == words
    assert "A receiver MUST <em>not</em> answer <code>ff d0</code>, see Errors." in shown.source


def test_requirements_link_to_the_published_book() -> None:
    """With the book's address, the ID leads to the paragraph."""
    run = finished_run([case("a")])
    shown = Page(html.page(run, plain, {"PGS-WIN-001": Text()}, book_url="https://book.example/"))
    assert "https://book.example/pygase/window.html#PGS-WIN-001" in {
        link.attributes["href"] for link in shown.all("a")
    }


def test_unknown_requirement_is_shown_by_its_id() -> None:
    """A case may cite what this version of the book lacks."""
    (cited,) = page(case("a", requirements=("PGS-NEW-001",))).all("ul", "cited")
    assert "PGS-NEW-001" in cited.text


def test_case_has_output_replay_and_capture() -> None:
    """What a reader needs to go on stands in the case."""
    shown = page(case("a", Verdict.CRASH, output="\x1b[31mTraceback\x1b[0m\n"))
    (element,) = shown.all("details", "case")
    assert "Traceback" in element.text
    assert "wirebook replay pygase/server_window/a@42" in element.text
    assert "pcap/pygase.server_window.a.pcap" in {
        link.attributes["href"] for link in shown.all("a")
    }


def test_notable_cases_come_first_and_the_worst_of_them_on_top() -> None:
    """A reader sees what to look at before the ninety cases that passed."""
    shown = page(case("a"), case("b", Verdict.NONSTRICT), case("c", Verdict.CRASH))
    (listed,) = shown.all("ul", "notable")
    assert re.findall(r"The case (\w)", listed.text) == ["c", "b"]


def test_chapters_stand_in_the_order_of_the_book() -> None:
    """Requirements come in reading order, and the overview follows it."""
    run = finished_run([case("a", chapter="Alpha"), case("b", chapter="Omega")])
    texts = {"PGS-1": Text(chapter="Omega"), "PGS-2": Text(chapter="Alpha")}
    shown = Page(html.page(run, plain, texts))
    headings = [heading.text.split()[0] for heading in shown.all("h3")]
    assert headings == ["Omega", "Alpha"]


def test_run_without_cases_makes_a_page() -> None:
    """A run that never got to its first case is reported too."""
    shown = page()
    assert "my server" in shown.all("h1")[0].text
    assert not shown.all("details", "case")


def test_fields_are_lines_of_offset_length_name_and_value() -> None:
    """A reader without JavaScript sees them so, and the script reads them from there."""

    def dissect(*_: object) -> Dissection:
        return Dissection((Field(0, 4, "id", b"", "ff d0"), Field(4, 2, "a\tb", "", "x\ty\nz")))

    (rows,) = page(case("a"), dissect=dissect).all("pre", "rows")
    assert rows.text == "0\t4\tid\tff d0\n4\t2\ta b\tx y z\n"


def test_meanings_of_fields_stand_once_in_the_page() -> None:
    """They are the same for thousands of datagrams."""
    shown = page(case("a"), case("b"))
    (meanings,) = (item for item in shown.all("script") if "id" in item.attributes)
    assert json.loads(meanings.text) == {"pygase/client-package header.sequence": "Its `number`."}


def test_parameters_of_one_case_stand_together() -> None:
    """Cases that differ in nothing but a parameter are one thing to look at."""
    cases = [case(f"a[{name}]", Verdict.FAIL) for name in ("one", "two")]
    (listed,) = page(*cases, case("b", Verdict.FAIL)).all("ul", "notable")
    assert " ".join(listed.text.split()).count("The case") == 2
    assert "2 cases: one, two" in listed.text


def items(*transfers: Transfer, dissect: Any = plain) -> tuple[exchange.Item, ...]:
    return exchange.items(case("a", Verdict.FAIL, exchange=transfers), dissect)


def test_long_exchange_is_abbreviated() -> None:
    """The first and last twelve are shown, and those around a note; gaps say how many are not."""
    transfers = [transfer(index) for index in range(1, 301)]
    shown = items(*transfers[:150], note(150, "now"), *transfers[150:])
    outline = [
        item.number
        if isinstance(item, exchange.Unit)
        else item.text
        if isinstance(item, exchange.Note)
        else f"-{item.count}"
        for item in shown
        if not isinstance(item, exchange.Close)
    ]
    assert outline == [
        *range(1, 13),
        "-136",
        149,
        150,
        "now",
        151,
        152,
        "-136",
        *range(289, 301),
    ]


def test_passed_case_shows_less_of_its_exchange() -> None:
    """Of a case that passed, the first and last two are shown."""
    transfers = tuple(transfer(index) for index in range(1, 301))
    shown = exchange.items(case("a", Verdict.PASS, exchange=transfers), plain)
    assert [type(item) for item in shown].count(exchange.Unit) == 4
    assert [item.count for item in shown if isinstance(item, exchange.Gap)] == [296]


def test_every_note_is_shown() -> None:
    """Of very many notes, the later ones stand between gaps, so that nothing is told wrongly."""
    transfers = [transfer(1)] * 12
    for number in range(30):
        transfers += [transfer(1)] * 10 + [note(1, str(number))]
    shown = items(*transfers, *[transfer(1)] * 12)
    assert [item.text for item in shown if isinstance(item, exchange.Note)] == [
        str(number) for number in range(30)
    ]
    left_out = sum(item.count for item in shown if isinstance(item, exchange.Gap))
    assert left_out + sum(isinstance(item, exchange.Unit) for item in shown) == 324


@pytest.mark.parametrize("count", [0, 1, 24, 25])
def test_short_exchange_is_whole(count: int) -> None:
    """Nothing is left out where the line about it would take as much room."""
    shown = items(*(transfer(index) for index in range(count)))
    assert [type(item) for item in shown] == [exchange.Unit] * count


def test_dump_has_offset_hex_and_text() -> None:
    """Sixteen octets stand on a line, and a shorter line keeps the columns."""
    assert exchange.hex_dump(b"PyGaSe \x00\xff sixteen!") == (
        "0000  50 79 47 61 53 65 20 00 ff 20 73 69 78 74 65 65  PyGaSe ·· sixtee\n"
        "0010  6e 21                                            n!"
    )


def test_large_datagram_is_cut_in_the_page() -> None:
    """A page stays readable when a case floods its target."""
    (datagram,) = items(transfer(1, bytes(60_000)))
    assert isinstance(datagram, exchange.Unit)
    assert datagram.length == 60_000
    assert datagram.octets_left_out == 60_000 - exchange.FULL.octets
    assert len(datagram.dump.splitlines()) == exchange.FULL.octets // exchange.OCTETS_PER_LINE


def test_malformed_datagram_names_the_requirement() -> None:
    """The reader learns which rule a datagram breaks, and where."""

    def dissect(*_: object) -> Dissection:
        return Dissection(error=Flaw("PGS-HDR-001", "another protocol id", 0))

    (datagram,) = items(transfer(1), dissect=dissect)
    assert isinstance(datagram, exchange.Unit)
    assert datagram.flaw == "not valid by PGS-HDR-001 at offset 0: another protocol id"


def test_gist_names_the_first_plain_values() -> None:
    """Datagrams can be told apart without opening them; lengths and keys say nothing there."""

    def dissect(*_: object) -> Dissection:
        return Dissection(
            (
                Field(0, 4, "header.protocol_id", b"\xff", "ff"),
                Field(4, 2, "header.sequence", 3, "3"),
                Field(6, 2, "update:length", 9, "9", structural=True),
                Field(8, 5, "events[0].type", "ECHO", '"ECHO"'),
            )
        )

    (datagram,) = items(transfer(1, bytes(16)), dissect=dissect)
    assert isinstance(datagram, exchange.Unit)
    assert datagram.gist == 'sequence 3 · type "ECHO"'


def test_empty_datagram_is_shown() -> None:
    """No octets is an input too."""
    shown = page(case("a", exchange=(transfer(1, b""),)), dissect=lambda *_: Dissection())
    assert "An empty datagram." in shown.source


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_contrast(scheme: str) -> None:
    """Every text colour reaches the 4.5 : 1 of WCAG AA on every background it can stand on."""
    style = (html.TEMPLATES / "style.css").read_text()
    light, dark = style.split("prefers-color-scheme: dark")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    if scheme == "dark":
        colours |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark))
    pairs = [
        (text, ground)
        for text in ("ink", "soft", "link", *Verdict)
        for ground in ("paper", "card", "sunk")
    ]
    pairs += [("paper", verdict.value) for verdict in Verdict]  # pressed filters
    pairs += [("lit-ink", "lit"), ("ink", "tint"), ("out", "sunk"), ("in", "sunk")]
    low = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair in pairs
        if contrast(colours[pair[0]], colours[pair[1]]) < 4.5
    }
    assert low == {}


def contrast(one: str, two: str) -> float:
    """Return the contrast ratio of two colours as WCAG defines it."""
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def over(transport: str, message: str = "", **changes: Any) -> Transfer:
    sent = Transfer(0.1, "to-target", "ffd0", message, "127.0.0.1:5", "127.0.0.1:6", transport)
    return replace(sent, **changes)


@pytest.mark.parametrize(
    ("transfers", "contents"),
    [
        ((transfer(1), transfer(2)), "2 datagrams"),
        ((over("tcp", "frame"), over("tcp"), over("tcp")), "1 frame, 2 segments"),
        ((over("websocket", "request"),), "1 message"),
    ],
)
def test_what_was_sent_is_called_by_its_transport(
    transfers: tuple[Transfer, ...], contents: str
) -> None:
    """Nobody sends datagrams over TCP."""
    (shown,) = page(case("a", exchange=transfers)).all("details", "case")
    assert contents in shown.text
    assert contents.endswith("datagrams") or "datagram" not in shown.text


def test_end_of_a_stream_is_shown() -> None:
    """Who closed, and how, stands in its place in the exchange."""
    close = over("tcp", "rst", direction="close", data="", by="target")
    shown = page(case("a", exchange=(over("tcp", "frame"), close)))
    (line,) = shown.all("li", "close")
    assert "the target closed the connection 127.0.0.1:5 – 127.0.0.1:6: rst" in line.text


def test_part_of_a_stream_is_not_read_by_a_schema() -> None:
    """Octets without a message are shown as hex, and nothing is wrong with them."""

    def dissect(*_: object) -> Dissection:
        raise LookupError("no such message")

    (part,) = items(over("tcp"), dissect=dissect)
    assert isinstance(part, exchange.Unit)
    assert (part.fields, part.flaw, part.dump[6:11]) == ((), "", "ff d0")


def test_encrypted_message_is_shown_in_clear() -> None:
    """The fields are those of the plaintext; the page says that it was encrypted."""
    seen: list[bytes] = []

    def dissect(_book: str, _message: str, data: bytes) -> Dissection:
        seen.append(data)
        return Dissection()

    sealed = over("websocket", "request", clear=b"{}".hex(), data="00" * 50)
    (message,) = items(sealed, dissect=dissect)
    assert isinstance(message, exchange.Unit)
    assert (seen, message.length, message.encrypted) == ([b"{}"], 2, 50)
    shown = page(case("a", exchange=(sealed,)))
    assert "2 octets, decrypted from 50" in shown.all("p", "ends")[0].text


def test_meanings_are_those_of_the_book() -> None:
    """Books on the same page may have messages of the same name."""
    shown = page(case("a"), case("b", book="packetmq"))
    (meanings,) = (item for item in shown.all("script") if "id" in item.attributes)
    assert {name.partition("/")[0] for name in json.loads(meanings.text)} == {"pygase", "packetmq"}
    books = {element.attributes["data-book"] for element in shown.all("details", "case")}
    assert books == {"pygase", "packetmq"}


@pytest.mark.parametrize(("verdict", "read"), [(Verdict.PASS, 1), (Verdict.FAIL, 2)])
def test_long_messages_are_read_where_somebody_looks(verdict: Verdict, read: int) -> None:
    """Of a case that passed, what is very long is shown as octets only."""
    lengths: list[int] = []

    def dissect(_book: str, _message: str, data: bytes) -> Dissection:
        lengths.append(len(data))
        return Dissection()

    long = exchange.BRIEF.longest_read
    sent = tuple(over("tcp", "frame", data="00" * octets) for octets in (long, long + 1))
    shown = exchange.items(case("a", verdict, exchange=sent), dissect)
    assert (len(shown), len(lengths)) == (2, read)


def test_of_many_cases_of_a_kind_a_few_are_shown_in_full() -> None:
    """A page with hundreds of like failures can still be opened."""
    lengths: list[int] = []

    def dissect(_book: str, _message: str, data: bytes) -> Dissection:
        lengths.append(len(data))
        return Dissection()

    page(
        *(
            case(f"a[{number}]", Verdict.FAIL, exchange=(transfer(0, bytes(4000 + number)),))
            for number in range(20)
        ),
        dissect=dissect,
    )
    assert lengths == [4000, 4001, 4002]
