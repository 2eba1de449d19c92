"""Every page in every state it can have, without waiting for a city to get there: the product's own pages on views that
are made here, with the types of the wire. `shots.py` takes their pictures, `test_looks.py` examines them."""

from __future__ import annotations

import io
import json
import re
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import msgspec
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, BrowserContext, Page, Route, WebSocketRoute

from server.actions import errors
from server.demo.photos import photograph
from server.demo.seed import TAXONOMY
from server.domain.board import pack
from server.domain.consent import Purpose
from server.domain.deidentify import COLUMNS
from server.domain.dispatch import Presence
from server.domain.label import Difficulty, Fitness, Kind
from server.domain.people import Role, Stage, Subject
from server.domain.question import State, Verdict
from server.live import protocol as wire
from server.taxonomy_file import read_points
from server.web.auth import WrongPassword

NAMESPACE = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
SHORT = "妈妈买了 2.5 千克苹果，每千克 8.4 元，付给售货员 50 元，应找回多少元？"
OTHER = "妈妈买了 3.5 千克苹果，每千克 6.8 元，付给售货员 30 元，应找回多少元？"
LONG = (
    "为了鼓励市民节约用电，某市居民生活用电按阶梯标准收费：每户每月用电不超过 200 度时，每度 0.5 元；"
    "超过 200 度但不超过 400 度的部分，每度 0.6 元；超过 400 度的部分，每度 0.8 元。"
    "小明家七月份用电 460 度，应交电费多少元？如果八月份交了 148 元，那么八月份用电多少度？"
)
A_DOUBT = wire.Doubt(kind="subject", chosen="math", told="physics", confidence=0.87)
SEEN: dict[str, Any] = {"doubts": [A_DOUBT], "difficulty": Difficulty.METHOD}
ENGLISH = (
    "Fill in each blank with the proper form of the word in brackets: She usually ______ (take) the bus, but today "
    "she ______ (walk) to school because the weather is extraordinarily beautiful."
)


POINTS = ["小数乘法", "单价、数量、总价", "混合运算"]


def id_of(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


def ago(**time: float) -> datetime:
    return datetime.now(UTC) - timedelta(**time)


@cache
def photo_bytes(text: str = SHORT, seed: int = 3) -> bytes:
    return photograph(text, seed)


@cache
def blurred_bytes() -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(photo_bytes())).filter(ImageFilter.GaussianBlur(14)).save(out, "JPEG")
    return out.getvalue()


@cache
def voice_bytes() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * 7))
    return out.getvalue()


# --- things that pages show ----------------------------------------------------------------------------------------


def photo(name: str = "one") -> wire.MediaView:
    address = f"/gallery/{name}.jpg"
    return wire.MediaView(
        id=id_of(name), kind="photo", content_type="image/jpeg", url=address, thumb_url=address, width=1400, height=800
    )


def voice() -> wire.MediaView:
    return wire.MediaView(
        id=id_of("voice"), kind="voice", content_type="audio/wav", url="/gallery/voice.wav", duration_ms=7000
    )


def clip() -> wire.MediaView:
    return wire.MediaView(
        id=id_of("clip"), kind="video", content_type="video/mp4", url="/gallery/clip.mp4", thumb_url="/gallery/one.jpg"
    )


def answer(state: Any = "published", text: str = SHORT) -> wire.AnswerView:
    made = state == "published"
    return wire.AnswerView(
        id=id_of(f"answer {state} {text}"),
        state=state,
        subject=Subject.MATH,
        stage=Stage.PRIMARY,
        problem_text=text,
        teacher_name="王老师",
        made_at=ago(days=3),
        duration_ms=74_000 if made else None,
        progress=100 if made else 42,
        video_url="/gallery/answer.mp4" if made else None,
        poster_url="/gallery/poster.jpg" if made else None,
    )


def reason(kind: str, agrees: bool, asked: str = "", known: str = "") -> wire.Reason:
    return wire.Reason(kind=kind, agrees=agrees, asked=asked, known=known)


SAME_REASONS = [
    reason("numbers", True, "2.5、8.4、50", "2.5、8.4、50"),
    reason("asks", True, "应找回多少元", "应找回多少元"),
    reason("words", True),
]
UNREAD_REASONS = [
    reason("numbers", False, "2.5、50", "2.5、8.4、50"),
    reason("asks", True, "应找回多少元", "应找回多少元"),
    reason("words", True, "", "8.4"),
]
OTHER_REASONS = [
    reason("numbers", False, "2.5、8.4、50", "3.5、6.8、30"),
    reason("asks", True, "应找回多少元", "应找回多少元"),
    reason("words", False, "2.58.450", "3.56.830"),
]
ALIKE_REASONS = [*SAME_REASONS[:2], reason("words", False, "买了", "要买")]
MANY_REASONS = [
    reason("numbers", False, "200、0.5、200、400、0.6、400、0.8、460", "200、0.5、200、400、0.6、400、0.8、520、148"),
    reason("units", False, "度", "千瓦时"),
    reason("relations", False, "超过", "不超过"),
    reason("negation", False, "正确", "不正确"),
    reason("options", False, "A 276；B 258；C 248；D 236", "A 276；B 258；C 268；D 236"),
    reason("asks", False, "那么八月份用电多少度", "那么八月份应交电费多少元"),
    reason("people", False, "小明", "小明、小红"),
    reason("words", False, "小明家", "小红家"),
]


def suggestion(
    reasons: Sequence[wire.Reason] = SAME_REASONS, verdict: Verdict = Verdict.SAME, text: str = SHORT
) -> wire.SuggestionView:
    return wire.SuggestionView(answer=answer(text=text), verdict=verdict, confidence=0.98, reasons=list(reasons))


PROBLEMS = [
    wire.ProblemView(number=n, media_id=photo().id, text=text, box=[0.08, 0.02 + 0.24 * n, 0.93, 0.21 + 0.24 * n])
    for n, text in enumerate((SHORT, OTHER, LONG), 1)
]


def question(name: str, state: State, **more: Any) -> wire.QuestionView:
    given: dict[str, Any] = {
        "id": id_of(name),
        "version": 1,
        "state": state,
        "subject": Subject.MATH,
        "grade": 5,
        "text": "",
        "read_text": "" if state in {State.RECEIVED, State.READING} else SHORT,
        "received_at": ago(minutes=4),
        "media": [photo()],
    }
    return wire.QuestionView(**{**given, **more})


def offer(**more: Any) -> wire.OfferView:
    now = datetime.now(UTC)
    given: dict[str, Any] = {
        "id": id_of("offer"),
        "question_id": id_of("offered"),
        "subject": Subject.MATH,
        "grade": 5,
        "text": "第二步为什么要用 50 减？",
        "read_text": SHORT,
        "media": [photo()],
        "followers": 0,
        "asked_at": ago(minutes=2),
        "made_at": now,
        "expires_at": now + timedelta(seconds=15),
    }
    return wire.OfferView(**{**given, **more})


def duty(presence: Presence, **more: Any) -> wire.DutyView:
    return wire.DutyView(version=1, presence=presence, **more)


def earnings(count: int) -> wire.EarningsView:
    texts = (SHORT, LONG, "为什么海边白天的风从海上吹来？", ENGLISH)
    lines = [
        wire.EarningView(
            id=id_of(f"earned {n}"),
            amount_fen=2_000,
            work="live_answer",
            done_at=ago(hours=1 + 9 * n),
            question_id=id_of(f"answered {n}"),
            subject=(Subject.MATH, Subject.MATH, Subject.GEOGRAPHY, Subject.ENGLISH)[n % 4],
            summary=texts[n % 4][:80],
        )
        for n in range(count)
    ]
    return wire.EarningsView(total_fen=2_000 * count * 9, month_fen=2_000 * count, lines=lines)


def stroke(
    n: int,
    author: str,
    color: str,
    points: list[list[int]],
    page: str = "asked",
    tool: str = "pen",
    width: int = 45,
) -> wire.BoardLine:
    body = {"id": f"s{n}", "page": page, "tool": tool, "color": color, "width": width, "points": pack(points)}
    return wire.BoardLine(seq=n, id=f"s{n}", author=author, kind="stroke", body=body, at_ms=1000 * n)


def line(n: int, author: str, kind: str, **body: Any) -> wire.BoardLine:
    return wire.BoardLine(seq=n, id=f"l{n}", author=author, kind=kind, body=body, at_ms=1000 * n)


def board(said: bool = True) -> list[wire.BoardLine]:
    wave_ = [[1500 + 120 * i, 3000 + (i % 7) * 60, 8 * i, 128] for i in range(40)]
    mine = [[2000 + 90 * i, 4300 - (i % 5) * 50, 8 * i, 128] for i in range(30)]
    log = [
        line(1, "teacher", "page", page="asked", paper="photo", aspect=5_700, media=str(id_of("one"))),
        stroke(2, "teacher", "#d55e00", wave_),
        stroke(3, "student", "#0072b2", mine),
    ]
    if said:
        log += [
            line(4, "teacher", "say", text="你好！先看单价：每千克 8.4 元，对吗？"),
            line(5, "student", "say", text="对，可是后面为什么要减？"),
            line(
                6, "teacher", "say", text="付了 50 元，买苹果花掉一部分，剩下的就是要找回的钱，所以用 50 减去花掉的。"
            ),
        ]
    return log


def replay(voice: bool = True) -> wire.ReplayView:
    """Two pages, and two moments at which the pupil was lost."""
    wave_ = [[1500 + 120 * i, 2000 + (i % 7) * 90, 8 * i, 500] for i in range(50)]
    log = [
        *board(said=False),
        line(9, "student", "lost", page="asked"),
        line(20, "teacher", "page", page="second", paper="blank", aspect=6_000),
        line(21, "teacher", "turn", page="second"),
        stroke(30, "teacher", "#d55e00", wave_, "second"),
        line(44, "student", "lost", page="second"),
    ]
    made = answer("rendering")
    made.duration_ms = 74_000 if voice else None
    return wire.ReplayView(
        answer=made, log=log, media={str(id_of("one")): photo()}, voice_url="/gallery/voice.wav" if voice else None
    )


def figures() -> list[wire.BoardLine]:
    """A squared page with every tool's work on it, and the other papers behind it."""

    def shape(n: int, name: str, *points: list[int], color: str = "#0072b2", **more: Any) -> wire.BoardLine:
        body = {"id": f"f{n}", "page": "squares", "shape": name, "color": color, "width": 40, "dashed": False}
        return line(n, "teacher", "shape", **{**body, "points": list(points), **more})

    tex = r"x=\frac{-b\pm\sqrt{b^2-4ac}}{2a}"
    wave_ = [[700 + 70 * i, 5350 + (i % 6) * 40, 8 * i, 300 + 20 * (i % 20)] for i in range(30)]
    marked = [[600 + 100 * i, 3050, 8 * i, 500] for i in range(20)]
    names = ("lined", "axes", "staff")
    return [
        line(1, "teacher", "page", page="squares", paper="squared", aspect=6_000),
        *(line(2 + n, "teacher", "page", page=name, paper=name, aspect=6_000) for n, name in enumerate(names)),
        shape(10, "line", [600, 500], [2400, 500]),
        shape(11, "arrow", [600, 900], [2400, 900], color="#d55e00"),
        shape(12, "rectangle", [600, 1300], [1800, 2100], dashed=True),
        shape(13, "ellipse", [2000, 1300], [3200, 2100], color="#00805f"),
        shape(14, "polygon", [3500, 2100], [4700, 2100], [4000, 1200], color="#8a3d78"),
        shape(15, "numberline", [5200, 700], [9600, 700], low=-5, high=5, color="#1f2937"),
        shape(16, "axes", [6300, 1500], [9700, 4900], high=5, color="#1f2937"),
        shape(17, "arc", [4000, 3900], [5000, 3900], sweep=-2200, color="#d55e00"),
        shape(18, "angle", [600, 4700], [2600, 4700], [2000, 3500]),
        shape(19, "mask", [3000, 400], [4600, 900], color="#c9ced4"),
        line(20, "teacher", "formula", id="f20", page="squares", x=2900, y=4700, tex=tex, color="#1f2937", size=380),
        line(
            21, "student", "text", id="f21", page="squares", x=600, y=2500, text="求根公式", color="#0072b2", size=320
        ),
        stroke(22, "teacher", "#1f2937", wave_, "squares"),
        stroke(23, "teacher", "#e0b000", marked, "squares", "highlighter", 225),
    ]


def session(me: Any, **more: Any) -> wire.SessionView:
    given: dict[str, Any] = {
        "id": id_of("session"),
        "version": 1,
        "question_id": id_of("answering"),
        "state": "open",
        "me": me,
        "teacher_name": "王老师",
        "assignment_epoch": 1,
        "opened_at": ago(minutes=3),
        "ended_at": None,
        "subject": Subject.MATH,
        "grade": 5,
        "text": "第二步为什么要用 50 减？",
        "read_text": SHORT,
        "media": [photo()],
        "followers": 0,
        "peer_online": True,
        "ends_at": ago(minutes=-27),
        "active_at": ago(seconds=5),
    }
    return wire.SessionView(**{**given, **more})


# --- a city that says what a scene wants -----------------------------------------------------------------------------


def me(role: Role, demo: bool = True) -> wire.Me:
    pupil = role is Role.STUDENT
    return wire.Me(
        id=id_of(role),
        login="pupil5" if pupil else "teacher1",
        nickname="小满" if pupil else "王老师",
        roles=[role],
        grade=5 if pupil else None,
        subjects=[] if pupil else [Subject.MATH],
        csrf="c",
        demo=demo,
        channel=f"person:{id_of(role)}",
    )


def refusal(error: type[errors.Refusal]) -> tuple[int, wire.Problem]:
    return error.status, wire.Problem(code=error.code, zh=error().zh, en=error.en)


def _student(questions: Sequence[wire.QuestionView], **more: Any) -> dict[str, Any]:
    state = wire.StudentState(questions=list(questions), epoch="e", offset=0)
    return {"GET /api/me": me(Role.STUDENT), "GET /api/student": msgspec.structs.replace(state, **more)}


def _teacher(of: wire.DutyView, earned: wire.EarningsView | None = None) -> dict[str, Any]:
    state = wire.TeacherState(duty=of, earnings=earned or earnings(0), epoch="e", offset=0)
    return {"GET /api/me": me(Role.TEACHER), "GET /api/teacher": state}


def _offered(seconds_left: float, earned: int = 0, **more: Any) -> dict[str, Any]:
    """An offer whose time runs from the moment that the page asks."""

    def state() -> wire.TeacherState:
        now = datetime.now(UTC)
        ends = now + timedelta(seconds=seconds_left)
        made = offer(made_at=ends - timedelta(seconds=15), expires_at=ends, **more)
        return wire.TeacherState(
            duty=duty(Presence.OFFERED, offer=made, waiting=4), earnings=earnings(earned), epoch="e", offset=0
        )

    return {"GET /api/me": me(Role.TEACHER), "GET /api/teacher": state}


def _in_session(view: wire.SessionView, log: Sequence[wire.BoardLine] | None = None) -> dict[str, Any]:
    snapshot = wire.SessionSnapshot(
        session=view,
        board=None,
        log=list(board() if log is None else log),
        media={str(id_of("one")): photo()},
        epoch="e",
        offset=0,
    )
    return {f"GET /api/sessions/{view.id}": snapshot}


Act = Callable[[Page], None]


@dataclass
class Scene:
    """A page in one state: where it is, what the doors say, and what a person does there first."""

    name: str
    path: str
    doors: dict[str, Any] = field(default_factory=dict)
    act: Act | None = None
    link: str = "online"
    offline: bool = False
    script: bool = True
    storage: dict[str, str] = field(default_factory=dict)  # of the session
    grants: bool = True
    room: bool = False  # fills the screen and does not scroll


def setting(page: Page, scene: Scene, language: str, video: bytes | None = None) -> None:
    """Puts the scene's city behind the page and opens it."""

    def answer_call(route: Route) -> None:
        path = urlsplit(route.request.url).path
        said = scene.doors.get(f"{route.request.method} {path}")
        if said is None and path == "/api/tickets":
            said = wire.Ticket(ticket="t", expires_at=ago(seconds=-30))
        if said is None and path.startswith("/api/answers/"):
            said = replay() if path.endswith("/replay") else answer()
        if said is None:
            said = refusal(errors.NotHere)
        if callable(said):
            said = said()
        if scene.offline:
            said = "cut"
        if said == "silent":
            return  # never answered; `leave` lets it go
        if said == "cut":
            route.abort()
            return
        if isinstance(said, bytes):  # a file
            route.fulfill(body=said)
            return
        status, body = said if isinstance(said, tuple) else (200, said)
        route.fulfill(status=status, content_type="application/json", body=msgspec.json.encode(body))

    def files(route: Route) -> None:
        name = urlsplit(route.request.url).path.rpartition("/")[2]
        if name.endswith(".jpg"):
            route.fulfill(content_type="image/jpeg", body=photo_bytes(LONG, 5) if name == "two.jpg" else photo_bytes())
        elif name.endswith(".wav"):
            _, _, first = route.request.headers.get("range", "").partition("=")
            begin, body = int(first.partition("-")[0] or 0), voice_bytes()
            piece = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {begin}-{len(body) - 1}/{len(body)}"}
            route.fulfill(status=206, content_type="audio/wav", headers=piece, body=body[begin:])
        elif video is not None:
            route.fulfill(content_type="video/mp4", body=video)
        else:
            route.fulfill(status=404)

    page.route("**/api/**", answer_call)
    page.route("**/gallery/**", files)
    page.route("**/sw.js", lambda route: route.abort())
    page.route_web_socket("**/ws", lambda socket: _link(socket, scene.link))
    page.add_init_script(
        f"try {{ localStorage.setItem('language', {language!r});"
        + "".join(f"sessionStorage.setItem({k!r}, {json.dumps(v)});" for k, v in scene.storage.items())
        + "} catch {}"
    )
    page.goto(scene.path, wait_until="load")


def context(browser: Browser, origin: str, scene: Scene, *, phone: bool) -> BrowserContext:
    """A phone of 360 by 740 with a touch screen, or a laptop."""
    return browser.new_context(
        viewport={"width": 360, "height": 740} if phone else {"width": 1280, "height": 800},
        device_scale_factor=2 if phone else 1,
        has_touch=phone,
        is_mobile=phone,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        permissions=["microphone", "camera"] if scene.grants else [],
        base_url=origin,
        java_script_enabled=scene.script,
        service_workers="block",
        reduced_motion="reduce",
    )


def show(page: Page, scene: Scene, language: str = "zh", video: bytes | None = None) -> None:
    """Opens the scene and does what is done there, until the page is still."""
    if scene.offline:
        who = msgspec.json.encode(scene.doors["GET /api/me"]).decode()
        page.add_init_script(f"localStorage.setItem('me', {json.dumps(who)})")
        page.add_init_script("Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })")
    if not scene.grants:
        page.add_init_script("navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('no'))")
    setting(page, scene, language, video)
    if scene.script and scene.path != "/no/such/page":
        page.wait_for_function("() => document.title !== '' && document.querySelector('#app:not(.shell)') !== null")
    if scene.script and not scene.offline and "silent" not in scene.doors.values():
        page.locator(".skeleton").first.wait_for(state="detached")
    if scene.act is not None:
        scene.act(page)
    page.wait_for_function("() => document.fonts.status === 'loaded'") if scene.script else None


def leave(page: Page) -> None:
    page.unroute_all(behavior="ignoreErrors")
    page.context.close()


def _link(socket: WebSocketRoute, kind: str) -> None:
    if kind == "silent":
        return
    if kind == "stopped":
        socket.close(code=int(wire.Close.TOO_MANY))
        return

    def hear(message: str | bytes) -> None:
        frame = json.loads(message)
        if isinstance(frame, list):  # dots of a stroke
            return
        if frame["frame"] == "hello":
            resumed = {name: {"epoch": "e", "offset": 0} for name in frame.get("resume", {})}
            welcome = {"node": "n", "beat_every_s": 15, "resumed": resumed, "resync": [], "degraded": False}
            socket.send(json.dumps({"frame": "welcome", "now": datetime.now(UTC).isoformat(), **welcome}))
        if frame["frame"] == "subscribe":
            known = {"id": frame["id"], "channel": frame["channel"], "epoch": "e", "offset": 0}
            socket.send(json.dumps({"frame": "subscribed", **known}))
        if kind == "watched" and frame["frame"] in ("hello", "subscribe"):
            watched = {"session": str(id_of("session")), "node": "n", "count": 3}
            socket.send(json.dumps({"frame": "watched", **watched}))
        if frame["frame"] == "act":
            socket.send(json.dumps({"frame": "ack", "id": frame["id"], "seq": 1}))

    socket.on_message(hear)


# --- what a person does first ----------------------------------------------------------------------------------------


def words(zh: str, en: str) -> re.Pattern[str]:
    return re.compile(f"^(?:{zh}|{en})$")


def _press(zh: str, en: str, nth: int = 0) -> Act:
    return lambda page: page.get_by_role("button", name=words(zh, en)).nth(nth).click()


def _find_a_point(page: Page) -> None:
    _press("结束讲解", "Finish")(page)
    page.get_by_role("searchbox").fill("三角")
    page.get_by_role("button", name="全等三角形").click()
    page.get_by_role("searchbox").fill("三角")
    page.get_by_role("button", name="三角形的内角和").wait_for()


def _give(page: Page, way: tuple[str, str], files: list[dict[str, Any]]) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=words(*way)).first.click()
    chooser.value.set_files(files)  # type: ignore[arg-type]


def picture(name: str = "photo.jpg", body: bytes | None = None) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": body or photo_bytes()}


def _cropping(page: Page) -> None:
    _give(page, ("拍照提问", "Photograph it"), [picture()])
    page.get_by_role("dialog").wait_for()


def _cropping_blurred(page: Page) -> None:
    _give(page, ("拍照提问", "Photograph it"), [picture(body=blurred_bytes())])
    page.get_by_role("dialog").wait_for()


def _photo_taken(page: Page) -> None:
    _cropping(page)
    page.get_by_role("dialog").get_by_role("button", name=re.compile("好了|Done|就用|Use it")).click()
    page.get_by_role("dialog").wait_for(state="detached")


def _draft_of_all(page: Page) -> None:
    _photo_taken(page)
    _give(page, ("相册", "Gallery"), [picture("a.jpg"), picture("b.jpg")])
    page.get_by_role("listitem").nth(2).wait_for()
    page.get_by_role("button", name=words("语音，开始录音", "Voice: start recording")).click()
    page.get_by_role("button", name=words("说完了", "Done speaking")).click()
    page.locator("audio").wait_for()
    page.get_by_role("textbox").fill("第二步为什么要用 50 减？老师上课讲的是另一种方法。")


def _no_photo(page: Page) -> None:
    _give(page, ("拍照提问", "Photograph it"), [picture("notes.jpg", b"these are my notes, not a photo\n" * 9)])
    page.locator(".notice").wait_for()


def _foreign(page: Page) -> None:
    _give(page, ("相册", "Gallery"), [picture("photo.heic", b"\0\0\0\x18ftypheic" + bytes(900))])
    page.locator(".draft-unseen").wait_for()


def _too_long(page: Page) -> None:
    _write(page)
    page.get_by_role("textbox").fill("题" * 100_000)


def _begun(page: Page) -> None:
    _write(page)
    page.get_by_role("textbox").fill("第二步为什么要用 50 减？")
    page.go_back()
    page.locator(".begun").wait_for()


def _write(page: Page) -> None:
    page.get_by_role("button", name=words("打字", "Type")).click()
    page.get_by_role("textbox").wait_for()


def _nothing_yet(page: Page) -> None:
    _write(page)
    page.get_by_role("button", name=words("提交问题", "Send question")).click()


def _recording(page: Page) -> None:
    page.get_by_role("button", name=words("语音", "Voice")).click()
    page.get_by_role("button", name=words("说完了", "Done speaking")).or_(page.locator(".way-note")).first.wait_for()


def _send(page: Page) -> None:
    _photo_taken(page)
    page.locator(".chip").nth(1).click()
    page.get_by_role(
        "button", name=re.compile("^(提交问题|存下，有网就发|Send question|Keep, send when online)$")
    ).click()
    page.locator(".letter").wait_for()


def _sign_in(login: str, password: str) -> Act:
    def act(page: Page) -> None:
        page.locator("[name=login]").fill(login)
        page.locator("[name=password]").fill(password)
        page.locator("form button.primary").click()

    return act


def _activation(code: str, password: str) -> Act:
    def act(page: Page) -> None:
        page.locator(".signin .quiet.wide").click()
        if code:
            page.locator("[name=code]").fill(code)
            _sign_in("pupil5", password)(page)

    return act


def _play(page: Page) -> None:
    """To where the first page has its ink."""
    page.get_by_role("slider").wait_for()
    page.get_by_role("slider").fill("4200")
    page.get_by_role("button", name=re.compile("^第 1 页|^Page 1")).wait_for()


def _light(page: Page) -> None:
    page.get_by_role("button", name=re.compile("省流量|less data")).click()
    _play(page)


def _cutting(page: Page) -> None:
    page.get_by_role("button", name=words("剪辑", "Cut")).first.click()
    page.get_by_role("slider").fill("4200")
    page.get_by_role("button", name=re.compile("从 0:04|from 0:04")).click()
    page.get_by_role("slider").fill("5900")
    page.get_by_role("button", name=re.compile("0:04 – 0:05")).click()


def _lost(page: Page) -> None:
    page.get_by_role("button", name=words("这里没听懂", "I'm lost here")).click()


def _open_chat(page: Page) -> None:
    toggle = page.locator(".side-toggle")
    if toggle.is_visible():
        toggle.click()


def _formula_is_set(page: Page) -> None:
    page.locator(".formula .katex").wait_for()


def _type_formula(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^(公式|Formula)$")).focus()
    page.keyboard.press("Enter")
    page.locator(".writing textarea").fill(r"\frac{1}{2}\times 3^2 \le \sqrt{x+1}")
    page.locator(".tex-preview .katex").wait_for()


def _write_on_board(page: Page) -> None:
    page.get_by_role("button", name=words("文字", "Text"), exact=True).first.click()
    box = page.locator(".sheet").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(".writing").wait_for()


def _two_pages(page: Page) -> None:
    page.get_by_role("button", name=words("全部页", "All pages")).click()
    page.get_by_role("button", name=words("方格纸", "Squared"), exact=True).click()


def _cut(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('offline'))")
    page.locator(".room-notes .notice").wait_for()


# --- the scenes ------------------------------------------------------------------------------------------------------


def door_scenes() -> list[Scene]:
    people = [
        ("pupil1", "student", "演示·朵朵"),
        ("pupil5", "student", "演示·小满"),
        ("teacher1", "teacher", "演示·王老师"),
    ]
    shown = wire.Demo(
        accounts=[wire.DemoAccount(login=a, password="x", role=Role(b), nickname=c) for a, b, c in people]
    )
    demo: dict[str, Any] = {"GET /api/demo": shown}
    wrong = {"POST /api/sign-in": refusal(WrongPassword)}
    return [
        Scene("door-demo", "/", demo),
        Scene("door-plain", "/"),
        Scene("door-wrong", "/", wrong, _sign_in("pupil5", "no such")),
        Scene("door-empty", "/", wrong, _sign_in("", "")),
        Scene("door-cut", "/", {"POST /api/sign-in": "cut"}, _sign_in("pupil5", "secret123")),
        Scene("door-busy", "/", {"POST /api/sign-in": "silent"}, _sign_in("pupil5", "secret123")),
        Scene("door-activation", "/", act=_activation("", "")),
        Scene("door-activation-short", "/", act=_activation("AB12-CD34", "short")),
        Scene("door-no-script", "/", script=False),
        Scene("student-no-script", "/student", script=False),
        Scene("lost", "/no/such/page"),
    ]


def asking_scenes() -> list[Scene]:
    none = _student([])
    uploading = {**none, "POST /api/uploads": "silent"}
    refused = {**none, "POST /api/uploads": refusal(errors.BadRequest)}
    return [
        Scene("student-loading", "/student", {**none, "GET /api/student": "silent"}),
        Scene("student-unreachable", "/student", {"GET /api/me": "cut"}),
        Scene("student-empty", "/student", none),
        Scene("student-stopped", "/student", none, link="stopped"),
        Scene("student-offline", "/student", none, offline=True),
        Scene("ask-write", "/student", none, _write),
        Scene("ask-nothing-yet", "/student", none, _nothing_yet),
        Scene("ask-crop", "/student", none, _cropping, room=True),
        Scene("ask-crop-blurred", "/student", none, _cropping_blurred, room=True),
        Scene("ask-photo", "/student", none, _photo_taken),
        Scene("ask-all", "/student", none, _draft_of_all),
        Scene("ask-no-photo", "/student", none, _no_photo),
        Scene("ask-foreign", "/student", none, _foreign),
        Scene("ask-too-long", "/student", none, _too_long),
        Scene("ask-begun", "/student", none, _begun),
        Scene("ask-recording", "/student", none, _recording),
        Scene("ask-no-microphone", "/student", none, _recording, grants=False),
        Scene("letter-sending", "/student", uploading, _send),
        Scene("letter-waiting", "/student", none, _send, offline=True),
        Scene("letter-refused", "/student", refused, _send),
    ]


def lessons() -> wire.LessonsBeside:
    """Two on one point: one with a long title, one of another subject."""
    titles = {"移项为什么要变号": Subject.MATH, LONG[:80]: Subject.MATH, "雨后彩虹": Subject.SCIENCE}
    return wire.LessonsBeside(lessons=[a_lesson(title, subject) for title, subject in titles.items()])


def a_lesson(title: str, subject: Subject = Subject.MATH, **more: Any) -> wire.LessonView:
    given: dict[str, Any] = {
        "id": id_of(f"lesson {title}"),
        "source": "film",
        "title": title,
        "subject": subject,
        "stage": Stage.JUNIOR,
        "grade": 8,
        "knowledge_points": [POINTS[1]],
        "teacher_name": "演示·林老师",
        "duration_ms": 274_000,
        "poster_url": None,
        "book": "数学八年级上册",
        "chapter": "一次函数",
        "series": "",
        "questions": 2,
        "seen": 0.0,
    }
    return wire.LessonView(**{**given, **more})


def questions_by_name() -> dict[str, wire.QuestionView]:
    """A pupil's question in each state, and what makes two of one state look different."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(hour=10, minute=30)
    similar = suggestion(OTHER_REASONS, Verdict.SIMILAR, OTHER)
    s = State
    made: list[tuple[str, State, dict[str, Any]]] = [
        ("received", s.RECEIVED, {}),
        ("reading", s.READING, {}),
        ("reading-which", s.READING, {"read_text": SHORT, "problems": PROBLEMS}),
        ("matched", s.MATCHED, {}),
        ("suggested", s.SUGGESTED, {"verdict": Verdict.SAME, "suggestion": suggestion()}),
        ("suggested-unread", s.SUGGESTED, {"verdict": Verdict.SAME, "suggestion": suggestion(UNREAD_REASONS),
                                           "read_text": SHORT.replace("8.4", "").replace("苹果", "平果")}),
        ("suggested-differs", s.SUGGESTED, {"verdict": Verdict.SAME, "text": "", "read_text": LONG,
                                            "suggestion": suggestion(MANY_REASONS, text=LONG.replace("460", "520"))}),
        ("suggested-elsewhere", s.SUGGESTED, {"verdict": Verdict.SAME, "subject": Subject.SCIENCE,
                                              "suggestion": suggestion()}),
        ("suggested-border", s.SUGGESTED, {"verdict": Verdict.SAME, "grade": 7, "suggestion": suggestion()}),
        ("suggested-followed", s.SUGGESTED, {"verdict": Verdict.OPEN, "suggestion": suggestion(verdict=Verdict.OPEN)}),
        ("following", s.FOLLOWING, {"followers": 19, "verdict": Verdict.OPEN, "leader_state": s.WAITING,
                                    "place": 3, "wait_s": 200}),
        ("following-promised", s.FOLLOWING, {"followers": 1, "verdict": Verdict.OPEN, "leader_state": s.WAITING,
                                             "place": 3, "promised_at": tomorrow}),
        ("following-now", s.FOLLOWING, {"followers": 1, "verdict": Verdict.OPEN, "leader_state": s.ANSWERING,
                                        "watch_id": id_of("session")}),
        ("following-done", s.FOLLOWING, {"followers": 1, "verdict": Verdict.OPEN, "leader_state": s.ANSWERED}),
        ("waiting-next", s.WAITING, {"place": 1, "wait_s": 40}),
        ("waiting-far", s.WAITING, {"place": 14, "wait_s": 1500, "followers": 3}),
        ("waiting-promised", s.WAITING, {"place": 2, "promised_at": tomorrow}),
        ("waiting-promised-now", s.WAITING, {"place": 2, "promised_at": ago(minutes=1)}),
        ("waiting-promised-late", s.WAITING, {"place": 2, "promised_at": ago(minutes=9)}),
        ("waiting-no-shift", s.WAITING, {"place": 2}),
        ("waiting-unread", s.WAITING, {"place": 3, "wait_s": 200, "read_text": ""}),
        ("waiting-which", s.WAITING, {"place": 3, "wait_s": 200, "problems": PROBLEMS}),
        ("waiting-chosen", s.WAITING, {"place": 3, "wait_s": 200, "problems": PROBLEMS, "chosen": 2}),
        ("waiting-corrected", s.WAITING, {"place": 3, "wait_s": 200, "corrected": True}),
        ("waiting-similar", s.WAITING, {"place": 3, "wait_s": 200, "verdict": Verdict.SIMILAR,
                                        "worked_examples": [similar]}),
        ("waiting-alike", s.WAITING, {"place": 3, "wait_s": 200, "verdict": Verdict.SIMILAR,
                                      "worked_examples": [suggestion(ALIKE_REASONS, Verdict.SIMILAR)]}),
        ("offered", s.OFFERED, {"place": 1, "wait_s": 20}),
        ("answering", s.ANSWERING, {"session_id": id_of("session"), "teacher_name": "王老师"}),
        ("answered-rendering", s.ANSWERED, {"answer": answer("rendering"), "answered_at": ago(minutes=1)}),
        ("answered", s.ANSWERED, {"answer": answer(), "answered_at": ago(minutes=1), "text": "第二步为什么要用 50 减？",
                                  "media": [photo(), photo("two"), voice(), clip()]}),
        ("answered-failed", s.ANSWERED, {"answer": answer("failed"), "answered_at": ago(minutes=1)}),
        ("resolved", s.RESOLVED, {"answer": answer(), "answered_at": ago(minutes=2)}),
        ("resolved-old", s.RESOLVED, {"suggestion": suggestion(), "answered_at": ago(days=20),
                                      "received_at": ago(days=20)}),
        ("withdrawn", s.WITHDRAWN, {"media": [], "text": ENGLISH, "read_text": "", "subject": Subject.ENGLISH}),
        ("turned-away", s.WITHDRAWN, {"media": [], "text": "哈哈哈哈", "read_text": "", "turned_away": True}),
    ]  # fmt: skip
    return {name: question(name, state, **more) for name, state, more in made}


def _open_first(page: Page) -> None:
    page.locator(".line").first.click()
    page.locator("article.question").first.wait_for()


def question_scenes() -> list[Scene]:
    found = questions_by_name()
    past = {State.RESOLVED, State.WITHDRAWN}
    current = [one for one in found.values() if one.state not in past]
    scenes = [
        Scene(f"question-{name}", "/student", _student([one]), _open_first if one.state in past else None)
        for name, one in found.items()
    ]
    history = [
        question(f"past {n}", State.WITHDRAWN if n % 4 == 3 else State.RESOLVED, received_at=ago(days=n, hours=2),
                 answer=None if n % 4 == 3 else answer(), text=(SHORT, LONG, ENGLISH, "?")[n % 4],
                 media=[photo()] if n % 2 else [], turned_away=n == 3)
        for n in range(6)
    ]  # fmt: skip
    several = [found["waiting-far"], found["following"], found["suggested"]]
    rendering, done = [found["answered-rendering"]], [found["answered"]]
    beside = {f"GET /api/questions/{one.id}/lessons": lessons() for one in (found["suggested"], found["answered"])}
    silent = {f"GET /api/answers/{found['answered-rendering'].answer.id}/replay": replay(voice=False)}
    return [
        *scenes,
        Scene("replay", "/student", _student(rendering), _play),
        Scene("replay-ink-only", "/student", {**_student(rendering), **silent}, _play),
        Scene("replay-instead-of-video", "/student", _student(done), _light),
        Scene("student-everything", "/student", {**_student(current), **beside}),
        Scene("student-busy", "/student", _student([found["answering"], *several, *history])),
        Scene("student-history", "/student", _student(history, earlier=history[-1].id)),
    ]


def session_scenes() -> list[Scene]:
    found = questions_by_name()["answering"]
    here = f"/student#session={id_of('session')}"
    base = _student([found])

    def pupil(
        name: str,
        view: wire.SessionView,
        act: Act | None = None,
        log: list[wire.BoardLine] | None = None,
        **more: Any,
    ) -> Scene:
        return Scene(f"pupil-{name}", here, {**base, **_in_session(view, log)}, act, room=True, **more)

    teaching = duty(Presence.ANSWERING, session_id=id_of("session"))
    earlier_ = wire.RelatedView(answer_id=id_of("earlier"), problem_text=OTHER, answered_at=ago(days=2))
    earlier_two = wire.RelatedView(answer_id=id_of("earlier two"), problem_text=LONG, answered_at=ago(days=9))

    def teacher(
        name: str,
        view: wire.SessionView,
        act: Act | None = None,
        log: list[wire.BoardLine] | None = None,
        **more: Any,
    ) -> Scene:
        doors = {**_teacher(teaching), **_in_session(view, log)}
        return Scene(f"teaching-{name}", "/teacher", doors, act, room=True, **more)

    finishing = teacher("finish", session("teacher", knowledge_points=POINTS, **SEEN), _press("结束讲解", "Finish"))
    triangles = ("相似三角形的判定", "三角形的内角和", "全等三角形")
    known = [wire.FoundPoint(name=name, area="图形与几何") for name in triangles]
    some_points = {"GET /api/points": wire.PointsView(points=known)}

    def watching(name: str, view: wire.SessionView) -> Scene:
        return Scene(f"watching-{name}", f"/student#watch={id_of('session')}", {**base, **_in_session(view)}, room=True)

    silent = {**base, f"GET /api/sessions/{id_of('session')}": "silent"}
    gone = {**base, f"GET /api/sessions/{id_of('session')}": refusal(errors.NotHere)}
    ends = [
        pupil(f"ended-{why}", session("student", state="ended", ended_why=why, ended_at=ago(seconds=5)))
        for why in ("finished", "handed_back", "teacher_gone", "withdrawn")
    ]
    return [
        Scene("pupil-opening", here, silent, room=True),
        Scene("pupil-not-there", here, gone, room=True),
        pupil("board", session("student")),
        pupil("chat", session("student"), _open_chat),
        pupil("lost", session("student"), _lost),
        pupil("figures", session("student"), _formula_is_set, figures()),
        pupil("roaming", session("student"), _press("下一页", "Next page"), figures()),
        pupil("pen-away", session("student"), None, [*board(), line(9, "teacher", "lock", locked=True)]),
        pupil("teacher-away", session("student", peer_online=False)),
        pupil("cut", session("student"), _cut),
        *ends,
        pupil("watched", session("student"), link="watched"),
        teacher("watched", session("teacher", followers=19), link="watched"),
        watching("board", session("follower", text="", read_text="", media=[])),
        watching("paused", session("follower", text="", read_text="", media=[], paused_at=ago(seconds=20))),
        watching("ended", session("follower", state="ended", ended_why="finished", ended_at=ago(seconds=5))),
        teacher("board", session("teacher", followers=19)),
        teacher("chat", session("teacher", followers=3, media=[photo(), voice()]), _open_chat),
        teacher("figures", session("teacher"), _formula_is_set, figures()),
        teacher("shapes", session("teacher"), _press("图形", "Shapes")),
        teacher("style", session("teacher"), _press("颜色和粗细", "Colour and width")),
        teacher("pages", session("teacher"), _press("全部页", "All pages"), figures()),
        teacher("formula", session("teacher"), _type_formula, figures()),
        teacher("framing", session("teacher"), _press("旋转、裁剪照片", "Turn and crop the photo"), board()[:1]),
        teacher("no-microphone", session("teacher", peer_online=False), grants=False),
        teacher("writing", session("teacher"), _write_on_board),
        teacher("second-page", session("teacher"), _two_pages),
        finishing,
        replace(finishing, name="teaching-points", doors={**finishing.doors, **some_points}, act=_find_a_point),
        teacher("silent", session("teacher", active_at=ago(minutes=3))),
        teacher("paused", session("teacher", paused_at=ago(seconds=20), related=[earlier_])),
        teacher("related", session("teacher", related=[earlier_, earlier_two]), _open_chat),
        pupil("ends-soon", session("student", ends_at=ago(minutes=-4))),
        pupil("ended-silent", session("student", state="ended", ended_why="silent", ended_at=ago(seconds=5))),
        teacher("hand-back", session("teacher"), _press("转给别人", "Hand back")),
        teacher("withdrawn", session("teacher", state="ended", ended_why="withdrawn", ended_at=ago(seconds=5))),
    ]


def teacher_scenes() -> list[Scene]:
    done = [answer("rendering"), answer(text=LONG), answer("failed", OTHER)]
    remembered = {"done": msgspec.json.encode(done).decode()}
    settled = {f"GET /api/answers/{each.id}": each for each in done}
    crowd = _offered(14, 3, followers=19, worked_examples=[suggestion(OTHER_REASONS, Verdict.SIMILAR, OTHER)])
    off_shift = {"POST /api/duty": refusal(errors.OffShift)}
    resting = duty(Presence.READY, waiting=2, breath_s=60, rests_until=ago(seconds=-43))
    ready, off = duty(Presence.READY, waiting=0), duty(Presence.OFF, waiting=3)
    return [
        Scene("teacher-loading", "/teacher", {**_teacher(off), "GET /api/teacher": "silent"}),
        Scene("teacher-unreachable", "/teacher", {"GET /api/me": "cut"}),
        Scene("teacher-off", "/teacher", _teacher(off)),
        Scene("teacher-off-shift", "/teacher", {**_teacher(off), **off_shift}, _press("开始值班", "Go on duty")),
        Scene("teacher-ready", "/teacher", _teacher(ready, earnings(3))),
        Scene("teacher-resting", "/teacher", _teacher(resting, earnings(3))),
        Scene("teacher-away", "/teacher", _teacher(duty(Presence.AWAY, waiting=12), earnings(3))),
        Scene("teacher-offer", "/teacher", crowd),
        Scene("teacher-offer-late", "/teacher", _offered(4.8)),
        Scene("teacher-offer-text", "/teacher", _offered(14, media=[], read_text="", text=LONG)),
        Scene(
            "teacher-offer-unread",
            "/teacher",
            _offered(14, text="", read_text="", media=[photo(), photo("two"), voice()]),
        ),
        Scene("teacher-done", "/teacher", {**_teacher(ready, earnings(12)), **settled}, storage=remembered),
        Scene(
            "teacher-cutting",
            "/teacher",
            {**_teacher(ready, earnings(12)), **settled},
            _cutting,
            storage={"done": msgspec.json.encode(done[1:]).decode()},
        ),
        Scene("teacher-judging", "/teacher", {**_teacher(ready, earnings(2)), "GET /api/matches": doubtful()}),
        Scene("teacher-offline", "/teacher", _teacher(ready), offline=True),
        Scene("teacher-stopped", "/teacher", _teacher(ready), link="stopped"),
    ]


def doubtful() -> wire.Pairs:
    pair = wire.PairView(
        question_id=id_of("asked"),
        known_id=id_of("known"),
        subject=Subject.MATH,
        grade=5,
        asked=SHORT,
        known=OTHER,
        verdict=Verdict.SAME,
        confidence=0.71,
        outcome="not_mine",
        asked_at=ago(minutes=30),
    )
    return wire.Pairs(pairs=[pair] * 3)


def a_taxonomy() -> wire.TaxonomyView:
    points, _ = read_points(TAXONOMY.read_bytes())
    shown = [
        wire.TaxonomyPoint(
            code=p.code,
            name=p.name,
            parent=p.parent,
            subject=p.subject,
            stage=p.stage,
            first_grade=p.first_grade,
            last_grade=p.last_grade,
        )
        for _, p in points
    ]
    made = [(2, ago(days=3), 4), (1, ago(days=380), 0)]
    return wire.TaxonomyView(
        points_in_force=shown,
        versions=[
            wire.TaxonomyVersion(number=n, file_name=f"知识点-{n}.csv", made_at=at, size=230, relabelled=count)
            for n, at, count in made
        ],
    )


def questions_to_say() -> list[wire.ToSay]:
    about = {"subject": Subject.MATH, "grade": 8, "asked_at": ago(hours=20)}
    return [
        wire.ToSay(question_id=id_of("doubt"), text=OTHER, doubts=[A_DOUBT], **about),
        wire.ToSay(question_id=id_of("long"), text=LONG, doubts=[], point="一元一次不等式", point_sure=0.93, **about),
    ]


def _examples(page: Page) -> None:
    page.get_by_text(words("例题", "Examples")).first.click()


def topic_list() -> wire.TopicList:
    weeks = ["2026-11-16", "2026-11-09", "2026-11-02", "2026-10-26"]
    rows: list[tuple[str | None, list[str], list[int | None], float | None, bool]] = [
        ("勾股定理：梯子下滑", ["梯子", "斜边", "下滑"], [31, 12, 9, 11], 2.91, False),
        (None, ["摸到红球", "随机", "概率"], [18, None, None, None], None, True),
        (None, ["多项式", "分解因式", "提公因式", "平方差"], [None, 22, 19, 14], None, False),
    ]
    return wire.TopicList(
        weeks=weeks,
        topics=[
            wire.TopicView(
                number=n, name=name, terms=terms, exemplars=[SHORT, LONG, OTHER], born_on="2026-11-17",
                is_new=new, askers=askers, asked=askers, growth=growth,
            )
            for n, (name, terms, askers, growth, new) in enumerate(rows, 1)
        ],
    )  # fmt: skip


def label_models() -> wire.LabelModels:
    held = wire.LabelMarks(texts=212, accuracy=0.934, said=0.882, precision=0.973, at_90=0.979)
    before = wire.LabelMarks(texts=212, accuracy=0.906, said=0.861, precision=0.962, at_90=0.958)
    told = {"因式分解": 31, "一元一次方程": 2, "勾股定理": 1}
    confusion = [wire.ClassMarks(label="因式分解", count=34, told=told)]
    about = {"made_at": ago(hours=9), "confusion": [], "held_out": None, "before": None, "bar": None, "serves": None}
    return wire.LabelModels(
        models=[
            wire.LabelModel(
                **{**about, "held_out": held, "before": before, "confusion": confusion, "serves": 7, "bar": 0.62},
                number=7, kind=Kind.POINT, scope="math:junior", why="serves", labels=1_060, problems=611,
            ),
            wire.LabelModel(
                **{**about, "held_out": before, "before": held, "serves": 3, "bar": 0.7},
                number=8, kind=Kind.SUBJECT, scope="", why="worse_than_before", labels=4_000, problems=2_950,
            ),
            wire.LabelModel(**about, number=9, kind=Kind.DIFFICULTY, scope="", why="too_few", labels=18, problems=17),
        ]
    )  # fmt: skip


def research_scenes() -> list[Scene]:
    bins = [
        wire.Bin(low=0.7, high=0.8, count=12, mean=0.75, share=0.83),
        wire.Bin(low=0.8, high=0.9, count=31, mean=0.86, share=0.94),
        wire.Bin(low=0.98, high=1.0, count=210, mean=0.995, share=0.995),
    ]
    subjects = [
        wire.SubjectReliability(subject=Subject.MATH, labels=253, bar=0.82, precision=0.992, bins=bins),
        wire.SubjectReliability(subject=Subject.PHYSICS, labels=40, bar=1.01, precision=0.9, bins=bins[:1]),
        wire.SubjectReliability(subject=Subject.ENGLISH, labels=3, bar=0.7, bins=[]),
    ]
    found = wire.Reliability(calibration=3, since=ago(days=2), subjects=subjects)
    none = wire.Reliability(calibration=0, since=None, subjects=[])
    who = {"GET /api/me": me(Role.RESEARCHER)}
    taxonomy = "GET /api/research/taxonomy"
    none_yet = wire.TaxonomyView(points_in_force=[], versions=[])
    to_say = {"GET /api/research/to-say": wire.ToSayList(questions=questions_to_say())}
    some_topics = {"GET /api/research/topics": topic_list()}
    shown, points = {**who, **some_topics}, _press("知识点", "Knowledge points")
    models = {"GET /api/research/models": label_models(), taxonomy: a_taxonomy()}
    return [
        Scene("topics", "/topics", {**who, **some_topics}, _examples),
        Scene("topics-merging", "/topics", {**who, **some_topics}, _press("并入别的话题", "Merge")),
        Scene("topics-nothing", "/topics", {**who, "GET /api/research/topics": wire.TopicList(weeks=[], topics=[])}),
        Scene("taxonomy", "/topics", {**shown, taxonomy: a_taxonomy(), **to_say}, points),
        Scene("taxonomy-nothing", "/topics", {**shown, taxonomy: none_yet}, points),
        Scene("saying", "/topics", {**shown, taxonomy: a_taxonomy(), **to_say}, _press("待标注", "To label")),
        Scene("label-models", "/topics", {**who, **some_topics, **models}, _press("自动标注", "Models")),
        Scene("research", "/research", {**who, "GET /api/research/reliability": found}),
        Scene("research-nothing", "/research", {**who, "GET /api/research/reliability": none}),
    ]


def monday_scenes() -> list[Scene]:
    """The research staff's week: full, of one grade by school, of nothing, before the first."""
    named = {
        Subject.MATH: ("勾股定理", "一次函数的图象和性质", "二次根式的加减"),
        Subject.PHYSICS: ("浮力", "欧姆定律"),
        Subject.ENGLISH: ("现在完成时",),
        Subject.CHEMISTRY: ("化学方程式配平",),
        Subject.CHINESE: ("文言实词",),
    }
    points = [wire.PointName(subject=s, stage=Stage.JUNIOR, name=n) for s, names in named.items() for n in names]

    def share(middle: float) -> wire.ShareView:
        return wire.ShareView(share=middle, low=middle * 0.8, high=middle * 1.25)

    def figures(n: int) -> wire.WeekFigures:
        return wire.WeekFigures(
            asked=n, askers=n - n // 9, solved=n // 2, unanswered=n // 17, reopened=n // 25,
            stuck=share(0.03 + n / 9_000), median_s=48 + n / 9, p95_s=900 + n * 2,
        )  # fmt: skip

    def cell(n: int) -> wire.HeatCell | None:
        return None if n % 4 == 3 else wire.HeatCell(asked=n + 6, askers=n + 5, rate=share((n + 5) / 2_400))

    weeks = [
        wire.PointWeek(point=p, figures=figures(900 // (n + 2)), rate=share(0.04 / (n + 1)), week=share(0.004))
        for n, p in enumerate(points)
    ]
    grades = [
        wire.HeatRow(grade=7 + n, enrolled=2_400, cells=[cell((n * 37 + k * 11) % 60) for k in range(8)])
        for n in range(3)
    ]
    schools = [wire.SchoolName(id=id_of(f"school {n}"), name=f"第{n}中学") for n in range(1, 7)]
    by_school = [
        wire.HeatRow(
            grade=8, school=s.name, school_id=s.id, enrolled=340, cells=[cell((n * 29 + k * 7) % 50) for k in range(8)]
        )
        for n, s in enumerate(schools)
    ]
    rest = wire.HeatRow(grade=8, cells=[wire.HeatCell(asked=9, askers=8), *[None] * 7])
    line = [
        wire.WeekSum(week=str(date(2025, 9, 1) + timedelta(weeks=n)), asked=500 + n * n % 320, unanswered=20 + n % 9)
        for n in range(26)
    ]
    told = [each.week for each in reversed(line)]
    full = wire.MondayView(
        week=told[0], weeks=told, schools=schools, total=figures(1_214), before=figures(1_108), columns=points,
        rows=grades, points=weeks, risen=weeks[:3], fallen=[], hardest=weeks[2:7], line=line,
    )  # fmt: skip
    empty = wire.WeekFigures(asked=0, askers=0, solved=0, unanswered=0, reopened=0)
    nothing = {"total": empty, "before": empty, "columns": [], "rows": [], "points": [], "line": []}
    lists: dict[str, list[wire.PointWeek]] = {"risen": [], "fallen": [], "hardest": []}
    none = wire.MondayView(week=told[0], weeks=told, schools=schools, **nothing, **lists)
    never = wire.MondayView(week=None, weeks=[], schools=[], **nothing, **lists)
    who, door = {"GET /api/me": me(Role.RESEARCHER)}, "GET /api/research/week"
    outcomes: tuple[Any, ...] = ("solved", "stuck", "reopened")
    five = [
        wire.ExemplarView(text=text, outcome=outcome, answer=answer(text=text), photo_url="/gallery/one.jpg")
        for text, outcome in zip((LONG, OTHER, LONG), outcomes, strict=True)
    ]
    shown = {door: full, "GET /api/research/exemplars": wire.Exemplars(exemplars=five)}
    by_grade = msgspec.structs.replace(full, rows=[*by_school, rest])
    report = wire.Report(made_at=ago(days=1), week=msgspec.structs.replace(full, line=[]), school="第2中学")
    lines = [wire.ReportLine(id=id_of(f"report {week}"), week=week, made_at=ago(days=1)) for week in told[:3]]
    archived = {
        "GET /api/research/reports": wire.Reports(reports=lines, schools=schools),
        f"GET /api/research/reports/{lines[0].id}": report,
    }
    files = [
        wire.ExportLine(id=id_of("file 1"), form="parquet", state="making", asked_at=ago(minutes=1)),
        wire.ExportLine(
            id=id_of("file 2"), form="csv", state="ready", asked_at=ago(days=1), rows=81_204, left_out=32, size=9_400
        ),
    ]
    acts = [wire.ProjectNote(at=ago(days=1), act=act, who="教研员") for act in ("made", "approved", "asked")]

    def project(state: Any, mine: bool) -> wire.ProjectView:
        return wire.ProjectView(
            id=id_of(f"project {state}"), title="初二勾股定理的典型错误", mine=mine, state=state, log=acts,
            purpose="比较各校在勾股定理上的提问，为下学期的教研活动选题。", asked_by="演示·教研员",
            first="2026-09-01", until="2026-12-01", expires_on="2027-01-31",
            decided_by=None if state == "asked" else "演示·李老师", exports=files if state == "approved" else [],
        )  # fmt: skip

    columns = [wire.ColumnView(name=name, kind=kind, zh=zh, en=en) for name, kind, zh, en in COLUMNS]
    asked_for = wire.ProjectsView(projects=[project("asked", False), project("approved", True)], columns=columns)
    taken = {door: full, "GET /api/research/projects": asked_for}
    return [
        Scene("monday-reports", "/monday#reports", {**who, door: full, **archived}),
        Scene("monday-reports-none", "/monday#reports", {
            **who, door: full, "GET /api/research/reports": wire.Reports(reports=[], schools=[]),
        }),
        Scene("monday-data", "/monday#data", {**who, **taken}),
        Scene("monday-taking", "/monday#data", {**who, **taken},
              act=lambda p: p.get_by_role("button", name=words("下载", "Download")).click()),
        Scene("school-reports", "/school", {
            "GET /api/me": me(Role.SCHOOL_ADMIN),
            "GET /api/school/pupils": wire.SchoolPupils(school="第2中学", wording="2026-11", pupils=[]), **archived,
        }, act=lambda p: p.get_by_role("button", name=words("周报", "Weekly reports")).click()),
        Scene("monday-data-none", "/monday#data", {
            **who, door: full, "GET /api/research/projects": wire.ProjectsView(projects=[], columns=columns),
        }),
        Scene("monday", "/monday", {**who, door: full}),
        Scene("monday-schools", "/monday?grade=8", {**who, door: by_grade}),
        Scene("monday-exemplars", "/monday", {**who, **shown}, act=lambda p: p.locator(".heat button").first.click()),
        Scene("monday-nothing", "/monday?subject=history", {**who, door: none}),
        Scene("monday-never", "/monday", {**who, door: never}),
    ]


def answers_scenes() -> list[Scene]:
    """What is made of answers: recorded alone, hidden in part, split, reviewed; and what guardians agree to."""
    made, lesson_ = answer(text=LONG), answer(text="移项为什么要变号")
    lesson_.title = lesson_.problem_text
    sent_back = answer(text=OTHER)
    sent_back.review, sent_back.review_words, sent_back.is_cut = "sent_back", "第二页有同学的名字，请遮住", True
    asked = [
        wire.WaitingView(
            question_id=id_of(f"waits {n}"),
            subject=Subject.MATH,
            grade=5,
            text=text,
            photos=n,
            followers=3 * n,
            asked_at=ago(hours=9 - n),
        )
        for n, text in enumerate((LONG, SHORT, ""))
    ]
    off = _teacher(duty(Presence.OFF, waiting=3), earnings(2))
    settled = {f"GET /api/answers/{each.id}": each for each in (made, sent_back)}
    remembered = {"done": msgspec.json.encode([made, sent_back]).decode()}
    editions = wire.Editions(
        editions=[
            wire.EditionView(number=3, why="retaken", made_at=ago(hours=1), duration_ms=69_000, is_shown=True),
            wire.EditionView(number=2, why="masked", made_at=ago(hours=2), duration_ms=74_000, is_shown=False),
            wire.EditionView(number=1, why="made", made_at=ago(days=1), duration_ms=74_000, is_shown=False),
        ]
    )
    doors = {**off, **settled, f"GET /api/answers/{made.id}/editions": editions}

    def editing(name: str, act: Act) -> Scene:
        return Scene(f"teacher-{name}", "/teacher", doors, act, storage=remembered)

    alone = _teacher(duty(Presence.ANSWERING, session_id=id_of("session"), alone=True))
    a_lesson = session("teacher", kind="lesson", title="移项为什么要变号", question_id=None, text="", read_text="")
    a_lesson.media = []
    review = [
        wire.ReviewView(
            answer=each, teacher_id=id_of("teacher"), teacher_trusted=False, edition=n, has_pupil=n == 1, earlier=said
        )
        for n, (each, said) in enumerate(((made, ["字太小，看不清"]), (lesson_, [])), 1)
    ]
    reviewer = {"GET /api/me": me(Role.REVIEWER)}
    waits = [
        wire.LectureToReview(
            lecture_id=id_of("over"), what=what, title="二次函数的顶点：从图像到配方", lecturer_name="演示·林老师",
            subject=Subject.MATH, since=ago(hours=2),
        )
        for what in ("replay", "captions")
    ]  # fmt: skip
    queue = wire.Reviews(rule="trusted", waiting=2, answers=review, lectures=waits)
    agreed: list[list[Purpose]] = [[Purpose.SERVICE, Purpose.RECORDING], [], [*Purpose]]
    pupils = wire.SchoolPupils(
        school="演示第二中学",
        wording="2026-11",
        more=True,
        pupils=[
            wire.PupilView(
                id=id_of(f"pupil {n}"),
                login=f"pupil{n + 7}",
                real_name=f"演示学生{n + 7}",
                grade=n + 7,
                agreed=each,
                said_at=ago(days=n) if each else None,
            )
            for n, each in enumerate(agreed)
        ],
    )
    film = wire.LectureFilm(
        state="ready", progress=100, content_type="video/mp4", duration_ms=2_460_000, size=48_400_000,
        url="/nothing/film.mp4", download_url="/nothing/film.mp4",
    )  # fmt: skip
    films = [
        wire.SchoolFilm(
            lecture_id=id_of(title), title=title, lecturer_name="演示·林老师", subject=Subject.MATH, grades=[8, 9],
            held_at=ago(days=n), film=film,
        )
        for n, title in enumerate(("二次函数的顶点", "配方法：从完全平方式讲起，讲到求根公式的来历和判别式"), 1)
    ]  # fmt: skip
    school = {"GET /api/me": me(Role.SCHOOL_ADMIN)}
    films_of_school, no_films = (wire.SchoolFilms(films=each, more=False) for each in (films, []))
    guardian = {"GET /api/me": me(Role.GUARDIAN)}
    mine, childless = (wire.Children(wording="2026-11", children=each) for each in (pupils.pupils[:2], []))
    none = wire.Reviews(rule="all", waiting=0, answers=[])
    nobody = wire.SchoolPupils(school="", wording="2026-11", pupils=[])
    held = wire.HeldQuestion(
        question_id=id_of("held"), subject=Subject.MATH, grade=7, text="老师你好，今天作业是什么",
        asked_at=ago(minutes=9), told=Fitness.NO_QUESTION, confidence=0.94,
    )  # fmt: skip
    nothing_held = {"GET /api/held": wire.HeldQuestions(questions=[])}
    some_held = {"GET /api/held": wire.HeldQuestions(questions=[held])}
    return [
        Scene(
            "teacher-recording",
            "/teacher",
            {
                **off,
                "GET /api/waiting": wire.Waiting(questions=asked),
                "GET /api/lessons": wire.Lessons(lessons=[lesson_]),
            },
            lambda page: page.get_by_text(words("录一节微课", "Record a short lesson")).click(),
        ),
        editing("hiding", _hide),
        editing("splitting", _press("分成两段", "Split in two")),
        editing("retaking", _press("从这里重讲", "Teach anew from here")),
        editing("editions", _press("版本", "Editions")),
        Scene("studio-answer", "/teacher", {**alone, **_in_session(session("teacher", kind="answer"))}, room=True),
        Scene("studio-lesson", "/teacher", {**alone, **_in_session(a_lesson)}, room=True, grants=False),
        Scene("studio-drop", "/teacher", {**alone, **_in_session(a_lesson)}, _press("不要了", "Discard"), room=True),
        Scene("review", "/review", {**reviewer, "GET /api/reviews": queue, **some_held}),
        Scene("review-look", "/review", {**reviewer, "GET /api/reviews": queue, **nothing_held}, _look),
        Scene("review-nothing", "/review", {**reviewer, "GET /api/reviews": none, **nothing_held}),
        Scene("school", "/school", {**school, "GET /api/school/pupils": pupils}),
        Scene(
            "school-withdrawing",
            "/school",
            {**school, "GET /api/school/pupils": pupils},
            lambda page: page.get_by_role("checkbox").nth(1).click(),
        ),
        Scene("guardian", "/guardian", {**guardian, "GET /api/children": mine}),
        Scene("guardian-nobody", "/guardian", {**guardian, "GET /api/children": childless}),
        Scene(
            "school-lectures",
            "/school",
            {**school, "GET /api/school/pupils": pupils, "GET /api/school/films": films_of_school},
            _press("名师直播", "Lectures"),
        ),
        Scene(
            "school-no-lectures",
            "/school",
            {**school, "GET /api/school/pupils": pupils, "GET /api/school/films": no_films},
            _press("名师直播", "Lectures"),
        ),
        Scene("school-nobody", "/school", {**school, "GET /api/school/pupils": nobody}),
    ]


def _hide(page: Page) -> None:
    page.get_by_role("button", name=words("遮住", "Hide")).first.click()
    page.get_by_text(words("用数字框选", "By numbers")).click()
    page.get_by_role("slider").fill("4200")
    page.get_by_role("button", name=words("加上这块", "Add this region")).click()
    page.get_by_role("button", name=re.compile("起遮|Hide from")).click()


def _look(page: Page) -> None:
    page.get_by_role("button", name=words("看这段", "Look")).first.click()
    page.get_by_role("button", name=words("退回修改", "Send back")).click()
