"""Payouts as a bank's batch form (XLSX or CSV); a statement and an appraisal as a PDF."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import timedelta, timezone

from server.actions.payees import Transfer
from server.live import protocol as wire
from server.people_file import safe_cell
from server.store.lines import Record

COLUMNS = ("序号", "收款人工号", "收款人户名", "收款账号", "开户行", "联行号", "单位", "金额（元）", "附言")
WIDTHS = (8, 16, 18, 26, 24, 18, 28, 14, 22)
ACCOUNT, AMOUNT = COLUMNS.index("收款账号") + 1, COLUMNS.index("金额（元）") + 1
SUMMARY = 20  # letters of a problem that stand beside its work
SHANGHAI = timezone(timedelta(hours=8))


def _rows(month: str, transfers: Sequence[Transfer]) -> list[tuple[object, ...]]:
    return [
        (
            n, safe_cell(each.login), safe_cell(each.name), each.number, safe_cell(each.bank), each.branch,
            safe_cell(each.school), each.fen / 100, f"答疑补贴 {month}",
        )
        for n, each in enumerate(transfers, 1)
    ]  # fmt: skip


def batch_csv(month: str, transfers: Sequence[Transfer]) -> bytes:
    """With the mark that Chinese spreadsheets look for; amounts with two decimals. A bank's program reads it: a
    spreadsheet would take the account for a number and lose its last digits, for which there is the XLSX."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for *head, amount, note in _rows(month, transfers):
        writer.writerow([*head, f"{amount:.2f}", note])
    return out.getvalue().encode("utf-8-sig")


def batch_xlsx(month: str, transfers: Sequence[Transfer]) -> bytes:
    from openpyxl import Workbook  # as in people_file: no start waits for it

    book = Workbook()
    sheet = book.active
    sheet.title = month
    sheet.append(COLUMNS)
    for row in _rows(month, transfers):
        sheet.append(row)
    for n in range(2, len(transfers) + 2):
        sheet.cell(n, AMOUNT).number_format = "0.00"
        for column in (ACCOUNT, ACCOUNT + 2):
            sheet.cell(n, column).number_format = "@"  # text: a number would lose its last digits
    for n, width in enumerate(WIDTHS):
        sheet.column_dimensions["ABCDEFGHI"[n]].width = width
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def statement_pdf(name: str, statement: wire.StatementView, lines: Sequence[Record]) -> bytes:
    """The postings on a statement, on as many A4 pages as they take."""
    from media.paper import PALE, Paper  # it cuts fonts, with what is slow to import: no start waits for it

    title = f"答疑补贴结算单　{statement.month}"
    head = [
        f"教师：{name}　　应发：{_yuan(statement.fen)}　　待核：{_yuan(statement.held_fen)}",
        f"状态：{PAYOUTS[statement.payout]}　　编号：{statement.id}",
    ]
    heading = ("时间", "工作", "说明", "待核（元）", "金额（元）")
    rows = [_row(line) for line in lines]
    total = ("合计", f"{len(rows)} 项", "", _plain(statement.held_fen), _plain(statement.fen))
    note = "每一行都依据一项不可改动的事实；在“补贴”页点开一行，可看到它按哪条标准、怎样算出。有异议可在申诉期内提出。"
    paper = Paper(title, [*head, *heading, note, *(cell for row in [*rows, total] for cell in row)])
    paper.line(title, size=18, gap=4)
    for each in head:
        paper.line(each, gap=1)
    paper.ln(3)
    paper.rows(heading, [*rows, total], (30, 22, 70, 24, 24), "LLLRR")
    paper.line(note, size=8, shade=PALE)
    return paper.done()


def _row(line: Record) -> tuple[str, ...]:
    said = [STATUS[line.status]] if line.status in STATUS else []
    said += ["调整"] if line.kind == "adjustment" else []
    return (
        f"{line.done_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        WORKS.get(line.work, line.work),
        "　".join([*said, _short(line.summary)]),
        _plain(line.held_fen) if line.held_fen else "",
        _plain(line.fen),
    )


def _short(summary: str) -> str:
    """On one line."""
    plain = " ".join(summary.split())
    return plain if len(plain) <= SUMMARY else f"{plain[: SUMMARY - 1]}…"


def appraisal_pdf(name: str, found: wire.AppraisalView) -> bytes:
    """Each figure with its interval, its peers and the number of facts behind it, and the teacher's own word."""
    from media.paper import PALE, Paper  # it cuts fonts, with what is slow to import: no start waits for it

    title = "骨干教师评价"
    days = f"教师：{name}　　{found.first} 至 {found.until} 前"
    heading = ("", "数值", "95% 区间", "同行四分位", "依据")
    rows = [
        _figure("参与：完成的工作", found.works, "{:.0f} 次".format),
        _figure("参与：笔迹和说话", found.minutes, "{:.0f} 分钟".format),
        _figure("成效：解决且没有再问", found.resolved, "{:.0%}".format),
        _figure("成效：评分（向平均收缩）", found.rating, "{:.2f}".format),
    ]
    words = found.comment or "（没有填写）"
    note = "区间：解决率为威尔逊区间，评分向全体平均收缩；同行不足 5 人时不列四分位。每个数的事实可在系统里逐项查看。"
    paper = Paper(title, [days, *heading, "本人说明", words, note, *(cell for row in rows for cell in row)])
    paper.line(title, size=18, gap=4)
    paper.line(days, gap=3)
    paper.rows(heading, rows, (48, 24, 34, 48, 20), "LRRRR")
    paper.line("本人说明", size=12, gap=1)
    paper.line(words, gap=4)
    paper.line(note, size=8, shade=PALE)
    return paper.done()


def _figure(title: str, figure: wire.FigureView | None, form: Callable[[float], str]) -> tuple[str, ...]:
    if figure is None or figure.value is None:
        return title, "没有记录", "", "", ""
    known = figure.low is not None and figure.high is not None
    between = f"{form(figure.low)} – {form(figure.high)}" if known else ""  # type: ignore[arg-type]
    peers = "、".join(map(form, figure.peers)) or "不足 5 人"
    return title, form(figure.value), between, peers, f"{len(figure.facts)} 项"


def _yuan(fen: int) -> str:
    return f"¥{fen / 100:,.2f}"


def _plain(fen: int) -> str:
    return f"{fen / 100:,.2f}"


STATUS = {"held": "待核", "refused": "不计", "unpaid": "不付", "gone": "已更正"}
PAYOUTS = {None: "未发放", "ordered": "已提交银行", "paid": "已到账", "bounced": "被退回"}
WORKS = {
    "session": "同屏答疑",
    "answer": "录制解答",
    "shown": "录像再用",
    "lecture": "名师直播",
    "shift": "值班",
    "substitution": "代班",
    "visit": "送教上门",
    "top_up": "保底补足",
}
