"""A quarter's quotas of research staff as CSV."""

import csv
import io

from server.domain.quota import TeachingWork
from server.live import protocol as wire
from server.people_file import safe_cell

KINDS = {TeachingWork.DEMONSTRATION: "示范课", TeachingWork.TRAINING: "培训", TeachingWork.OBSERVED: "听评课"}
COLUMNS = ("季度", "姓名", "类别", "应完成", "已记", "自动计入", "合计", "日期", "内容")


def quota_csv(board: wire.QuotaBoard) -> bytes:
    """With the mark that Chinese spreadsheets look for: a line for each person and kind, then what counts of it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for person in board.people:
        name = safe_cell(person.name)
        for line in person.lines:
            target = "" if line.target is None else line.target
            total = line.noted + line.by_itself
            writer.writerow([board.quarter, name, KINDS[line.kind], target, line.noted, line.by_itself, total, "", ""])
            for entry in reversed(person.entries):
                if entry.kind == line.kind and not entry.struck:
                    row = [board.quarter, name, KINDS[line.kind], "", "", "", "", entry.day, safe_cell(entry.note)]
                    writer.writerow(row)
    return out.getvalue().encode("utf-8-sig")
