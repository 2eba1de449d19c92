"""Who is at the door: passwords, sign-in and sign-out, activation codes, programs' tokens, one-use socket tickets.

A second way of signing in (single sign-on) ends where this one does: `_welcome` takes an account, however it was
proved, and makes the sign-in.
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select, update

from server.actions.errors import BadRequest, Later, NotHere, Refusal, TooMuch
from server.actions.people import activation_hash, plain_login
from server.domain.people import Person, Role
from server.live import protocol
from server.store import sign_ins
from server.store import tables as t
from server.store.sign_ins import SignInRecord, person_of
from server.store.work import Store, person_channel
from server.web.door import Call, Door, Reply, cookie_name
from server.web.limits import Device

if TYPE_CHECKING:
    from server.parts import Parts

TICKET_LASTS = timedelta(seconds=30)
DEVICE_LASTS = timedelta(days=365)
MAX_PASSWORD = 256
PUPILS_PASSWORD, STAFFS_PASSWORD = 6, 8  # least characters


class WrongPassword(Refusal):
    """账号或密码不对。第一次使用请先用激活码激活。"""

    code, en, status = "wrong_password", "Wrong account or password. New here? Activate your account first.", 401


class WrongCode(Refusal):
    """账号或激活码不对，或者激活码已经用过、过期了，请问学校要新的。"""

    code, en, status = "wrong_code", "Wrong account or activation code, or it was used or is too old.", 401


class WeakPassword(BadRequest):
    """密码太短，或者和账号一样。学生至少 6 个字符，其他人至少 8 个。"""

    code, status = "weak_password", 422
    en = "The password is too short or equals the account: 6 characters for pupils, 8 for everybody else."


class WrongAgain(BadRequest):
    """密码不对，文件没有发出。"""

    code, status = "wrong_again", 422
    en = "The password is wrong; nothing was handed out."


class TooManyTries(TooMuch):
    """试错的次数太多了，请过一刻钟再试。"""

    code, en = "too_many_tries", "Too many wrong tries: wait a quarter of an hour."
    retry_after_s = 900


class Passwords:
    """argon2id in two threads of its own: neither the loop nor anybody's request waits for a crowd that signs in."""

    THREADS = 2
    QUEUE = 200  # about four seconds of work; whoever comes when it is full is asked to come again

    def __init__(self) -> None:
        # RFC 9106 by OWASP's least parameters: 19 MiB and some 20 ms each, for phones' sake at eight in the evening.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._threads = ThreadPoolExecutor(self.THREADS, thread_name_prefix="argon2")
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
        self._waiting = 0

    async def hash(self, password: str) -> str:
        hashed: str = await self._run(self._hasher.hash, _normal(password))
        return hashed

    async def fits(self, hashed: str | None, password: str) -> bool:
        """Whether the password is the one; without a hash the work is done all the same and the answer is no."""
        fits: bool = await self._run(partial(self._verify, hashed or self._nobody), _normal(password))
        return fits and hashed is not None

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Any, password: str) -> Any:
        if self._waiting >= self.QUEUE:
            raise Later
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, password)
        finally:
            self._waiting -= 1


passwords = Passwords()


# --- handlers ------------------------------------------------------------------------------------------------------


async def sign_in(call: Call[protocol.SignIn]) -> Reply:
    """By account and password. Unknown, disabled, not activated and wrong are one answer after the same work."""
    login, device = plain_login(call.body.login), _device(call)
    if not await call.parts.limits.may_try(device, login):
        raise TooManyTries
    async with call.parts.store.reading() as connection:
        account = (await connection.execute(select(t.accounts).where(t.accounts.c.login == login))).one_or_none()
    usable = account is not None and account.disabled_at is None
    if not await passwords.fits(account.password_hash if account and usable else None, call.body.password):
        await call.parts.limits.failed(device)
        raise WrongPassword
    assert account is not None
    return await _welcome(call, person_of(account), device)


async def activate(call: Call[protocol.Activate]) -> Reply:
    """First sign-in with the one-time code from the school; sets the password."""
    login, password, device = plain_login(call.body.login), _normal(call.body.password), _device(call)
    _check_password(password, login, PUPILS_PASSWORD)
    if not await call.parts.limits.may_try(device, login):
        raise TooManyTries
    person, ended = await _use_code(call.parts.store, login, call.body.code, password)
    if person is None:
        await call.parts.limits.failed(device)
        raise WrongCode
    for sign_in in ended:
        await call.parts.hub.sign_out(sign_in.hex())
    return await _welcome(call, person, device)


async def sign_out(call: Call[None]) -> Reply:
    assert call.sign_in is not None
    await _end(call.parts, call.sign_in.token_hash)
    return Reply(status=204, cookies=[_cookie(call.parts, cookie_name(call.parts.settings), "", timedelta(0))])


async def me(call: Call[None]) -> protocol.Me:
    assert call.sign_in is not None
    return await _me(call.parts, call.person, call.sign_in.csrf)


async def ticket(call: Call[None]) -> protocol.Ticket:
    assert call.sign_in is not None
    return await make_ticket(call.parts.store, call.sign_in)


async def proven_again(call: Call[Any], password: str) -> None:
    """Who is signed in says the password once more, before what must not leave with a page that was left open. Tries
    are counted as at the door. Raises WrongAgain."""
    device = _device(call)
    if not await call.parts.limits.may_try(device, call.person.login):
        raise TooManyTries
    query = "SELECT password_hash FROM accounts WHERE id = %(id)s"
    [account] = await call.parts.store.rows(query, {"id": call.person.id})
    if not await passwords.fits(account.password_hash, password):
        await call.parts.limits.failed(device)
        raise WrongAgain
    await call.parts.limits.succeeded(device, call.person.login)


# --- tickets and tokens --------------------------------------------------------------------------------------------


async def make_ticket(store: Store, sign_in: SignInRecord) -> protocol.Ticket:
    word = secrets.token_urlsafe(32)
    return protocol.Ticket(ticket=word, expires_at=await sign_ins.add_ticket(store, sign_in, word, TICKET_LASTS))


async def redeem(store: Store, ticket: str) -> SignInRecord | None:
    """Who may open a socket with this ticket (`.person`, `.id` for Hub.sign_out); a second time, or late: None."""
    return await sign_ins.redeem(store, ticket)


async def make_token(store: Store, login: str, days: int) -> str:
    """A program's token for this account, sent as `Authorization: Bearer …`. Raises NotHere."""
    token = f"dayi_{secrets.token_urlsafe(32)}"
    async with store.engine.begin() as connection:
        account = await connection.scalar(
            select(t.accounts.c.id).where(t.accounts.c.login == plain_login(login), t.accounts.c.disabled_at.is_(None))
        )
        if account is None:
            raise NotHere
        await sign_ins.add(connection, account, token, csrf="", lasts=timedelta(days=days), api=True)
    return token


# --- helpers -------------------------------------------------------------------------------------------------------


async def _welcome(call: Call[Any], person: Person, device: Device) -> Reply:
    """A new sign-in for a person who has proved to be one; an earlier one of this browser ends."""
    parts = call.parts
    name, lasts = cookie_name(parts.settings), timedelta(days=parts.settings.sign_in_days)
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    before = call.request.cookies.get(name)
    if before:
        await _end(parts, sign_ins.hash_of(before))
    async with parts.store.engine.begin() as connection:
        await sign_ins.add(connection, person.id, token, csrf=csrf, lasts=lasts)
        if person.is_a(Role.STUDENT, Role.TEACHER):
            await sign_ins.remember_device(connection, person.id, parts.limits.print_of(device))
    await parts.limits.succeeded(device, person.login)
    known = parts.limits.known(device, person.login)
    return Reply(
        await _me(parts, person, csrf),
        cookies=[
            _cookie(parts, name, token, lasts),
            _cookie(parts, f"{name}-device", known.cookie, DEVICE_LASTS),
        ],
    )


async def _end(parts: Parts, token_hash: bytes) -> None:
    async with parts.store.engine.begin() as connection:
        await sign_ins.end(connection, token_hash)
    await parts.hub.sign_out(token_hash.hex())


async def _use_code(store: Store, login: str, code: str, password: str) -> tuple[Person | None, list[bytes]]:
    """Sets the password and uses the code up, both or neither; whose it was, and the sign-ins that this ended. The
    password is hashed whether the code fits or not."""
    hashed = await passwords.hash(password)
    a = t.accounts.c
    async with store.engine.begin() as connection:
        used = await connection.execute(
            update(t.accounts)
            .where(
                a.login == login,
                a.activation_hash == activation_hash(login, code),
                a.activation_expires_at > func.clock_timestamp(),
                a.disabled_at.is_(None),
            )
            .values(password_hash=hashed, activation_hash=None, activation_expires_at=None)
            .returning(a.id, a.login, a.nickname, a.roles, a.grade)
        )
        row = used.one_or_none()
        if row is None:
            return None, []
        person = person_of(row)
        if person.roles != {Role.STUDENT}:
            _check_password(password, login, STAFFS_PASSWORD)  # refused: the code stays unused
        return person, await _end_all(connection, person.id)


async def _end_all(connection: Any, account: UUID) -> list[bytes]:
    """A new password ends every sign-in made with the old one; their hashes."""
    await connection.execute(t.tickets.delete().where(t.tickets.c.account_id == account))
    s = t.sign_ins.c
    ended = await connection.scalars(t.sign_ins.delete().where(s.account_id == account).returning(s.token_hash))
    return [bytes(token_hash) for token_hash in ended]


async def _me(parts: Parts, person: Person, csrf: str) -> protocol.Me:
    async with parts.store.reading() as connection:
        subjects = await sign_ins.subjects_of(connection, person.id)
    return protocol.Me(
        id=person.id,
        login=person.login,
        nickname=person.nickname,
        roles=sorted(person.roles),
        grade=person.grade,
        subjects=subjects,
        csrf=csrf,
        demo=parts.settings.demo,
        channel=person_channel(person.id),
    )


def _device(call: Call[Any]) -> Device:
    return call.parts.limits.device(call.request.cookies.get(f"{cookie_name(call.parts.settings)}-device"))


def _cookie(parts: Parts, name: str, value: str, lasts: timedelta) -> str:
    secure = "; Secure" if parts.settings.secure else ""
    return f"{name}={value}; Path=/; Max-Age={int(lasts.total_seconds())}; HttpOnly; SameSite=Lax{secure}"


def _check_password(password: str, login: str, least: int) -> None:
    if not least <= len(password) <= MAX_PASSWORD or password.casefold() == login.casefold():
        raise WeakPassword


def _normal(password: str) -> str:
    """Full-width letters of a Chinese keyboard are the same password; a novel is cut before it costs anything."""
    return unicodedata.normalize("NFKC", password[: MAX_PASSWORD + 1])


DOORS = (
    Door("POST", "/api/sign-in", sign_in, "anyone", "Sign in", protocol.SignIn, protocol.Me, tag="people"),
    Door("POST", "/api/activate", activate, "anyone", "First sign-in", protocol.Activate, protocol.Me, tag="people"),
    Door("POST", "/api/sign-out", sign_out, "signed_in", "Sign out", tag="people"),
    Door("GET", "/api/me", me, "signed_in", "Who is signed in", reply=protocol.Me, tag="people"),
    Door("POST", "/api/tickets", ticket, "signed_in", "A ticket for one socket", reply=protocol.Ticket, tag="people"),
)
