"""The demo's lectures: plans that the service itself would take, and nobody in two places at once."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

from server.demo.lectures import LECTURES, slots
from server.demo.people import people
from server.domain.lecture import Plan, checked, overlap
from server.domain.people import Role, Subject

NOW = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)


def test_each_is_a_plan_that_the_service_takes_by_somebody_who_may_lecture() -> None:
    lecturers = {person.login for person in people() if Role.LECTURER in person.roles}

    for _, each, begins in slots(NOW):
        plan = Plan(
            each.title,
            each.about,
            each.subject,
            each.stage,
            each.grades,
            each.knowledge_points,
            begins,
            begins + timedelta(minutes=each.minutes),
            each.capacity,
        )
        assert checked(plan, NOW) == plan
        assert each.lecturer in lecturers


def test_a_dozen_a_week_over_all_subjects_and_on_any_day_some_are_to_come() -> None:
    assert len(LECTURES) == 12 and {each.subject for each in LECTURES} == set(Subject)
    for day in range(7):
        coming = list(slots(NOW + timedelta(days=day)))
        assert len(coming) >= 12
        assert len({name for name, _, _ in coming}) == len(coming)


def test_no_lecturer_is_in_two_places() -> None:
    held = [(each.lecturer, begins, begins + timedelta(minutes=each.minutes)) for _, each, begins in slots(NOW)]

    for (one, start, end), (other, begin, until) in combinations(held, 2):
        assert one != other or not overlap(start, end, [(begin, until)])
