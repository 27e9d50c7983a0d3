"""The `crypto_box` of NaCl in plain integers: X25519, HSalsa20, XSalsa20 and Poly1305.

Written from RFC 7748, RFC 8439 (Poly1305) and the papers on Salsa20, for vectors alone: it is slow,
its time depends on secrets, and it shares nothing with the libraries that the vectors check.
"""

import struct

PRIME = 2**255 - 19
CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
MASK = 2**32 - 1

ROUNDS = [
    *((0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11)),
    *((0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14)),
]
"""The words that each quarter-round of a double round works on: columns, then rows."""


def x25519(scalar: bytes, point: bytes) -> bytes:
    """Multiply a point of the curve by a scalar, both as they travel."""
    k = int.from_bytes(scalar, "little")
    k = k & ~(7 | 2**255) | 2**254
    u = int.from_bytes(point, "little") % 2**255 % PRIME
    x2, z2, x3, z3 = 1, 0, u, 1
    for bit in range(254, -1, -1):
        if k >> bit & 1:
            x3, z3, x2, z2 = _ladder_step(u, x3, z3, x2, z2)
        else:
            x2, z2, x3, z3 = _ladder_step(u, x2, z2, x3, z3)
    return (x2 * pow(z2, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little")


def _ladder_step(u: int, x2: int, z2: int, x3: int, z3: int) -> tuple[int, int, int, int]:
    """Double the first point, and make the second one the sum of both."""
    a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
    aa, bb, da, cb = a * a % PRIME, b * b % PRIME, d * a % PRIME, c * b % PRIME
    e = aa - bb
    return (
        aa * bb % PRIME,
        e * (aa + 121665 * e) % PRIME,
        (da + cb) ** 2 % PRIME,
        u * (da - cb) ** 2 % PRIME,
    )


def public_key(private_key: bytes) -> bytes:
    """Return the public key that belongs to a private one."""
    return x25519(private_key, (9).to_bytes(32, "little"))


def _rotated(word: int, by: int) -> int:
    word &= MASK
    return (word << by | word >> (32 - by)) & MASK


def _double_rounds(words: list[int]) -> list[int]:
    w = list(words)
    for _ in range(10):
        for a, b, c, d in ROUNDS:
            w[b] ^= _rotated(w[a] + w[d], 7)
            w[c] ^= _rotated(w[b] + w[a], 9)
            w[d] ^= _rotated(w[c] + w[b], 13)
            w[a] ^= _rotated(w[d] + w[c], 18)
    return w


def _words(key: bytes, block: bytes) -> list[int]:
    """Return the 16 words that Salsa20 begins with: constants on the diagonal, key, block."""
    k, n, c = struct.unpack("<8I", key), struct.unpack("<4I", block), CONSTANTS
    return [c[0], *k[:4], c[1], *n, c[2], *k[4:], c[3]]


def hsalsa20(key: bytes, block: bytes) -> bytes:
    """Return the key that a key and 16 octets make."""
    w = _double_rounds(_words(key, block))
    return struct.pack("<8I", *(w[index] for index in (0, 5, 10, 15, 6, 7, 8, 9)))


def xsalsa20(key: bytes, nonce: bytes, size: int) -> bytes:
    """Return so many octets of the key stream."""
    subkey, stream = hsalsa20(key, nonce[:16]), b""
    for counter in range(-(-size // 64)):
        words = _words(subkey, nonce[16:] + struct.pack("<Q", counter))
        mixed = _double_rounds(words)
        stream += struct.pack("<16I", *((a + b) & MASK for a, b in zip(words, mixed, strict=True)))
    return stream[:size]


def poly1305(key: bytes, data: bytes) -> bytes:
    """Return the authenticator of data under a key for one use."""
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for start in range(0, len(data), 16):
        total = (total + int.from_bytes(data[start : start + 16] + b"\x01", "little")) * r
        total %= 2**130 - 5
    return ((total + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def box(data: bytes, nonce: bytes, private_key: bytes, peer_key: bytes) -> bytes:
    """Return the MAC of 16 octets and the ciphertext of `data`."""
    key = hsalsa20(x25519(private_key, peer_key), bytes(16))
    stream = xsalsa20(key, nonce, 32 + len(data))
    ciphertext = bytes(a ^ b for a, b in zip(data, stream[32:], strict=True))
    return poly1305(stream[:32], ciphertext) + ciphertext
