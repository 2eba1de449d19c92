"""A weekly report as PDF, with text that is text."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from server.domain.people import Stage
from server.live import protocol as wire

SUBJECTS = {
    "chinese": "语文", "math": "数学", "english": "英语", "physics": "物理", "chemistry": "化学", "biology": "生物",
    "history": "历史", "geography": "地理", "politics": "道法", "science": "科学",
}  # fmt: skip
STAGES = {Stage.PRIMARY: "小学", Stage.JUNIOR: "初中", Stage.SENIOR: "高中"}
GRADES = ("一年级", "二年级", "三年级", "四年级", "五年级", "六年级", "初一", "初二", "初三", "高一", "高二", "高三")
NOTE = (
    "只列 5 名学生以上的组，更小的并入其余。每千人：在册学生中提问的人数，95% 区间按威尔逊公式；"
    "增减的区间按纽科姆公式，上周不足 5 人时按 4 人算。只计入家长同意用于教研的学生。本报告生成后不再改动。"
)
MOST = 30  # knowledge points
MOVED = ("知识点", "数值", "95% 区间")
POINTS = ("知识点", "提问", "学生", "没人答", "还不懂", "等待中位数")

Form = Callable[[float], str]


def report_pdf(report: wire.Report) -> bytes:
    from media.paper import PALE, Paper  # it cuts fonts, with what is slow to import: no start waits for it

    week = report.week
    title = f"教研周报　{report.school or '全市'}"
    monday = date.fromisoformat(week.week or "")
    days = f"{monday} 至 {monday + timedelta(days=6)}　　{report.made_at:%Y-%m-%d} 存档"
    totals = [
        ("提问", f"{week.total.asked}", f"上周 {week.before.asked}"),
        ("提问的学生", f"{week.total.askers}", f"上周 {week.before.askers}"),
        ("没人答", f"{week.total.unanswered}", f"上周 {week.before.unanswered}"),
        ("又问了一次", f"{week.total.reopened}", f"上周 {week.before.reopened}"),
        ("看了还不懂", _share(week.total.stuck, _percent), _around(week.total.stuck, _percent)),
        ("等待中位数", _wait(week.total.median_s), f"上周 {_wait(week.before.median_s)}"),
        ("95% 的等待不超过", _wait(week.total.p95_s), f"上周 {_wait(week.before.p95_s)}"),
    ]
    tables: list[tuple[str, Sequence[str], list[Sequence[str]], Sequence[int], str]] = [
        ("一周", ("", "本周", "对照"), list(totals), (60, 50, 64), "LRR"),
        (
            "各年级在问什么（每千人）",
            ("年级", "知识点", "人数", "每千人", "95% 区间"),
            _cells(week),
            (24, 72, 22, 24, 32),
            "LLRRR",
        ),
        ("比上周多了（每千人）", MOVED, _moved(week.risen), (98, 30, 46), "LRR"),
        ("比上周少了（每千人）", MOVED, _moved(week.fallen), (98, 30, 46), "LRR"),
        (
            "看了讲解还不懂",
            MOVED,
            [_line(each, each.figures.stuck, _percent) for each in week.hardest],
            (98, 30, 46),
            "LRR",
        ),
        ("知识点", POINTS, [_point(each) for each in week.points[:MOST]], (70, 18, 18, 22, 22, 24), "LRRRRR"),
    ]
    tables = [table for table in tables if table[2]]
    words = [cell for name, heading, rows, *_ in tables for cell in (name, *heading, *(c for row in rows for c in row))]
    paper = Paper(title, [days, NOTE, *words])
    paper.line(title, size=18, gap=3)
    paper.line(days, gap=4)
    for name, heading, rows, widths, right in tables:
        paper.line(name, size=12, gap=1)
        paper.rows(heading, rows, widths, right)
    paper.line(NOTE, size=8, shade=PALE)
    return paper.done()


def _cells(week: wire.MondayView) -> list[Sequence[str]]:
    return [
        (GRADES[row.grade - 1], _name(point), str(cell.askers), _share(cell.rate, _mille), _around(cell.rate, _mille))
        for row in week.rows
        for point, cell in zip(week.columns, row.cells, strict=True)
        if cell is not None
    ]


def _moved(points: Sequence[wire.PointWeek]) -> list[Sequence[str]]:
    return [_line(each, each.week, _signed) for each in points]


def _line(each: wire.PointWeek, share: wire.ShareView | None, form: Form) -> Sequence[str]:
    return _name(each.point), _share(share, form), _around(share, form)


def _point(each: wire.PointWeek) -> Sequence[str]:
    figures = each.figures
    counts = (str(figures.asked), str(figures.askers), str(figures.unanswered))
    return _name(each.point), *counts, _share(figures.stuck, _percent), _wait(figures.median_s)


def _name(point: wire.PointName) -> str:
    return f"{point.name or '还没有标注'}（{STAGES[point.stage]}{SUBJECTS[point.subject]}）"


def _share(share: wire.ShareView | None, form: Form) -> str:
    return "" if share is None else form(share.share)


def _around(share: wire.ShareView | None, form: Form) -> str:
    return "" if share is None else f"{form(share.low)} 至 {form(share.high)}"


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _mille(share: float) -> str:
    return f"{1000 * share:.1f}"


def _signed(share: float) -> str:
    return f"{1000 * share:+.1f}"


def _wait(seconds: float | None) -> str:
    if seconds is None:
        return "没有"
    return (
        f"{seconds:.0f} 秒"
        if seconds < 90
        else f"{seconds / 60:.0f} 分钟"
        if seconds < 5_400
        else f"{seconds / 3600:.0f} 小时"
    )
