"""Teachers' accounts as a file (CSV or XLSX): read whole, every mistake told with its row and never with a number."""

from collections.abc import Iterable, Mapping

from server.actions.people import plain_login
from server.domain.subsidy.payee import Payee, plain_number, wrong_number
from server.people_file import MAX_CELL, Mistake, read_table

COLUMNS = ("login", "name", "bank", "account", "branch")
NEEDED = ("login", "name", "bank", "account")
BRANCH = 12  # digits of a bank's number between banks


def read_payees(data: bytes) -> tuple[list[Payee], list[int], list[Mistake]]:
    """The accounts of a file, the row of each, and every mistake. Raises UnreadableFile."""
    payees: list[Payee] = []
    rows: list[int] = []
    mistakes: list[Mistake] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(read_table(data, COLUMNS, NEEDED), 2):
        if not any(row.values()):
            continue
        login = plain_login(row["login"])
        found = list(_mistakes(number, row))
        if login in seen:
            found.append(Mistake(number, "login", f"与第 {seen[login]} 行重复", f"repeats row {seen[login]}"))
        seen.setdefault(login, number)
        mistakes += found
        if not found:
            account, branch = plain_number(row["account"]), plain_number(row["branch"])
            payees.append(Payee(login, row["name"], row["bank"], account, branch))
            rows.append(number)
    return payees, rows, mistakes


def _mistakes(number: int, row: Mapping[str, str]) -> Iterable[Mistake]:
    for column, value in row.items():
        if len(value) > MAX_CELL or not value.isprintable():
            yield Mistake(number, column, "太长或含有控制字符", "too long, or with control characters")
            return
    for column in NEEDED:
        if not row[column]:
            yield Mistake(number, column, "不能为空", "must not be empty")
    if row["account"] and (wrong := wrong_number(plain_number(row["account"]))) is not None:
        yield Mistake(number, "account", *wrong)
    branch = plain_number(row["branch"])
    if branch and not (branch.isascii() and branch.isdigit() and len(branch) == BRANCH):
        yield Mistake(number, "branch", f"联行号是 {BRANCH} 位数字", f"{BRANCH} digits")
