"""Payouts as a bank's batch form (XLSX or CSV), and a statement as a PDF."""

import csv
import io
from collections.abc import Sequence
from datetime import timedelta, timezone

import openpyxl
from PIL import Image, ImageDraw

from media.fonts import cjk_font
from server.live import protocol as wire
from server.people_file import safe_cell
from server.store.lines import Record

COLUMNS = ("序号", "收款人工号", "收款人户名", "单位", "金额（元）", "附言")
A4 = (1240, 1754)  # pixels at 150 a inch
LEFT, TOP, BOTTOM = 90, 100, 1660
LINE = 40
SHANGHAI = timezone(timedelta(hours=8))


def _rows(month: str, payouts: Sequence[Record]) -> list[tuple[object, ...]]:
    return [
        (n, safe_cell(row.login), safe_cell(row.name), safe_cell(row.school or ""), row.fen / 100, f"答疑补贴 {month}")
        for n, row in enumerate(payouts, 1)
    ]


def batch_csv(month: str, payouts: Sequence[Record]) -> bytes:
    """With the mark that Chinese spreadsheets look for; amounts with two decimals."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for *head, amount, note in _rows(month, payouts):
        writer.writerow([*head, f"{amount:.2f}", note])
    return out.getvalue().encode("utf-8-sig")


def batch_xlsx(month: str, payouts: Sequence[Record]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = month
    sheet.append(COLUMNS)
    for row in _rows(month, payouts):
        sheet.append(row)
    for n in range(2, len(payouts) + 2):
        sheet.cell(n, 5).number_format = "0.00"
    for column, width in zip("ABCDEF", (8, 16, 18, 28, 14, 22), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def statement_pdf(name: str, statement: wire.StatementView, lines: Sequence[Record]) -> bytes:
    """The postings on a statement, on as many A4 pages as they take."""
    pages: list[Image.Image] = []
    big, plain, small = (cjk_font(size) for size in (44, 26, 22))
    per_page = (BOTTOM - TOP - 330) // LINE
    count = max(1, -(-len(lines) // per_page))
    for number in range(count):
        page = Image.new("L", A4, 255)
        draw = ImageDraw.Draw(page)
        draw.text((LEFT, TOP), f"答疑补贴结算单　{statement.month}", font=big, fill=0)
        draw.text((LEFT, TOP + 80), f"教师：{name}　　应发：¥{statement.fen / 100:,.2f}", font=plain, fill=0)
        held = f"待核：¥{statement.held_fen / 100:,.2f}　　编号：{statement.id}"
        draw.text((LEFT, TOP + 125), held, font=small, fill=60)
        y = TOP + 190
        for x, title in ((LEFT, "时间"), (330, "工作"), (500, "金额"), (630, "待核"), (750, "说明")):
            draw.text((x, y), title, font=small, fill=90)
        draw.line((LEFT, y + 34, A4[0] - LEFT, y + 34), fill=120, width=2)
        for line in lines[number * per_page : (number + 1) * per_page]:
            y += LINE
            draw.text((LEFT, y), f"{line.done_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}", font=small, fill=0)
            draw.text((330, y), WORKS.get(line.work, line.work), font=small, fill=0)
            draw.text((500, y), f"{line.fen / 100:,.2f}", font=small, fill=0)
            if line.held_fen:
                draw.text((630, y), f"{line.held_fen / 100:,.2f}", font=small, fill=0)
            said = [STATUS[line.status]] if line.status in STATUS else []
            said += ["调整"] if line.kind == "adjustment" else []
            draw.text((750, y), "　".join([*said, line.summary])[:18], font=small, fill=60)
        draw.text((LEFT, BOTTOM + 20), f"第 {number + 1} / {count} 页", font=small, fill=90)
        pages.append(page)
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=150, title=f"dayi {statement.month}")
    return out.getvalue()


def appraisal_pdf(name: str, found: wire.AppraisalView) -> bytes:
    """One A4 page: each figure with its interval and its peers, and the teacher's own word."""
    page = Image.new("L", A4, 255)
    draw = ImageDraw.Draw(page)
    big, plain, small = (cjk_font(size) for size in (44, 28, 22))
    draw.text((LEFT, TOP), "骨干教师评价", font=big, fill=0)
    draw.text((LEFT, TOP + 80), f"{name}　　{found.first} 至 {found.until} 前", font=plain, fill=0)
    y = TOP + 170
    for title, figure, form in (
        ("参与：完成的工作", found.works, "{:.0f} 次"),
        ("参与：笔迹和说话", found.minutes, "{:.0f} 分钟"),
        ("成效：解决且没有再问", found.resolved, "{:.0%}"),
        ("成效：评分（向平均收缩）", found.rating, "{:.2f}"),
    ):
        draw.text((LEFT, y), title, font=plain, fill=0)
        value = None if figure is None else figure.value
        draw.text((560, y), "没有记录" if value is None else form.format(value), font=plain, fill=0)
        if figure is not None and figure.low is not None and figure.high is not None:
            between = f"95% 区间 {form.format(figure.low)} – {form.format(figure.high)}"
            draw.text((760, y + 4), between, font=small, fill=60)
        if figure is not None:
            peers = "、".join(form.format(each) for each in figure.peers) or "不足 5 人，不列"
            said = f"同行四分位：{peers}　　依据 {len(figure.facts)} 项事实"
            draw.text((LEFT, y + 44), said, font=small, fill=80)
        y += 110
    draw.text((LEFT, y + 20), "本人说明", font=plain, fill=0)
    words = found.comment or "（没有填写）"
    for line in (words[n : n + 45] for n in range(0, min(len(words), 45 * 22), 45)):
        y += LINE
        draw.text((LEFT, y + 30), line.replace("\n", " "), font=small, fill=40)
    out = io.BytesIO()
    page.save(out, "PDF", resolution=150, title=f"dayi appraisal {found.first}")
    return out.getvalue()


STATUS = {"held": "待核", "refused": "不计", "unpaid": "不付", "gone": "已更正"}
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
