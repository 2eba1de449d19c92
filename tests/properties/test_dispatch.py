"""Dispatch as a pure choice: hard rules hold, order does not depend on order, nobody starves."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from server.domain.dispatch import Ready, Shift, Waiting, expected_wait, promise, queue_order, rank, shrunk_rating
from server.domain.people import Certification, PersonId, Stage, Subject
from server.domain.question import QuestionId

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
certifications = st.builds(Certification, st.sampled_from(Subject), st.sampled_from(Stage))
ids = st.integers(1, 50)

waiting = st.builds(
    Waiting,
    id=ids.map(lambda i: QuestionId(UUID(int=i))),
    subject=st.sampled_from(Subject),
    stage=st.sampled_from(Stage),
    received_at=st.integers(0, 7200).map(lambda s: NOW - timedelta(seconds=s)),
    followers=st.integers(0, 500),
    offers_made=st.integers(0, 9),
    refused_by=st.frozensets(ids.map(lambda i: PersonId(UUID(int=i))), max_size=5),
)
ready = st.builds(
    Ready,
    id=ids.map(lambda i: PersonId(UUID(int=i))),
    certifications=st.frozensets(certifications, max_size=6),
    ready_since=st.integers(0, 7200).map(lambda s: NOW - timedelta(seconds=s)),
    answered_tonight=st.integers(0, 60),
    earned_tonight_fen=st.integers(0, 200_000),
    rating_sum=st.integers(0, 500),
    rating_count=st.integers(0, 100),
)


@given(waiting, st.lists(ready, max_size=20))
def test_nobody_is_offered_what_they_may_not_take(question: Waiting, teachers: list[Ready]) -> None:
    for teacher in rank(question, teachers, NOW):
        assert Certification(question.subject, question.stage) in teacher.certifications
        assert teacher.id not in question.refused_by


@given(waiting, st.lists(ready, max_size=20, unique_by=lambda t: t.id), st.randoms())
def test_the_choice_does_not_depend_on_the_order_it_was_given(
    question: Waiting, teachers: list[Ready], shuffle
) -> None:  # type: ignore[no-untyped-def]
    before = [teacher.id for teacher in rank(question, teachers, NOW)]

    shuffle.shuffle(teachers)

    assert [teacher.id for teacher in rank(question, teachers, NOW)] == before


@given(st.lists(waiting, max_size=30, unique_by=lambda q: q.id))
def test_among_equal_crowds_the_older_question_is_first(questions: list[Waiting]) -> None:
    alone = [question for question in questions if question.followers == questions[0].followers] if questions else []

    order = queue_order(alone, NOW)

    assert [q.received_at for q in order] == sorted(q.received_at for q in order)


@given(st.integers(0, 10_000))
def test_however_large_the_crowds_a_question_that_waited_ten_minutes_longer_is_never_behind(crowd: int) -> None:
    old = Waiting(QuestionId(UUID(int=1)), Subject.MATH, Stage.JUNIOR, NOW - timedelta(minutes=11))
    new = Waiting(QuestionId(UUID(int=2)), Subject.MATH, Stage.JUNIOR, NOW - timedelta(seconds=30), followers=crowd)

    assert queue_order([new, old], NOW)[0] is old


@given(st.integers(0, 200), st.integers(0, 50))
def test_a_longer_queue_never_promises_less(ahead: int, teachers: int) -> None:
    wait, longer = expected_wait(ahead, teachers), expected_wait(ahead + 1, teachers)

    assert (wait is None) == (teachers == 0)
    assert wait is None or longer is None or wait <= longer


@given(st.integers(0, 5), st.integers(0, 400))
def test_two_lucky_stars_do_not_outweigh_a_year_of_work(lucky: int, years: int) -> None:
    assert shrunk_rating(5 * lucky, lucky) <= shrunk_rating(5 * (lucky + years), lucky + years)


def test_the_promise_is_the_next_shift_of_somebody_certified() -> None:
    maths = frozenset({Certification(Subject.MATH, Stage.JUNIOR)})
    physics = frozenset({Certification(Subject.PHYSICS, Stage.JUNIOR)})
    hour = timedelta(hours=1)
    roster = [
        Shift(PersonId(UUID(int=1)), physics, NOW + hour, NOW + 2 * hour),
        Shift(PersonId(UUID(int=2)), maths, NOW + 3 * hour, NOW + 4 * hour),
        Shift(PersonId(UUID(int=3)), maths, NOW - 3 * hour, NOW - hour),
    ]

    assert promise(Subject.MATH, Stage.JUNIOR, roster, NOW) == NOW + 3 * hour
    assert promise(Subject.CHEMISTRY, Stage.JUNIOR, roster, NOW) is None
