"""The demo's people: every role, clearly marked, and somebody on duty at any hour."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from server.demo.people import CITY, people, shifts
from server.domain.people import Certification, Role, Stage, Subject

NOW = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)


def test_there_is_somebody_for_every_role_and_a_pupil_for_every_grade() -> None:
    roles = {role for person in people() for role in person.roles}
    grades = {person.grade for person in people() if Role.STUDENT in person.roles}

    assert roles == set(Role)
    assert grades == set(range(1, 13))


def test_twelve_teachers_cover_ten_subjects_at_three_stages() -> None:
    teachers = [person for person in people() if Role.TEACHER in person.roles]

    covered = frozenset[Certification]().union(*(teacher.certifications for teacher in teachers))

    assert len(teachers) >= 12
    assert covered == {Certification(subject, stage) for subject in Subject for stage in Stage}


def test_every_name_says_that_it_is_a_demo() -> None:
    logins = [person.login for person in people()]

    assert len(set(logins)) == len(logins)
    for person in people():
        assert person.nickname.startswith("演示·") and person.real_name.startswith("演示")
        assert person.school.startswith("演示")


def test_at_any_hour_a_teacher_is_on_duty_and_in_the_evening_all_are() -> None:
    roster = list(shifts(NOW, days=14))
    evening = datetime(2026, 3, 6, 20, 0, tzinfo=CITY)

    def on_duty(at: datetime) -> set[str]:
        return {login for login, begin, end in roster if begin <= at < end}

    assert all(on_duty(NOW + timedelta(hours=hour)) for hour in range(13 * 24))
    assert on_duty(evening) == {person.login for person in people() if Role.TEACHER in person.roles}


def test_no_teacher_has_two_shifts_at_once() -> None:
    roster = sorted(shifts(NOW, days=5))

    for (login, _, end), (other, begin, _) in pairwise(roster):
        assert login != other or end <= begin
