"""What holds of every reckoning, whatever was done and whatever the city wrote."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.subsidy.facts import Fact
from server.domain.subsidy.policy import Policy
from server.domain.subsidy.pools import level_down, share_out
from server.domain.subsidy.reckon import Reckoning, entries_of, half_up, month_of
from server.subsidy_file import written
from tests.subsidy.facts import a_policy, at, earned, note, reckon

LEAN = settings(max_examples=40, deadline=None)
DAY_S = 86_400
BASE = at("2026-03-29 00:00")

spans = st.lists(
    st.tuples(st.sampled_from(["wang", "li", "zhao"]), st.integers(0, 95), st.integers(1, 70)), min_size=1, max_size=25
)


def the_works(drawn: list[tuple[str, int, int]]) -> list[Fact]:
    """Works on a grid of hours over four days round a month's end; some overlap, some cross midnight."""
    facts = []
    for n, (who, hour, minutes) in enumerate(drawn):
        start = BASE + hour * 3_600
        facts.append(Fact(f"s{n:02d}", "session", who, start, start + minutes * 60, start + minutes * 60))
    return facts


def with_notes(works: list[Fact]) -> list[Fact]:
    """Some of the works held by a flag, released, judged, or corrected; twice where the later word counts."""
    facts = []
    for n, fact in enumerate(works):
        facts.append(replace(fact, flags=("same_device",)) if n % 4 == 1 else fact)
        if n % 8 == 1:
            facts.append(note("review", id=f"r{n}", of=fact.id, decision="release"))
        if n % 3 == 0:
            facts += [
                note("outcome", id=f"{word}{n}", of=fact.id, resolved=word == "y", recorded=at_)
                for at_, word in ((1, "x"), (2, "y"))
            ]
        if n % 7 == 6:
            facts.append(Fact(f"v{n}", "void", recorded=n, replaces=fact.id))
    return facts


amounts = st.integers(1, 100)


@st.composite
def limits(draw: st.DrawFn) -> tuple[str, dict[str, tuple[int, int]]]:
    """Floors and caps at every level at once, none of them contradictory."""
    steps = sorted(draw(st.lists(st.integers(10, 400), min_size=10, max_size=10)))
    periods = ("piece", "lesson", "day", "month", "term")
    bounds = {per: (steps[n], steps[n + 5]) for n, per in enumerate(periods)}
    text = "".join(
        f'[[limit]]\nper = "{p}"\nmin_yuan = {low}\nmax_yuan = {high}\n' for p, (low, high) in bounds.items()
    )
    return '[[term]]\nname = "春"\nfrom = 2026-03-01\nto = 2026-07-01\n' + text, bounds


pools = st.builds(
    '[[pool]]\nname = "p"\nper = "month"\nyuan = {}\nwhen_exhausted = "{}"\n'.format,
    st.integers(0, 300),
    st.sampled_from(["stop", "pro_rata", "carry", "level"]),
)


def as_bytes(done: Reckoning, policy: Policy) -> bytes:
    return b"".join(written([policy], done))


@LEAN
@given(spans, limits(), pools, st.randoms(use_true_random=False))
def test_order_and_repetition_change_no_byte(drawn, bounds, pool, random) -> None:  # type: ignore[no-untyped-def]
    effect = "[effectiveness]\nshare_weight = 2\nlow = 0.5\nhigh = 2\n"
    rate = 'work = ["session"]\nyuan = 20\neffect = true'
    facts, policy = with_notes(the_works(drawn)), a_policy(effect + bounds[0] + pool, rate=rate)
    mixed = facts * 3 + facts[::2]
    random.shuffle(mixed)

    assert as_bytes(reckon(mixed, [policy]), policy) == as_bytes(reckon(facts, [policy]), policy)


@LEAN
@given(spans, limits(), pools)
def test_every_line_sums_to_zero_and_what_is_spent_is_owed_or_held(drawn, bounds, pool) -> None:  # type: ignore[no-untyped-def]
    done = reckon(with_notes(the_works(drawn)), [a_policy(bounds[0] + pool)])

    accounts: dict[str, int] = defaultdict(int)
    for line in (line for statement in done.statements for line in statement.lines):
        entries = entries_of(line)
        assert sum(entries.values()) == 0 and 0 not in entries.values()
        for account, fen in entries.items():
            accounts[account.partition(":")[0]] += fen
    assert accounts["owed"] == -sum(statement.fen for statement in done.statements)
    assert accounts["held"] == -sum(statement.held_fen for statement in done.statements)
    assert accounts["budget"] == -accounts["owed"] - accounts["held"]


@LEAN
@given(spans, limits())
def test_caps_and_floors_hold_at_every_level_at_once(drawn, drawn_limits) -> None:  # type: ignore[no-untyped-def]
    """Of a floor and a cap that contradict each other for a work or a period, the cap holds."""
    text, bounds = drawn_limits
    fen = {per: (low * 100, high * 100) for per, (low, high) in bounds.items()}
    rate = 'work = ["session"]\nunit = "lesson_hour"\nstep = 0.25\nyuan = 90'
    done = reckon(the_works(drawn), [a_policy(text, rate=rate)])

    for who in ("wang", "li", "zhao"):
        lines = [line for each in done.statements if each.teacher == who for line in each.lines if line.fen]
        for line in lines:
            if line.fact.kind == "session":
                lesson = [half_up(bound * line.units_x100, 100) for bound in fen["lesson"]]
                low, high = max(fen["piece"][0], lesson[0]), min(fen["piece"][1], lesson[1])
                assert line.fen <= high
                assert line.fen >= min(low, high) or any(why.startswith("cap of the") for why in line.why)
        tops = {4: "month", 5: "term"}  # the place of a limit in the document, which a top-up names
        days, months = defaultdict(int), defaultdict(int)
        for line in lines:
            wider = next((per for n, per in tops.items() if f"limit.{n}" in line.fact.id), "")
            days[line.day] += 0 if wider else line.fen
            months[line.month] += 0 if wider == "term" else line.fen
        total = sum(line.fen for line in lines)
        assert all(each <= fen["day"][1] for each in days.values())
        assert all(each <= fen["month"][1] for each in months.values())
        assert total <= fen["term"][1]
        if lines:
            assert total >= fen["term"][0]
        if total < fen["term"][1]:  # nothing wider cuts: then the month's floor holds of its works, too
            assert all(each >= fen["month"][0] for each in months.values())
            assert all(
                each >= fen["day"][0] or months[month_of(day)] == fen["month"][1] for day, each in days.items() if each
            )


@LEAN
@given(spans, st.integers(0, 95), limits())
def test_more_resolved_work_never_earns_less(drawn, hour, bounds) -> None:  # type: ignore[no-untyped-def]
    """Under a policy without control totals, for work that overlaps no other."""
    effect = "[effectiveness]\nshare_weight = 2\nlow = 0.5\nhigh = 2\n"
    policy = a_policy(effect + bounds[0], rate='work = ["session"]\nyuan = 20\neffect = true')
    facts = [replace(fact, end=fact.start + 60) for fact in the_works(drawn)]
    facts += [note("outcome", id=f"o{fact.id}", of=fact.id, resolved=n % 2 == 0) for n, fact in enumerate(facts)]
    start = BASE + hour * 3_600 + 1_800
    more = [Fact("more", "session", "wang", start, start + 60), note("outcome", id="omore", of="more", resolved=True)]

    before = sum(fen for (who, _), fen in earned(reckon(facts, [policy])).items() if who == "wang")
    after = sum(fen for (who, _), fen in earned(reckon(facts + more, [policy])).items() if who == "wang")

    assert after >= before


@LEAN
@given(spans, amounts, amounts)
def test_a_new_policy_changes_only_its_own_period(drawn, old, new) -> None:  # type: ignore[no-untyped-def]
    def yuan(rate: int, valid: str) -> Policy:
        return a_policy(rate=f'work = ["session"]\nyuan = {rate}', valid=valid)

    first = yuan(30, "valid_from = 2026-01-01\nvalid_to = 2026-04-01")
    facts = the_works(drawn)

    one = earned(reckon(facts, [first, yuan(old, "valid_from = 2026-04-01")]))
    other = earned(reckon(facts, [first, yuan(new, "valid_from = 2026-04-01")]))

    assert {key: fen for key, fen in one.items() if key[1] == "2026-03"} == {
        key: fen for key, fen in other.items() if key[1] == "2026-03"
    }


@LEAN
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30), st.data())
def test_a_pool_is_shared_out_to_the_last_fen(claims: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(claims)))

    for given_out in (share_out(total, claims), level_down(total, claims)):
        assert sum(given_out) == (total if sum(claims) else 0)
        assert all(0 <= fen <= claim for fen, claim in zip(given_out, claims, strict=True))


@LEAN
@given(spans, st.integers(0, 300), st.sampled_from(["stop", "carry"]), amounts, st.integers(1, 3))
def test_a_yearly_pool_holds_across_policies(drawn, yuan, when, rate, day) -> None:  # type: ignore[no-untyped-def]
    """However often the city changes its rates: the year's total is the year's total."""
    pool = f'[[pool]]\nname = "p"\nyuan = {yuan}\nwhen_exhausted = "{when}"'
    old = a_policy(pool, valid=f"valid_from = 2026-01-01\nvalid_to = 2026-04-0{day}")
    new = a_policy(pool, rate=f'work = ["session"]\nyuan = {rate}', valid=f"valid_from = 2026-04-0{day}")

    done = reckon(the_works(drawn), [old, new])

    assert sum(each.fen for each in done.statements if each.month // 12 == 2026) <= yuan * 100


@LEAN
@given(spans, pools)
def test_a_pool_never_gives_more_than_it_has_and_pro_rata_gives_it_all(drawn, pool) -> None:  # type: ignore[no-untyped-def]
    done = reckon(the_works(drawn), [a_policy(pool)])

    for use in done.pools:
        assert use.paid_fen <= use.budget_fen
        if "pro_rata" in pool or "level" in pool or "stop" in pool:
            assert use.paid_fen == min(use.budget_fen, use.claimed_fen)
