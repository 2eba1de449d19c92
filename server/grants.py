"""Addresses that open a lecture's sound: a playlist's for one person and a while, a segment's for whoever holds it.

Nothing of them is stored: they are signed with a key that follows from the service's secret. A grant says whose it is
and until when; it opens nothing without that person's own sign-in, and rights are looked up besides. The address of a
segment or part can't be guessed from another's, is the same for everybody within its hour, and may be kept by a CDN.
"""

import base64
import hmac
import struct
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

SEAL_S = 3600  # a segment's address is good for this hour and the next
SIGNATURE = 16  # bytes


@dataclass(frozen=True)
class Grant:
    lecture: UUID
    person: UUID
    until: int  # seconds since 1970


class Grants:
    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"dayi grants", sha256)

    def grant(self, lecture: UUID, person: UUID, until: int) -> str:
        said = lecture.bytes + person.bytes + struct.pack(">Q", until)
        return _text(said + self._sign(b"grant", said))

    def read(self, token: str, now: float) -> Grant | None:
        """None for what is forged, damaged or late."""
        raw = _bytes(token)
        said, signature = raw[:-SIGNATURE], raw[-SIGNATURE:]
        if len(said) != 40 or not hmac.compare_digest(signature, self._sign(b"grant", said)):
            return None
        (until,) = struct.unpack(">Q", said[32:])
        return Grant(UUID(bytes=said[:16]), UUID(bytes=said[16:32]), until) if until >= now else None

    def seal(self, lecture: UUID, name: str, now: float) -> str:
        return self._seal(lecture, name, int(now) // SEAL_S)

    def opens(self, seal: str, lecture: UUID, name: str, now: float) -> bool:
        hour = int(now) // SEAL_S
        return any(
            hmac.compare_digest(seal.encode(), self._seal(lecture, name, each).encode()) for each in (hour, hour - 1)
        )

    def _seal(self, lecture: UUID, name: str, hour: int) -> str:
        return _text(self._sign(b"seal", lecture.bytes + struct.pack(">Q", hour) + name.encode()))

    def _sign(self, purpose: bytes, said: bytes) -> bytes:
        return hmac.digest(self._key, purpose + said, sha256)[:SIGNATURE]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""
