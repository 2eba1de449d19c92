"""The story of a Monday: a researcher looks at the week, narrows it down, and leaves with a file that a colleague
approved and a worker made."""

from __future__ import annotations

import csv
import io

from playwright.sync_api import expect

from server.demo.people import PASSWORD
from tests.browser.conftest import Sign
from tests.browser.past import LAST_WEEK, ask, pupils_of, tell
from tests.browser.test_money import sound
from tests.service import Service


def last_week(city: Service) -> None:
    """Nine pupils of one school asked about one point, three of another about the same."""
    for school, count in (("周一实验中学", 9), ("周一小校", 3)):
        ask(city, pupils_of(city, school, count, 8), "勾股定理", text="")
    tell(city)


def test_a_researcher_looks_narrows_down_and_leaves_with_a_file(city: Service, someone: Sign) -> None:
    last_week(city)

    page = someone("researcher1", tablet=True, at="/monday").page
    heat = page.get_by_role("table").first
    expect(heat.get_by_role("row").filter(has_text="初二")).to_contain_text("在册")
    sound(page, "the week")
    page.get_by_label("年级").select_option("8")
    expect(heat.get_by_role("row", name="周一实验中学")).to_be_visible()
    expect(page.get_by_text("周一小校")).to_have_count(1)  # only among the schools that may be chosen
    heat.get_by_role("row", name="周一实验中学").get_by_role("button").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("周一实验中学，勾股定理")
    page.get_by_role("button", name="关闭", exact=True).click()
    page.get_by_label("学科").select_option("history")
    expect(page.get_by_text("这个范围里没有可以列出的数")).to_be_visible()
    assert "subject=history" in page.url and "grade=8" in page.url

    page.get_by_role("button", name="取数").click()
    page.get_by_label("项目名称").fill("周一的错误")
    page.get_by_label("用途").fill("比较各校在勾股定理上的提问")
    page.get_by_label("从", exact=True).fill(str(LAST_WEEK))
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_text("需要另一位教研员批准")).to_be_visible()
    other = someone("researcher2", tablet=True, at="/monday").page
    other.get_by_role("button", name="取数").click()
    other.get_by_role("button", name="批准", exact=True).click()
    expect(other.get_by_text("已批准")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="导出 CSV").click()
    page.get_by_role("button", name="下载").click()
    taking = page.get_by_role("dialog")
    taking.get_by_label("密码").fill("wrong")
    taking.get_by_role("button", name="下载").click()
    expect(taking.get_by_text("密码不对，文件没有发出")).to_be_visible()
    taking.get_by_label("密码").fill(PASSWORD)
    with page.expect_download() as download:
        taking.get_by_role("button", name="下载").click()

    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    schools = [row["school"] for row in rows]
    assert schools.count("周一实验中学") == 9
    assert "周一小校" not in schools, "three pupils are too few for their school to be named"
    sound(page, "taking data away")
