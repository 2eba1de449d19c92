"""Bringing people in from a school's roster: each gets an account and a one-time activation code."""

import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.consent import WORDING, Purpose
from server.domain.people import Certification, Role
from server.domain.subsidy.facts import pseudonym
from server.store import tables as t
from server.store.work import Store

CODE_LASTS = timedelta(days=30)
CODE_LENGTH = 10
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0/O, 1/I/L: codes are copied from paper by children


@dataclass(frozen=True)
class Newcomer:
    """A row of a roster that was found to be in order."""

    login: str
    real_name: str
    nickname: str
    roles: frozenset[Role]
    school: str = ""
    grade: int | None = None
    certifications: frozenset[Certification] = frozenset()
    guardian_contact: str = ""
    consents: frozenset[Purpose] = frozenset()  # what the guardian agrees to; the file takes nothing back
    children: frozenset[str] | None = None  # logins of a teacher's or guardian's own; None: the roster says nothing


class UnknownChildren(Exception):
    """A roster names children who are no pupils here; the message says which."""


@dataclass(frozen=True)
class Activation:
    """What a newcomer is told on paper; the service keeps only a hash of the code."""

    login: str
    real_name: str
    code: str


def plain_login(login: str) -> str:
    """One spelling for a login, however it was typed."""
    return unicodedata.normalize("NFKC", login).strip().lower()[:64]


def activation_hash(login: str, code: str) -> bytes:
    """Fifty random bits with a limit on tries need no slow hash; the login makes equal codes differ."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKC", code).upper() if letter.isalnum())
    return hashlib.sha256(f"{plain_login(login)}\x1f{plain}".encode("utf-8", "surrogatepass")).digest()


def new_code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


async def bring_in(store: Store, newcomers: Sequence[Newcomer]) -> list[Activation]:
    """All or none, in one transaction. Whoever is known by login is brought up to date; an account that was never
    activated gets a new code, an active one keeps its password and gets none. Raises UnknownChildren."""
    activations = []
    async with store.engine.begin() as connection:
        for newcomer in newcomers:
            code = new_code()
            account = {
                "nickname": newcomer.nickname,
                "roles": sorted(newcomer.roles),
                "grade": newcomer.grade,
            }
            fresh = {"activation_hash": activation_hash(newcomer.login, code)}
            row = (
                await connection.execute(
                    upsert(t.accounts)
                    .values(
                        id=uuid4(),
                        login=newcomer.login,
                        activation_expires_at=func.clock_timestamp() + CODE_LASTS,
                        **account,
                        **fresh,
                    )
                    .on_conflict_do_update(index_elements=["login"], set_=account)
                    .returning(t.accounts.c.id, t.accounts.c.password_hash.is_not(None).label("active"))
                )
            ).one()
            if not row.active:
                await connection.execute(
                    t.accounts.update()
                    .where(t.accounts.c.id == row.id)
                    .values(activation_expires_at=func.clock_timestamp() + CODE_LASTS, **fresh)
                )
                activations.append(Activation(newcomer.login, newcomer.real_name, code))
            identity = {
                "real_name": newcomer.real_name,
                "school_id": await _school(connection, newcomer.school),
                "guardian_contact": newcomer.guardian_contact or None,
            }
            await connection.execute(
                upsert(t.identities)
                .values(account_id=row.id, **identity)
                .on_conflict_do_update(index_elements=["account_id"], set_=identity)
            )
            await _agree(connection, row.id, newcomer.consents)
            certified = t.certifications.c
            await connection.execute(delete(t.certifications).where(certified.account_id == row.id))
            for each in sorted(newcomer.certifications, key=lambda c: (c.subject, c.stage)):
                await connection.execute(
                    upsert(t.certifications).values(account_id=row.id, subject=each.subject, stage=each.stage)
                )
        await _relate(connection, newcomers)
    return activations


_SPOKEN_OF = text("SELECT DISTINCT purpose FROM consents WHERE child_id = :child")


async def _agree(connection: AsyncConnection, child: UUID, purposes: frozenset[Purpose]) -> None:
    """The file speaks where nobody has: what a guardian took back meanwhile does not come back with an old roster."""
    known = {row.purpose for row in await connection.execute(_SPOKEN_OF, {"child": child})}
    for purpose in sorted(purposes - known):
        row = {"child_id": child, "purpose": purpose, "given": True, "wording": WORDING, "source": "import"}
        await connection.execute(t.consents.insert().values(row))


async def _relate(connection: AsyncConnection, newcomers: Sequence[Newcomer]) -> None:
    """A teacher's children are kept as the books name pupils, a guardian's as those to speak for; their own rows may
    stand anywhere in the roster."""
    a, k, g = t.accounts.c, t.kinships.c, t.guardians.c
    for newcomer in newcomers:
        if newcomer.children is None:
            continue
        person = (await connection.execute(select(a.id).where(a.login == newcomer.login))).scalar_one()
        is_pupil = a.roles.contains([Role.STUDENT.value])
        found = await connection.execute(select(a.id, a.login).where(a.login.in_(newcomer.children), is_pupil))
        rows = found.all()
        missing = newcomer.children - {row.login for row in rows}
        if missing:
            raise UnknownChildren(f"{newcomer.login}: {', '.join(sorted(missing))}")
        await connection.execute(delete(t.kinships).where(k.teacher_id == person))
        await connection.execute(delete(t.guardians).where(g.guardian_id == person))
        for row in rows:
            if Role.TEACHER in newcomer.roles:
                await connection.execute(upsert(t.kinships).values(teacher_id=person, pupil=pseudonym(row.id)))
            if Role.GUARDIAN in newcomer.roles:
                await connection.execute(upsert(t.guardians).values(guardian_id=person, child_id=row.id))


async def _school(connection: AsyncConnection, name: str) -> UUID | None:
    if not name:
        return None
    await connection.execute(upsert(t.schools).values(id=uuid4(), name=name).on_conflict_do_nothing())
    found: UUID = (await connection.execute(select(t.schools.c.id).where(t.schools.c.name == name))).scalar_one()
    return found
