"""Tables of faulty MessagePack: octets that a receiver has to refuse, by what is wrong with them.

Nothing but data lives here. What a book takes of it, and for which of its requirements, is in the
folders of the books.
"""

Row = tuple[str, str, str]
"""A name, the octets of a faulty value in hex, and a comment."""

EXTENSIONS: list[Row] = [
    ("fixext1", "d4 01 00", ""),
    ("fixext2", "d5 01 0000", ""),
    ("fixext4", "d6 01 00000000", ""),
    ("fixext8", "d7 01 0000000000000000", ""),
    ("fixext16", "d8 01" + "00" * 16, ""),
    ("ext8", "c7 03 01 616263", ""),
    ("ext8-empty", "c7 00 01", ""),
    ("ext16", "c8 0003 01 616263", ""),
    ("ext32", "c9 00000003 01 616263", ""),
    ("ext-type-127", "d4 7f 00", ""),
    ("ext-type-minus-128", "d4 80 00", ""),
    ("timestamp-32", "d6 ff 00000001", ""),
    ("timestamp-64", "d7 ff 0000000000000001", ""),
    ("timestamp-96", "c7 0c ff 00000000 0000000000000001", ""),
    ("ext-in-array", "92 01 d4 01 00", ""),
    ("ext-in-map", "81 a178 d4 01 00", ""),
    ("ext-as-key", "81 d4 01 00 c0", ""),
]

RESERVED: list[Row] = [
    ("c1", "c1", ""),
    ("c1-in-array", "92 01 c1", ""),
    ("c1-in-map", "81 a178 c1", ""),
    ("c1-as-key", "81 c1 c0", ""),
]

NOT_UTF8: list[Row] = [
    ("utf8-continuation", "a1 80", "a continuation octet by itself"),
    ("utf8-ff", "a1 ff", ""),
    ("utf8-fe", "a1 fe", ""),
    ("utf8-latin-1", "a4 5a6fe962", "an e with an accent in ISO 8859-1"),
    ("utf8-overlong-nul", "a2 c080", ""),
    ("utf8-overlong-2", "a2 c1bf", ""),
    ("utf8-overlong-3", "a3 e09fbf", ""),
    ("utf8-overlong-3-nul", "a3 e08080", ""),
    ("utf8-overlong-4", "a4 f08fbfbf", ""),
    ("utf8-surrogate-first", "a3 eda080", "U+D800"),
    ("utf8-surrogate-last", "a3 edbfbf", "U+DFFF"),
    ("utf8-surrogate-pair", "a6 eda0bcedbeb2", "a pair of surrogates is no better"),
    ("utf8-110000", "a4 f4908080", "above U+10FFFF"),
    ("utf8-f5", "a4 f5808080", ""),
    ("utf8-five-octets", "a5 f888808080", ""),
    ("utf8-cut-2", "a1 c3", "ends inside a character"),
    ("utf8-cut-3", "a3 61e282", "ends inside a character"),
    ("utf8-cut-4", "a3 f09f8e", "ends inside a character"),
    ("utf8-broken-off", "a3 e2 82 61", "a character that is not finished"),
    ("utf8-to-delete", "a4 d281e5ba", "TO_DELETE as a str"),
    ("utf8-str8", "d9 02 61ff", ""),
    ("utf8-str16", "da 0002 61ff", ""),
    ("utf8-str32", "db 00000002 61ff", ""),
    ("utf8-in-array", "92 01 a1 ff", ""),
    ("utf8-in-map", "81 a178 a1 ff", ""),
    ("utf8-as-key", "81 a1 ff c0", ""),
]

SAME_KEYS: list[Row] = [
    ("keys-str", "82 a16101 a16101", "even with the same value"),
    ("keys-str-formats", "82 a16101 d9016102", "in two formats"),
    ("keys-apart", "83 a16101 a16202 a16103", "not side by side"),
    ("keys-empty-str", "82 a001 a002", ""),
    ("keys-bin", "82 c4016101 c4016102", ""),
    ("keys-bin-formats", "82 c4016101 c500016102", "in two formats"),
    ("keys-nil", "82 c001 c002", ""),
    ("keys-true", "82 c301 c302", ""),
    ("keys-integer", "82 0501 0502", ""),
    ("keys-integer-formats", "82 0501 cc0502", "in two formats"),
    ("keys-integer-signs", "82 cd0100 01 d10100 02", "unsigned and signed"),
    ("keys-minus-1", "82 ff01 d3ffffffffffffffff02", ""),
    ("keys-1-and-1.0", "82 0101 ca3f80000002", ""),
    ("keys-1-and-true", "82 0101 c302", ""),
    ("keys-1.0-and-true", "82 ca3f80000001 c302", ""),
    ("keys-0-and-false", "82 0001 c202", ""),
    ("keys-0-and-0.0", "82 0001 ca0000000002", ""),
    ("keys-0-and-minus-0.0", "82 0001 ca8000000002", ""),
    ("keys-false-and-minus-0.0", "82 c201 ca8000000002", ""),
    ("keys-0.0-and-minus-0.0", "82 ca0000000001 ca8000000002", "zeros of both signs are equal"),
    ("keys-float-formats", "82 ca3f00000001 cb3fe000000000000002", "0.5 in two formats"),
    ("keys-infinity", "82 ca7f80000001 cb7ff000000000000002", ""),
    ("keys-2-53", "82 cf002000000000000001 cb434000000000000002", "2**53, integer and float"),
    ("keys-2-63", "82 cf800000000000000001 ca5f00000002", "2**63, integer and float"),
    ("keys-in-array", "92 01 82 a16101 a16102", ""),
    ("keys-in-map", "81 a178 82 a16101 a16102", ""),
]

CONTAINER_KEYS: list[Row] = [
    ("key-array", "81 91 01 c0", ""),
    ("key-empty-array", "81 90 c0", ""),
    ("key-array16", "81 dc0001 01 c0", ""),
    ("key-array32", "81 dd00000000 c0", ""),
    ("key-map", "81 81 0102 c0", ""),
    ("key-empty-map", "81 80 c0", ""),
    ("key-map16", "81 de0000 c0", ""),
    ("key-map32", "81 df00000000 c0", ""),
    ("key-array-second", "82 a161 01 90 c0", "the first key is good"),
    ("key-array-in-array", "92 01 81 90 c0", ""),
    ("key-map-in-map", "81 a178 81 80 c0", ""),
]

# These stand at the end of their entry, where nothing follows that they could take for theirs.
INCOMPLETE: list[Row] = [
    *[
        (f"incomplete-{octets}", octets, "")
        for octets in (
            *("cc", "cd", "cd00", "ce", "ce000000", "cf", "cf00000000000000"),
            *("d0", "d1", "d100", "d2", "d2000000", "d3", "d300000000000000"),
            *("ca", "ca3f8000", "cb", "cb3ff00000000000"),
            *("a1", "a26b", "d9", "d901", "da", "da00", "da0001", "db", "db000000", "db00000001"),
            *("c4", "c401", "c5", "c500", "c50001", "c6", "c6000000", "c600000001"),
            *("91", "9201", "dc", "dc00", "dc0001", "dd", "dd000000", "dd00000001"),
            *("81", "81a178", "de", "de00", "de0001", "df", "df000000", "df00000001"),
        )
    ],
    ("claim-str8", "d9ff 616263", "255 octets claimed, 3 there"),
    ("claim-str16", "daffff 616263", ""),
    ("claim-str32", "dbffffffff 616263", ""),
    ("claim-bin8", "c4ff 616263", ""),
    ("claim-bin16", "c5ffff 616263", ""),
    ("claim-bin32", "c6ffffffff 616263", ""),
    ("claim-bin32-2-31", "c680000000 616263", "negative, if read as signed"),
    ("claim-array16", "dcffff 0102", ""),
    ("claim-array32", "ddffffffff 0102", ""),
    ("claim-array32-2-31", "dd80000000 0102", "negative, if read as signed"),
    ("claim-map16", "deffff 0102", ""),
    ("claim-map32", "dfffffffff 0102", ""),
    ("claim-map32-2-31", "df80000000 0102", "negative, if read as signed"),
    ("claim-in-array", "91 ddffffffff 01", ""),
]
