"""Every scene that there is."""

from tests.browser.gallery import (
    Scene,
    answers_scenes,
    asking_scenes,
    door_scenes,
    monday_scenes,
    question_scenes,
    research_scenes,
    session_scenes,
    teacher_scenes,
)
from tests.browser.gallery_bank import bank_scenes
from tests.browser.gallery_lectures import lecture_scenes
from tests.browser.gallery_library import library_scenes
from tests.browser.gallery_money import money_scenes
from tests.browser.gallery_proposals import proposal_scenes


def scenes(one_question_each: bool = True) -> list[Scene]:
    """All of them; or those of single questions left out, since "student-everything" has them one below the other."""
    questions = [s for s in question_scenes() if one_question_each or not s.name.startswith("question-")]
    staff = [*teacher_scenes(), *answers_scenes(), *lecture_scenes(), *money_scenes()]
    staff += [*library_scenes(), *research_scenes(), *monday_scenes(), *bank_scenes(), *proposal_scenes()]
    return [*door_scenes(), *asking_scenes(), *questions, *session_scenes(), *staff]
