"""The scenes of lectures: the hall, the lecturer's desk, and the room."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from playwright.sync_api import Page

from media.cmaf import INITIALISATION, TYPE
from media.picture_cmaf import TYPE as PICTURE_TYPE
from server.actions import errors
from server.domain.lecture import LectureState, PlaceState
from server.domain.people import Role, Stage, Subject
from server.domain.room import LineState
from server.live import protocol as wire
from tests.browser.gallery import Act, Scene, ago, board, figures, id_of, me, photo, refusal

ABOUT = (
    "从描点画图开始，看系数 a、b、c 怎样让抛物线变胖、变瘦、上下左右移动，再用配方法找出顶点。"
    "请准备好方格纸和两支不同颜色的笔；听不懂的地方随时在课堂里提问。"
)


def lecture(name: str, state: LectureState = LectureState.OPEN, **more: Any) -> wire.LectureView:
    starts = (datetime.now(UTC) + timedelta(days=2)).replace(hour=11, minute=30, second=0, microsecond=0)
    given: dict[str, Any] = {
        "id": id_of(f"lecture {name}"),
        "version": 1,
        "state": state,
        "title": name,
        "about": "",
        "subject": Subject.MATH,
        "stage": Stage.JUNIOR,
        "grades": [8, 9],
        "knowledge_points": ["二次函数", "顶点式"],
        "starts_at": starts,
        "ends_at": starts + timedelta(minutes=50),
        "capacity": 800,
        "taken": 612,
        "waiting": 0,
        "lecturer_name": "演示·林老师",
        "channel": f"lecture:{id_of(f'lecture {name}')}",
    }
    return wire.LectureView(**{**given, **more})


def place(state: PlaceState, ahead: int | None = None) -> wire.PlaceView:
    return wire.PlaceView(state=state, ahead=ahead)


def found() -> list[wire.LectureView]:
    live = {"starts_at": ago(minutes=12), "ends_at": ago(minutes=-38)}
    return [
        lecture("二次函数的顶点", LectureState.LIVE, cover=photo(), place=place(PlaceState.SEATED), **live),
        lecture("配方法：从完全平方式讲起，一直讲到求根公式的来历和判别式的用法", about=ABOUT),
        lecture("浮力三问", taken=800, waiting=35, place=place(PlaceState.WAITING, 4), subject=Subject.PHYSICS),
        lecture("圆的切线", taken=800, waiting=3),
        lecture("一次函数复习", LectureState.CANCELLED, cancelled_why="学校停电，改到下周三晚上", place=None),
    ]


def hall_doors(*lectures: wire.LectureView, more: bool = False) -> dict[str, Any]:
    mine = [each for each in lectures if each.place is not None]
    return {
        "GET /api/me": me(Role.STUDENT),
        "GET /api/lectures": wire.Lectures(lectures=list(lectures), more=more),
        "GET /api/lectures/mine": wire.MyLectures(lectures=mine, epoch="e", offset=0),
    }


def desk_doors(*lectures: wire.LectureView) -> dict[str, Any]:
    schools = [wire.SchoolView(id=id_of(name), name=name) for name in ("演示第一小学", "演示第二中学")]
    pages = wire.MaterialView(id=id_of("material"), name="顶点.pdf", count=2, pages=[photo(), photo("two")])
    return {
        "GET /api/me": me(Role.LECTURER),
        "GET /api/lecturer": wire.LecturerState(lectures=list(lectures), schools=schools),
        **{f"GET /api/lectures/{each.id}/materials": [pages] if each.materials else [] for each in lectures},
    }


def said(number: int, kind: Any, text: str, **more: Any) -> wire.LineView:
    given: dict[str, Any] = {
        "number": number,
        "kind": kind,
        "author_name": "小满" if number % 2 else "朵朵",
        "text": text,
        "state": LineState.SHOWN,
        "votes": 0,
        "said_at": ago(minutes=10 - number),
    }
    return wire.LineView(**{**given, **more})


LINES = [
    said(1, "chat", "老师好！"),
    said(2, "question", "为什么顶点的横坐标是 -b/2a？书上的推导没看懂。", votes=23),
    said(3, "question", "开口方向和 a 有什么关系？", votes=7, state=LineState.ANSWERED),
    said(4, "chat", "配方法这一步跟上了", by_lecturer=False),
    said(5, "chat", "大家先自己画一画，两分钟后我们一起看。", by_lecturer=True, author_name="演示·林老师"),
]
HELD = said(6, "chat", "加我微信 demo12345", state=LineState.HELD, why_held="contact")


def poll(number: int, counts: list[int], *, closed: bool = False, right: int | None = None) -> wire.PollView:
    options = ["(1, 2)", "(2, 1)，也就是对称轴与抛物线的交点", "(-1, 2)", "都不对"]
    return wire.PollView(
        number=number,
        version=number,
        text="y = (x - 2)² + 1 的顶点在哪里？先自己算，再选。",
        options=options[: len(counts)],
        counts=counts,
        at_ms=60_000 * number,
        closed=closed,
        quiz=True,
        right=right,
    )


HANDS = wire.HandsView(
    count=12,
    hands=[
        wire.HandView(number=n, nickname=name, raised_at=ago(minutes=1), taken=n == 1, may_speak=n != 2)
        for n, name in enumerate(("朵朵", "小满", "演示·一个名字很长的同学"), 1)
    ],
)
LOST = wire.LostView(counts=[0, 1, 0, 4, 9, 31, 74, 22, 6, 2, 0, 1, 12, 66], came=588, marks=[])
CAME = wire.LectureFigures(
    minutes=52,
    enrolled=800,
    came=588,
    mean_minutes=41,
    questions=63,
    answered=22,
    chat=418,
    hands=31,
    heard=6,
    polls=[poll(1, [102, 388, 57, 21], closed=True, right=2)],
    lost=wire.LostView(counts=LOST.counts, came=588, marks=[wire.MarkView(from_ms=150_000, to_ms=210_000, most=74)]),
    listeners=[wire.ListenerView(nickname="朵朵", seconds=3_000, here=False)],
)
MUTED = wire.Muted(
    pupils=[
        wire.MutedView(number=4, nickname="朵朵", since=ago(minutes=4), removed=False),
        wire.MutedView(number=1, nickname="小满", since=ago(minutes=6), removed=True),
    ]
)


SOUND = wire.SoundView(type=TYPE, initialisation=INITIALISATION, playlist="/hls/g/live.m3u8")
PICTURED = wire.SoundView(
    type=TYPE,
    initialisation=INITIALISATION,
    playlist="/hls/g/live.m3u8",
    picture=wire.PictureView(type=PICTURE_TYPE, playlist="/hls/g/picture.m3u8", whole="/hls/g/whole.m3u8"),
)


REWIND = wire.LectureRewind(
    log=figures(),
    media={str(id_of("one")): photo()},
    sound=wire.SoundView(type=TYPE, initialisation=INITIALISATION, playlist="/hls/g/rewind.m3u8"),
    started_at=ago(minutes=12),
    lasts_ms=715_000,
)


def _room(doors: dict[str, Any], **change: Any) -> dict[str, Any]:
    """The same doors, with another state of the room."""
    path = next(path for path in doors if path.startswith("GET") and path.endswith("/room"))
    start = f"POST {path.removeprefix('GET ').removesuffix('room')}start"
    fresh = msgspec.structs.replace(doors[path], room=msgspec.structs.replace(doors[path].room, **change))
    return {**doors, path: fresh, start: fresh}


FILM = wire.LectureFilm(
    state="ready",
    progress=100,
    url="/nothing/film.mp4",
    poster_url="/nothing/poster.jpg",
    content_type="video/mp4",
    duration_ms=2_460_000,
    size=48_400_000,
    download_url="/nothing/film.mp4",
)


CAPTIONS = wire.CaptionsState(state="shown", source="brought")
MOMENTS = wire.Moments(
    moments=[
        wire.LectureMoment(at_ms=65_000, kind="page", text="…二次函数 y = a(x - h)² + k 的顶点式，其中 (h, k) 是顶点…"),
        wire.LectureMoment(at_ms=720_000, kind="caption", text="所以顶点就在对称轴上"),
        wire.LectureMoment(at_ms=1_810_000, kind="board", text="顶点 (2, 1)"),
    ],
    more=False,
)


def replay_doors(who: Any, **more: Any) -> dict[str, Any]:
    shown = lecture("二次函数的顶点", LectureState.OVER, about=ABOUT, starts_at=ago(days=1), ends_at=ago(days=0.97))
    again = wire.LectureReplay(
        lecture=shown,
        log=figures(),
        media={str(id_of("one")): photo()},
        sound=wire.SoundView(type=TYPE, initialisation=INITIALISATION, playlist="/hls/g/replay.m3u8"),
        started_at=ago(days=1),
        lasts_ms=2_460_000,
        kept_until=ago(days=-89),
        views=317,
        marks=[wire.MarkView(from_ms=720_000, to_ms=780_000, most=41)],
        shown=True,
        me="pupil",
    )
    again = msgspec.structs.replace(again, **more)
    path = f"GET /api/lectures/{shown.id}/replay"
    vtt = "WEBVTT\n\n00:00:00.000 --> 00:41:00.000\n我们先看抛物线的顶点在哪里".encode()
    found = {f"GET /api/lectures/{shown.id}/moments": MOMENTS, f"GET /api/lectures/{shown.id}/captions": vtt}
    return {**hall_doors(), "GET /api/me": me(who), path: again, "GET /hls/g/replay.m3u8": "#EXTM3U", **found}


def room_doors(who: Any, role: Role, state: LectureState = LectureState.LIVE, **more: Any) -> dict[str, Any]:
    shown = lecture("二次函数的顶点", state, starts_at=ago(minutes=12), ends_at=ago(minutes=-38))
    begun = None if state is LectureState.OPEN else ago(minutes=12)
    over = ago(minutes=1) if state is LectureState.OVER else None
    room = wire.RoomState(
        lecture_id=shown.id, version=1, state=state, started_at=begun, ended_at=over, slow_s=10, epoch=1
    )
    keeps = who != "pupil"
    given: dict[str, Any] = {
        "lecture": shown,
        "room": room,
        "me": who,
        "channel": f"room:{shown.id}",
        "board": None,
        "log": figures() if state is not LectureState.OPEN else board(said=False)[:1],
        "media": {str(id_of("one")): photo()},
        "lines": [*LINES, HELD] if keeps else LINES,
        "voted": [2],
        "muted": False,
        "epoch": "e",
        "offset": 0,
        "staff": wire.StaffChannel(channel=f"staff:{shown.id}", epoch="e", offset=0) if keeps else None,
        "hands": HANDS if keeps else None,
        "lost": LOST if keeps else None,
        "sound": SOUND,
    }
    snapshot = wire.RoomSnapshot(**{**given, **more})
    listeners = [
        wire.ListenerView(nickname=name, seconds=60 * n, here=n > 3) for n, name in enumerate(("朵朵", "小满"))
    ]
    return {
        **(hall_doors() if who == "pupil" else desk_doors(shown)),
        "GET /api/me": me(role),
        f"GET /api/lectures/{shown.id}/room": snapshot,
        f"POST /api/lectures/{shown.id}/start": snapshot,
        f"GET /api/lectures/{shown.id}/rewind": REWIND,
        "GET /hls/g/rewind.m3u8": "#EXTM3U",
        f"GET /api/lectures/{shown.id}/materials": [],
        f"GET /api/lectures/{shown.id}/muted": MUTED,
        "GET /api/on-air": wire.OnAir(lectures=[]),
        f"GET /api/lectures/{shown.id}/attendance": wire.Attendance(here=588, listeners=listeners),
    }


def room_scene(name: str, doors: dict[str, Any], act: Act | None = None, **more: Any) -> Scene:
    return Scene(f"room-{name}", f"/lectures#room={id_of('lecture 二次函数的顶点')}", doors, act, room=True, **more)


def lecture_scenes() -> list[Scene]:
    every = found()
    with_pages = lecture("二次函数的顶点", LectureState.OPEN, about=ABOUT, taken=31, waiting=0)
    with_pages.materials = [wire.MaterialView(id=id_of("material"), name="顶点.pdf", count=2)]
    draft = lecture("圆的切线", LectureState.PLANNED, taken=0)
    past = lecture("一次函数复习", LectureState.OVER, starts_at=ago(days=3), ends_at=ago(days=2.9))
    desk = desk_doors(with_pages, draft, past)
    pupil, lecturer = Role.STUDENT, Role.LECTURER
    gone = {**hall_doors(), f"GET /api/lectures/{id_of('lecture 二次函数的顶点')}/room": refusal(errors.NotHere)}
    return [
        Scene("hall", "/lectures", hall_doors(*every, more=True)),
        Scene("hall-mine", "/lectures", hall_doors(*every), _tab("我的课", "Mine")),
        Scene("hall-nothing", "/lectures", hall_doors()),
        Scene("hall-loading", "/lectures", {**hall_doors(), "GET /api/lectures": "silent"}),
        Scene("hall-offline", "/lectures", hall_doors(*every), offline=True),
        Scene("lecturer-desk", "/lectures", desk),
        Scene(
            "lecturer-came-of", "/lectures", {**desk, f"GET /api/lectures/{past.id}/figures": CAME}, _line(past.title)
        ),
        Scene("reviewer-lectures", "/lectures", _watching(*every)),
        Scene("reviewer-nothing", "/lectures", _watching()),
        Scene("lecturer-nothing", "/lectures", desk_doors()),
        Scene("lecturer-planning", "/lectures", desk, _tab("安排一场课", "Plan a lecture")),
        room_scene("pupil", room_doors("pupil", pupil)),
        room_scene("pupil-muted", room_doors("pupil", pupil, muted=True)),
        room_scene("pupil-hushed", _room(room_doors("pupil", pupil), take=wire.TakeView(number=1, muted=True))),
        room_scene(
            "pupil-missing", _room(room_doors("pupil", pupil), take=wire.TakeView(number=1, muted=False)), _missed
        ),
        room_scene("pupil-stepped-back", room_doors("pupil", pupil), _stepped_back),
        room_scene(
            "pupil-stepping-back",
            {**room_doors("pupil", pupil), f"GET /api/lectures/{every[0].id}/rewind": "silent"},
            _tab("从头看", "Start"),
        ),
        room_scene("lecturer-no-microphone", room_doors("lecturer", lecturer), grants=False),
        room_scene("lecturer-checking", room_doors("lecturer", lecturer, LectureState.OPEN, lines=[]), _checks),
        Scene("lecture-replay", f"/lectures#replay={id_of('lecture 二次函数的顶点')}", replay_doors(pupil)),
        Scene(
            "lecture-replay-stopped",
            f"/lectures#replay={id_of('lecture 二次函数的顶点')}",
            replay_doors(
                lecturer, me="lecturer", stopped_ms=750_000, film=wire.LectureFilm(state="making", progress=41)
            ),
        ),
        Scene(
            "lecture-replay-film",
            f"/lectures#replay={id_of('lecture 二次函数的顶点')}",
            replay_doors(lecturer, me="lecturer", film=FILM, captions=CAPTIONS),
            _looked_for,
        ),
        Scene("lecture-replay-gone", f"/lectures#replay={id_of('nothing')}", hall_doors()),
        room_scene(
            "pupil-sound-only",
            _room(room_doors("pupil", pupil, sound=PICTURED), take=wire.TakeView(number=1, muted=False, picture=True)),
            _only_sound,
        ),
        room_scene("lecturer-camera", room_doors("lecturer", lecturer, LectureState.OPEN, lines=[]), _camera),
        room_scene("pupil-before", room_doors("pupil", pupil, LectureState.OPEN, lines=[])),
        room_scene("pupil-after", room_doors("pupil", pupil, LectureState.OVER)),
        room_scene("pupil-cut", room_doors("pupil", pupil), _cut),
        room_scene("not-there", gone),
        room_scene("lecturer", room_doors("lecturer", lecturer)),
        room_scene("pupil-asked", room_doors("pupil", pupil, polls=[poll(1, [0, 0, 0, 0])])),
        room_scene(
            "pupil-right",
            room_doors(
                "pupil",
                pupil,
                polls=[poll(1, [102, 388, 57, 21], closed=True, right=2)],
                answered=[wire.PollAnswer(number=1, option=1)],
                hand=wire.HandPlace(number=7, ahead=3),
            ),
        ),
        room_scene(
            "pupil-word",
            _room(room_doors("pupil", pupil, hand=wire.HandPlace(number=1, ahead=0)), has_the_word=1),
        ),
        room_scene("pupil-asked-to-speak", _floor(room_doors("pupil", pupil, hand=OWN), open=False)),
        room_scene("pupil-no-microphone", _floor(room_doors("pupil", pupil, hand=OWN), open=False), _yes, grants=False),
        room_scene("pupil-speaks", _floor(room_doors("pupil", pupil, hand=OWN), open=True)),
        room_scene("pupil-hears-another", _floor(room_doors("pupil", pupil), open=True)),
        room_scene(
            "lecturer-hears-a-pupil", _floor(room_doors("lecturer", lecturer), open=True), _tab("举手", "Hands")
        ),
        room_scene("reviewer-hears-a-pupil", _floor(room_doors("reviewer", Role.REVIEWER), open=True), _more_cuts),
        room_scene("lecturer-asking", room_doors("lecturer", lecturer), _tab("互动", "Polls")),
        room_scene(
            "lecturer-asked",
            room_doors(
                "lecturer", lecturer, polls=[poll(1, [102, 388, 57, 21], closed=True, right=2), poll(2, [9, 4])]
            ),
            _tab("互动", "Polls"),
        ),
        room_scene("lecturer-hands", room_doors("lecturer", lecturer), _tab("举手", "Hands")),
        room_scene("lecturer-people", room_doors("lecturer", lecturer), _tab("出勤", "Attendance")),
        room_scene("lecturer-before", room_doors("lecturer", lecturer, LectureState.OPEN, lines=[])),
        room_scene("reviewer", room_doors("reviewer", Role.REVIEWER)),
    ]


def _watching(*lectures: wire.LectureView) -> dict[str, Any]:
    views = [wire.OnAirView(lecture=each, here=588, held=2 * (each.state == "live")) for each in lectures]
    return {"GET /api/me": me(Role.REVIEWER), "GET /api/on-air": wire.OnAir(lectures=views)}


def _line(title: str) -> Act:
    return lambda page: page.locator(".planning .line", has_text=title).first.click()


def _word(doors: dict[str, Any]) -> dict[str, Any]:
    """The same room, in which hand 1 has the word."""
    path = next(path for path in doors if path.startswith("GET") and path.endswith("/room"))
    room = msgspec.structs.replace(doors[path].room, has_the_word=1)
    return {path: msgspec.structs.replace(doors[path], room=room)}


OWN = wire.HandPlace(number=1, ahead=0, by_voice="heard")


def _floor(doors: dict[str, Any], *, open: bool) -> dict[str, Any]:
    """The same room, in which hand 1 is asked to speak, or is heard."""
    floor = wire.FloorView(number=1, hand=1, open=open, until_at=ago(minutes=-1.5 if open else -0.4))
    return _room(doors, has_the_word=1, floor=floor)


def _yes(page: Page) -> None:
    page.get_by_role("button", name=re.compile("开始说|Speak")).click()
    page.get_by_text(re.compile("话筒用不了|No microphone")).wait_for()


def _more_cuts(page: Page) -> None:
    page.get_by_role("button", name=re.compile("切断后还要|Cut off, and")).click()


def _missed(page: Page) -> None:
    page.get_by_text(re.compile("声音断了|The sound is missing")).wait_for()


def _looked_for(page: Page) -> None:
    page.get_by_role("searchbox").fill("顶点")
    page.get_by_text("所以顶点就在对称轴上").wait_for()


def _stepped_back(page: Page) -> None:
    page.get_by_role("button", name=re.compile("从头看|Start")).click()
    page.get_by_role("button", name=re.compile("暂停|Pause")).click()


def _checks(page: Page) -> None:
    page.get_by_role("button", name=re.compile("检查话筒|Check the microphone")).click()
    page.get_by_text(re.compile("声音正常|You are heard")).wait_for()


def _camera(page: Page) -> None:
    page.get_by_role("button", name=re.compile("检查摄像头|Check the camera")).click()
    page.wait_for_function("() => document.querySelector('.check-picture video')?.videoWidth > 0")


def _only_sound(page: Page) -> None:
    page.evaluate("localStorage.setItem('pictures', 'no')")
    page.reload()
    page.get_by_role("button", name=re.compile("看老师画面|See the lecturer")).wait_for()


def _tab(zh: str, en: str) -> Act:
    name = re.compile(f"^(?:{zh}|{en})\\s*\\d*$")
    return lambda page: page.get_by_role("button", name=name).first.click()


def _cut(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('offline'))")
