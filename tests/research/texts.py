"""Problems made up for tests of labels and topics: three points, told apart by their words; none is like another but
for its numbers."""

from collections.abc import Sequence

THINGS = (
    *("旗杆", "梯子", "风筝", "小桥", "围栏", "池塘", "花坛", "操场"),
    *("书架", "楼梯", "水管", "帐篷", "跑道", "屋顶", "画框", "天线"),
)
POINTS = {
    "勾股定理": "{thing}旁的直角三角形，两条直角边长为{a}和{b}，求斜边的长。",
    "概率": "从装有红球和白球的{thing}模型袋子里随机摸出一个球，红球{a}个白球{b}个，摸到红球的概率是多少？",
    "因式分解": "课本{thing}一节的习题：把多项式 {a}x²-{b} 分解因式，提取公因式后用平方差公式。",
}


def texts(point: str, count: int = len(THINGS)) -> Sequence[str]:
    """Different problems of a point."""
    return [POINTS[point].format(thing=thing, a=n + 3, b=2 * n + 5) for n, thing in enumerate(THINGS[:count])]
