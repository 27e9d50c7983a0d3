"""The door to the schemas: finding books, parsing, building, taking apart, guessing."""

import pickle
import re

import pytest

from wirebook.spec import books

CLIENT = bytes.fromhex("ffd0fab9 0003 0002 80000000 0005")
EVENT = bytes.fromhex(
    "83 a474797065 a141 ac68616e646c65725f61726773 9105 ae68616e646c65725f6b7761726773 80"
)


def with_event(octets: bytes = EVENT) -> bytes:
    """Return a client package with one entry in its event block."""
    return CLIENT + len(octets).to_bytes(2) + octets


def test_books_are_discovered() -> None:
    """Every sub-package with schemas is a book."""
    assert "pygase" in books.names()


def test_book_says_what_it_is_called() -> None:
    """Name, title and the prefix of its requirements come from the book's sub-package."""
    book = books.get("pygase")
    assert (book.name, book.title, book.prefix) == ("pygase", "PyGaSe", "PGS")


def test_unknown_book_draws_a_hint() -> None:
    """A name that is nearly right is answered with the right one, any other with all names."""
    with pytest.raises(books.UnknownBookError, match="did you mean pygase"):
        books.get("pygaze")
    with pytest.raises(books.UnknownBookError, match=r"there are: .*pygase"):
        books.get("zzz")


def test_unknown_message_names_the_known_ones() -> None:
    """A message that the book lacks is answered with those that it has."""
    with pytest.raises(books.UnknownMessageError, match="client-package"):
        books.get("pygase").parse("client", b"")


def test_parse_returns_plain_values() -> None:
    """Values are dicts, lists and scalars of Python, nothing else."""
    assert books.get("pygase").parse("client-package", with_event()) == {
        "header": {
            "protocol_id": bytes.fromhex("ffd0fab9"),
            "sequence": 3,
            "ack": 2,
            "ack_bitfield": 1 << 31,
        },
        "time_order": 5,
        "events": [{"type": "A", "handler_args": [5], "handler_kwargs": {}}],
    }


def test_malformed_names_requirement_reason_and_offset() -> None:
    """What is refused is refused for a reason, at an offset of the datagram."""
    data = bytearray(with_event())
    data[data.index(b"\x91")] = 0xC1
    with pytest.raises(books.Malformed, match="PGS-MSG-009") as caught:
        books.get("pygase").parse("client-package", bytes(data))
    assert caught.value.requirement == "PGS-MSG-009"
    assert caught.value.offset == data.index(0xC1)
    assert "c1" in caught.value.reason


def test_unencodable_names_path_and_requirement() -> None:
    """A value that cannot be sent is told by its path, with the requirement where there is one."""
    book = books.get("pygase")
    value = book.parse("client-package", with_event())
    value["events"][0]["handler_args"][0] = 1e300
    with pytest.raises(books.Unencodable) as caught:
        book.build("client-package", value)
    assert caught.value.path == "events[0].handler_args[0]"
    assert caught.value.requirement == "PGS-MSG-002"


@pytest.mark.parametrize(
    "error", [books.Malformed("X-ABC-001", "no", 3), books.Unencodable("a.b", "no")], ids=str
)
def test_errors_survive_the_way_to_another_process(error: ValueError) -> None:
    """Errors can be pickled, as parallel runs need."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own octets
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize(
    "change",
    [{"extra": 1}, {"time_order": 65536}, {"time_order": None}, {"events": ()}, {"header": {}}],
    ids=repr,
)
def test_values_outside_the_schema_are_unencodable(change: dict[str, object]) -> None:
    """Further keys, and values of another type or range, are refused."""
    book = books.get("pygase")
    with pytest.raises(books.Unencodable):
        book.build("client-package", book.parse("client-package", CLIENT) | change)


def test_dissection_covers_the_datagram_without_gaps() -> None:
    """Every octet belongs to exactly one field."""
    data = with_event()
    end = 0
    for field in books.get("pygase").dissect("client-package", data).fields:
        assert field.offset == end
        end += field.length
    assert end == len(data)


def test_dissection_shows_path_value_text_and_doc() -> None:
    """A field is named by its path and explained by the schema."""
    fields = books.get("pygase").dissect("client-package", with_event()).fields
    found = {field.path: field for field in fields}
    assert found["header.ack_bitfield"].text == "1" + 31 * "0"
    assert found["events[0].type"].value == "A"
    assert found["events[0].type"].text == '"A"'
    assert "handler" in found["events[0].type"].doc
    assert found["events[0].handler_args[0]"].doc == found["events[0].handler_args:array"].doc


def test_dissection_tells_structure_from_values() -> None:
    """Lengths, keys and heads of containers are marked, so that a reader can leave them out."""
    fields = books.get("pygase").dissect("client-package", with_event()).fields
    structure = [field.path for field in fields if field.structural]
    assert structure == [
        "events[0]:length",
        "events[0]:map",
        "events[0].type:key",
        "events[0].handler_args:key",
        "events[0].handler_args:array",
        "events[0].handler_kwargs:key",
    ]


def test_span_is_that_of_the_whole_value() -> None:
    """The span of a container reaches from its head to its last element."""
    dissection = books.get("pygase").dissect("client-package", with_event())
    assert dissection.span("header") == (0, 12)
    assert dissection.span("events[0]") == (16, len(EVENT))
    assert dissection.span("events[0].type") == (22, 2)
    assert dissection.span("events[0].handler_args") == (37, 2)
    assert dissection.span("events[0].handler_kwargs") == (54, 1)
    with pytest.raises(LookupError):
        dissection.span("events[1]")


def test_dissection_goes_as_far_as_the_first_error() -> None:
    """What could be read before the error is there, and the error with it."""
    dissection = books.get("pygase").dissect("client-package", with_event()[:-1] + b"\xc1")
    assert dissection.error is not None
    assert dissection.fields[-1].path == "events[0].handler_kwargs:key"


@pytest.mark.parametrize("data", [CLIENT[:9], CLIENT + bytes(2048)], ids=["short", "long"])
def test_dissection_of_a_wrong_size_still_names_the_header(data: bytes) -> None:
    """A datagram that is refused for its size is shown as far as it makes sense."""
    dissection = books.get("pygase").dissect("client-package", data)
    assert dissection.error is not None
    assert dissection.fields[0].path == "header.protocol_id"


def test_guess_finds_the_readings_of_a_datagram() -> None:
    """A whole datagram is guessed as every message that it is."""
    book = books.get("pygase")
    assert book.guess(CLIENT) == ("client-package",)
    assert book.guess(CLIENT[:12]) == ("package",)
    assert book.guess(CLIENT[:12] + b"\x00\x0d\x81\xaatime_order\x00") == ("server-package",)
    assert book.guess(b"shutdown") == ("shutdown",)


def test_guess_of_a_broken_package_is_what_it_begins_like() -> None:
    """A package that is none is guessed by its protocol id, and other octets not at all."""
    book = books.get("pygase")
    assert "client-package" in book.guess(with_event()[:-1])
    assert book.guess(b"GET / HTTP/1.1") == ()


def test_every_field_has_one_line_of_doc() -> None:
    """Whatever the schema names, it also explains."""
    fields = books.get("pygase").dissect("client-package", with_event()).fields
    for field in fields:
        if not re.search(r":key$|:map$", field.path):
            assert field.doc
            assert "\n" not in field.doc
