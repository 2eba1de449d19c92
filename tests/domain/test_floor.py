"""Who may be heard in a lecture, and again afterwards: by the school's word and the guardian's, purpose by purpose."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.domain.consent import Purpose, voice_is_kept
from server.domain.floor import MOVES, FloorState, by_voice, until


@given(st.booleans(), st.sets(st.sampled_from(Purpose)))
def test_nobody_is_heard_without_both_words_nor_kept_without_what_every_kept_voice_needs(
    school_allows: bool, agreed: set[Purpose]
) -> None:
    found = by_voice(school_allows, agreed)

    assert (found != "no") == (school_allows and Purpose.LECTURE in agreed)
    assert (found == "kept") == (found != "no" and voice_is_kept(agreed))


def test_a_floor_goes_from_the_question_to_the_yes_and_ends_by_itself() -> None:
    now = datetime(2026, 11, 27, tzinfo=UTC)

    assert MOVES[FloorState.OVER] == set() and FloorState.ASKED not in MOVES[FloorState.OPEN]
    assert until(FloorState.ASKED, now) - now == timedelta(seconds=30)
    assert until(FloorState.OPEN, now) - now == timedelta(minutes=2)
