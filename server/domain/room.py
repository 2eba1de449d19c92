"""A lecture's room: what may be said at once, what is looked at first, how often, and who was there for how long."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_LINE = 200  # characters
SLOW_S = (0, 5, 15, 30, 60)  # what a lecturer may choose between two lines of one pupil
LEAST_BETWEEN = timedelta(seconds=2)  # even without slow mode
GAP = timedelta(seconds=45)  # a shorter absence (a lock screen, a tunnel) is none


class LineState(StrEnum):
    """What is said in the room, on its way."""

    SHOWN = "shown"
    HELD = "held"  # the lecturer or a reviewer looks at it first
    HIDDEN = "hidden"
    ANSWERED = "answered"  # a question


LINE_MOVES = {
    LineState.HELD: {LineState.SHOWN, LineState.HIDDEN},
    LineState.SHOWN: {LineState.HIDDEN, LineState.ANSWERED},
    LineState.ANSWERED: {LineState.HIDDEN, LineState.SHOWN},
    LineState.HIDDEN: {LineState.SHOWN},
}

# Ways out of the service and into a child's life: numbers of phones and messengers, addresses.
_DIGITS = re.compile(r"(?:\d[\s.\-_·,，。、*#()（）]{0,3}){7,}")
_LINK = re.compile(
    r"https?:|www\.|[\w\-]+(?:\.|。|点|\[\.\])(?:com|cn|net|org|cc|top|xyz|vip|info|io|me|tv|app)\b|[\w.\-]+@[\w\-]+",
    re.I,
)
_CONTACT = re.compile(
    r"(?:加|联系|私聊|➕|\+)\s*(?:我|一下)?\s*(?:微信|v信|威信|薇信|vx|wx|qq|扣扣|q群|群号)|微信号|vx号|wx号|qq号|加q",
    re.I,
)
# Words of abuse that a room of pupils needn't read; a list can't know them all, so everybody can be reported by hand.
_ABUSE = re.compile(
    "傻[逼比叉bB×x]|煞笔|沙雕|[草操艹曹肏]你|你妈[的死逼]|妈的|他妈|尼玛|去死|滚蛋|废物|白痴|脑残|智障|贱人|婊|王八蛋|畜生|垃圾老师"
    r"|\bfuck|\bshit\b|\bbitch|\bidiot\b|\bstupid\b",
    re.I,
)
_CHINESE_DIGITS = str.maketrans("零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖幺", "001234567891234567891")


def plain(text: str) -> str:
    """As a reader sees it: full-width and look-alike forms, and what can't be seen, are gone."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(letter for letter in folded if unicodedata.category(letter) not in ("Cf", "Cc", "Mn", "Me"))


def why_held(text: str) -> str | None:
    """Why a line is looked at first: "contact", "link", "abuse"; None when it is shown at once."""
    seen = plain(text)
    packed = "".join(seen.split())
    if _LINK.search(seen) or _LINK.search(packed):
        return "link"
    if _CONTACT.search(packed) or _has_number(seen):
        return "contact"
    return "abuse" if _ABUSE.search(packed) or _ABUSE.search(seen) else None


def _has_number(seen: str) -> bool:
    """Seven digits or more in a row, however they are spread or spelled; a sum such as 3.14159265 is no number."""
    spelled = seen.translate(_CHINESE_DIGITS)
    for found in _DIGITS.finditer(spelled):
        digits = re.sub(r"\D", "", found.group())
        is_decimal = re.fullmatch(r"\d+\.\d+\s*", found.group()) is not None
        if len(digits) >= 7 and not is_decimal:
            return True
    return False


def may_speak(last: datetime | None, slow_s: int, now: datetime) -> bool:
    """Whether so much time has passed since this person's last line."""
    return last is None or now - last >= max(LEAST_BETWEEN, timedelta(seconds=slow_s))


def merged(intervals: Iterable[tuple[datetime, datetime]], gap: timedelta = GAP) -> list[tuple[datetime, datetime]]:
    """Being there, from however many pages and nodes, as times that don't overlap; short gaps are closed."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(each for each in intervals if each[1] > each[0]):
        if found and start - found[-1][1] <= gap:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def attended(
    intervals: Iterable[tuple[datetime, datetime]], starts_at: datetime, ends_at: datetime, gap: timedelta = GAP
) -> timedelta:
    """How long somebody was there while the lecture was on air."""
    clipped = ((max(start, starts_at), min(end, ends_at)) for start, end in intervals)
    return sum((end - start for start, end in merged(clipped, gap)), timedelta(0))
