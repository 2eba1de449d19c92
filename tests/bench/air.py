"""`dayi bench air`: one lecturer speaks to ever more pupils; what it costs beside them, what each gets, how soon.

A lecturer's socket sends a recording in slices of 100 ms as a browser does, in real time. Pupils are sockets in the
room; then players of the replay, which ask for the playlist and every segment; then pupils who come, a hundred a
second, and wait for their first sound. Numbers of players are in one run on one web process. With `--camera` she is
seen besides, by everybody, and nobody comes later.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import redis

from server.domain.lecture import LectureState, PlaceState
from server.domain.people import Role, Stage, Subject
from server.embedded import Urls
from server.store import tables as t
from tests.bench import city
from tests.bench.city import Account, percentile
from tests.bench.page import Http, Socket
from tests.pictures import filmed
from tests.service import Node
from tests.sounds import recorded, speech

PLAYERS = (1, 100, 800)
SECONDS = 20.0
SLICE_S = 0.1
BEAT_S = 15.0
JOINS, JOINS_A_SECOND = 300, 100
BAR_JOIN_S = 3.0
BAR_BITS = 64_000


class Member(Socket):
    """Somebody's page in the room; pupils count what they hear."""

    def __init__(self, who: Account, room: UUID, *, looks: bool = False) -> None:
        super().__init__("/ws")
        self.who, self.room, self.looks = who, room, looks
        self.parts = self.bytes = self.pictures = self.pictured = 0
        self.came = self.first = 0.0
        self.sounds: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._hello = ""

    async def enter(self, http: Http, port: int) -> None:
        self.came = time.perf_counter()
        ticket = await http.call("POST", "/api/tickets", self.who.token)
        await http.call("GET", f"/api/lectures/{self.room}/room", self.who.token)
        self._hello = json.dumps({"frame": "hello", "ticket": ticket["ticket"], "resume": {}})
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)
        await self.ready
        for kind in ("room", "picture") if self.looks else ("room",):
            channel = f"{kind}:{self.room}"
            self.send(json.dumps({"frame": "subscribe", "id": kind, "channel": channel, "position": None}))
        self._beat()

    def _beat(self) -> None:
        if not self.lost:
            self.send('{"frame":"beat"}')
            asyncio.get_running_loop().call_later(BEAT_S, self._beat)

    def opened(self) -> None:
        self.send(self._hello)

    def heard(self, text: bytes) -> None:
        if text.startswith(b'{"frame":"sound"'):
            self.parts += 1
            self.bytes += len(text) + 4
            if not self.sounds.done():
                self.first = time.perf_counter()
                self.sounds.set_result(None)
        elif text.startswith(b'{"frame":"picture"'):
            self.pictures += 1
            self.pictured += len(text) + 4
        elif text.startswith(b'{"frame":"welcome"'):
            self.ready.set_result(None)
        elif text.startswith(b'{"frame":"refused"') or (b'"aired"' in text[:20] and b'"state":"on"' not in text):
            raise RuntimeError(text.decode())


async def speak(lecturer: Member, epoch: int, said: bytes, seconds: float, **more: Any) -> None:
    """In real time, as a recorder gives it; or shows herself."""
    each = round(len(said) * SLICE_S / seconds)
    begun = time.perf_counter()
    for n, at in enumerate(range(0, len(said), each)):
        await asyncio.sleep(max(0.0, begun + n * SLICE_S - time.perf_counter()))
        frame = {"frame": "air", "lecture": str(lecturer.room), "room_epoch": epoch, "take": "bench", "at": at}
        frame |= {"type": "audio/webm;codecs=opus", "ago_ms": 100, "last": at + each >= len(said), **more}
        lecturer.send(json.dumps({**frame, "bytes": base64.b64encode(said[at : at + each]).decode()}))


async def a_lecture(database: str, players: int) -> tuple[UUID, Account, list[Account]]:
    """Open, and about to begin, with a seat for each."""
    id, lecturer = uuid4(), city.account(f"lecturer-{uuid4().hex[:8]}")
    pupils = [city.account(f"pupil-{uuid4().hex[:8]}") for _ in range(players)]
    start = datetime.now(UTC) + timedelta(minutes=1)
    plan = {"title": "声音", "about": "", "subject": Subject.MATH, "stage": Stage.JUNIOR, "grades": [8]}
    plan |= {"knowledge_points": [], "school_ids": [], "capacity": 5_000, "taken": players, "next_number": players + 1}
    times = {"starts_at": start, "ends_at": start + timedelta(hours=1)}
    lecture = {"id": id, "lecturer_id": lecturer.id, "state": LectureState.OPEN, **plan, **times}
    places = [
        {"lecture_id": id, "pupil_id": who.id, "number": n, "state": PlaceState.SEATED}
        for n, who in enumerate(pupils, 1)
    ]
    people = [*city.account_rows([lecturer], Role.LECTURER, None), *city.account_rows(pupils, Role.STUDENT, 8)]
    await city.write(database, [(t.accounts, people), (t.sign_ins, city.sign_in_rows([lecturer, *pupils]))])
    await city.write(database, [(t.lectures, [lecture]), (t.lecture_places, places)])
    return id, lecturer, pupils


def packing_s(node: Node, *modules: str) -> float:
    """CPU of the children that pack."""
    spent = 0.0
    for child in psutil.Process(node.process.pid).children(recursive=True):
        if set(modules or ("media.stream", "media.picture")) & set(child.cmdline()):
            times = child.cpu_times()
            spent += times.user + times.system
    return spent


async def room(
    node: Node, urls: Urls, folder: Path, players: int, seconds: float, film: bytes | None = None
) -> dict[str, Any]:
    id, teacher, pupils = await a_lecture(urls.database, players)
    http = Http(node.port)
    begun = await http.call("POST", f"/api/lectures/{id}/start", teacher.token)
    members = [Member(who, id, looks=film is not None) for who in pupils]
    lecturer = Member(teacher, id)
    await lecturer.enter(http, node.port)
    await city.in_parallel([member.enter(http, node.port) for member in members])
    said = recorded(speech(seconds))
    epoch = begun["room"]["epoch"]
    speaking = [asyncio.create_task(speak(lecturer, epoch, said, seconds))]
    if film is not None:
        await asyncio.sleep(3 * SLICE_S)  # the take is there
        shown = {"take": "camera", "track": "camera", "beside": "bench", "after_ms": 300, "type": "video/webm"}
        speaking.append(asyncio.create_task(speak(lecturer, epoch, film, seconds - 1, **shown)))
    await asyncio.sleep(2)
    web, packed = city.cpu_s(node) - packing_s(node), packing_s(node)
    pictures = packing_s(node, "media.picture")
    before, pictured = sum(member.bytes for member in members), sum(member.pictured for member in members)
    measured = time.perf_counter()
    await asyncio.sleep(seconds - 4)
    lasted = time.perf_counter() - measured
    row = {
        "players": players,
        "parts": min(member.parts for member in members),
        "bits": 8 * (sum(member.bytes for member in members) - before) / players / lasted,
        "packing": 1_000 * (packing_s(node) - packed) / lasted,
        "picture_bits": 8 * (sum(member.pictured for member in members) - pictured) / players / lasted,
        "picturing": 1_000 * (packing_s(node, "media.picture") - pictures) / lasted,
        "pictures": min(member.pictures for member in members),
        "web": 1_000 * (city.cpu_s(node) - packing_s(node) - web) / lasted,
    }
    await asyncio.gather(*speaking)
    await asyncio.sleep(2)
    await http.call("POST", f"/api/lectures/{id}/end", teacher.token)
    for member in (lecturer, *members):
        member.close()
    stored = list((folder / "objects" / "objects" / "lectures" / str(id)).rglob("*.m4s"))
    row |= {"objects": len(stored), "stored": sum(path.stat().st_size for path in stored)}
    row |= await replay(node, urls.redis, id, pupils, http)
    http.close()
    return row


def later(redis_url: str) -> None:
    """The minute is over in which Redis has everything at hand."""
    client = redis.Redis.from_url(redis_url)
    for name in client.scan_iter("dayi:thing:*"):
        client.delete(name)
    client.close()


async def replay(node: Node, redis_url: str, id: UUID, pupils: Sequence[Account], http: Http) -> dict[str, Any]:
    """Everybody watches it again, from the first segment to the last."""
    later(redis_url)
    before, cpu = await reads(http), city.cpu_s(node)

    async def watch(who: Account) -> int:
        view = await http.call("GET", f"/api/lectures/{id}/replay", who.token)
        sound = view["sound"]
        got = 0
        for playlist in [sound["playlist"], *([sound["picture"]["playlist"]] if sound["picture"] else [])]:
            head = f"GET {playlist} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {who.token}\r\n\r\n"
            _, listed = await http.raw(head.encode())
            for address in re.findall(rb'^/hls/.+$|(?<=MAP:URI=")[^"]+', listed, re.M):
                status, data = await http.raw(b"GET " + address + b" HTTP/1.1\r\nHost: x\r\n\r\n")
                got += len(data) if status == 200 else 0
        return got

    watched: list[int] = []

    async def one(who: Account) -> None:
        watched.append(await watch(who))

    await city.in_parallel([one(who) for who in pupils])
    assert len(set(watched)) == 1, "each gets the same"
    return {"reads": await reads(http) - before, "served": watched[0], "again": city.cpu_s(node) - cpu}


async def reads(http: Http) -> int:
    _, text = await http.raw(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    found = re.search(rb'dayi_lecture_segments_total\{what="read"\} ([\d.]+)', text)
    return int(float(found[1])) if found else 0


async def joins(nodes: Sequence[Node], database: str) -> list[float]:
    """Seconds from asking for a ticket to the first sound, a hundred pupils each second."""
    node = nodes[0]
    id, teacher, pupils = await a_lecture(database, JOINS)
    http = Http(node.port)
    ways = [Http(each.port) for each in nodes]
    begun = await http.call("POST", f"/api/lectures/{id}/start", teacher.token)
    lecturer = Member(teacher, id)
    await lecturer.enter(http, node.port)
    seconds = JOINS / JOINS_A_SECOND + 8
    said = recorded(speech(seconds))
    speaking = asyncio.create_task(speak(lecturer, begun["room"]["epoch"], said, seconds))
    await asyncio.sleep(1.5)
    members = [Member(who, id) for who in pupils]

    async def come(n: int, member: Member) -> None:
        await asyncio.sleep(n / JOINS_A_SECOND)
        await member.enter(ways[n % len(ways)], nodes[n % len(nodes)].port)
        await member.sounds

    async with asyncio.timeout(seconds):
        await asyncio.gather(*(come(n, member) for n, member in enumerate(members)))
    speaking.cancel()
    for member in (lecturer, *members):
        member.close()
    http.close()
    return [member.first - member.came for member in members]


async def warm(node: Node) -> None:
    """A process that has just started still loads its model beside what it serves."""
    while (await Http(node.port).call("GET", "/readyz"))["matcher"] == "loading":  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.5)


def seen(rows: Sequence[dict[str, Any]]) -> int:
    """With a camera: the same whoever looks on."""
    print(f"one lecturer speaks and shows herself; load {city.load()}\n")
    print("| players | parts of sound, of picture | kbit/s of sound, of picture | packing both, the picture alone, "
          "CPU ms/s | web, CPU ms/s | objects (kB) written | reads of the store for all replays |")  # fmt: skip
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['players']} | {row['parts']}, {row['pictures']} | {row['bits'] / 1000:.1f}, "
            f"{row['picture_bits'] / 1000:.1f} | {row['packing']:.0f}, {row['picturing']:.0f} | {row['web']:.0f} "
            f"| {row['objects']} ({row['stored'] / 1000:.0f}) | {row['reads']} |"
        )
    same = len({(row["objects"], row["reads"]) for row in rows}) == 1
    return 0 if same and max(row["bits"] for row in rows) < BAR_BITS else 1


async def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dayi bench air", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--players", type=int, nargs="+", default=PLAYERS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--camera", action="store_true", help="she shows herself, too")
    options = parser.parse_args(argv)
    film = filmed(options.seconds - 1, size=(480, 360)) if options.camera else None
    with city.city() as (service, urls):
        node = await asyncio.to_thread(service.web)
        await warm(node)
        if film is not None:
            return seen([await room(node, urls, service.folder, n, options.seconds, film) for n in options.players])
        rows = [await room(node, urls, service.folder, n, options.seconds) for n in options.players]
        waited = {1: await joins([node], urls.database)}
        second = await asyncio.to_thread(service.web)
        await warm(second)
        waited[2] = await joins([node, second], urls.database)
    print(f"one lecturer speaks for {options.seconds:.0f} s; load {city.load()}\n")
    print("| players | parts, least | kbit/s to each | packing, CPU ms/s | web, CPU ms/s | objects (kB) written "
          "| reads of the store for all replays | CPU of the replays, ms each |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['players']} | {row['parts']} | {row['bits'] / 1000:.1f} | {row['packing']:.0f} | {row['web']:.0f} "
            f"| {row['objects']} ({row['stored'] / 1000:.0f}) | {row['reads']} "
            f"| {1000 * row['again'] / row['players']:.1f} |"
        )
    for count, times in waited.items():
        p50, p95 = (percentile(times, share) for share in (0.5, 0.95))
        print(f"\n{JOINS} pupils, {JOINS_A_SECOND} a second, {count} web: first sound p50 {p50:.2f} s, p95 {p95:.2f} s")
    same = len({(row["objects"], row["reads"]) for row in rows}) == 1
    return 0 if same and p95 <= BAR_JOIN_S and max(row["bits"] for row in rows) < BAR_BITS else 1
