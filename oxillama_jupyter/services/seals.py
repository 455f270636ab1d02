"""Text that clients keep for us and cannot forge: compacted conversations, reasoning.

A seal says that this store made the text; it does not hide it, for it is the client's own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import zlib

__all__ = ["Sealer"]

_VERSION = b"\x01"
_DIGEST = 32


class Sealer:
    """Seals and opens.

    Args:
        secret: The key, the same for all who share the store.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def seal(self, kind: str, text: str) -> str:
        """Make a token of a text; only `open` with the same kind takes it."""
        packed = _VERSION + zlib.compress(text.encode())
        return base64.urlsafe_b64encode(self._digest(kind, packed) + packed).decode()

    def open(self, kind: str, token: str) -> str | None:
        """The text of a token; None where this store did not make it."""
        try:
            data = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        digest, packed = data[:_DIGEST], data[_DIGEST:]
        if not hmac.compare_digest(digest, self._digest(kind, packed)):
            return None
        return zlib.decompress(packed[1:]).decode()  # it is ours, so it is whole and no trap

    def _digest(self, kind: str, packed: bytes) -> bytes:
        return hmac.new(self._secret, kind.encode() + b"\0" + packed, hashlib.sha256).digest()
