"""What the docs say is still true: settings, commands, folders, and the pages written from code."""

import re
from pathlib import Path

from server.settings import table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def test_the_table_of_settings_is_the_settings() -> None:
    rows = [f"| `{name}` | {f'`{default}`' if default else ''} | {why} |" for name, default, why in table()]

    assert "\n".join(rows) in OPERATIONS


def test_every_file_that_the_readme_names_is_there() -> None:
    named = set(re.findall(r"`((?:\w+/)+[\w.-]*)`", README)) | set(re.findall(r"\]\(([\w/.-]+)\)", README))

    # a name may be given from the folder that its sentence is about
    found = {name for name in named if (ROOT / name).exists() or (ROOT / "server" / name).exists()}

    assert named - found == set()


def test_the_readmes_first_commands_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))

    assert {"run", "test", "help", "demo"} <= targets
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_nothing_is_left_unfinished() -> None:
    unfinished = re.compile(r"\b(TODO|FIXME|XXX)\b")
    sources = [p for folder in ("server", "matcher", "media", "static/src", "docs") for p in (ROOT / folder).rglob("*")]

    found = [
        path.relative_to(ROOT)
        for path in sources
        if path.suffix in {".py", ".ts", ".tsx", ".css", ".md"} and unfinished.search(path.read_text())
    ]

    assert found == []
