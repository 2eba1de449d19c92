"""Where a teacher is paid: a bank account's number, checked as far as a number can be checked without the bank."""

from dataclasses import dataclass

SHORTEST, LONGEST = 8, 30
CARD = range(16, 20)  # digits of a bank card
UNION_PAY = "62"  # what cards of Chinese banks begin with; other long numbers are passbooks', which have no check digit


@dataclass(frozen=True)
class Payee:
    """A teacher's account, in the clear: never shown, logged or kept so."""

    login: str
    name: str  # the holder's
    bank: str
    number: str
    branch: str = ""  # the bank's number between banks (联行号), 12 digits

    def __repr__(self) -> str:
        return f"Payee({self.login!r}, {masked(self.number[-4:])})"


def plain_number(text: str) -> str:
    """As printed on a card, in groups or with hyphens: digits only."""
    return text.replace(" ", "").replace("-", "").replace("\u3000", "")


def wrong_number(number: str) -> tuple[str, str] | None:
    """Why this can't be an account's number, in Chinese and English."""
    if not (number.isascii() and number.isdigit()):
        return "只能是数字；在表格里请把这一列设为文本", "digits only; in a spreadsheet, format the column as text"
    if not SHORTEST <= len(number) <= LONGEST:
        return f"应有 {SHORTEST} 到 {LONGEST} 位", f"{SHORTEST} to {LONGEST} digits"
    if number.startswith(UNION_PAY) and len(number) in CARD and not checks(number):
        return "卡号的校验位不对，请核对是否抄错", "the card's check digit is wrong: was it copied wrongly?"
    return None


def checks(number: str) -> bool:
    """The check digit of bank cards (ISO/IEC 7812, Luhn): finds every single wrong digit and most swaps."""
    total = 0
    for place, digit in enumerate(map(int, reversed(number))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def masked(ending: str) -> str:
    return f"•••• {ending}"
