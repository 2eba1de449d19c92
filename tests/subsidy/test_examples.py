"""The shipped policies: worked figures, and each recomputed as a person would in a spreadsheet, with decimals and no
code of the product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, ROUND_UP, Decimal
from random import Random

from server.domain.subsidy.facts import Fact
from tests.subsidy.facts import line_of, note, reckon, shipped, statement_of, work

D = Decimal
CENT = D("0.01")


def to_cent(yuan: Decimal) -> Decimal:
    return yuan.quantize(CENT, ROUND_HALF_UP)


def sums(rows: Sequence[tuple[str, Decimal]]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(D)
    for who, yuan in rows:
        found[who] += yuan
    return dict(found)


def paid(facts: Sequence[Fact], policy: str) -> dict[str, Decimal]:
    rows = [(each.teacher, D(each.fen) / 100) for each in reckon(facts, [shipped(policy)]).statements]
    return {who: yuan for who, yuan in sums(rows).items() if yuan}


def quarter_hours(minutes: int) -> Decimal:
    return (D(minutes) / 45 / D("0.25")).quantize(D(1), ROUND_HALF_UP) * D("0.25")


def test_lesson_hour_of_at_least_60_yuan() -> None:
    random = Random(6)
    facts, rows = [], []
    for teacher, solved in (("good", 30), ("poor", 3)):
        minutes = [random.randrange(5, 50) for _ in range(30)]
        works = [
            work("session", teacher, f"2026-03-{day + 1:02d} 19:00", minutes[day], id=f"{teacher}{day}")
            for day in range(30)
        ]
        facts += [*works, *(note("outcome", of=f"{teacher}{n}", resolved=n < solved) for n in range(30))]
        share = (D(solved) + 8) / 40
        coefficient = min(D("1.25"), max(D("0.8"), 1 + (D("0.5") * (share - D("0.8"))).quantize(D("0.0001"))))
        for each in minutes:
            hours = quarter_hours(each)
            rows.append((teacher, max(to_cent(to_cent(hours * 64) * coefficient), to_cent(hours * 60))))

    assert paid(facts, "lesson-hour-60") == sums(rows)

    lecture = work("lecture", "wang", "2026-03-02 19:00", 50)
    done = reckon([lecture, *facts], [shipped("lesson-hour-60")])
    assert line_of(done, lecture).fen == 12_000  # 50 minutes are 1.5 lesson hours, at 80
    assert line_of(done, "good0").coefficient == 10_750  # 1 + 0.5 × (38/40 − 0.8)
    assert line_of(done, "poor0").coefficient == 8_000  # 0.7375, kept at the lowest


def test_visits_of_150_to_300_yuan_within_1000_yuan_a_pupil() -> None:
    standing = [
        note("standing", teacher="a", level="认定", school="一小"),
        note("standing", teacher="b", level="骨干", school="一小"),
        note("standing", teacher="c", level="名师", school="二小", agreed_fen=38_000),
    ]
    counted = [note("enrolment", "2025-09-01", school=s, pupils=n) for s, n in (("一小", 2), ("二小", 9))]
    visits = [
        work("visit", teacher, f"2026-{month:02d}-0{day} 09:00", 60)
        for month in (3, 4)
        for day, teacher in enumerate("aabbcc", 1)
    ]
    price = {"a": D(150), "b": D(220), "c": D(300)}  # the agreed 380 is above what a visit may cost
    left = {"一小": D(2_000), "二小": D(9_000)}
    rows = []
    for visit in visits:
        school = "二小" if visit.teacher == "c" else "一小"
        got = min(left[school], price[visit.teacher])
        left[school] -= got
        rows.append((visit.teacher, got))

    assert paid([*visits, *standing, *counted], "visits-per-pupil-1000") == sums(rows)
    assert sums(rows) == {"a": D(600), "b": D(880), "c": D(1_200)}

    more = [work("visit", "b", f"2026-05-0{day} 09:00", 60) for day in range(1, 5)]
    done = reckon([*visits, *more, *standing, *counted], [shipped("visits-per-pupil-1000")])
    assert [line_of(done, each).fen for each in more] == [22_000, 22_000, 8_000, 0]  # 2 × 1,000 are spent
    assert {use.group: use.paid_fen for use in done.pools} == {"一小": 200_000, "二小": 120_000}


def test_75_yuan_for_own_staff_and_a_guide_price_of_300_outside() -> None:
    agreed = {"chen": 28_000, "dong": 35_000}
    standing = [note("standing", teacher=who, staff="external", agreed_fen=fen) for who, fen in agreed.items()]
    standing.append(note("standing", teacher="feng", staff="external"))
    teachers = ("wang", "chen", "dong", "feng")
    lessons = [work("lecture", who, f"2026-03-0{day} 16:00", 40) for who in teachers for day in (2, 3)]

    found = paid([*lessons, *standing], "own-75-external-300")

    assert found == {"wang": D(150), "chen": D(560), "dong": D(600), "feng": D(600)}


def test_50_yuan_for_own_staff_balanced_within_a_pool() -> None:
    standing = [
        note("standing", teacher="gu", level="骨干"),
        note("standing", teacher="he", staff="external", agreed_fen=20_000),
        note("standing", teacher="jin", staff="external"),
    ]
    count = {"wang": 6, "gu": 8, "he": 5, "jin": 7}
    days = [(who, day) for who, n in count.items() for day in range(2, 2 + n)]
    lessons = [work("lecture", who, f"2026-03-{day:02d} 16:00", 40) for who, day in days]
    claims = {"wang": D(270), "gu": D(400), "he": D(1_000), "jin": D(700)}  # 2,370 in all, of 2,000
    # by hand: 270 and 400 stay; the rest, 1,330, is less than 1,000 + 700: both get 665
    by_hand = {"wang": D(270), "gu": D(400), "he": D(665), "jin": D(665)}

    found = paid([*lessons, *standing], "own-50-within-a-pool")

    assert sum(claims.values()) > 2_000 == sum(found.values())
    assert found == by_hand


def test_more_work_more_pay_and_better_work_better_pay() -> None:
    days = [f"2026-{month}-{day:02d} 18:00" for month in ("04", "05") for day in range(1, 31)]
    shift = [work("shift", who, day, 240) for who in ("wang", "gu") for day in days]
    standing = [note("standing", teacher="gu", level="骨干")]
    facts, rows = [], []
    for who, base, holiday in (("wang", 20, 30), ("gu", 25, D("37.5"))):
        for n, day in enumerate(["2026-04-03", "2026-04-04", "2026-04-05", "2026-05-09"] * 3):
            one = work("session", who, f"{day} {18 + n // 4}:00", pupil=f"{who}{n}")
            facts += [one, note("outcome", of=one.id, resolved=who == "gu", rating=5 if who == "gu" else 2)]
            month = day[:7]
            known = 9 if month == "2026-04" else 3
            resolved = known if who == "gu" else 0
            stars = (5 if who == "gu" else 2) * known
            share, rating = (D(resolved) + 8) / (known + 10), (D(stars) + 42) / (known + 10)
            by_share = (D("1.5") * (share - D("0.8"))).quantize(D("0.0001"), ROUND_HALF_UP)
            by_rating = (D("0.1") * (rating - D("4.2"))).quantize(D("0.0001"), ROUND_HALF_UP)
            coefficient = min(D("1.3"), max(D("0.8"), 1 + by_share + by_rating))
            rate = holiday if day == "2026-04-05" else base
            rows.append((who, max(D(15), to_cent(to_cent(D(rate)) * coefficient))))

    assert paid([*facts, *shift, *standing], "more-work-better-work") == sums(rows)
    done = reckon([*facts, *shift, *standing], [shipped("more-work-better-work")])
    april = statement_of(done, "gu", "2026-04")
    assert (
        april.bonus_x100 == 6 * 100 + 3 * 200
    )  # a point for each of six workdays' and weekend's answers, two on the holiday


def test_a_yearly_pool_of_2600000_yuan() -> None:
    teachers = [f"t{n}" for n in range(40)]
    works = [
        work("lecture", who, f"2026-{month:02d}-{day:02d} 16:00")
        for month in (1, 2)
        for who in teachers
        for day in range(1, (13 if month == 1 else 4))
    ]
    january, february = D(40 * 12 * 800), D(40 * 3 * 800)
    month = (D(2_600_000) / 12).quantize(CENT, ROUND_FLOOR)
    assert (january, month) == (D(384_000), D("216666.66"))
    share = to_cent(month / 480)  # 451.39 for one lecture, a cent more or less: what is left goes round

    done = reckon(works, [shipped("yearly-pool-2600000")])

    assert [D(use.paid_fen) / 100 for use in done.pools] == [month, february]
    lines = [line for each in done.statements for line in each.lines if each.month % 12 == 0]
    assert sum(D(line.fen) / 100 for line in lines) == month
    assert {D(line.fen) / 100 for line in lines} <= {share, share - CENT}


def test_evening_hours_become_points_and_points_leave() -> None:
    minutes = [150, 119, 90, 240, 29]
    shifts = [work("shift", "wang", f"2026-03-0{day} 18:30", each) for day, each in enumerate(minutes, 2)]
    by_hand = sum(((D(each) / 30).quantize(D(1), ROUND_FLOOR) / 2 for each in minutes), D(0))
    assert by_hand == D("9.5")  # 2.5 + 1.5 + 1.5 + 4 + 0

    done = reckon(
        [*shifts, note("redemption", "2026-03-30", teacher="wang", points_x100=800, approved_by="zhao")],
        [shipped("evening-hours-to-leave")],
    )

    march = statement_of(done, "wang", "2026-03")
    assert (march.fen, D(march.points_earned_x100) / 100, march.points_balance_x100) == (0, by_hand, 150)


def test_rounding_up_is_rounding_up() -> None:
    """The spreadsheet's ROUNDUP, for the lectures of the first policy."""
    for minutes in (1, 22, 23, 45, 46, 90):
        lecture = work("lecture", "wang", "2026-03-02 19:00", minutes)
        hours = (D(minutes) / 45 * 2).quantize(D(1), ROUND_UP) / 2

        assert line_of(reckon([lecture], [shipped("lesson-hour-60")]), lecture).fen == hours * 8_000
