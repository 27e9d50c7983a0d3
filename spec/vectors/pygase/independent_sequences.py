"""Sequence numbers: their arithmetic, and what the receive window makes of them.

Writes `independent-sequences.json`. The outcomes are written down by hand, from the book's tables;
a second reckoning with sets of positions, not with shifted bits, has to agree before anything is
written.
"""

from vectors.files import Group, write

MODULUS = 65535

SUMS = [
    (1, 0, 1), (1, 1, 2), (2, 1, 3), (255, 1, 256), (32767, 1, 32768), (65533, 1, 65534),
    (65534, 1, 65535), (65535, 1, 1), (65535, 0, 65535), (65535, 2, 2), (65534, 3, 2),
    (1, 65534, 65535), (1, 65535, 1), (40000, 65535, 40000), (65535, 65535, 65535),
    (2, 131070, 2), (40000, 40000, 14465), (32768, 32767, 65535), (32768, 32768, 1),
    (2, -1, 1), (1, -1, 65535), (1, -32, 65504), (32, -32, 65535), (33, -32, 1),
]  # fmt: skip

# a, b, difference(a, b), is a newer than b?
PAIRS = [
    (5, 3, 2, True), (3, 5, -2, False), (7, 7, 0, False), (1, 65535, 1, True),
    (65535, 1, -1, False), (2, 65534, 3, True), (65534, 2, -3, False), (65535, 65534, 1, True),
    (65535, 65535, 0, False), (1, 1, 0, False),
    (32768, 1, 32767, True), (1, 32768, -32767, False),
    (32769, 1, -32767, False), (1, 32769, 32767, True),
    (32770, 1, -32766, False), (1, 32770, 32766, True),
    (65535, 32768, 32767, True), (32768, 65535, -32767, False),
    (65535, 32767, -32767, False), (32767, 65535, 32767, True),
    (40000, 7233, 32767, True), (40000, 7232, -32767, False),
    (7232, 40000, 32767, True), (7233, 40000, -32767, False),
    (33, 1, 32, True), (34, 1, 33, True), (1, 65503, 33, True), (32767, 32768, -1, False),
    (256, 255, 1, True), (255, 256, -1, False),
]  # fmt: skip

# 0 is none: everything is newer than it, and it is newer than nothing.
WITH_NONE = [
    (1, 0, True), (32767, 0, True), (32768, 0, True), (40000, 0, True), (65535, 0, True),
    (0, 0, False), (0, 1, False), (0, 32767, False), (0, 32768, False), (0, 40000, False),
    (0, 65535, False),
]  # fmt: skip

EFFECTS = {"n": "newest", "l": "late", "d": "duplicate", "t": "too-late", "i": "invalid"}
CITES = {"n": "WIN-001", "l": "WIN-002", "d": "WIN-003", "t": "WIN-004", "i": "HDR-004"}

# name, comment, received, one letter for each effect, ack, the sequences whose bits are set
WINDOWS: list[tuple[str, str, list[int], str, int, list[int]]] = [
    ("first", "", [1], "n", 1, []),
    ("book-1-2", "the book's table", [1, 2], "nn", 2, [1]),
    ("book-1-2-3", "the book's table", [1, 2, 3], "nnn", 3, [2, 1]),
    ("book-gap", "the book's table: 1, 2, 3, 6", [1, 2, 3, 6], "nnnn", 6, [3, 2, 1]),
    ("book-late", "the book's table", [1, 2, 3, 6, 4], "nnnnl", 6, [4, 3, 2, 1]),
    ("book-duplicate", "the book's table", [1, 2, 3, 6, 4, 4], "nnnnld", 6, [4, 3, 2, 1]),
    ("book-leap", "the book's table", [1, 2, 3, 6, 4, 4, 39], "nnnnldn", 39, []),
    ("book-too-late", "the book's table", [1, 2, 3, 6, 4, 4, 39, 6], "nnnnldnt", 39, []),
    ("in-order-5", "", [1, 2, 3, 4, 5], "nnnnn", 5, [4, 3, 2, 1]),
    ("in-order-33", "all 32 bits set", [*range(1, 34)], "n" * 33, 33, [*range(1, 33)]),
    ("in-order-34", "the oldest falls out", [*range(1, 35)], "n" * 34, 34, [*range(2, 34)]),
    ("swapped", "", [2, 1], "nl", 2, [1]),
    ("backwards", "", [5, 4, 3, 2, 1], "nllll", 5, [4, 3, 2, 1]),
    ("every-other", "", [1, 3, 5, 7], "nnnn", 7, [5, 3, 1]),
    ("gap-filled", "", [1, 4, 2, 3], "nnll", 4, [3, 2, 1]),
    ("gap-filled-backwards", "", [1, 4, 3, 2], "nnll", 4, [3, 2, 1]),
    *[
        (f"gap-{gap}", "the newest one before is within the 32", [1, 1 + gap], "nn", 1 + gap, [1])
        for gap in range(1, 33)
    ],
    ("gap-33", "the newest one before is out of the window", [1, 34], "nn", 34, []),
    ("gap-34", "", [1, 35], "nn", 35, []),
    ("gap-100", "", [1, 2, 3, 103], "nnnn", 103, []),
    ("late-by-1", "", [10, 9], "nl", 10, [9]),
    ("late-by-31", "", [100, 69], "nl", 100, [69]),
    ("late-by-32", "the last that may be late", [100, 68], "nl", 100, [68]),
    ("late-by-33", "", [100, 67], "nt", 100, []),
    ("late-by-34", "", [100, 66], "nt", 100, []),
    ("late-by-1000", "", [2000, 1000], "nt", 2000, []),
    ("too-late-received-before", "once received, fallen out since", [67, 100, 67], "nnt", 100, []),
    ("oldest-bit-duplicate", "32 before and received", [68, 100, 68], "nnd", 100, [68]),
    ("duplicate-first", "", [1, 1], "nd", 1, []),
    ("duplicate-newest", "", [1, 2, 3, 3], "nnnd", 3, [2, 1]),
    ("duplicate-older", "", [1, 2, 3, 1], "nnnd", 3, [2, 1]),
    ("duplicate-thrice", "", [5, 5, 5, 6], "nddn", 6, [5]),
    ("duplicate-late", "", [1, 5, 3, 3, 6], "nnldn", 6, [5, 3, 1]),
    ("duplicate-late-by-32", "", [100, 68, 68], "nld", 100, [68]),
    ("late-then-newest", "the late bit moves on", [10, 8, 11], "nln", 11, [10, 8]),
    ("late-falls-out", "", [100, 68, 101], "nln", 101, [100]),
    ("wrap", "65535 is followed by 1", [65534, 65535, 1, 2], "nnnn", 2, [1, 65535, 65534]),
    ("wrap-gap", "3 is 4 after 65534", [65534, 3], "nn", 3, [65534]),
    ("wrap-gap-filled", "", [65534, 3, 65535, 2, 1], "nnlll", 3, [2, 1, 65535, 65534]),
    ("wrap-late", "", [65535, 1, 65534], "nnl", 1, [65535, 65534]),
    ("wrap-duplicate", "", [65535, 1, 65535, 1], "nndd", 1, [65535]),
    ("wrap-32", "32 comes 32 after 65535", [65535, 32], "nn", 32, [65535]),
    ("wrap-33", "", [65535, 33], "nn", 33, []),
    ("wrap-late-by-32", "65504 is 32 before 1", [1, 65504], "nl", 1, [65504]),
    ("wrap-late-by-33", "", [1, 65503], "nt", 1, []),
    ("first-40000", "any first one is the newest", [40000], "n", 40000, []),
    ("first-32768", "", [32768, 32769], "nn", 32769, [32768]),
    ("first-65535", "", [65535], "n", 65535, []),
    ("before-the-first", "late, though never received", [40000, 39999], "nl", 40000, [39999]),
    ("before-1", "65535 is the one before 1", [1, 65535], "nl", 1, [65535]),
    ("leap-32767", "as far ahead as can be", [1, 32768], "nn", 32768, []),
    ("leap-32768", "so far ahead that it is behind", [1, 32769], "nt", 1, []),
    ("leap-over-wrap", "", [40000, 7232], "nn", 7232, []),
    ("leap-too-far-over-wrap", "", [40000, 7233], "nt", 40000, []),
    ("round-the-circle", "three leaps", [1, 30000, 60000, 1], "nnnn", 1, []),
    ("zero-first", "a sequence 0 starts nothing", [0, 1], "in", 1, []),
    ("zero-alone", "", [0], "i", 0, []),
    ("zero-between", "and counts as nothing", [65535, 0, 1], "nin", 1, [65535]),
    ("zero-after", "", [1, 0, 2], "nin", 2, [1]),
    ("discarded-leave-no-mark", "", [100, 50, 100, 0, 101], "ntdin", 101, [100]),
    ("storm", "", [3, 1, 2, 2, 40, 8, 7, 39, 40, 41], "nlldnltldn", 41, [40, 39]),
]  # fmt: skip


def arithmetic() -> list[Group]:
    """Sums, differences and comparisons."""
    sums = Group("arithmetic", "a + n; for n = 1, the successor.")
    differences = Group("arithmetic", "The folded difference a - b.")
    newer = Group("arithmetic", "Is a newer than b?")
    for a, n, value in SUMS:
        sums.arithmetic("add", a, n, value, "SEQ-002 SYN-008")
    for a, b, value, is_newer in PAIRS:
        differences.arithmetic("difference", a, b, value, "SEQ-003")
        newer.arithmetic("newer", a, b, is_newer, "SEQ-003")
    for a, b, is_newer in WITH_NONE:
        newer.arithmetic("newer", a, b, is_newer, "SEQ-004 SYN-022" if b == 0 else "SYN-021")
    return [sums, differences, newer]


def windows() -> Group:
    """Transcripts of the receive window."""
    group = Group("transcript", "What the receive window does with each sequence, and what it has.")
    for name, comment, received, letters, ack, marked in WINDOWS:
        bits = _bits(ack, marked)
        reckoned = _reckon(received)
        if reckoned != (letters, ack, bits):
            raise ValueError(f"{name}: written {(letters, ack, bits)}, reckoned {reckoned}")
        cites = dict.fromkeys(CITES[letter] for letter in reversed(letters))
        general = "SEQ-003" if len(received) > 1 else "SEQ-004"
        group.transcript(
            "window",
            f"window-{name}",
            " ".join([*cites, general]),
            comment=comment,
            received=received,
            effects=[EFFECTS[letter] for letter in letters],
            ack=ack,
            ack_bitfield=bits,
        )
    return group


def _bits(ack: int, marked: list[int]) -> str:
    """Return the bits, the most significant first, which stands for the sequence before `ack`."""
    before = [(ack - steps - 1) % MODULUS + 1 for steps in range(1, 33)]
    return "".join("1" if sequence in marked else "0" for sequence in before)


def _reckon(received: list[int]) -> tuple[str, int, str]:
    """Reckon with positions on a line that never wraps, and a set of those accepted."""
    accepted: set[int] = set()
    newest: int | None = None
    letters = ""
    for sequence in received:
        if sequence == 0:
            letters += "i"
            continue
        position = sequence if newest is None else _nearest(sequence, newest)
        if newest is None or position > newest:
            letters, newest = letters + "n", position
        elif newest - position > 32:
            letters += "t"
            continue
        elif position in accepted:
            letters += "d"
            continue
        else:
            letters += "l"
        accepted.add(position)
    if newest is None:
        return letters, 0, "0" * 32
    bits = "".join("1" if newest - steps in accepted else "0" for steps in range(1, 33))
    return letters, (newest - 1) % MODULUS + 1, bits


def _nearest(sequence: int, newest: int) -> int:
    """Return, of all positions with this sequence, the one nearest to the newest."""
    turn = newest // MODULUS
    near = [other * MODULUS + sequence for other in (turn - 1, turn, turn + 1)]
    return min(near, key=lambda position: abs(position - newest))


if __name__ == "__main__":
    write(
        "pygase",
        "independent-sequences.json",
        "The arithmetic of sequences and time orders, and transcripts of the receive window.",
        [*arithmetic(), windows()],
    )
