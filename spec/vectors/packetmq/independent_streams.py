"""Streams of octets, cut at any place: the packets in them, and the violation that ends them.

Writes `independent-streams.json`. Chunks and packets are written down by hand; a violation ends a
stream, and what stands behind it is never a packet.
"""

from typing import Any

from vectors.files import Group, write
from vectors.packetmq import octets as o

NIL, SEVEN, TEXT = "00000003 0011 c0", "00000003 0012 07", "00000006 0011 a3627965"
A, B, C = (17, None), (18, 7), (17, "bye")
INIT = "0000000c 0000 81 a776657273696f6e 01"
VERSION = (0, {"version": 1})
FRAMING, MALFORMED = "reason.framing", "reason.malformed"

Packet = tuple[int, Any]
Row = tuple[str, str, list[str], list[Packet], str, str]
"""A name, requirements, the chunks in hex, the packets, the violation if any, a comment."""

WHOLE: list[Row] = [
    ("nothing", "FRM-002", [], [], "", ""),
    ("empty-chunks", "FRM-002", ["", ""], [], "", ""),
    ("one", "FRM-002", [NIL], [A], "", ""),
    ("one-between-empty-chunks", "FRM-002", ["", NIL, ""], [A], "", ""),
    ("three-chunks", "FRM-002", [NIL, SEVEN, TEXT], [A, B, C], "", "a frame in each"),
    ("three-in-one-chunk", "FRM-002", [NIL + SEVEN + TEXT], [A, B, C], "", ""),
    ("same-again", "FRM-002", [NIL + NIL, NIL], [A, A, A], "", "there are no duplicates"),
    ("length-apart", "FRM-002", ["00000003", "0011 c0"], [A], "", ""),
    ("id-apart", "FRM-002", ["00000003 0011", "c0"], [A], "", ""),
    ("cut-in-length", "FRM-002", ["0000", "0003 0011 c0"], [A], "", ""),
    ("cut-in-length-1-3", "FRM-002", ["00", "000003 0011 c0"], [A], "", ""),
    ("cut-in-id", "FRM-002", ["00000003 00", "11 c0"], [A], "", ""),
    ("cut-in-payload", "FRM-002", ["00000006 0011 a362", "7965"], [C], "", ""),
    ("cut-everywhere", "FRM-002", ["00", "00", "00", "03", "00", "11", "c0"], [A], "", ""),
    ("cut-across", "FRM-002", ["00000003 0011 c0 000000", "03 0012 07 00000006 0011 a3",
     "627965"], [A, B, C], "", ""),
    ("end-with-the-next-length", "FRM-002", [NIL + "00000006", "0011 a3627965"], [A, C], "", ""),
    ("many", "FRM-002", [NIL * 100], [A] * 100, "", ""),
    ("internal", "FRM-002", [INIT + "00000003 0003 c0"], [VERSION, (3, None)], "", ""),
    ("internal-and-application", "FRM-002", [INIT, NIL], [VERSION, A], "", ""),
    ("frame-in-a-frame", "FRM-002", ["0000000b 0011 c407 00000003 0011 c0"],
     [(17, bytes.fromhex("00000003 0011 c0"))], "", "a payload that looks like a frame"),
    ("length-256", "FRM-002 FRM-004", ["00000100 0011 d9fc" + "61" * 128, "61" * 124],
     [(17, "a" * 252)], "", ""),
]  # fmt: skip

UNFINISHED: list[Row] = [
    (f"unfinished-{name}", "FRM-002", chunks, packets, "", "the end of the stream is no violation")
    for name, chunks, packets in (
        ("length-1", ["00"], []),
        ("length-3", ["000000"], []),
        ("length", ["00000003"], []),
        ("id", ["00000003 0011"], []),
        ("payload", ["00000006 0011 a36279"], []),
        ("longest", ["0001869f 0011 db"], []),
        ("second", [NIL + "00000006 0011"], [A]),
        ("second-length", [NIL, "000000"], [A]),
        ("malformed", ["00000003 c1c1"], []),
    )
]

LENGTHS: list[Row] = [
    ("too-long", "FRM-005 ERR-002", ["000186a0"], [], FRAMING, "before the content"),
    ("too-long-with-content", "FRM-005", ["000186a0 0011 c0"], [], FRAMING, ""),
    ("too-long-cut", "FRM-005", ["0001", "86a0"], [], FRAMING, ""),
    ("much-too-long", "FRM-005", ["ffffffff"], [], FRAMING, ""),
    ("too-long-second", "FRM-005 ERR-004", [NIL + "80000000"], [A], FRAMING, ""),
    ("too-long-third", "FRM-005 ERR-004", [NIL, SEVEN, "000186a0"], [A, B], FRAMING, ""),
    ("too-long-then-more", "FRM-005 ERR-004", ["000186a0" + NIL + SEVEN], [], FRAMING,
     "nothing behind a violation counts"),
    ("too-long-between", "FRM-005 ERR-004", [NIL + "01000000" + SEVEN], [A], FRAMING, ""),
    ("length-0", "FRM-006", ["00000000"], [], FRAMING, ""),
    ("length-1", "FRM-006", ["00000001"], [], FRAMING, "before the content"),
    ("length-1-with-content", "FRM-006", ["00000001 00"], [], FRAMING, ""),
    ("length-0-second", "FRM-006 ERR-004", [NIL + "00000000" + SEVEN], [A], FRAMING, ""),
    ("length-1-second", "FRM-006 ERR-004", [NIL, "00000001 11" + SEVEN], [A], FRAMING, ""),
    ("zeros", "FRM-006", ["00" * 16], [], FRAMING, ""),
    ("request-of-http", "FRM-005", ["474554202f20485454502f312e310d0a"], [], FRAMING, "GET / …"),
]  # fmt: skip

PAYLOADS: list[Row] = [
    ("length-2", "MSG-002 ERR-003", ["00000002 0011"], [], MALFORMED, "an id and no payload"),
    ("reserved", "MSG-004 ERR-003", ["00000003 0011 c1"], [], MALFORMED, ""),
    ("left-over", "MSG-002 ERR-003", ["00000004 0011 c0c0"], [], MALFORMED, ""),
    ("incomplete", "MSG-002 ERR-003", ["00000004 0011 a362" + NIL], [], MALFORMED,
     "the rest is not in the next frame"),
    ("second", "MSG-004 ERR-004", [NIL + "00000003 0011 c1" + SEVEN], [A], MALFORMED, ""),
    ("cut", "MSG-004 ERR-004", [NIL + "00000003 00", "11 c1" + SEVEN], [A], MALFORMED, ""),
    ("two-faults", "MSG-004 ERR-004", ["00000003 0011 c1 00000000"], [], MALFORMED,
     "the first counts"),
    ("two-faults-turned", "FRM-006 ERR-004", ["00000000 00000003 0011 c1"], [], FRAMING, ""),
    ("depth-33", "MSG-009 ERR-003", ["00000023 0011" + "91" * 32 + "01"], [], MALFORMED, ""),
    ("keys", "MSG-006 ERR-003", ["00000007 0011 82 01c0 01c0"], [], MALFORMED, ""),
]  # fmt: skip


def group(comment: str, prefix: str, rows: list[Row]) -> Group:
    """Return a group with each row as a transcript."""
    made = Group("transcript", comment)
    for name, requirements, chunks, packets, violation, remark in rows:
        made.transcript(
            "stream",
            f"stream-{prefix}{name}",
            requirements,
            comment=remark,
            chunks=o.stream(bytes.fromhex(chunk) for chunk in chunks),
            packets=o.sent(*packets),
            **({"violation": violation} if violation else {}),
        )
    return made


if __name__ == "__main__":
    write(
        "packetmq",
        "independent-streams.json",
        "Streams of octets, and the packets that are read from them.",
        [
            group("Whole frames, however they are cut.", "", WHOLE),
            group("Streams that end within a frame.", "", UNFINISHED),
            group("Lengths that no frame may have.", "", LENGTHS),
            group("Payloads that are malformed.", "malformed-", PAYLOADS),
        ],
    )
