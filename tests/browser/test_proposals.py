"""From a finding to a lesson and back: a researcher proposes what many asked about, a lecturer confirms it, those who
asked are invited, and five weeks later it is told what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from playwright.sync_api import expect

from server.actions import effect, invite
from server.actions.facts import SHANGHAI
from tests.browser.conftest import Sign
from tests.browser.past import LAST_WEEK, THIS_WEEK, ask, pupils_of, tell, work
from tests.browser.test_money import sound
from tests.service import Service, plain

TAUGHT = THIS_WEEK - timedelta(weeks=6)  # four whole weeks are over since, whatever day it is
TOPIC = "浮力从哪里来"
REACHED, OTHERS = [f"浮力{n}校" for n in range(1, 5)], [f"沉底{n}校" for n in range(1, 5)]


def asked_about_it(city: Service) -> None:
    """Six pupils of each of eight schools, before and after the week in which it will have been taught: in the schools
    that are reached fewer asked since. Last week some asked again."""
    questions: list[UUID] = []
    for n, school in enumerate((*REACHED, *OTHERS)):
        pupils = pupils_of(city, school, 6, 8)
        for week in range(1, 5):
            since = pupils[: 1 + (n + week) % 2] if school in REACHED else pupils[: 4 + (n + week) % 2]
            for some, when in ((pupils[: 5 + (n + week) % 2], TAUGHT - week * WEEK), (since, TAUGHT + week * WEEK)):
                questions += ask(city, some, "浮力", text="木块浮在水面上，求浮力。", week=when, subject="physics")
        questions += ask(city, pupils[:2], "浮力", text="木块浮在水面上，求浮力。", week=LAST_WEEK, subject="physics")
    tell(city)
    with psycopg.connect(plain(city.database_url)) as connection:
        connection.execute(_TOPIC, {"name": TOPIC, "ids": questions, "born": TAUGHT - 4 * WEEK})


WEEK = timedelta(weeks=1)
_TOPIC = """
    WITH made AS (INSERT INTO topics (subject, stage, name, terms, mean, exemplars, born_on)
                  SELECT 'physics', 'junior', %(name)s, ARRAY['木块', '水面'], '', (%(ids)s::uuid[])[1:3], %(born)s
                  RETURNING id),
    put AS (INSERT INTO topic_members SELECT unnest(%(ids)s::uuid[]), id FROM made)
    INSERT INTO topic_weeks SELECT made.id, f.week, count(*), count(DISTINCT f.pupil_id)
    FROM made CROSS JOIN research_facts f WHERE f.question_id = ANY(%(ids)s::uuid[]) GROUP BY 1, 2
"""


def hold_it_weeks_ago(city: Service) -> None:
    """The lecture that was planned for the day after tomorrow was held in that week: weeks go by in no test."""
    at = datetime.combine(TAUGHT + timedelta(days=2), datetime.min.time(), SHANGHAI) + timedelta(hours=20)
    city.rows(
        """UPDATE lectures SET state = 'over', starts_at = %s, started_at = %s, ends_at = %s, ended_at = %s
           WHERE title = %s""",
        at, at, at + timedelta(hours=1), at + timedelta(hours=1), TOPIC,
    )  # fmt: skip


def test_a_topic_is_proposed_taken_over_held_and_it_is_told_what_came_of_it(city: Service, someone: Sign) -> None:
    asked_about_it(city)
    soon = (datetime.now(SHANGHAI) + timedelta(days=2)).date()

    desk = someone("researcher1", tablet=True, at="/monday").page
    desk.goto("/topics")
    desk.get_by_label("学科").select_option(label="物理")
    topic = desk.get_by_role("region", name=TOPIC, exact=True)
    expect(topic.get_by_text("上周 16 人问")).to_be_visible()
    topic.get_by_role("button", name="发起备课").click()
    form = desk.get_by_role("dialog")
    form.get_by_label("希望谁来讲").select_option(label="演示·名师林老师")
    form.get_by_label("直接排好时间").check()
    form.get_by_role("button", name="发出").click()
    expect(form.get_by_text("选好日期和时间。")).to_be_visible()
    form.get_by_label("日期").fill(str(soon))
    form.get_by_label("几点开始").fill("05:30")  # at which the demo has no lecture
    form.get_by_label("指定学校").check()
    for school in REACHED:
        form.get_by_label(school).check()
    form.get_by_role("button", name="发出").click()
    expect(topic.get_by_role("article", name=TOPIC)).to_contain_text("等老师确认")
    sound(desk, "a proposal")

    stage = someone("lecturer1", tablet=True, at="/lectures").page
    stage.get_by_role("button", name=TOPIC).click()
    offer = stage.get_by_role("region", name=TOPIC)
    expect(offer.get_by_text("教研员希望你来讲")).to_be_visible()
    expect(offer.get_by_text("上周 16 人问")).to_be_visible()
    offer.get_by_role("button", name="就这么定").click()
    stage.get_by_role("button", name="开放报名").click()
    expect(stage.get_by_role("region", name=TOPIC).get_by_text("报名中")).to_be_visible()

    work(city, invite.invite)
    pupil = someone(f"{REACHED[0]}-0").page
    invited = pupil.get_by_role("article").filter(has_text=TOPIC)
    expect(invited).to_contain_text("有名师课")
    sound(pupil, "an invitation")
    hold_it_weeks_ago(city)
    pupil.reload()
    expect(invited).to_contain_text("讲过了，可以看回放")
    outside = someone(f"{OTHERS[0]}-0").page
    expect(outside.get_by_role("heading").first).to_be_visible()
    expect(outside.get_by_text(TOPIC)).to_have_count(0)

    work(city, effect.compare)
    desk.reload()
    desk.get_by_label("学科").select_option(label="物理")
    topic.get_by_text("备课与效果（1）").click()
    told = topic.get_by_role("region", name=f"讲之前和之后、{TOPIC}")
    expect(told).to_contain_text("这 4 所每千人每周少问")
    expect(told).to_contain_text("区间不包含 0")
    told.get_by_text("看数字").click()
    expect(told.get_by_role("row", name="没有这场课的学校")).to_be_visible()
    expect(topic.get_by_text("邀请了 24 名提问的同学")).to_be_visible()
    sound(desk, "what came of it")

    desk.get_by_role("button", name="任务").click()
    mine = desk.get_by_role("region", name="演示·教研员")
    today = datetime.now(SHANGHAI).date()
    for press, words in (("记一次", "浮力一课的集体备课"), ("修改", "浮力一课的集体备课，四校参加")):
        mine.get_by_role("button", name=press).first.click()
        noting = desk.get_by_role("dialog")
        noting.get_by_label("类别").select_option(label="培训")
        noting.get_by_label("日期").fill(str(today))
        noting.get_by_label("做了什么").fill(words)
        noting.get_by_role("button", name="保存").click()
        expect(mine.get_by_role("listitem").first).to_contain_text(words)
    expect(mine.get_by_text("改过 1 次")).to_be_visible()
    sound(desk, "quotas")
