"""The form of a message in the tunnel: nonce and box as base64.

Writes `independent-box.json`. Whether a box opens is the matter of `independent_crypto.py`; here it
is any octets. The base64 is written by hand, or counted out.
"""

from typing import Any

from vectors.files import Group, write

# 24 octets are 32 characters without padding: the box begins at a character of its own.
NONCE = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
NONCE_OCTETS = bytes(range(24))
FORTY = NONCE + "AAECAwQFBgcICQoLDA0ODw=="
"""The nonce, and the octets 0 to 15 as the box."""

TAKEN: list[tuple[str, str, bytes, str]] = [
    ("shortest", "AAECAwQFBgcICQoLDA0ODw==", bytes(range(16)), "a MAC and nothing else"),
    ("seventeen", "AAECAwQFBgcICQoLDA0ODxA=", bytes(range(17)), "one character of padding"),
    ("eighteen", "AAECAwQFBgcICQoLDA0ODxAR", bytes(range(18)), "no padding"),
    ("plus-and-solidus", "+/+/+/+/+/+/+/+/+/+/+w==", bytes.fromhex("fbffbf" * 5 + "fb"), ""),
    ("letters", "//////////////////////8=", bytes([255] * 17), ""),
    ("long", "AAAA" * 1000, bytes(3000), ""),
]

NO_BASE64: list[tuple[str, str, str]] = [
    ("url-safe", NONCE + "-_-_-_-_-_-_-_-_-_-_-w==", "the URL-safe alphabet"),
    ("url-safe-in-nonce", FORTY.replace("AAEC", "_-EC", 1), ""),
    ("no-padding", FORTY.rstrip("="), ""),
    ("half-padding", FORTY[:-1], ""),
    ("too-much-padding", FORTY + "=", ""),
    ("padding-without-need", NONCE + "AAECAwQFBgcICQoLDA0ODxAR====", ""),
    ("padding-in-front", "==" + FORTY, ""),
    ("padding-inside", FORTY[:44] + "====" + FORTY[44:], ""),
    ("two-texts", FORTY + FORTY, "padding in the middle"),
    ("line-feed-at-end", FORTY + "\n", ""),
    ("line-feed-inside", FORTY[:40] + "\n" + FORTY[40:], "as mail has it"),
    ("space-in-front", " " + FORTY, ""),
    ("space-inside", FORTY[:32] + " " + FORTY[32:], ""),
    ("null-at-end", FORTY + "\0", ""),
    ("percent", FORTY.replace("=", "%3D"), "escaped for a URL"),
    ("quotes", f'"{FORTY}"', "a JSON string"),
    ("hexadecimal-prefix", "0x" + NONCE_OCTETS.hex() * 2, "hexadecimal"),
    ("data-url", "data:;base64," + FORTY, ""),
    ("not-ascii", FORTY[:36] + "ä" + FORTY[38:], ""),
    ("full-width", FORTY[:36] + "Ａ" + FORTY[37:], "letters that only look like it"),
    ("request-in-clear", '{"message": "hello", "payload": {}}', "JSON is no base64"),
    ("response-in-clear", '{"message": "hello", "payload": {}, "status": 0}', ""),
]

TOO_SHORT: list[tuple[str, str, str]] = [
    ("empty", "", ""),
    ("one-group", "AAAA", ""),
    ("nonce-alone", NONCE, "24 octets"),
    ("nonce-and-less", NONCE[:28] + "AA==", "22 octets"),
    ("thirty-nine", NONCE + "AAECAwQFBgcICQoLDA0O", "15 octets of box"),
    ("thirty-eight", NONCE + "AAECAwQFBgcICQoLDA0=", ""),
]


def main() -> None:
    """Write the file."""
    taken = Group("decode", "Octets of a nonce and of a box.", "box")
    sent = Group("encode", "Octets of a nonce and of a box.", "box")
    refused = Group("reject", "No base64 with padding, or too short.", "box")
    for name, text, octets, comment in TAKEN:
        value: dict[str, Any] = {"nonce": NONCE_OCTETS, "box": octets}
        whole = (NONCE + text).encode()
        spans = [(0, 32, "nonce"), (32, len(text), "box")]
        taken.decode(f"box-{name}", "TUN-003", whole, value, comment=comment, spans=spans)
        sent.encode(f"encode-box-{name}", "TUN-001", value, whole, comment=comment)
    for name, text, comment in [*NO_BASE64, *TOO_SHORT]:
        refused.reject(f"box-{name}", "TUN-003", text.encode(), comment=comment)
    write("pgnet", "independent-box.json", "Messages in the tunnel.", [taken, sent, refused])


if __name__ == "__main__":
    main()
