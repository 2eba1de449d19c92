"""Takes a picture of every page in every state, on a phone and a laptop, in Chinese and English, for eyes to judge:

python -m tests.browser.shots http://localhost:8000 pictures [part of a scene's name …]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import gallery
from tests.browser.conftest import FLAGS, executable
from tests.browser.scenes import scenes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("origin")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--video", type=Path)
    parser.add_argument("--only", default="phone-zh,phone-en,laptop-zh,laptop-en")
    given = parser.parse_intermixed_args()
    video = given.video.read_bytes() if given.video else None
    chosen = [s for s in scenes() if not given.names or any(name in s.name for name in given.names)]
    given.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(playwright), args=FLAGS)
        for kind in given.only.split(","):
            size, language = kind.split("-")
            for scene in chosen:
                context = gallery.context(browser, given.origin, scene, phone=size == "phone")
                page = context.new_page()
                page.set_default_timeout(8_000)
                said: list[str] = []
                page.on("console", lambda m, said=said: m.type == "error" and said.append(m.text))
                page.on("pageerror", lambda e, said=said: said.append(str(e)))
                try:
                    gallery.show(page, scene, language, video)
                except Exception as error:
                    print(f"{scene.name} {kind}: {str(error)[:300]}")
                wide = page.evaluate("document.documentElement.scrollWidth > innerWidth") if scene.script else False
                if wide:
                    print(f"{scene.name} {kind}: wider than the screen")
                for text in said:
                    if "Failed to load resource" not in text:
                        print(f"{scene.name} {kind}: {text}")
                page.screenshot(path=given.folder / f"{scene.name}--{kind}.png", full_page=not scene.room)
                gallery.leave(page)
        browser.close()


if __name__ == "__main__":
    main()
