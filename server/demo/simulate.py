"""A living demo: simulated pupils ask and simulated teachers answer, over the same doors that people use."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen
from uuid import uuid4

from server.demo.people import PASSWORD, people
from server.demo.problems import Problem, problems
from server.domain.people import Role
from server.settings import Settings

PAUSE_S = (2.0, 8.0)  # between one pupil's questions
TEACHERS = 4
PUPILS = 6


class Simulated:
    """A person who signs in by password and calls doors; no browser, hence no CSRF beyond its own token."""

    def __init__(self, origin: str, login: str) -> None:
        self._origin, self.login = origin, login
        self._headers = {"Content-Type": "application/json"}

    async def sign_in(self) -> None:
        me = await self.call("POST", "/api/sign-in", {"login": self.login, "password": PASSWORD})
        self._headers["X-CSRF-Token"] = me["csrf"]

    async def call(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """The answer as JSON; raises HTTPError with the service's refusal."""
        return await asyncio.to_thread(self._call, method, path, body, key)

    def _call(self, method: str, path: str, body: Any, key: str) -> Any:
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._origin + path, data, headers, method=method)  # noqa: S310 - our own origin
        with urlopen(request, timeout=20) as response:  # noqa: S310 - our own origin
            for name, value in response.headers.items():
                if name.lower() == "set-cookie" and not value.partition("=")[0].endswith("device"):
                    self._headers["Cookie"] = value.partition(";")[0]
            return json.loads(response.read() or b"null")


async def simulate(settings: Settings, seconds: float, say: Callable[[str], None]) -> int:
    """Until Ctrl-C, or for `seconds` when that is more than 0. Needs a running service (`dayi run`)."""
    origin = f"http://localhost:{settings.port}"
    until = time.monotonic() + seconds if seconds > 0 else float("inf")
    pupils = [p for p in people() if Role.STUDENT in p.roles][:PUPILS]
    teachers = [p for p in people() if Role.TEACHER in p.roles][:TEACHERS]
    refused = False
    try:
        async with asyncio.TaskGroup() as together:
            for teacher in teachers:
                together.create_task(_teach(Simulated(origin, teacher.login), until, say))
            for pupil in pupils:
                together.create_task(_learn(Simulated(origin, pupil.login), pupil.grade or 1, until, say))
    except* URLError as failures:
        say(f"The service does not answer at {origin}: start it with `make run`. ({failures.exceptions[0]})")
        refused = True
    return 1 if refused else 0


async def _learn(me: Simulated, grade: int, until: float, say: Callable[[str], None]) -> None:
    await me.sign_in()
    while time.monotonic() < until:
        problem = random.choice(_near(grade))
        body = {"subject": problem.subject, "grade": problem.grade, "text": problem.text}
        question = await me.call("POST", "/api/questions", body, key=str(uuid4()))
        await asyncio.sleep(random.uniform(*PAUSE_S))
        now = await me.call("GET", f"/api/questions/{question['id']}")
        say(f"{me.login} asked {problem.code}: {now['state']} ({now['verdict']})")
        if now["state"] in {"suggested", "answered"}:
            await _willingly(me, f"/api/questions/{question['id']}/solved", None)


def _near(grade: int) -> list[Problem]:
    return [problem for problem in problems() if abs(problem.grade - grade) <= 3]


async def _teach(me: Simulated, until: float, say: Callable[[str], None]) -> None:
    await me.sign_in()
    while time.monotonic() < until:
        await _willingly(me, "/api/duty", {"presence": "ready"})
        duty = (await me.call("GET", "/api/teacher"))["duty"]
        if duty["offer"]:
            session = await _willingly(me, f"/api/offers/{duty['offer']['id']}/accept", None)
            if session:
                await asyncio.sleep(random.uniform(2, 5))
                body = {"assignment_epoch": session["assignment_epoch"], "recordings": []}
                if await _willingly(me, f"/api/sessions/{session['id']}/finish", body):
                    say(f"{me.login} answered")
        await asyncio.sleep(1)


async def _willingly(me: Simulated, path: str, body: Any) -> Any:
    """A call that the service may refuse because the world has moved on."""
    try:
        return await me.call("POST", path, body)
    except HTTPError as refusal:
        if refusal.code in {404, 409}:
            return None
        raise
