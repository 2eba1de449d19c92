"""The demo's lectures, written for this project: a dozen a week, on fixed evenings, over all subjects."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from server.demo.people import CITY
from server.domain.people import Stage, Subject


@dataclass(frozen=True)
class DemoLecture:
    """Held each week at this time of the city's clock; 0 is Monday."""

    code: str
    lecturer: str
    weekday: int
    begins: time
    minutes: int
    subject: Subject
    stage: Stage
    grades: tuple[int, ...]
    title: str
    about: str
    knowledge_points: tuple[str, ...]
    capacity: int


LECTURES: tuple[DemoLecture, ...] = (
    DemoLecture("functions", "lecturer1", 0, time(19), 60, Subject.MATH, Stage.JUNIOR, (8, 9),
                "一次函数：从图象里读出故事",
                "给你一条折线，你能说出谁先出发、谁在途中停过吗？这节课只讲一件事：看懂横轴、纵轴和斜率，再回头解应用题。",
                ("一次函数", "函数图象"), 800),
    DemoLecture("buoyancy", "lecturer2", 0, time(20, 15), 45, Subject.PHYSICS, Stage.JUNIOR, (8, 9),
                "浮力题为什么总算错",
                "排开的水到底是哪一部分？用四个小实验把浮力、重力和密度摆在一起比，做题时先画受力图。",
                ("浮力", "阿基米德原理"), 600),
    DemoLecture("argument", "lecturer3", 1, time(19), 60, Subject.CHINESE, Stage.SENIOR, (10, 11, 12),
                "议论文怎样把道理讲透",
                "从一段只有口号的作文改起：找到论点、补上理由、挑选例子，最后学会回应反对的声音。",
                ("议论文", "论证方法"), 500),
    DemoLecture("tenses", "lecturer4", 1, time(19, 30), 45, Subject.ENGLISH, Stage.JUNIOR, (7, 8, 9),
                "现在完成时，只看一条时间线",
                "have done 和 did 总分不清？把句子放到时间线上，看看说话的人站在哪里。",
                ("现在完成时", "一般过去时"), 800),
    DemoLecture("fractions", "lecturer1", 2, time(18, 30), 40, Subject.MATH, Stage.PRIMARY, (4, 5, 6),
                "分数应用题：先找“一”在哪里",
                "同一句话换一个“一”，答案就变了。带上纸和彩笔，我们一起画线段图。",
                ("分数应用题", "单位一"), 1000),
    DemoLecture("equations", "lecturer2", 2, time(19, 30), 45, Subject.CHEMISTRY, Stage.JUNIOR, (9,),
                "配平方程式的三种手法",
                "不靠碰运气：最小公倍数法、奇偶法和拆分法，各配两道题，当堂练会。",
                ("化学方程式",), 400),
    DemoLecture("inheritance", "lecturer3", 3, time(19), 60, Subject.BIOLOGY, Stage.SENIOR, (10, 11),
                "遗传图解：一步不漏地写",
                "亲本、配子、子代，少写一步就丢分。用三个家系图把显隐性和伴性遗传讲清楚。",
                ("分离定律", "伴性遗传"), 500),
    DemoLecture("silk-road", "lecturer4", 3, time(20), 45, Subject.HISTORY, Stage.JUNIOR, (7,),
                "跟着一匹丝绸走一趟丝绸之路",
                "从长安出发，沿途看关口、市集和驿站，弄懂它为什么在那个时候开通，又改变了什么。",
                ("丝绸之路",), 600),
    DemoLecture("climate", "lecturer2", 4, time(19), 45, Subject.GEOGRAPHY, Stage.SENIOR, (10, 11, 12),
                "气候图不用背：三步判断",
                "先看最冷月，再看雨在哪几个月，最后看总量。拿十张图现场判断，错了就说为什么错。",
                ("气候类型", "降水"), 500),
    DemoLecture("constitution", "lecturer3", 4, time(20, 15), 40, Subject.POLITICS, Stage.JUNIOR, (8,),
                "宪法就在一天的生活里",
                "上学路上、网购、选班委，这些小事背后是哪一条权利和义务？用一天的经历来梳理。",
                ("公民的权利和义务",), 600),
    DemoLecture("circuits", "lecturer1", 5, time(10), 40, Subject.SCIENCE, Stage.PRIMARY, (3, 4, 5),
                "让小灯泡亮起来：电是怎么走的",
                "家里有一节电池、一个小灯泡和一段导线就能跟着做。猜一猜：哪一种接法不会亮？",
                ("简单电路",), 800),
    DemoLecture("derivative", "lecturer1", 6, time(19), 75, Subject.MATH, Stage.SENIOR, (11, 12),
                "导数压轴题的第一步",
                "不讲技巧大全，只讲怎样开头：先求定义域，再看单调，最后决定要不要分类。三道题，三种开头。",
                ("导数", "单调性"), 800),
)  # fmt: skip


def slots(now: datetime, weeks: int = 2) -> Iterator[tuple[str, DemoLecture, datetime]]:
    """A name, the lecture and its beginning, for all of this week and those after it that are still to come."""
    monday = now.astimezone(CITY).date() - timedelta(days=now.astimezone(CITY).weekday())
    for week in range(weeks):
        for each in LECTURES:
            day = monday + timedelta(days=7 * week + each.weekday)
            begins = datetime.combine(day, each.begins, CITY).astimezone(UTC)
            if begins > now:
                yield f"lecture:{each.code}:{day}", each, begins
