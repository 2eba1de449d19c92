"""How often a password may be tried: counted for an account on a device, never for an address.

A whole school signs in from one address, and an attacker has many. So each account has one count for every device on
which it has signed in before, and one for all unknown devices together: whoever guesses from afar is stopped, and the
owner, on the owner's own phone, is not.
"""

from __future__ import annotations

import base64
import hmac
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio.connection import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError

ACCOUNT = RateLimitItemPerMinute(10, 15, namespace="account")  # guesses at one account
DEVICE = RateLimitItemPerMinute(60, 15, namespace="device")  # wrong guesses on one device: a school's shared computer
REDIS_TIMEOUT_S = 0.5
CONNECTIONS = 8  # whoever finds none free within the time-out is counted as if Redis were away
REDIS_REST_S = 5.0  # Redis that failed is left alone for so long
KNOWN_ACCOUNTS = 8  # that one device remembers: a shared computer's

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Device:
    """A browser by its cookie: a random name, and seals of the accounts that have signed in on it."""

    name: str
    seals: tuple[str, ...] = ()

    @property
    def cookie(self) -> str:
        return ".".join((self.name, *self.seals))


class Limits:
    """The counts in Redis, for all nodes; in this process's memory while Redis is away (`degraded`), never absent."""

    def __init__(self, redis_url: str, secret: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.degraded = False
        self._secret = secret.encode()
        self._clock = clock
        self._try_redis_at = 0.0
        self._pool = BlockingConnectionPool.from_url(
            redis_url,
            max_connections=CONNECTIONS,
            timeout=REDIS_TIMEOUT_S,
            socket_timeout=REDIS_TIMEOUT_S,
            socket_connect_timeout=REDIS_TIMEOUT_S,
            retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),  # after a restart of Redis, once
        )
        options: dict[str, Any] = {"connection_pool": self._pool}  # handed on to redis-py; the annotation leaves it out
        redis = RedisStorage("redis://", wrap_exceptions=True, implementation="redispy", **options)
        self._shared = SlidingWindowCounterRateLimiter(redis)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def close(self) -> None:
        await self._pool.disconnect()

    def device(self, cookie: str | None) -> Device:
        """The device that sends this cookie; a new one when there is none, or a spoilt one."""
        name, *seals = (cookie or "").split(".")
        if len(name) == 22 and len(seals) <= KNOWN_ACCOUNTS:
            return Device(name, tuple(seals))
        return Device(secrets.token_urlsafe(16))

    def known(self, device: Device, login: str) -> Device:
        """The device after this account has signed in on it."""
        seal = self._seal(device, login)
        others = [other for other in device.seals if other != seal]
        return Device(device.name, (seal, *others)[:KNOWN_ACCOUNTS])

    def print_of(self, device: Device) -> bytes:
        """What the database knows the device by: without the secret no cookie can be told from it, nor made."""
        return hmac.digest(self._secret, f"print\0{device.name}".encode(), "sha256")[:16]

    async def may_try(self, device: Device, login: str) -> bool:
        """Counts one try at a password; False when there were too many."""
        within = await self._ask(lambda limiter: limiter.hit(ACCOUNT, *self._account(device, login)))
        return within and await self._ask(lambda limiter: limiter.test(DEVICE, device.name))

    async def failed(self, device: Device) -> None:
        await self._ask(lambda limiter: limiter.hit(DEVICE, device.name))

    async def succeeded(self, device: Device, login: str) -> None:
        await self._ask(lambda limiter: limiter.clear(ACCOUNT, *self._account(device, login)))

    def retry_after_s(self) -> int:
        return _seconds(ACCOUNT)

    def _account(self, device: Device, login: str) -> tuple[str, str]:
        """The seal proves that the account has signed in here; a cookie made up by hand counts as unknown."""
        wanted = self._seal(device, login)
        is_known = any(hmac.compare_digest(seal.encode(), wanted.encode()) for seal in device.seals)
        return login, device.name if is_known else "unknown"

    def _seal(self, device: Device, login: str) -> str:
        mac = hmac.digest(self._secret, f"device\0{device.name}\0{login}".encode(), "sha256")
        return base64.urlsafe_b64encode(mac[:16]).rstrip(b"=").decode()

    async def _ask(self, question: Callable[[SlidingWindowCounterRateLimiter], Awaitable[_T]]) -> _T:
        if self._clock() >= self._try_redis_at:
            try:
                answer = await question(self._shared)
            except (StorageError, OSError, TimeoutError):
                self._try_redis_at = self._clock() + REDIS_REST_S
                self._set_degraded(True)
            else:
                self._set_degraded(False)
                return answer
        return await question(self._own)

    def _set_degraded(self, degraded: bool) -> None:
        if degraded != self.degraded:
            self.degraded = degraded
            _log.warning("sign-in limits are counted %s", "in this process only" if degraded else "in Redis again")


def _seconds(item: RateLimitItem) -> int:
    return item.get_expiry()
