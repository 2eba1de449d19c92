"""The demo's people: invented, marked as such in every name, one or more for each role."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.domain.people import Certification, Role, Stage, Subject

PASSWORD = "dayi-demo"  # noqa: S105 - shown on the demo's sign-in page; a demo account exists in no other mode
CITY = ZoneInfo("Asia/Shanghai")
PRIMARY, JUNIOR, SENIOR = "演示第一小学", "演示第二中学", "演示第三中学"
CENTRE = "演示教育技术中心"


@dataclass(frozen=True)
class DemoPerson:
    """Whoever may sign in to a demo; `evening` teachers are on the roster from 18:00 to 21:30 only."""

    login: str
    nickname: str
    real_name: str
    roles: frozenset[Role]
    school: str
    grade: int | None = None
    certifications: frozenset[Certification] = frozenset()
    evening: bool = False


_PUPILS = ("朵朵", "小石", "阿晨", "安安", "小满", "一鸣", "可可", "小北", "晓雨", "子墨", "嘉禾", "远山")
_TEACHERS: tuple[tuple[str, tuple[Subject, ...], tuple[Stage, ...]], ...] = (
    ("王老师", (Subject.MATH,), (Stage.PRIMARY, Stage.JUNIOR)),
    ("李老师", (Subject.MATH,), (Stage.JUNIOR, Stage.SENIOR)),
    ("陈老师", (Subject.CHINESE,), tuple(Stage)),
    ("刘老师", (Subject.ENGLISH,), tuple(Stage)),
    ("赵老师", (Subject.PHYSICS,), tuple(Stage)),
    ("周老师", (Subject.CHEMISTRY,), tuple(Stage)),
    ("吴老师", (Subject.BIOLOGY,), tuple(Stage)),
    ("郑老师", (Subject.HISTORY,), tuple(Stage)),
    ("孙老师", (Subject.GEOGRAPHY,), tuple(Stage)),
    ("马老师", (Subject.POLITICS,), tuple(Stage)),
    ("朱老师", (Subject.SCIENCE,), tuple(Stage)),
    ("胡老师", (Subject.MATH, Subject.PHYSICS), tuple(Stage)),
)
_STAFF = (
    ("lecturer1", "名师林老师", Role.LECTURER),
    ("lecturer2", "名师高老师", Role.LECTURER),
    ("lecturer3", "名师叶老师", Role.LECTURER),
    ("lecturer4", "名师沈老师", Role.LECTURER),
    ("reviewer1", "审核员", Role.REVIEWER),
    ("researcher1", "教研员", Role.RESEARCHER),
    ("researcher2", "教研主任", Role.RESEARCH_HEAD),
    ("duty1", "值班管理员", Role.DUTY_ADMIN),
    ("finance1", "财务", Role.FINANCE),
    ("finance2", "出纳", Role.FINANCE),
    ("auditor1", "审计", Role.AUDITOR),
    ("school1", "学校管理员", Role.SCHOOL_ADMIN),
    ("operator1", "运维", Role.OPERATOR),
    ("guardian1", "家长", Role.GUARDIAN),
)


def people() -> tuple[DemoPerson, ...]:
    """Twelve pupils of grades 1 to 12, twelve teachers for ten subjects and three stages, some of every other role."""
    pupils = [
        DemoPerson(
            f"pupil{grade}",
            f"演示·{name}",
            f"演示学生{grade}",
            frozenset({Role.STUDENT}),
            PRIMARY if grade <= 6 else JUNIOR if grade <= 9 else SENIOR,
            grade=grade,
        )
        for grade, name in enumerate(_PUPILS, 1)
    ]
    teachers = [
        DemoPerson(
            f"teacher{number}",
            f"演示·{name}",
            f"演示教师{number}",
            frozenset({Role.TEACHER}),
            JUNIOR,
            certifications=frozenset(Certification(subject, stage) for subject in subjects for stage in stages),
            evening=number == len(_TEACHERS),
        )
        for number, (name, subjects, stages) in enumerate(_TEACHERS, 1)
    ]
    staff = [
        DemoPerson(
            login,
            f"演示·{name}",
            f"演示{name}",
            frozenset({role, Role.RESEARCHER} if role is Role.RESEARCH_HEAD else {role}),
            JUNIOR if role is Role.SCHOOL_ADMIN else CENTRE,  # one that has pupils
        )
        for login, name, role in _STAFF
    ]
    return (*pupils, *teachers, *staff)


CHILDREN = {"guardian1": ("pupil5", "pupil7")}  # for whom a guardian of the demo speaks


def shifts(now: datetime, days: int) -> Iterator[tuple[str, datetime, datetime]]:
    """Login, beginning and end of each shift from today on: all day, so that a visitor at any hour finds somebody; one
    teacher keeps the evening hours of a real roster."""
    today = now.astimezone(CITY).date()
    for person in people():
        if Role.TEACHER not in person.roles:
            continue
        for day in range(-1, days):
            date = today + timedelta(days=day)
            begin = datetime.combine(date, time(18) if person.evening else time(0), CITY)
            lasts = timedelta(hours=3, minutes=30) if person.evening else timedelta(days=1)
            yield person.login, begin.astimezone(UTC), (begin + lasts).astimezone(UTC)
