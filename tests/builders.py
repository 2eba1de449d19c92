"""People, shifts, questions and recordings for tests, written straight into the store."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert

from server.actions import answer, ask
from server.actions.ports import Rules
from server.domain.people import Certification, Person, PersonId, Role, Stage, Subject
from server.store import tables as t
from server.store.work import Store

JUNIOR_MATH = Certification(Subject.MATH, Stage.JUNIOR)
RULES = Rules()
POLICY_FEN = 2_000
POLICY_FROM = date(2020, 1, 1)


def a_policy(fen: int = POLICY_FEN, more: str = "") -> dict[str, Any]:
    """The columns of a policy that pays so much for each session."""
    document = f"""[policy]
name = "试行"
valid_from = {POLICY_FROM}
levels = ["认定"]

[[rate]]
work = ["session"]
yuan = {fen / 100:.2f}

{more}"""
    return {"valid_from": POLICY_FROM, "document": document}


class World:
    """A small service: people are made by name, and do what people do."""

    def __init__(self, store: Store, rules: Rules = RULES) -> None:
        self.store, self.rules = store, rules

    async def person(self, login: str, *roles: Role, grade: int | None = None) -> Person:
        person = Person(PersonId(uuid4()), login, frozenset(roles), f"演示·{login}", grade)
        async with self.store.engine.begin() as connection:
            await connection.execute(
                insert(t.accounts).values(
                    id=person.id, login=login, nickname=person.nickname, roles=sorted(roles), grade=grade
                )
            )
        return person

    async def student(self, login: str = "xiaoming", grade: int = 8) -> Person:
        return await self.person(login, Role.STUDENT, grade=grade)

    async def teacher(
        self,
        login: str = "wang",
        *certified: Certification,
        on_duty: bool = True,
        shift: timedelta = timedelta(hours=4),
    ) -> Person:
        teacher = await self.person(login, Role.TEACHER)
        now = await self.now()
        async with self.store.engine.begin() as connection:
            for each in certified or (JUNIOR_MATH,):
                await connection.execute(
                    insert(t.certifications).values(account_id=teacher.id, subject=each.subject, stage=each.stage)
                )
            await connection.execute(
                insert(t.shifts).values(
                    id=uuid4(), teacher_id=teacher.id, starts_at=now - timedelta(minutes=1), ends_at=now + shift
                )
            )
        if on_duty:
            await self.ready(teacher)
        return teacher

    async def policy(self, fen: int = POLICY_FEN) -> UUID:
        id = uuid4()
        async with self.store.engine.begin() as connection:
            await connection.execute(insert(t.policies).values(id=id, approved_at=func.now(), **a_policy(fen)))
        return id

    async def now(self) -> datetime:
        async with self.store.work() as work:
            return await work.now()

    async def ready(self, teacher: Person, wish: str = "ready") -> None:
        async with self.store.work() as work:
            await answer.go_on_duty(work, self.rules, teacher, wish, await work.now())

    async def ask(
        self,
        student: Person,
        text: str = "一座水塔高25米，电视塔是它的12倍，电视塔高多少米？",
        key: str = "",
        grade: int = 8,
    ) -> UUID:
        wanted = ask.Wanted(Subject.MATH, grade, text)
        async with self.store.work() as work:
            asked = await ask.ask(work, ask.Asking(student.id, wanted, key or str(uuid4())), await work.now())
        return asked.question.id
