"""A question's life under any sequence of moves: what is named, what only grows, what never changes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.people import PersonId, Subject
from server.domain.question import (
    MOVES,
    WITH_TEACHER,
    Actor,
    MoveRefused,
    Question,
    QuestionId,
    StaleAssignment,
    State,
)

START = datetime(2026, 3, 2, 11, tzinfo=UTC)
TEACHERS = [PersonId(UUID(int=i)) for i in range(1, 4)]


def a_question(state: State = State.RECEIVED) -> Question:
    question = Question(
        id=QuestionId(UUID(int=9)),
        student_id=PersonId(UUID(int=8)),
        subject=Subject.MATH,
        grade=8,
        received_at=START,
        state_since=START,
    )
    question.state = state
    return question


moves = st.lists(st.tuples(st.sampled_from(State), st.sampled_from(Actor), st.sampled_from(TEACHERS)), max_size=40)


@given(moves)
def test_a_teacher_is_named_exactly_while_one_has_it_and_age_never_changes(
    steps: list[tuple[State, Actor, PersonId]],
) -> None:
    question, now, epoch = a_question(), START, 0

    for to, actor, teacher in steps:
        now += timedelta(seconds=1)
        try:
            if to is State.OFFERED:
                question.offer_to(teacher, now)
            elif to is State.WAITING and question.state in {State.ANSWERED, State.RESOLVED}:
                question.back_to_queue(actor, now)
            elif to is State.ANSWERING and question.state is State.WAITING and actor is Actor.TEACHER:
                question.take(teacher, now)
            elif to is State.FOLLOWING:
                question.follow(a_leader(), now)
            else:
                question.move(to, actor, now)
        except MoveRefused:
            continue
        assert question.assignment_epoch >= epoch
        epoch = question.assignment_epoch

        assert question.received_at == START
        if question.state in WITH_TEACHER:
            assert question.teacher_id is not None
        if question.state in {State.WAITING, State.RECEIVED, State.READING}:
            assert question.teacher_id is None
        assert (question.leader_id is not None) == (question.state is State.FOLLOWING)


def a_leader() -> Question:
    leader = a_question(State.WAITING)
    leader.id = QuestionId(UUID(int=10))
    return leader


@given(st.sampled_from(State), st.sampled_from(State), st.sampled_from(Actor))
def test_only_the_moves_of_the_table_are_made(start: State, to: State, actor: Actor) -> None:
    question = a_question(start)
    allowed = actor in MOVES.get((start, to), frozenset())

    if allowed:
        question.move(to, actor, START)
        assert question.state is to
    else:
        with pytest.raises(MoveRefused):
            question.move(to, actor, START)
        assert question.state is start


@pytest.mark.parametrize("state", [s for s in State if s not in {State.ANSWERED, State.RESOLVED, State.WITHDRAWN}])
def test_a_pupil_can_withdraw_before_the_answer(state: State) -> None:
    question = a_question(state)

    question.move(State.WITHDRAWN, Actor.STUDENT, START)

    assert question.state is State.WITHDRAWN


@given(st.integers(0, 5))
def test_an_assignment_that_was_lost_is_fenced_whatever_comes_after(rounds: int) -> None:
    question = a_question(State.WAITING)
    question.offer_to(TEACHERS[0], START)
    question.accept(TEACHERS[0], START)
    old = question.assignment_epoch

    question.take_back(Actor.SYSTEM, START)
    for i in range(rounds):
        question.offer_to(TEACHERS[i % 3], START)
        question.take_back(Actor.SYSTEM, START)

    with pytest.raises(StaleAssignment):
        question.fence(TEACHERS[0], old)
