"""The same octets for several readers: whoever reads them otherwise than the others is wrong.

The schemas of a book, the codec of the reference and any target have to take the same octets for
the same values, and to refuse the same. What may live here: the readers, comparing what they say,
and making what they disagree on short.
"""

from wirebook.fuzz.differential.replaying import replay
from wirebook.fuzz.differential.running import work

__all__ = ["replay", "work"]
