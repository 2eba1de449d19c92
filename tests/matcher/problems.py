"""Problems written for these tests, and how to change one."""

import re

APPLES = "水果店运来苹果25箱，每箱重12千克，卖出180千克，还剩多少千克苹果？"
TRAIN = "甲、乙两地相距480千米，一列火车每小时行80千米，从甲地开往乙地，需要多少小时？"
RATIO = "一堆煤，第一天用去它的2/5，第二天用去18吨，正好用完，这堆煤原来有多少吨？"
SHAPE = "一个圆柱的底面半径是3厘米，高是10厘米，它的体积是多少立方厘米？"
CHOICE = "下列各数中，最大的质数是（ ）。\nA. 21\nB. 23\nC. 25\nD. 27"
PUMP = "一个水池装有甲、乙两根水管，单开甲管6小时注满，单开乙管9小时注满，两管同时开，几小时可以注满？"
BOOKS = "学校图书室有故事书360本，科技书比故事书少45本，学校图书室有科技书多少本？"
HISTORY = (
    "1919年爆发的五四运动，标志着中国新民主主义革命的开始。下列说法正确的是\n"
    "A. 学生是先锋\nB. 农民是主力\nC. 取得了完全胜利\nD. 由政府发动"
)
ALL = (APPLES, TRAIN, RATIO, SHAPE, CHOICE, PUMP, BOOKS, HISTORY)
WITH_NUMBERS = (APPLES, TRAIN, RATIO, SHAPE, PUMP, BOOKS)


def with_number(text: str, at: int, value: str) -> str:
    """The text with another value for its number at the given place (counted modulo how many it has)."""
    found = list(re.finditer(r"\d+(?:\.\d+)?(?:/\d+)?", text))
    spot = found[at % len(found)]
    return text[:spot.start()] + value + text[spot.end():]
