"""Sign-ins and one-use tickets in the database: who a token belongs to, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.people import Person, PersonId, Role, Subject
from server.store import tables as t
from server.store.work import Store


@dataclass(frozen=True, slots=True)
class SignInRecord:
    """A valid sign-in and whose it is; `api` is a program's token, which no browser sends by itself."""

    person: Person
    token_hash: bytes
    csrf: str
    api: bool
    expires_at: datetime

    @property
    def id(self) -> str:
        """The sign-in's name where a word is needed (Hub.sign_out); the token can't be told from it."""
        return self.token_hash.hex()


def hash_of(token: str) -> bytes:
    """What is stored of a token; 256 random bits need no salt."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


async def find(store: Store, tokens: Sequence[bytes], *, api: bool) -> list[SignInRecord | None]:
    """Whose tokens these are by their hashes, if they are of this kind, not expired, and the account not disabled."""
    sought = {"tokens": list(tokens), "api": api}
    found = {bytes(row.token_hash): row for row in await store.rows(_FIND, sought, often=True)}
    return [_record(found[token]) if token in found else None for token in tokens]


async def add(
    connection: AsyncConnection, account: UUID, token: str, *, csrf: str, lasts: timedelta, api: bool = False
) -> datetime:
    """Keeps a new sign-in; its end by the database's clock."""
    added = await connection.execute(
        insert(t.sign_ins)
        .values(
            token_hash=hash_of(token),
            account_id=account,
            csrf=csrf,
            api=api,
            expires_at=func.clock_timestamp() + lasts,
        )
        .returning(t.sign_ins.c.expires_at)
    )
    expires_at: datetime = added.scalar_one()
    return expires_at


async def remember_device(connection: AsyncConnection, account: UUID, device: bytes) -> None:
    """This account has signed in on this device; the books hold work whose two sides share one."""
    row = upsert(t.device_sign_ins).values(account_id=account, device=device)
    again = {"last_at": func.clock_timestamp()}
    await connection.execute(row.on_conflict_do_update(index_elements=["device", "account_id"], set_=again))


async def end(connection: AsyncConnection, token_hash: bytes) -> None:
    """The sign-in and its tickets are gone."""
    await connection.execute(delete(t.tickets).where(t.tickets.c.sign_in_hash == token_hash))
    await connection.execute(delete(t.sign_ins).where(t.sign_ins.c.token_hash == token_hash))


async def add_ticket(store: Store, sign_in: SignInRecord, ticket: str, lasts: timedelta) -> datetime:
    """Keeps a one-use ticket of this sign-in; its end by the database's clock."""
    async with store.engine.begin() as connection:
        added = await connection.execute(
            insert(t.tickets)
            .values(
                token_hash=hash_of(ticket),
                account_id=sign_in.person.id,
                sign_in_hash=sign_in.token_hash,
                expires_at=func.clock_timestamp() + lasts,
            )
            .returning(t.tickets.c.expires_at)
        )
        expires_at: datetime = added.scalar_one()
    return expires_at


async def redeem(store: Store, ticket: str) -> SignInRecord | None:
    """The sign-in behind a ticket, which is used up by asking; None when unknown, used, late or signed out since."""
    found = await store.rows(_REDEEM, {"ticket": hash_of(ticket)})
    return _record(found[0]) if found else None


async def subjects_of(connection: AsyncConnection, person: UUID) -> list[Subject]:
    """What a teacher is certified for, over all stages."""
    c = t.certifications.c
    found = await connection.scalars(select(c.subject).where(c.account_id == person).distinct().order_by(c.subject))
    return list(found)


async def sweep(store: Store) -> int:
    """Removes what has expired; how many rows. Nothing depends on it but the size of the tables."""
    async with store.engine.begin() as connection:
        gone = [
            await connection.execute(delete(table).where(table.c.expires_at < func.clock_timestamp()))
            for table in (t.tickets, t.sign_ins)
        ]
    return sum(result.rowcount for result in gone)


def person_of(row: Row[*tuple[Any, ...]]) -> Person:
    return Person(
        id=PersonId(row.id),
        login=row.login,
        roles=frozenset(Role(role) for role in row.roles),
        nickname=row.nickname,
        grade=row.grade,
    )


_FIND = """
    SELECT a.id, a.login, a.nickname, a.roles, a.grade, s.token_hash, s.csrf, s.api, s.expires_at
    FROM sign_ins s JOIN accounts a ON a.id = s.account_id
    WHERE s.token_hash = ANY(%(tokens)s) AND s.api = %(api)s AND s.expires_at > clock_timestamp()
      AND a.disabled_at IS NULL
"""

# One statement: of two who show the same ticket at the same moment, one deletes it and the other finds nothing.
_REDEEM = """
    DELETE FROM tickets k USING sign_ins s, accounts a
    WHERE k.token_hash = %(ticket)s AND k.expires_at > clock_timestamp()
      AND s.token_hash = k.sign_in_hash AND s.expires_at > clock_timestamp()
      AND a.id = s.account_id AND a.id = k.account_id AND a.disabled_at IS NULL
    RETURNING a.id, a.login, a.nickname, a.roles, a.grade, s.token_hash, s.csrf, s.api, s.expires_at
"""


def _record(row: Row[*tuple[Any, ...]]) -> SignInRecord:
    return SignInRecord(person_of(row), bytes(row.token_hash), row.csrf, row.api, row.expires_at)
