"""What somebody sees at an address that leads nowhere."""

from pathlib import Path

import httpx
import pytest


@pytest.fixture(autouse=True)
def page(tmp_path: Path, program: httpx.AsyncClient) -> None:
    (tmp_path / "dist" / "404.html").write_text("<h1>没有这个页面</h1>")


async def test_a_person_gets_a_page(program: httpx.AsyncClient) -> None:
    answer = await program.get("/nothing-here", headers={"Accept": "text/html,application/xhtml+xml"})

    assert answer.status_code == 404
    assert "没有这个页面" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_a_program_gets_the_refusal(program: httpx.AsyncClient) -> None:
    answer = await program.get("/api/nothing-here")

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
