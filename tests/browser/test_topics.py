"""A researcher at a desk: what many ask about gets a name and swallows another, and a question is said in one tap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
from playwright.sync_api import expect

from server.actions.facts import SHANGHAI, monday
from server.demo.loaded import demo_id
from tests.browser.conftest import Sign
from tests.service import Service, plain

WEEK = monday(datetime.now(UTC)) - timedelta(days=7)


def asked(city: Service, topics: dict[str, str]) -> None:
    """Topics that six pupils asked about last week, whose guardians agreed to research."""
    with psycopg.connect(plain(city.database_url), autocommit=True) as connection:
        for pupil in PUPILS:
            connection.execute(_CONSENT, {"pupil": pupil})
        for terms, text in topics.items():
            questions = [(uuid4(), pupil) for pupil in PUPILS]
            for id, pupil in questions:
                connection.execute(_QUESTION, {"id": id, "pupil": pupil, "at": ASKED, "text": text})
                connection.execute(_FACT, {"id": id, "pupil": pupil, "week": WEEK, "day": ASKED.date()})
            row = {"terms": [terms], "ids": [id for id, _ in questions], "week": WEEK}
            connection.execute(_TOPIC, row)


PUPILS = [demo_id(f"pupil{n}") for n in range(1, 7)]
ASKED = datetime.combine(WEEK + timedelta(days=2), datetime.min.time(), SHANGHAI) + timedelta(hours=20)
_CONSENT = """
    INSERT INTO consents (child_id, purpose, given, wording, source)
    VALUES (%(pupil)s, 'research', true, 'test', 'import')
"""
_QUESTION = """
    INSERT INTO questions (id, student_id, subject, grade, received_at, text, read_text, state, state_since, version,
                           followers, assignment_epoch, offers_made, refused_by)
    VALUES (%(id)s, %(pupil)s, 'math', 8, %(at)s, %(text)s, '', 'resolved', %(at)s, 1, 0, 0, 0, '{}')
"""
_FACT = """
    INSERT INTO research_facts (question_id, pupil_id, week, day, grade, subject, pushed, saw, solved, stuck, reopened,
                                unanswered)
    VALUES (%(id)s, %(pupil)s, %(week)s, %(day)s, 8, 'math', false, true, true, false, false, false)
    ON CONFLICT DO NOTHING
"""
_TOPIC = """
    WITH made AS (INSERT INTO topics (subject, stage, terms, mean, exemplars, born_on)
                  VALUES ('math', 'junior', %(terms)s, '', %(ids)s, current_date - 30) RETURNING id),
    put AS (INSERT INTO topic_members SELECT unnest(CAST(%(ids)s AS uuid[])), id FROM made)
    INSERT INTO topic_weeks SELECT id, %(week)s, 6, 6 FROM made
"""


def test_a_researcher_names_and_merges_topics_and_says_a_point(city: Service, someone: Sign) -> None:
    asked(city, {"梯子": "梯子靠在墙上，求它的高。", "风筝": "风筝线长 5 米，求风筝的高。"})
    desk = someone("researcher1", tablet=True, at="/monday")
    page = desk.page
    page.goto("/topics")

    ladder = page.get_by_role("region", name="梯子", exact=True)
    expect(ladder.get_by_text("上周 6 人问")).to_be_visible()
    ladder.get_by_text("例题").click()
    expect(ladder.get_by_text("梯子靠在墙上").first).to_be_visible()
    ladder.get_by_role("button", name="命名").click()
    page.get_by_label("名称").fill("勾股定理里的高")
    page.get_by_role("dialog").get_by_role("button", name="命名").click()
    named = page.get_by_role("region", name="勾股定理里的高")
    expect(named).to_be_visible()

    page.get_by_role("region", name="风筝", exact=True).get_by_role("button", name="并入别的话题").click()
    page.get_by_role("dialog").get_by_role("combobox").select_option(label="勾股定理里的高")
    page.get_by_role("dialog").get_by_role("button", name="并入别的话题").click()
    expect(page.get_by_role("region", name="风筝", exact=True)).to_have_count(0)
    expect(named.get_by_text("上周 6 人问")).to_be_visible()  # the same six

    page.get_by_role("button", name="待标注").click()
    question = page.get_by_role("region", name="梯子靠在墙上，求它的高。").first
    question.get_by_label("选知识点…").select_option(label="勾股定理")
    expect(question.get_by_text("已记下")).to_be_visible()
    page.get_by_role("button", name="知识点", exact=True).click()
    expect(page.get_by_text("一元一次方程")).to_be_visible()
    page.reload()
    expect(named).to_be_visible()
