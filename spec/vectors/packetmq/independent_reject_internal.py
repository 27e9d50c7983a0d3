"""Internal packets of another shape than they have to have.

Writes `independent-reject-internal.json`.
"""

from vectors.files import Group, write
from vectors.packetmq import octets as o

Row = tuple[str, str, str]
"""A name, the payload in hex, a comment."""

VERSION, ADAPT, IDMAP = o.VERSION.hex(), o.ADAPT.hex(), o.IDMAP.hex()
ENFORCES, ONE = f"{ADAPT} c2", f"{IDMAP} 81 a3613a62 11"

NO_MAPS: list[Row] = [
    ("nil", "c0", ""),
    ("true", "c3", ""),
    ("integer", "01", ""),
    ("float", "cb3ff0000000000000", ""),
    ("text", "a162", ""),
    ("bin", "c40162", ""),
    ("empty-array", "90", ""),
    ("ext", "d4 01 00", ""),
    ("empty-map", "80", "nothing in it"),
]

INITS: list[Row] = [
    *NO_MAPS,
    ("array-of-pairs", f"91 92 {VERSION} 01", ""),
    ("array", f"92 {VERSION} 01", ""),
    ("no-version", "81 a178 01", ""),
    ("other-case", "81 a7 56657273696f6e 01", "Version"),
    ("integer-key", "81 00 01", ""),
    ("version-nil", f"81 {VERSION} c0", ""),
    ("version-true", f"81 {VERSION} c3", "a boolean is not an integer"),
    ("version-false", f"81 {VERSION} c2", ""),
    ("version-float-64", f"81 {VERSION} cb3ff0000000000000", "1.0 is not an integer"),
    ("version-float-32", f"81 {VERSION} ca3f800000", ""),
    ("version-text", f"81 {VERSION} a131", ""),
    ("version-bin", f"81 {VERSION} c40131", ""),
    ("version-array", f"81 {VERSION} 91 01", ""),
    ("version-map", f"81 {VERSION} 80", ""),
    ("version-ext", f"81 {VERSION} d4 01 01", ""),
    ("bin-key-version-text", f"81 c407 {VERSION[2:]} a131", ""),
]

PUBIDS: list[Row] = [
    *NO_MAPS,
    ("no-adapt", f"81 {ONE}", ""),
    ("no-idmap", f"81 {ENFORCES}", ""),
    ("adapt-nil", f"82 {ADAPT} c0 {ONE}", ""),
    ("adapt-0", f"82 {ADAPT} 00 {ONE}", "an integer is not a boolean"),
    ("adapt-1", f"82 {ADAPT} 01 {ONE}", ""),
    ("adapt-float", f"82 {ADAPT} cb3ff0000000000000 {ONE}", ""),
    ("adapt-text", f"82 {ADAPT} a474727565 {ONE}", ""),
    ("adapt-array", f"82 {ADAPT} 91 c3 {ONE}", ""),
    ("idmap-nil", f"82 {ENFORCES} {IDMAP} c0", ""),
    ("idmap-array", f"82 {ENFORCES} {IDMAP} 90", ""),
    ("idmap-pairs", f"82 {ENFORCES} {IDMAP} 91 92 a3613a62 11", ""),
    ("idmap-text", f"82 {ENFORCES} {IDMAP} a0", ""),
    ("idmap-integer", f"82 {ENFORCES} {IDMAP} 11", ""),
    ("id-minus-1", f"82 {ENFORCES} {IDMAP} 81 a3613a62 ff", ""),
    ("id-65536", f"82 {ENFORCES} {IDMAP} 81 a3613a62 ce00010000", ""),
    ("id-2-64", f"82 {ENFORCES} {IDMAP} 81 a3613a62 cf" + "ff" * 8, ""),
    ("id-nil", f"82 {ENFORCES} {IDMAP} 81 a3613a62 c0", ""),
    ("id-true", f"82 {ENFORCES} {IDMAP} 81 a3613a62 c3", ""),
    ("id-float", f"82 {ENFORCES} {IDMAP} 81 a3613a62 cb4031000000000000", "17.0"),
    ("id-text", f"82 {ENFORCES} {IDMAP} 81 a3613a62 a23137", ""),
    ("id-array", f"82 {ENFORCES} {IDMAP} 81 a3613a62 91 11", ""),
    ("second-id", f"82 {ENFORCES} {IDMAP} 82 a3613a62 11 a3613a63 c0", "the first is good"),
    ("turned-over", f"82 {ENFORCES} {IDMAP} 81 11 a3613a62", "ids to names"),
    ("name-nil", f"82 {ENFORCES} {IDMAP} 81 c0 11", ""),
    ("name-true", f"82 {ENFORCES} {IDMAP} 81 c3 11", ""),
    ("name-float", f"82 {ENFORCES} {IDMAP} 81 cb3fe0000000000000 11", ""),
    ("name-bin", f"82 {ENFORCES} {IDMAP} 81 c402c328 11", "octets that are no text"),
]

TWICE: list[tuple[int, str, str, str]] = [
    (o.INIT, "version", f"82 {VERSION} 01 {VERSION} 01", ""),
    (o.INIT, "version-str-and-bin", f"82 {VERSION} 01 c407 {VERSION[2:]} 01", "one text"),
    (o.INIT, "version-bins", f"82 c407 {VERSION[2:]} 01 c50007 {VERSION[2:]} 01", ""),
    (o.INIT, "other-member", f"83 {VERSION} 01 a178 01 c40178 02", ""),
    (o.INIT, "other-member-deep", f"82 {VERSION} 01 a178 82 a161 01 c40161 02", ""),
    (o.SOFTQUIT, "reason-str-and-bin", "82 a6726561736f6e a162 c406726561736f6e a162", ""),
    (o.PUBIDS, "adapt", f"83 {ENFORCES} {ENFORCES} {ONE}", ""),
    (o.PUBIDS, "idmap", f"83 {ENFORCES} {ONE} {ONE}", ""),
    (o.PUBIDS, "name", f"82 {ENFORCES} {IDMAP} 82 a3613a62 11 a3613a62 11", ""),
    (o.PUBIDS, "name-other-id", f"82 {ENFORCES} {IDMAP} 82 a3613a62 11 a3613a62 12", ""),
    (o.PUBIDS, "name-str-and-bin", f"82 {ENFORCES} {IDMAP} 82 a3613a62 11 c403613a62 11", ""),
    (o.FINISH, "key", "82 a161 01 a161 02", "well-formed, if not looked at"),
]


def shapes(number: int, requirement: str, rows: list[Row]) -> Group:
    """Return a group with each row as a frame."""
    message = o.MESSAGES[number]
    group = Group("reject", "Payloads of another shape.", message)
    for name, octets, comment in rows:
        frame = o.frame(number, bytes.fromhex(octets))
        group.reject(f"reject-{message}-{name}", requirement, frame, comment=comment)
    return group


def twice() -> list[Group]:
    """Return maps with the same key twice, also where bin is read as text."""
    groups = {
        number: Group("reject", "The same key twice.", message)
        for number, message in o.MESSAGES.items()
    }
    for number, name, octets, comment in TWICE:
        groups[number].reject(
            f"reject-{o.MESSAGES[number]}-twice-{name}",
            "MSG-006 MSG-012" if "bin" in name else "MSG-006",
            o.frame(number, bytes.fromhex(octets)),
            comment=comment,
        )
    return list(groups.values())


if __name__ == "__main__":
    write(
        "packetmq",
        "independent-reject-internal.json",
        "Internal packets that are malformed for their shape.",
        [shapes(o.INIT, "INT-003", INITS), shapes(o.PUBIDS, "INT-008", PUBIDS), *twice()],
    )
