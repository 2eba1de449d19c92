"""Bringing people in from a roster: all or none, codes that nobody can read back, and whoever is known stays known."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from server.actions.people import (
    CODE_LASTS,
    CODE_LENGTH,
    CODE_LETTERS,
    Newcomer,
    activation_hash,
    bring_in,
    new_code,
    plain_login,
)
from server.domain.consent import Purpose
from server.domain.people import Certification, Role, Stage, Subject
from server.store import tables as t
from server.store.work import Record, Store

PUPIL = Newcomer("s1", "赵一", "赵同学", frozenset({Role.STUDENT}), "实验中学", 8, guardian_contact="13900000000")
MATH = frozenset({Certification(Subject.MATH, Stage.JUNIOR), Certification(Subject.MATH, Stage.SENIOR)})
TEACHER = Newcomer("t1", "孙三", "孙老师", frozenset({Role.TEACHER}), "实验中学", certifications=MATH)


async def rows(store: Store, query: Any) -> list[Record]:
    async with store.reading() as connection:
        return list((await connection.execute(query)).all())


async def account(store: Store, login: str) -> Record:
    (found,) = await rows(store, select(t.accounts).where(t.accounts.c.login == login))
    return found


async def test_each_newcomer_gets_an_account_an_identity_and_a_code_that_is_kept_as_a_hash(store: Store) -> None:
    told = await bring_in(store, [PUPIL, TEACHER])

    pupil, teacher = await account(store, "s1"), await account(store, "t1")
    assert [(each.login, each.real_name) for each in told] == [("s1", "赵一"), ("t1", "孙三")]
    assert (pupil.roles, pupil.grade, teacher.roles) == (["student"], 8, ["teacher"])
    assert pupil.password_hash is None and pupil.activation_hash == activation_hash("s1", told[0].code)
    (now,) = await rows(store, select(func.now()))
    assert abs(pupil.activation_expires_at - now[0] - CODE_LASTS) < timedelta(minutes=1)
    (identity,) = await rows(store, select(t.identities).where(t.identities.c.account_id == pupil.id))
    assert (identity.real_name, identity.guardian_contact) == ("赵一", "13900000000")
    assert len(await rows(store, select(t.certifications))) == 2
    assert len(await rows(store, select(t.schools))) == 1


async def test_one_who_cannot_be_brought_in_keeps_all_others_out(store: Store) -> None:
    with pytest.raises(IntegrityError):
        await bring_in(store, [PUPIL, TEACHER, replace(PUPIL, login="s2", grade=13)])

    for table in (t.accounts, t.identities, t.certifications, t.schools):
        assert await rows(store, select(table)) == []


async def test_who_never_came_gets_a_new_code_and_the_old_one_is_void(store: Store) -> None:
    (first,) = await bring_in(store, [PUPIL])
    before = await account(store, "s1")

    agreed = frozenset({Purpose.RECORDING})
    for _ in range(2):
        (second,) = await bring_in(
            store, [replace(PUPIL, grade=9, school="第二中学", guardian_contact="", consents=agreed)]
        )
    said = await store.rows("SELECT purpose, given, source FROM consents", {})
    assert [tuple(word) for word in said] == [("recording", True, "import")]

    after = await account(store, "s1")
    assert first.code != second.code
    assert (after.id, after.grade, after.activation_hash) == (before.id, 9, activation_hash("s1", second.code))
    (identity,) = await rows(store, select(t.identities, t.schools.c.name).join(t.schools))
    assert (identity.name, identity.guardian_contact) == ("第二中学", None)


async def test_who_has_signed_in_keeps_the_password_and_gets_no_code(store: Store) -> None:
    await bring_in(store, [TEACHER])
    async with store.engine.begin() as connection:
        await connection.execute(update(t.accounts).values(password_hash="theirs", activation_hash=None))

    told = await bring_in(store, [replace(TEACHER, certifications=frozenset(list(MATH)[:1]), nickname="孙")])

    after = await account(store, "t1")
    assert told == []
    assert (after.password_hash, after.activation_hash, after.nickname) == ("theirs", None, "孙")
    assert len(await rows(store, select(t.certifications))) == 1


async def test_an_account_that_was_disabled_stays_so(store: Store) -> None:
    await bring_in(store, [PUPIL])
    async with store.engine.begin() as connection:
        await connection.execute(update(t.accounts).values(disabled_at=func.now()))

    await bring_in(store, [PUPIL])

    assert (await account(store, "s1")).disabled_at is not None


async def test_the_same_roster_from_two_desks_at_once_makes_nobody_twice(store: Store) -> None:
    roster = [replace(PUPIL, login=f"s{n}") for n in range(20)]

    both = await asyncio.gather(*(bring_in(store, roster) for _ in range(4)))

    hashes = {row.login: row.activation_hash for row in await rows(store, select(t.accounts))}
    assert len(hashes) == 20
    valid = [
        desk for desk in both if all(hashes[each.login] == activation_hash(each.login, each.code) for each in desk)
    ]
    assert len(valid) == 1  # the last one's paper counts, whole


async def test_a_name_that_looks_like_sql_is_a_name(store: Store) -> None:
    await bring_in(store, [replace(PUPIL, real_name="'; DROP TABLE accounts; --", school="%_\\")])

    assert (await rows(store, text("SELECT real_name FROM identities")))[0][0] == "'; DROP TABLE accounts; --"
    assert (await rows(store, select(t.schools.c.name)))[0][0] == "%_\\"


def test_codes_are_made_of_letters_that_children_tell_apart_and_no_two_are_alike() -> None:
    codes = [new_code() for _ in range(2_000)]

    assert len(set(codes)) == len(codes)
    assert set("".join(codes)) == set(CODE_LETTERS)
    assert {len(code) for code in codes} == {CODE_LENGTH}
    assert not set(CODE_LETTERS) & set("0O1IL")


@pytest.mark.parametrize(
    ("typed", "meant"), [("  S1 ", "s1"), ("Ｓ１", "s1"), ("李雷@一中", "李雷@一中"), ("x" * 90, "x" * 64)]
)
def test_a_login_has_one_spelling(typed: str, meant: str) -> None:
    assert plain_login(typed) == meant
    assert plain_login(plain_login(typed)) == meant


@pytest.mark.parametrize("typed", ["abcd2345ef", "ABCD-2345-EF", " abcd 2345 ef ", "ＡＢＣＤ２３４５ＥＦ"])
def test_a_code_is_the_same_however_it_is_typed_and_belongs_to_one_login(typed: str) -> None:
    assert activation_hash("s1", typed) == activation_hash("S1", "ABCD2345EF")
    assert activation_hash("s2", typed) != activation_hash("s1", typed)
