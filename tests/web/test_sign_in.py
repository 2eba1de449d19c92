"""Sign-in, activation, tickets and tokens: who gets in, who does not, and what the refused learn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from http.cookies import SimpleCookie
from uuid import UUID

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update
from starlette.applications import Starlette

from server.actions.people import activation_hash
from server.domain.people import Role
from server.live.protocol import Close
from server.parts import Parts
from server.store import tables as t
from server.web import auth
from server.web.auth import make_token
from server.web.limits import DEVICE
from tests.web.conftest import ORIGIN, PASSWORD, Browser, Town, a_page

CODE = "ABCD-EFGH-JKLM"


async def activation(parts: Parts, town: Town, login: str, *roles: Role, lasts: timedelta = timedelta(days=30)) -> UUID:
    person = await town.person(login, *(roles or (Role.STUDENT,)), password=None)
    async with parts.store.engine.begin() as connection:
        await connection.execute(
            update(t.accounts)
            .where(t.accounts.c.id == person.id)
            .values(activation_hash=activation_hash(login, CODE), activation_expires_at=func.now() + lasts)
        )
    return person.id


async def activate(browser: Browser, login: str, password: str = PASSWORD, code: str = CODE) -> httpx.Response:
    return await browser.post("/api/activate", json={"login": login, "code": code, "password": password})


def cheap_hash() -> str:
    """For crowds, whose number is what counts."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def cookie_of(answer: httpx.Response) -> tuple[str, SimpleCookie]:
    header = next(value for value in answer.headers.get_list("set-cookie") if "device" not in value.split("=")[0])
    jar = SimpleCookie()
    jar.load(header)
    return header.split("=")[0], jar


async def test_whoever_signs_in_gets_a_cookie_that_no_script_and_no_other_site_can_use(
    browser: Browser, town: Town
) -> None:
    await town.pupil()

    answer = await browser.sign_in("xiaoming")

    name, jar = cookie_of(answer)
    assert answer.status_code == 200 and answer.json()["login"] == "xiaoming"
    assert name == "__Host-dayi"
    assert jar[name]["secure"] and jar[name]["httponly"]
    assert (jar[name]["samesite"], jar[name]["path"], jar[name]["domain"]) == ("Lax", "/", "")
    assert (await browser.get("/api/me")).json()["login"] == "xiaoming"


async def test_passwords_are_kept_as_argon2id(parts: Parts, town: Town) -> None:
    await town.pupil()

    async with parts.store.reading() as connection:
        kept = await connection.scalar(select(t.accounts.c.password_hash))

    assert kept is not None and kept.startswith("$argon2id$") and PASSWORD not in kept


async def test_unknown_wrong_disabled_and_not_activated_are_one_answer(
    parts: Parts, a_browser: Callable[[], Browser], town: Town
) -> None:
    await town.pupil("known")
    await town.pupil("gone")
    await town.person("never", Role.STUDENT, password=None)
    async with parts.store.engine.begin() as connection:
        await connection.execute(update(t.accounts).where(t.accounts.c.login == "gone").values(disabled_at=func.now()))

    answers = [
        await a_browser().sign_in("known", "a wrong password"),
        await a_browser().sign_in("unknown"),
        await a_browser().sign_in("gone"),
        await a_browser().sign_in("never"),
    ]

    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    assert all("set-cookie" not in answer.headers for answer in answers)


async def test_a_password_typed_in_full_width_letters_is_the_same(browser: Browser, town: Town) -> None:
    await town.person("xiaoming", Role.STUDENT, password="dayi2026")

    assert (await browser.sign_in("ＸｉａｏＭｉｎｇ", "ｄａｙｉ２０２６")).status_code == 200


async def test_signing_out_ends_the_cookie_and_the_tickets_made_with_it(
    browser: Browser, parts: Parts, town: Town
) -> None:
    await town.pupil()
    await browser.sign_in("xiaoming")
    ticket = (await browser.post("/api/tickets")).json()["ticket"]
    kept = browser.cookies["__Host-dayi"]

    left = await browser.post("/api/sign-out")

    browser.cookies.set("__Host-dayi", kept)  # somebody who copied it
    assert left.status_code == 204
    assert (await browser.get("/api/me")).status_code == 401
    assert await auth.redeem(parts.store, ticket) is None


async def test_a_new_sign_in_ends_the_earlier_one_of_this_browser_only(
    a_browser: Callable[[], Browser], town: Town
) -> None:
    await town.pupil()
    phone, computer = a_browser(), a_browser()
    await computer.sign_in("xiaoming")
    await phone.sign_in("xiaoming")
    first = phone.cookies["__Host-dayi"]

    await phone.sign_in("xiaoming")

    thief = a_browser()
    thief.cookies.set("__Host-dayi", first)
    assert (await thief.get("/api/me")).status_code == 401
    assert (await phone.get("/api/me")).status_code == 200
    assert (await computer.get("/api/me")).status_code == 200


async def test_a_sign_in_that_is_too_old_is_none(browser: Browser, parts: Parts, town: Town) -> None:
    await town.pupil()
    await browser.sign_in("xiaoming")

    async with parts.store.engine.begin() as connection:
        await connection.execute(update(t.sign_ins).values(expires_at=func.now() - timedelta(seconds=1)))

    assert (await browser.get("/api/me")).status_code == 401


# --- activation


async def test_a_code_from_the_school_sets_the_password_once(
    a_browser: Callable[[], Browser], parts: Parts, town: Town
) -> None:
    await activation(parts, town, "newcomer")

    first = await activate(a_browser(), "newcomer")
    again = await activate(a_browser(), "newcomer", "another long word")

    assert first.status_code == 200 and first.json()["login"] == "newcomer"
    assert again.status_code == 401
    assert (await a_browser().sign_in("newcomer")).status_code == 200


@pytest.mark.parametrize("code", ["abcd efgh jklm", "ＡＢＣＤ－ＥＦＧＨ－ＪＫＬＭ", "abcdefghjklm"])
async def test_a_code_may_be_typed_as_phones_type_it(browser: Browser, parts: Parts, town: Town, code: str) -> None:
    await activation(parts, town, "newcomer")

    assert (await activate(browser, "newcomer", code=code)).status_code == 200


async def test_a_wrong_an_old_and_somebody_elses_code_are_one_answer(
    a_browser: Callable[[], Browser], parts: Parts, town: Town
) -> None:
    await activation(parts, town, "newcomer")
    await activation(parts, town, "late", lasts=-timedelta(seconds=1))
    await town.pupil("other")

    answers = [
        await activate(a_browser(), "newcomer", code="WRON-GWRO-NGWR"),
        await activate(a_browser(), "late"),
        await activate(a_browser(), "other"),
        await activate(a_browser(), "unknown"),
    ]

    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}


@pytest.mark.parametrize(
    ("role", "password"), [(Role.STUDENT, "five5"), (Role.STUDENT, "newcomer"), (Role.TEACHER, "seven77")]
)
async def test_a_weak_password_leaves_the_code_unused(
    a_browser: Callable[[], Browser], parts: Parts, town: Town, role: Role, password: str
) -> None:
    await activation(parts, town, "newcomer", role)

    weak = await activate(a_browser(), "newcomer", password)
    good = await activate(a_browser(), "newcomer")

    assert (weak.status_code, weak.json()["code"]) == (422, "weak_password")
    assert good.status_code == 200


async def test_a_new_password_ends_what_was_begun_with_the_old_one(
    a_browser: Callable[[], Browser], app: Starlette, parts: Parts, town: Town
) -> None:
    await activation(parts, town, "newcomer")
    thief, owner = a_browser(), a_browser()
    thief.headers["X-CSRF-Token"] = (await activate(thief, "newcomer", "the old password")).json()["csrf"]
    page = await a_page(app, (await thief.post("/api/tickets")).json()["ticket"])
    ticket = (await thief.post("/api/tickets")).json()["ticket"]
    async with parts.store.engine.begin() as connection:  # the school gives a new code
        await connection.execute(
            update(t.accounts).values(
                activation_hash=activation_hash("newcomer", CODE), activation_expires_at=func.now() + timedelta(days=1)
            )
        )

    assert (await activate(owner, "newcomer")).status_code == 200

    assert await page.closed() == Close.SIGNED_OUT
    assert (await thief.get("/api/me")).status_code == 401
    assert await auth.redeem(parts.store, ticket) is None
    assert (await thief.sign_in("newcomer", "the old password")).status_code == 401
    assert (await owner.get("/api/me")).status_code == 200


# --- limits: kept for an account and a device, never for an address


async def test_guessing_at_an_account_from_afar_is_stopped_and_its_owner_is_not(
    a_browser: Callable[[], Browser], town: Town
) -> None:
    await town.pupil()
    owner = a_browser()
    await owner.sign_in("xiaoming")

    guesses = [
        await a_browser().sign_in("xiaoming", f"guess {n}", **{"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(12)
    ]

    assert [guess.status_code for guess in guesses] == [401] * 10 + [429] * 2
    assert int(guesses[-1].headers["Retry-After"]) > 0
    assert (await owner.sign_in("xiaoming")).status_code == 200


async def test_a_school_behind_one_address_mistypes_and_gets_in_while_somebody_there_guesses(
    a_browser: Callable[[], Browser], parts: Parts, town: Town
) -> None:
    crowd = DEVICE.amount + 5  # all of one device's wrong guesses, and then some
    for login in ("victim", *(f"pupil{n}" for n in range(crowd))):
        await town.person(login, Role.STUDENT, password=None)
    async with parts.store.engine.begin() as connection:
        await connection.execute(update(t.accounts).values(password_hash=cheap_hash()))
    phones = [a_browser() for _ in range(crowd)]

    for n in range(12):
        await a_browser().sign_in("victim", f"guess {n}")
    wrong = await asyncio.gather(*(phone.sign_in(f"pupil{n}", "mistyped") for n, phone in enumerate(phones)))
    right = await asyncio.gather(*(phone.sign_in(f"pupil{n}") for n, phone in enumerate(phones)))

    assert {answer.status_code for answer in wrong} == {401}
    assert {answer.status_code for answer in right} == {200}


async def test_one_device_does_not_try_one_account_after_the_other(
    a_browser: Callable[[], Browser], parts: Parts, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth.passwords, "_nobody", cheap_hash())
    await town.pupil()
    device = a_browser()
    await device.sign_in("xiaoming")

    tries = [(await device.sign_in(f"victim{n}")).status_code for n in range(DEVICE.amount + 2)]

    assert tries == [401] * DEVICE.amount + [429] * 2
    assert (await a_browser().sign_in("xiaoming")).status_code == 200


@pytest.mark.parametrize("cookie", ["", "a", "x" * 22, "x" * 22 + ".forged" * 3, "x" * 22 + ".a" * 500])
async def test_a_device_cookie_made_up_by_hand_counts_as_an_unknown_device(
    a_browser: Callable[[], Browser], town: Town, cookie: str
) -> None:
    await town.pupil()
    header = {"Cookie": f"__Host-dayi-device={cookie}"}

    guesses = [(await a_browser().sign_in("xiaoming", "guess", **header)).status_code for _ in range(12)]

    assert guesses == [401] * 10 + [429] * 2


# --- tickets and tokens


async def test_a_ticket_opens_one_socket_within_half_a_minute(browser: Browser, parts: Parts, town: Town) -> None:
    pupil = await town.pupil()
    await browser.sign_in("xiaoming")
    used, late = [(await browser.post("/api/tickets")).json()["ticket"] for _ in range(2)]

    first = await auth.redeem(parts.store, used)
    again = await auth.redeem(parts.store, used)
    async with parts.store.engine.begin() as connection:
        lasts = await connection.scalar(select(t.tickets.c.expires_at - func.now()))
        await connection.execute(update(t.tickets).values(expires_at=func.now() - timedelta(milliseconds=1)))

    assert first is not None and first.person.id == pupil.id
    assert again is None
    assert timedelta(seconds=20) < lasts <= timedelta(seconds=30)
    assert await auth.redeem(parts.store, late) is None


async def test_sixteen_who_use_one_ticket_at_once_open_one_socket(browser: Browser, parts: Parts, town: Town) -> None:
    await town.pupil()
    await browser.sign_in("xiaoming")
    ticket = (await browser.post("/api/tickets")).json()["ticket"]

    opened = await asyncio.gather(*(auth.redeem(parts.store, ticket) for _ in range(16)))

    assert sum(found is not None for found in opened) == 1


async def test_a_programs_token_is_no_cookie_and_a_cookie_no_token(
    browser: Browser, program: httpx.AsyncClient, parts: Parts, town: Town
) -> None:
    await town.pupil()
    token = await make_token(parts.store, "xiaoming", 1)
    await browser.sign_in("xiaoming")
    cookie = browser.cookies["__Host-dayi"]

    by_token = await program.post("/api/tickets", headers={"Authorization": f"Bearer {token}"})
    cookie_as_token = await program.post("/api/tickets", headers={"Authorization": f"Bearer {cookie}"})
    token_as_cookie = await program.get("/api/me", headers={"Cookie": f"__Host-dayi={token}"})

    assert by_token.status_code == 200  # without Origin and CSRF token: no browser sends it by itself
    assert (cookie_as_token.status_code, token_as_cookie.status_code) == (401, 401)
    assert ORIGIN.startswith("https://")
