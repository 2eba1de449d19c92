"""The story of a search: a researcher looks for a problem by words and by a photo, narrows it down, and shares it."""

from __future__ import annotations

from playwright.sync_api import expect

from server.demo.photos import photograph
from tests.browser.conftest import Sign
from tests.browser.past import ask, pupils_of, tell
from tests.browser.test_money import sound
from tests.service import Service

SCHOOL = "题库实验中学"
PROBLEM = "妈妈买了 2.5 千克苹果，每千克 8.4 元，付给售货员 50 元，应找回多少元？"


def last_week(city: Service) -> None:
    """Seven pupils of a school photographed the same problem; one of them is still waiting."""
    first, *others = pupils_of(city, SCHOOL, 7, 5)
    ask(city, [first], "小数乘法", text=PROBLEM, state="withdrawn")
    ask(city, others, "小数乘法", text=PROBLEM)
    tell(city)


def test_a_researcher_finds_a_problem_by_words_and_by_photo_and_shares_the_search(city: Service, someone: Sign) -> None:
    last_week(city)

    page = someone("researcher1", tablet=True, at="/monday").page
    page.get_by_role("link", name="题库").click()
    page.get_by_placeholder("题目里的字").fill("每千克多少元应找回")
    page.keyboard.press("Enter")
    card = page.locator(".bank-items > li").filter(has_text="妈妈买了")
    expect(card.first).to_contain_text("另有 6 次问到同一题")
    expect(card.first.locator("mark").first).to_be_visible()
    sound(page, "found by words")
    page.get_by_role("button", name="数学").first.click()
    page.get_by_label("学校").select_option(label=f"{SCHOOL} (7)")
    expect(page.get_by_role("status").filter(has_text="搜到 7 道")).to_be_visible()

    page.get_by_role("button", name="收藏这个搜索").click()
    page.get_by_label("名字").fill("找零钱")
    page.get_by_label("和全市教研员共享").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    link = page.url
    page.goto(f"{link}&grade=9")
    expect(page.get_by_text("没有符合的题")).to_be_visible()
    page.get_by_role("button", name="去掉“年级”（7 道）").click()
    expect(card.first).to_be_visible()

    page.get_by_role("button", name="用照片搜").click()
    photo = {"name": "problem.jpg", "mimeType": "image/jpeg", "buffer": photograph(PROBLEM, 3)}
    page.get_by_label("选照片").set_input_files([photo])
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=60_000)
    expect(card.first).to_contain_text("文字")
    assert "figure=" in page.url or "q=" in page.url

    other = someone("researcher2", tablet=True, at="/monday").page
    other.get_by_role("link", name="题库").click()
    other.get_by_role("button", name="收藏的搜索").click()
    other.get_by_role("button", name="找零钱").click()
    expect(other.get_by_text("收藏：找零钱")).to_be_visible()
    expect(other.locator(".bank-items > li").filter(has_text="妈妈买了").first).to_be_visible()
    assert "school=" in other.url
