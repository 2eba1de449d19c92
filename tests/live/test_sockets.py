"""One socket: who gets in, what a frame may be, and how it ends."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID, uuid4

import pytest
from websockets.exceptions import InvalidStatus

from server.domain.people import Role
from server.live import connection, hub
from server.live.connection import Seat
from server.live.protocol import MAX_FRAME, Close
from tests.live.classroom import Node, Page, SchoolDesk, a_person, an_event, until


async def test_a_page_with_a_ticket_is_welcomed(node: Node, desk: SchoolDesk) -> None:
    page = await node.bare_page()

    await page.hello(desk.ticket())

    welcome = await page.next("welcome")
    assert welcome["resumed"] == {} and welcome["resync"] == [] and not welcome["degraded"]


async def test_a_ticket_opens_one_socket(node: Node, desk: SchoolDesk) -> None:
    ticket = desk.ticket()
    first, second = await node.bare_page(), await node.bare_page()
    await first.hello(ticket)
    await first.next("welcome")

    await second.hello(ticket)

    assert await second.closed() == Close.TICKET
    assert await first.is_kept()


@pytest.mark.parametrize("first", ['{"frame":"beat"}', "hello", '{"frame":"hello"}', "\x00", "[" * 10_000])
async def test_whoever_does_not_say_hello_first_is_sent_away(node: Node, first: str) -> None:
    page = await node.bare_page()

    await page.socket.send(first)

    assert await page.closed() == Close.TICKET


async def test_whoever_says_nothing_is_sent_away(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HELLO_S", 0.05)

    page = await node.bare_page()

    assert await page.closed() == Close.TICKET


async def test_a_ticket_that_cannot_be_checked_asks_to_come_back(
    node: Node, desk: SchoolDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(ticket: str) -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(desk, "redeem", broken)
    page = await node.bare_page()

    await page.hello("x")

    assert await page.closed() < 4100


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "file://"])
async def test_pages_of_others_are_refused(node: Node, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await node.bare_page(origin=origin)

    assert refused.value.response.status_code == 403


async def test_our_own_pages_get_in_by_the_host_they_came_from(node: Node) -> None:
    page = await node.page(origin=node.url.replace("ws://", "http://").removesuffix("/live"))

    assert await page.is_kept()


async def test_with_named_origins_only_those_get_in(redis_url: str, desk: SchoolDesk) -> None:
    async with Node(redis_url, desk, origins={"https://dayi.example"}) as node:
        page = await node.page(origin="https://dayi.example")
        with pytest.raises(InvalidStatus):
            await node.bare_page(origin=node.url.replace("ws://", "http://").removesuffix("/live"))

        assert await page.is_kept()


ACT = f'{{"frame":"act","id":"1","session":"{UUID(int=7)}","assignment_epoch":1,"kind":"x","body":BODY}}'
INK = (
    f'{{"frame":"ink","session":"{UUID(int=7)}","stroke":"s","page":"p","tool":"t","color":"k","width":1,"points":POINTS}}'
)


@pytest.mark.parametrize(
    "hostile",
    [
        "not json",
        "",
        "[]",
        '{"frame":"dance"}',
        '{"frame":"beat","more":1}',
        '{"frame":"subscribe","id":"1"}',
        '{"frame":"subscribe","id":"1","channel":"a","channel":"b"}',
        ACT.replace("BODY", '{"x":NaN}'),
        ACT.replace("BODY", '{"x":-Infinity}'),
        ACT.replace("BODY", '{"x":1e400}'),
        ACT.replace("BODY", '{"x":1,"x":2}'),
        ACT.replace("BODY", '{"a":' * 9_000 + "1" + "}" * 9_000),
        "[1]",
        '[1,"AA",2]',
        '["1","AA"]',
        f'[1,"{"A" * 8193}"]',
        INK.replace("POINTS", "[[1,2,3,4]]"),
        INK.replace("POINTS", "1e400"),
        INK.replace("POINTS", '"AA<A"'),
        INK.replace("POINTS", f'"{"A" * 8193}"'),
    ],
    ids=lambda frame: f"{frame[:30]}…{frame[-20:]}",
)
async def test_a_frame_that_cannot_be_read_is_refused_and_the_socket_kept(node: Node, hostile: str) -> None:
    page = await node.page()

    await page.socket.send(hostile)

    refused = await page.next("refused")
    assert refused["code"] == "bad_frame" and refused["id"] == "" and refused["zh"] and refused["en"]
    assert await page.is_kept()


@pytest.mark.parametrize("depth", [100, 500, 900, 950, 1000, 1100, 2000])
async def test_however_deep_a_frame_is_the_socket_is_kept(node: Node, depth: int) -> None:
    page = await node.page()

    await page.socket.send(ACT.replace("BODY", '{"a":' * depth + "1" + "}" * depth))

    assert (await page.next("refused"))["code"] in ("bad_frame", "not_seated")
    assert await page.is_kept()


async def test_binary_frames_are_refused_and_the_socket_kept(node: Node) -> None:
    page = await node.page()

    await page.socket.send(b'{"frame":"beat"}')

    assert (await page.next("refused"))["code"] == "bad_frame"
    assert await page.is_kept()


@pytest.mark.parametrize("padding", ["x" * MAX_FRAME, "答" * (MAX_FRAME // 3)], ids=["letters", "characters"])
async def test_a_frame_that_is_too_large_ends_the_socket(node: Node, padding: str) -> None:
    page = await node.page()

    await page.socket.send(f'{{"frame":"unsubscribe","channel":"{padding}"}}')

    assert await page.closed() == Close.HOSTILE


async def test_a_flood_of_frames_ends_the_socket(node: Node) -> None:
    page = await node.page()

    for _ in range(1000):
        await page.socket.send('{"frame":"beat"}')

    assert await page.closed() == Close.HOSTILE


async def test_a_fast_pen_is_no_flood(node: Node, desk: SchoolDesk) -> None:
    page = await node.page()

    for _ in range(int(connection.BURST) - 10):
        await page.socket.send('{"frame":"unsubscribe","channel":"c"}')

    assert await page.is_kept()


async def test_a_person_may_open_eight_sockets(node: Node, desk: SchoolDesk) -> None:
    person = a_person()
    pages = [await node.page(person=person) for _ in range(hub.SOCKETS_PER_PERSON)]
    ninth = await node.bare_page()

    await ninth.hello(desk.ticket(person))

    assert await ninth.closed() == Close.TOO_MANY
    assert all([await page.is_kept() for page in pages])
    assert await (await node.page(person=a_person())).is_kept()


async def test_a_silent_socket_makes_room_for_a_new_one_of_the_same_person(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = a_person()
    pages = [await node.page(person=person) for _ in range(hub.SOCKETS_PER_PERSON)]
    monkeypatch.setattr(connection, "GHOST_S", 0.0)
    assert all([await page.is_kept() for page in pages[1:]])

    newcomer = await node.page(person=person)

    assert await pages[0].closed() == Close.SILENT
    assert await newcomer.is_kept()


@pytest.mark.usefixtures("quick_sweeps")
async def test_a_page_that_stays_silent_is_asked_and_then_closed(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ASK_S", 0.05)
    monkeypatch.setattr(connection, "SILENT_S", 0.5)
    page = await node.page()

    await page.next("beat")

    assert await page.closed() == Close.SILENT
    await until(lambda: not node.hub.people())


@pytest.mark.usefixtures("quick_sweeps")
async def test_beats_keep_a_page(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ASK_S", 0.03)
    monkeypatch.setattr(connection, "SILENT_S", 0.5)
    page = await node.page()

    for _ in range(40):  # asked every 30 ms, so well over SILENT_S
        await page.next("beat")
        await page.send(frame="unsubscribe", channel="none")

    assert await page.is_kept()


async def test_presence_follows_a_persons_first_and_last_socket(node: Node) -> None:
    person = a_person()

    first, second = await node.page(person=person), await node.page(person=person)
    await first.leave()
    await until(lambda: len(list(node.hub.sockets())) == 1)
    assert node.hub.is_online(person.id)
    second.vanish()
    await until(lambda: not node.hub.is_online(person.id))

    assert node.went == [("online", person.id), ("offline", person.id)]


async def test_a_foreign_channel_looks_like_one_that_does_not_exist(node: Node, desk: SchoolDesk) -> None:
    desk.forbidden.add("person:other")
    page = await node.page()

    await page.send(frame="subscribe", id="7", channel="person:other")

    refused = await page.next("refused")
    assert (refused["id"], refused["code"]) == ("7", "not_found")
    assert node.hub.members("person:other") == 0


async def test_a_socket_may_listen_to_so_many_channels(node: Node) -> None:
    page = await node.page(*(f"c{number}" for number in range(connection.CHANNELS)))

    await page.send(frame="subscribe", id="one more", channel="d")

    assert (await page.next("refused"))["code"] == "too_many_channels"


async def test_after_unsubscribing_nothing_more_is_told(node: Node) -> None:
    page = await node.page("c", "d")

    await page.send(frame="unsubscribe", channel="c")
    assert await page.is_kept()
    await node.bus.publish("c", 1, an_event(1))
    await node.bus.publish("d", 2, an_event(2))

    assert (await page.next("event"))["channel"] == "d"


async def test_a_command_is_answered_once_and_a_repeat_gets_the_same_answer(node: Node, desk: SchoolDesk) -> None:
    person, session = a_person(Role.TEACHER), uuid4()
    desk.seats[person.id, session] = Seat("teacher", f"session:{session}")
    page = await node.page(person=person)
    act = {"frame": "act", "id": "a1", "session": str(session), "assignment_epoch": 1, "kind": "stroke", "body": {}}

    await page.send(**act)
    await page.send(**act)

    assert await page.next("ack") == await page.next("ack") == {"frame": "ack", "id": "a1", "seq": 1}


async def test_a_command_that_breaks_something_is_refused_and_the_socket_kept(node: Node) -> None:
    page = await node.page()

    await page.send(frame="act", id="a1", session=str(uuid4()), assignment_epoch=1, kind="explode", body={})

    refused = await page.next("refused")
    assert (refused["id"], refused["code"]) == ("a1", "unavailable")
    assert await page.is_kept()


async def test_ink_reaches_the_other_side_on_another_node_but_not_its_author(
    node: Node, other_node: Node, desk: SchoolDesk
) -> None:
    teacher, pupil, session = a_person(Role.TEACHER), a_person(), uuid4()
    channel = f"session:{session}"
    desk.seats[teacher.id, session] = Seat("teacher", channel)
    drawing, own_other = await node.page(channel, person=teacher), await node.page(channel, person=teacher)
    watching = await other_node.page(channel, person=pupil)
    ink = {"stroke": "s1", "page": "p1", "tool": "pen", "color": "#000", "width": 3, "points": "wyBogEA0P", "at": 0}

    await drawing.send(frame="ink", session=str(session), **ink)

    pens = set()
    for page in (watching, own_other):
        seen = await page.next("ink")
        pens.add(seen.pop("pen"))
        assert seen == {"frame": "ink", "session": str(session), "author": "teacher", **ink}
    [pen] = pens
    for piece in ('[2,"AAAA"]', '[3,"CAAA"]'):
        await drawing.socket.send(piece)
    for page in (watching, own_other):
        assert await dots(page, pen, "AAAACAAA") == 2
    await drawing.send(frame="beat")
    await drawing.next("beat")
    assert drawing.socket.close_code is None


async def test_who_watches_sees_ink_and_hears_the_teacher_and_the_two_are_told_how_many_watch(
    node: Node, other_node: Node, desk: SchoolDesk
) -> None:
    teacher, pupil, session = a_person(Role.TEACHER), a_person(), uuid4()
    channel, gallery = f"session:{session}", f"gallery:{session}"
    desk.seats[teacher.id, session] = Seat("teacher", channel, gallery=gallery)
    desk.seats[pupil.id, session] = Seat("student", channel, gallery=gallery)
    teaching, asking = await node.page(channel, person=teacher), await other_node.page(channel, person=pupil)
    ink = {"stroke": "s1", "page": "p1", "tool": "pen", "color": "#000", "width": 3, "points": "wyBogEA0P"}
    voice = {"take": "t1", "n": 0, "type": "audio/webm", "bytes": "GkXf"}

    watching = await other_node.page(gallery)
    twice = await other_node.page(gallery, person=(viewer := a_person()))
    again = await other_node.page(gallery, person=viewer)

    for page in (teaching, asking):
        assert [(await page.next("watched"))["count"] for _ in range(3)] == [1, 2, 2]
    await teaching.send(frame="ink", session=str(session), **ink)
    await teaching.send(frame="voice", session=str(session), **voice)
    await asking.send(frame="voice", session=str(session), **voice)
    assert (await asking.until("refused"))["code"] == "not_seated"
    await teaching.send(frame="signal", session=str(session), data={"sdp": "v=0"})
    for page in (watching, twice, again):
        assert (await page.next("ink"))["author"] == "teacher"
        assert await page.next("voice") == {"frame": "voice", "session": str(session), **voice}
    assert (await asking.until("signal"))["data"] == {"sdp": "v=0"}
    for page in (again, twice, watching):
        await page.leave()
    assert [(await teaching.next("watched"))["count"] for _ in range(3)] == [2, 1, 0]


async def dots(page: Page, pen: str, points: str) -> int:
    """Until these points of the pen have come, in one piece or in several; where the first of them belongs."""
    first, heard = None, ""
    while heard != points:
        by, at, some = json.loads(await page.socket.recv())
        assert by == pen and points.startswith(heard + some)
        first, heard = at if first is None else first, heard + some
    assert first is not None
    return int(first)


async def test_dots_are_of_a_stroke_that_was_named_and_of_a_pen_that_may_draw(node: Node, desk: SchoolDesk) -> None:
    pupil, session = a_person(), uuid4()
    channel = f"session:{session}"
    desk.seats[pupil.id, session] = Seat("student", channel)
    page, watching = await node.page(channel, person=pupil), await node.page(channel)
    ink = {"stroke": "s1", "page": "p1", "tool": "pen", "color": "#000", "width": 3, "points": "wyBogEA0P"}

    await page.socket.send('[0,"AAAA"]')
    assert (await page.next("refused"))["code"] == "bad_frame"
    await page.send(frame="ink", session=str(session), **ink)
    await watching.next("ink")
    desk.seats[pupil.id, session] = Seat("student", channel, may_draw=False)
    await node.bus.publish(channel, 1, json.dumps({"type": "session", "session": {"state": "open"}}).encode())
    await page.next("event")
    await page.socket.send('[2,"AAAA"]')

    assert (await page.next("refused"))["code"] == "pen_locked"
    await watching.next("event")
    await node.bus.publish(channel, 2, an_event(2))
    assert (await watching.next("event"))["offset"] == 2


async def test_signalling_reaches_only_the_other_person(node: Node, other_node: Node, desk: SchoolDesk) -> None:
    teacher, pupil, session = a_person(Role.TEACHER), a_person(), uuid4()
    channel = f"session:{session}"
    desk.seats[teacher.id, session] = Seat("teacher", channel)
    calling, own_other = await node.page(channel, person=teacher), await other_node.page(channel, person=teacher)
    called = await other_node.page(channel, person=pupil)

    await calling.send(frame="signal", session=str(session), data={"sdp": "v=0"})

    assert (await called.next("signal"))["data"] == {"sdp": "v=0"}
    await node.bus.publish(channel, 1, an_event(1))
    assert (await own_other.next("event"))["offset"] == 1


async def test_whoever_has_no_seat_draws_nothing(node: Node, desk: SchoolDesk) -> None:
    page = await node.page("session:x")
    ink = {"stroke": "s1", "page": "p1", "tool": "pen", "color": "#000", "width": 3, "points": "wyBogEA0P", "at": 0}

    await page.send(frame="ink", session=str(uuid4()), **ink)

    assert (await page.next("refused"))["code"] == "not_seated"


async def test_a_seat_is_asked_for_once_and_again_when_the_session_changed(node: Node, desk: SchoolDesk) -> None:
    teacher, session = a_person(Role.TEACHER), uuid4()
    channel = f"session:{session}"
    desk.seats[teacher.id, session] = Seat("teacher", channel)
    page = await node.page(channel, person=teacher)
    ink = {"stroke": "s1", "page": "p1", "tool": "pen", "color": "#000", "width": 3, "points": "wyBogEA0P", "at": 0}
    for _ in range(5):
        await page.send(frame="ink", session=str(session), **ink)
    assert await page.is_kept()
    assert desk.asked_seats == 1

    del desk.seats[teacher.id, session]
    desk.forbidden.add(channel)
    await node.bus.publish(channel, 1, json.dumps({"type": "session", "session": {"state": "ended"}}).encode())
    await page.next("event")

    assert (await page.next("refused"))["id"] == channel
    await page.send(frame="ink", session=str(session), **ink)
    assert (await page.next("refused"))["code"] == "not_seated"
    assert node.hub.members(channel) == 0


async def test_signing_out_closes_the_sockets_of_that_sign_in_on_every_node(
    node: Node, other_node: Node, desk: SchoolDesk
) -> None:
    person = a_person()
    leaving, leaving_too, staying = await node.bare_page(), await other_node.bare_page(), await node.bare_page()
    for page, sign_in in ((leaving, "phone"), (leaving_too, "phone"), (staying, "laptop")):
        await page.hello(desk.ticket(person, sign_in))
        await page.next("welcome")

    await node.hub.sign_out("phone")

    assert await leaving.closed() == await leaving_too.closed() == Close.SIGNED_OUT
    assert await staying.is_kept()


async def test_a_node_that_stops_sends_its_pages_away_spread_out(node: Node) -> None:
    pages = [await node.page() for _ in range(20)]

    await node.hub.go(spread_s=30)

    after = [(await page.next("go"))["after_s"] for page in pages]
    assert await asyncio.gather(*(page.closed() for page in pages)) == [Close.MOVING] * 20
    assert all(0 <= wait <= 30 for wait in after) and max(after) - min(after) > 5
