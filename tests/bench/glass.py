"""`dayi bench glass`: from a lecturer's microphone to a pupil's loudspeaker, and from her pen to the pupil's board.

Two browsers, each a process of its own, and one web process on loopback. The lecturer's microphone plays a file with a
click each other second; both pages note when a click goes by, the one at the microphone, the other at the loudspeaker,
by the clock of the machine. Strokes are begun at odd moments, and noted at pen-down and when they are first painted.
With `--camera` something flashes before hers with each click, and is noted when it is seen.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from server.demo.people import PASSWORD
from tests.bench import city
from tests.bench.city import percentile
from tests.browser.conftest import FLAGS, TABLET, executable
from tests.browser.test_lectures import soon
from tests.service import Node
from tests.sounds import clicks, wav

SECONDS = 30.0
EVERY_S = 2.0
NEAR_MS = 1_600  # less than lies between two
WIDTH = 40  # characters of the time line's bars

# Notes the machine's time whenever something begins to be heard on a node of Web Audio.
EAR = """
    window.clicks = [];
    const now = () => performance.timeOrigin + performance.now();
    window.listenTo = (context, node) => {
        const analyser = context.createAnalyser();
        analyser.fftSize = 256;
        node.connect(analyser);
        const samples = new Float32Array(256);
        let quiet = 0;
        setInterval(() => {
            analyser.getFloatTimeDomainData(samples);
            const loud = samples.some((sample) => Math.abs(sample) > 0.1);
            if (loud && now() - quiet > 300) window.clicks.push(now());
            if (loud) quiet = now();
        }, 4);
        return analyser;
    };
"""
MICROPHONE = """
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    const wall = () => {  // before her camera: white for a moment at each click
        const canvas = Object.assign(document.createElement("canvas"), { width: 480, height: 360 });
        const paint = canvas.getContext("2d");
        setInterval(() => {
            const white = now() - (window.clicks[window.clicks.length - 1] || 0) < 250;
            paint.fillStyle = white ? "#fff" : `rgb(30, ${(now() / 20) % 60}, 60)`;
            paint.fillRect(0, 0, 480, 360);
        }, 16);
        return canvas.captureStream(15);
    };
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        if (wanted.video) return wall();
        const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
        const stream = await open({ audio: plain });
        const context = new AudioContext();
        window.listenTo(context, context.createMediaStreamSource(stream));
        return stream;
    };
    window.pens = [];
    addEventListener("pointerdown", () => window.pens.push(now()), true);
"""
LOUDSPEAKER = """
    const Plain = Audio;
    window.Audio = class extends Plain {
        constructor(...given) {
            super(...given);
            const context = new AudioContext();
            window.listenTo(context, context.createMediaElementSource(this)).connect(context.destination);
            window.output = context;
        }
    };
    window.inks = [];
    window.flashes = [];
    const look = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const eye = look.getContext("2d", { willReadFrequently: true });
    let dark = true;
    setInterval(() => {
        const video = document.querySelector(".picture-shown video");
        if (!video || video.readyState < 2) return;
        eye.drawImage(video, 0, 0, 1, 1);
        const white = eye.getImageData(0, 0, 1, 1).data[0] > 150;
        if (white && dark) window.flashes.push(now());
        dark = !white;
    }, 10);
    for (const verb of ["fill", "stroke"]) {  // a board at rest paints nothing
        const plain = CanvasRenderingContext2D.prototype[verb];
        CanvasRenderingContext2D.prototype[verb] = function (...given) {
            if (now() - (window.inks[window.inks.length - 1] || 0) > 1_000) window.inks.push(now());
            return plain.apply(this, given);
        };
    }
"""


def opened(playwright: Playwright, file: Path) -> Browser:
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={file}"]
    return playwright.chromium.launch(executable_path=executable(playwright), args=flags)


def signed_in(browser: Browser, node: Node, login: str, script: str, at: str) -> Page:
    context = browser.new_context(
        viewport=TABLET, locale="zh-CN", permissions=["microphone", "camera"], base_url=node.origin
    )
    context.add_init_script(EAR + script)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("账号", exact=True).fill(login)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url(f"**{at}")
    return page


def measured(seconds: float, camera: bool) -> dict[str, list[float]]:
    with city.city() as (service, _), tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        service.seed()
        node = service.web()
        file = wav(Path(folder) / "clicks.wav", clicks(20.0, [n * EVERY_S + 0.5 for n in range(10)]))
        browsers = [opened(playwright, file) for _ in range(2)]
        lecturer = signed_in(browsers[0], node, "lecturer2", MICROPHONE, "/lectures")
        pupil = signed_in(browsers[1], node, "pupil8", LOUDSPEAKER, "/student")
        lecture = soon(service, "pupil8")
        lecturer.goto(f"/lectures#room={lecture}")
        pupil.goto(f"/lectures#room={lecture}")
        lecturer.get_by_role("button", name="开始直播").click()
        if camera:
            lecturer.get_by_role("button", name="打开摄像头").click()
            pupil.wait_for_function("() => window.flashes.length > 0")
        board = lecturer.get_by_role("application")
        board.wait_for()
        pupil.get_by_role("application").wait_for()
        pupil.wait_for_function("() => window.clicks.length > 2")
        for page in (lecturer, pupil):
            page.evaluate("() => { window.clicks = []; window.pens = []; window.inks = []; window.flashes = []; }")
        box = board.bounding_box()
        assert box is not None
        tick = threading.Event()
        for n in range(int(seconds / 2)):
            x, y = box["x"] + 120 + 40 * (n % 16), box["y"] + 140 + 60 * (n // 16)
            lecturer.mouse.move(x, y)
            lecturer.mouse.down()
            lecturer.mouse.move(x + 30, y + 30, steps=6)
            lecturer.mouse.up()
            tick.wait(2)
        said, heard = lecturer.evaluate("window.clicks"), pupil.evaluate("window.clicks")
        drawn, seen = lecturer.evaluate("window.pens"), pupil.evaluate("window.inks")
        flashed = pupil.evaluate("window.flashes")
        ahead = pupil.evaluate("1000 * (window.output.baseLatency + (window.output.outputLatency || 0))")
        for browser in browsers:
            browser.close()
    found = {"sound": after(said, heard), "ink": after(drawn, seen), "output": [ahead]}
    return {**found, "picture": after(said, flashed)} if camera else found


def after(causes: Sequence[float], effects: Sequence[float]) -> list[float]:
    """How long after each cause its effect came, in ms."""
    found = []
    for cause in causes:
        later = [effect - cause for effect in effects if 0 < effect - cause < NEAR_MS]
        if later:
            found.append(min(later))
    return found


def line(name: str, values: Sequence[float], most: float) -> str:
    low, middle, high = (percentile(values, share) for share in (0.05, 0.5, 0.95))
    bar = "".join(
        "●" if abs(n - WIDTH * middle / most) < 0.5 else "─" if WIDTH * low / most <= n <= WIDTH * high / most else " "
        for n in range(WIDTH + 1)
    )
    return f"{name:>7} |{bar}| p5 {low:.0f}, p50 {middle:.0f}, p95 {high:.0f} ms, {len(values)} times"


async def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dayi bench glass", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--camera", action="store_true", help="her picture, too")
    options = parser.parse_args(argv)
    found: dict[str, Any] = await asyncio.to_thread(measured, options.seconds, options.camera)
    shown = ("sound", "ink", *(("picture",) if options.camera else ()))
    most = 200.0 * (1 + max(percentile(found[name], 0.95) for name in shown) // 200)
    print(f"two browsers and a web process on one machine; load {city.load()}; 0 to {most:.0f} ms\n")
    for name in shown:
        print(line(name, found[name], most))
    step = percentile(found["ink"], 0.5) - percentile(found["sound"], 0.5)
    print(
        f"\nink after sound: {step:+.0f} ms at p50; not counted: {found['output'][0]:.0f} ms of the loudspeaker's own"
    )
    if options.camera:
        step = percentile(found["picture"], 0.5) - percentile(found["sound"], 0.5)
        print(f"picture after sound: {step:+.0f} ms at p50")
    return 0 if all(found[name] for name in shown) else 1
