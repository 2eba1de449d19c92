"""Each rule of the reckoning in a story: what counts, what is held, which day, which floor and cap, which pool."""

from __future__ import annotations

import pytest

from server.domain.subsidy.appraisal import appraise
from server.domain.subsidy.facts import Fact, FactRefused, check, day_of
from tests.subsidy.facts import a_policy, at, earned, line_of, note, reckon, shipped, statement_of, work


def test_a_fact_counts_once_however_often_it_is_told() -> None:
    one = work("session", "wang", "2026-03-02 19:00")

    assert earned(reckon([one, one, one], [a_policy()])) == {("wang", "2026-03"): 2_000}


def test_one_id_with_two_contents_is_refused() -> None:
    one = work("session", "wang", "2026-03-02 19:00", id="s")
    other = work("session", "wang", "2026-03-02 20:00", id="s")

    with pytest.raises(FactRefused, match="told twice, and differently"):
        reckon([one, other], [a_policy()])


def test_a_correction_replaces_a_fact_and_the_later_of_two_counts() -> None:
    wrong = work("session", "wang", "2026-03-02 19:00", id="wrong")
    right = work("session", "li", "2026-03-02 19:00", id="right", replaces="wrong")
    early = Fact("early", "void", recorded=at("2026-03-02 19:05"), replaces="wrong")

    done = reckon([right, wrong, early], [a_policy()])

    assert earned(done) == {("li", "2026-03"): 2_000}


def test_a_work_across_midnight_and_the_months_end_belongs_to_the_day_on_which_it_began() -> None:
    holiday = a_policy("[calendar]\nholidays = [2026-04-01]", rate='work = ["session"]\nday = ["workday"]\nyuan = 20')
    late = work("session", "wang", "2026-03-31 23:50", 30)
    in_utc_still_march = work("session", "li", "2026-04-01 00:10", 30)

    done = reckon([late, in_utc_still_march], [holiday])

    assert earned(done) == {("wang", "2026-03"): 2_000, ("li", "2026-04"): 0}
    assert line_of(done, in_utc_still_march).why == ("the policy has no rate for this work",)


def test_facts_keep_the_rule_of_their_day() -> None:
    old = a_policy(valid="valid_from = 2026-01-01\nvalid_to = 2026-03-15")
    new = a_policy(rate='work = ["session"]\nyuan = 30', valid="valid_from = 2026-03-15")
    facts = [work("session", "wang", day) for day in ("2025-12-31 19:00", "2026-03-14 23:59", "2026-03-15 00:30")]

    done = reckon(facts, [new, old])

    assert [line_of(done, fact).fen for fact in facts] == [0, 2_000, 3_000]
    assert line_of(done, facts[0]).why == ("no policy was in force on that day",)


def test_a_revoked_teacher_earns_nothing_from_then_on_until_certified_again() -> None:
    days = [work("session", "wang", f"2026-03-0{day} 19:00") for day in (1, 3, 5)]
    revoked = note("revoked", "2026-03-02", teacher="wang")
    again = note("standing", "2026-03-04", teacher="wang", level="认定")

    done = reckon([*days, again, revoked], [a_policy()])

    assert [line_of(done, fact).status for fact in days] == ["paid", "refused", "paid"]


def test_of_two_works_that_overlap_the_later_is_held_and_claims_nothing_of_the_cap() -> None:
    cap = a_policy('[[limit]]\nper = "month"\nmax_yuan = 40')
    first = work("session", "wang", "2026-03-02 19:00", 20)
    inside = work("session", "wang", "2026-03-02 19:10", 20)
    after = work("session", "wang", "2026-03-02 19:30", 20)

    done = reckon([after, inside, first], [cap])

    assert [line_of(done, fact).fen for fact in (first, inside, after)] == [2_000, 0, 2_000]
    held = line_of(done, inside)
    assert (held.status, held.held_fen, held.why) == ("held", 2_000, (f"overlaps {first.id}",))


def test_a_review_releases_what_was_held_or_refuses_it() -> None:
    facts = [work("session", "wang", f"2026-03-0{day} 19:00", flags=("same_device",)) for day in (1, 2, 3)]
    released = note("review", "2026-03-05", of=facts[0].id, decision="release")
    refused = note("review", "2026-03-05", of=facts[1].id, decision="refuse")

    done = reckon([*facts, released, refused], [a_policy()])

    assert [line_of(done, fact).status for fact in facts] == ["paid", "refused", "held"]
    assert (statement_of(done, "wang", "2026-03").fen, statement_of(done, "wang", "2026-03").held_fen) == (2_000, 2_000)


def test_a_session_outside_the_shift_or_too_short_is_held_where_the_policy_says_so() -> None:
    strict = a_policy("[holds]\nshorter_than_s = 30\noutside_shift = true")
    shift = work("shift", "wang", "2026-03-02 19:00", 120)
    within = work("session", "wang", "2026-03-02 20:55", 20)
    outside = work("session", "wang", "2026-03-02 21:30")
    short = work("session", "wang", "2026-03-02 19:05", active_s=29)

    done = reckon([outside, within, short, shift], [strict])

    assert line_of(done, within).status == "paid"
    assert line_of(done, outside).why == ("began outside a shift",)
    assert line_of(done, short).why == ("shorter than 30 s",)
    assert line_of(done, shift).why == ("the policy has no rate for this work",)


def test_one_pupil_who_makes_more_than_a_fifth_of_a_month_is_held() -> None:
    fair = a_policy("[holds]\npair_share = 0.2")
    others = [work("session", "wang", f"2026-03-{day:02d} 19:00", pupil=f"p{day}") for day in range(1, 9)]
    friend = [work("session", "wang", f"2026-03-{day:02d} 19:00", pupil="friend") for day in range(11, 14)]

    done = reckon(others + friend, [fair])

    assert [line_of(done, fact).why for fact in friend] == [("3 of 11 works of the month with one pupil",)] * 3
    assert all(line_of(done, fact).status == "paid" for fact in others)


def test_one_teacher_who_makes_more_than_a_fifth_of_a_pupils_month_is_held() -> None:
    fair = a_policy("[holds]\npair_share = 0.2")
    teachers = [f"t{n % 4}" for n in range(8)]
    asked = [work("session", who, f"2026-03-{n + 1:02d} 19:00", pupil="p") for n, who in enumerate(teachers)]
    crony = [work("session", "crony", f"2026-03-{day} 19:00", pupil="p") for day in (11, 12, 13)]
    april = work("session", "crony", "2026-04-01 19:00", pupil="p")

    done = reckon([*asked, *crony, april], [fair])

    assert [line_of(done, fact).why for fact in crony] == [("3 of 11 works of the pupil's month",)] * 3
    assert all(line_of(done, fact).status == "paid" for fact in [*asked, april])


def test_a_lesson_hour_is_rounded_as_the_rate_says() -> None:
    for rounding, units in (("down", 100), ("up", 150), ("half_up", 150)):
        rate = f'work = ["lecture"]\nunit = "lesson_hour"\nstep = 0.5\nrounding = "{rounding}"\nyuan = 60'
        done = reckon([lecture := work("lecture", "wang", "2026-03-02 19:00", 57)], [a_policy(rate=rate)])

        assert (line_of(done, lecture).units_x100, line_of(done, lecture).fen) == (units, units * 60)


def test_the_coefficient_is_shrunk_to_the_mean_and_bounded() -> None:
    effect = "[effectiveness]\nshare_weight = 1\nlow = 0.9\nhigh = 1.1"
    policy = a_policy(effect, rate='work = ["session"]\nyuan = 20\neffect = true')
    once = work("session", "once", "2026-03-02 19:00")
    often = [work("session", "often", f"2026-03-{day:02d} 19:00") for day in range(1, 31)]
    worse = work("session", "worse", "2026-03-02 19:00")
    outcomes = [note("outcome", of=fact.id, resolved=True) for fact in (once, *often)]
    again = [note("outcome", of=worse.id, resolved=True), note("outcome", of=worse.id, asked_again=True)]

    done = reckon([once, *often, worse, *outcomes, *again], [policy])

    assert line_of(done, once).coefficient == 10_182  # (1 + 10 × 0.8) / 11 − 0.8 = 0.01818
    assert line_of(done, often[0]).coefficient == 11_000  # 0.15 above the mean, cut to the bound
    assert line_of(done, worse).coefficient == 9_273  # asked again: (0 + 8) / 11 − 0.8


def test_caps_of_day_month_and_term_hold_at_once_and_a_floor_tops_up() -> None:
    limits = """
        [[term]]
        name = "春"
        from = 2026-03-01
        to = 2026-05-01
        [[limit]]
        per = "day"
        min_yuan = 30
        max_yuan = 50
        [[limit]]
        per = "month"
        max_yuan = 110
        [[limit]]
        per = "term"
        max_yuan = 150
    """
    march = [work("session", "wang", f"2026-03-{day:02d} {hour}:00") for day in (2, 3, 4) for hour in (19, 20, 21)]
    april = [work("session", "wang", f"2026-04-{day:02d} 19:00") for day in (1, 2)]
    may = work("session", "wang", "2026-05-02 19:00")

    done = reckon([*march, *april, may], [a_policy(limits)])

    assert [line_of(done, fact).fen for fact in march] == [2_000, 2_000, 1_000, 2_000, 2_000, 1_000, 1_000, 0, 0]
    assert earned(done) == {("wang", "2026-03"): 11_000, ("wang", "2026-04"): 4_000, ("wang", "2026-05"): 3_000}


def test_a_pool_that_carries_pays_the_rest_first_in_the_next_month() -> None:
    pool = '[[pool]]\nname = "p"\nper = "month"\nyuan = 50\nwhen_exhausted = "carry"'
    march = [work("session", "wang", f"2026-03-0{day} 19:00") for day in (1, 2, 3)]
    april = work("session", "wang", "2026-04-01 19:00")

    done = reckon([*march, april], [a_policy(pool)])

    assert earned(done) == {("wang", "2026-03"): 4_000, ("wang", "2026-04"): 4_000}
    assert line_of(done, march[2]).why == ("pool p: carried",)
    assert [use.carried_fen for use in done.pools] == [2_000, 0]


def test_what_a_pool_can_never_pay_is_not_carried_for_ever() -> None:
    pool = '[[pool]]\nname = "p"\nper = "month"\nyuan = 10\nwhen_exhausted = "carry"'

    done = reckon([late := work("session", "wang", "2026-03-01 19:00")], [a_policy(pool)])

    assert (line_of(done, late).fen, line_of(done, late).status) == (0, "unpaid")


def test_a_yearly_pool_is_not_filled_again_by_a_new_policy() -> None:
    """A city of ¥50 a year that puts a new version in force in April has what is left of it, and no more."""
    pool = '[[pool]]\nname = "p"\nyuan = 50\nwhen_exhausted = "stop"'
    old = a_policy(pool, valid="valid_from = 2026-01-01\nvalid_to = 2026-04-01")
    new = a_policy(pool, rate='work = ["session"]\nyuan = 15', valid="valid_from = 2026-04-01")
    days = ("2026-03-01", "2026-03-02", "2026-04-01", "2027-01-01")
    works = [work("session", "wang", f"{day} 19:00") for day in days]

    done = reckon(works, [old, new])

    assert [line_of(done, fact).fen for fact in works] == [2_000, 2_000, 1_000, 1_500]
    assert [(use.budget_fen, use.paid_fen) for use in done.pools] == [(5_000, 4_000), (1_000, 1_000), (5_000, 1_500)]


def test_what_a_pool_carries_is_paid_under_the_next_policy() -> None:
    pool = '[[pool]]\nname = "p"\nper = "month"\nyuan = 50\nwhen_exhausted = "carry"'
    old = a_policy(pool, valid="valid_from = 2026-01-01\nvalid_to = 2026-04-01")
    new = a_policy(pool, rate='work = ["session"]\nyuan = 40', valid="valid_from = 2026-04-01")
    march = [work("session", "wang", f"2026-03-0{day} 19:00") for day in (1, 2, 3)]
    april = work("session", "wang", "2026-04-01 19:00")

    done = reckon([april, *march], [old, new])

    assert earned(done) == {("wang", "2026-03"): 4_000, ("wang", "2026-04"): 2_000, ("wang", "2026-05"): 4_000}
    assert line_of(done, march[2]).month % 12 == 3  # twenty yuan, the price of its day, first thing in April
    without = reckon(march, [old, a_policy(valid="valid_from = 2026-04-01")])
    assert line_of(without, march[2]).why == ("pool p: carried", "pool p has no later period")


def test_points_or_money_but_never_both() -> None:
    policy = shipped("evening-hours-to-leave")
    answers = [work("session", who, "2026-03-02 19:00") for who in ("wang", "li")]
    choice = note("standing", teacher="wang", level="教师", reward="time")

    done = reckon([*answers, choice], [policy])

    assert [(line_of(done, each).fen, line_of(done, each).points_x100) for each in answers] == [(0, 25), (2_000, 0)]


def test_points_expire_and_are_redeemed_first_in_first_out() -> None:
    policy = shipped("evening-hours-to-leave")
    shifts = [work("shift", "wang", f"2026-{month:02d}-02 18:00", 4 * 60) for month in (1, 2, 3)]
    leave = note("redemption", "2026-03-20", teacher="wang", points_x100=500, approved_by="zhao")
    too_much = note("redemption", "2026-03-21", teacher="wang", points_x100=9_900, approved_by="zhao")
    later = work("shift", "wang", "2027-03-02 18:00", 60)

    done = reckon([*shifts, leave, too_much, later], [policy])

    spring = statement_of(done, "wang", "2026-03")
    assert (spring.points_redeemed_x100, spring.points_balance_x100) == (500, 700)
    assert statement_of(done, "wang", "2027-02").points_expired_x100 == 300  # of February's four, one was redeemed
    assert statement_of(done, "wang", "2027-03").points_balance_x100 == 100
    assert done.refused == [(too_much.id, "more points than there are")]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"end": at("2026-03-02 18:59")}, "it ends before it begins"),
        ({"end": at("2026-03-04 19:00")}, "it takes longer than a day"),
        ({"active_s": 601}, "active_s is more than the time from start to end"),
        ({"active_s": -1}, "active_s is 0 to 86,400"),
        ({"kind": "sesion"}, "kind 'sesion' is unknown"),
        ({"teacher": ""}, "a teacher is missing"),
        ({"id": "a\nb"}, "an id has 1 to 200 printable characters"),
        ({"followers": -1}, "a number is negative or too large"),
        ({"kind": "outcome", "of": "s", "rating": 6}, "a rating is 1 to 5"),
        ({"kind": "redemption", "approved_by": "wang"}, "approved by another person"),
    ],
)
def test_a_fact_that_makes_no_sense_is_refused(wrong: dict[str, object], reason: str) -> None:
    good: dict[str, object] = {
        "id": "s",
        "kind": "session",
        "teacher": "wang",
        "start": at("2026-03-02 19:00"),
        "end": at("2026-03-02 19:10"),
    }

    with pytest.raises(FactRefused, match=reason):
        check(Fact(**{**good, **wrong}))  # type: ignore[arg-type]


def test_an_appraisal_is_honest_about_few_works_and_names_no_peers_where_few_are() -> None:
    works = [work("session", "wang", f"2026-03-{day:02d} 19:00") for day in range(1, 4)]
    outcomes = [note("outcome", of=fact.id, resolved=True, rating=5) for fact in works]

    found = appraise([*works, *outcomes], [a_policy()], day_of(at("2026-03-01")), day_of(at("2026-07-01")))["wang"]

    assert (found.works.value, found.works.peers, found.minutes.value) == (3, None, 30)
    assert found.resolved.value == 1 and found.resolved.low is not None and 0.43 < found.resolved.low < 0.44  # Wilson
    assert found.resolved.facts == tuple(fact.id for fact in works)
    assert found.rating.value == 5 and found.rating.low is not None and found.rating.low < 4.5
