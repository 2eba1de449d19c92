"""What a guardian agrees to for a child, purpose by purpose; without a word it is no."""

from collections.abc import Collection
from enum import StrEnum


class Purpose(StrEnum):
    SERVICE = "service"  # asking and answering
    RECORDING = "recording"  # what the child says and writes in a session may be kept
    PUBLIC_VIDEO = "public_video"  # others may be shown an answer in which the child is heard
    RESEARCH = "research"  # under a pseudonym, in groups
    LECTURE = "lecture"  # who is in a lecture's room may hear the child; again afterwards only with both of VOICE, too


WORDING = "2026-11"  # of the sentences on the consent page; a change of meaning is another version
VOICE = frozenset({Purpose.RECORDING, Purpose.PUBLIC_VIDEO})


def voice_is_kept(agreed: Collection[str]) -> bool:
    """There is one film of an answer, and others may be shown it: a child is in it with both words, or not at all."""
    return VOICE.issubset(agreed)
