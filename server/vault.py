"""Text that the database must not show: sealed with a key that follows from the service's secret (docs/adr/0055).

A seal is bound to what it belongs to: copied into another row, it does not open. A backup of the database alone reads
nothing; with another secret nothing opens, and what was sealed is to be brought in again.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12  # bytes, as GCM wants them; random, for far fewer than 2³² seals


class SealBroken(Exception):
    """What was sealed does not open: the secret is another one, or the row was changed."""


class Vault:
    """Seals and opens text for one purpose."""

    def __init__(self, secret: str, purpose: str) -> None:
        key = HKDF(SHA256(), length=32, salt=None, info=f"dayi {purpose}".encode()).derive(secret.encode())
        self._cipher = AESGCM(key)

    def seal(self, text: str, owner: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, text.encode(), owner)

    def open(self, sealed: bytes, owner: bytes) -> str:
        """Raises SealBroken."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], owner).decode()
        except InvalidTag as error:
            raise SealBroken(SealBroken.__doc__) from error
