"""The city set-up is what it says: known settings, a TLS end that passes sockets on, locks without strangers."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.settings import table

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
LOCKS = [DEPLOY / "requirements.lock", DEPLOY / "requirements-test.lock"]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def directives(config: str) -> list[tuple[tuple[str, ...], list[str]]]:
    """nginx's grammar in small: every directive with the blocks around it. Fails on an unclosed block or directive."""
    words: list[str] = []
    blocks: list[str] = []
    found: list[tuple[tuple[str, ...], list[str]]] = []
    config = config.replace("${SITE_NAME}", "site.example")
    for token in re.findall(r"""#[^\n]*|[{};]|"[^"]*"|'[^']*'|[^\s{};"']+""", config):
        if token.startswith("#"):
            continue
        if token == "{":
            blocks.append(" ".join(words))
            words = []
        elif token == "}":
            assert not words, f"no semicolon after {words}"
            blocks.pop()
        elif token == ";":
            assert words, "a semicolon with nothing before it"
            found.append((tuple(blocks), words))
            words = []
        else:
            words.append(token)
    assert not blocks and not words
    return found


def test_the_city_has_two_web_and_two_worker_processes_and_every_server_they_need(compose: dict[str, Any]) -> None:
    services = compose["services"]

    assert set(services) == {"migrate", "web", "worker", "nginx", "coturn", "postgres", "redis", "store"}
    assert services["web"]["deploy"]["replicas"] == services["worker"]["deploy"]["replicas"] == 2
    assert "--appendonly" in services["redis"]["command"]


def test_what_compose_refers_to_exists_in_it(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert "image" in service
        assert set(service.get("depends_on", {})) <= set(compose["services"])
        assert set(service.get("networks", [])) <= set(compose["networks"])
        assert ("networks" in service) != (service.get("network_mode") == "host")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or source == "./certs" or (DEPLOY / source).exists()
        for config in service.get("configs", []):
            assert config["source"] in compose["configs"]
        for name, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in compose["services"][name]


def test_only_the_tls_end_is_reachable_from_outside(compose: dict[str, Any]) -> None:
    open_ones = [name for name, service in compose["services"].items() if "ports" in service]

    assert open_ones == ["nginx"]
    assert compose["networks"]["inside"]["internal"] is True


def test_every_setting_in_compose_is_one_that_the_server_reads(compose: dict[str, Any]) -> None:
    known = {variable for variable, _, _ in table()}

    for service in compose["services"].values():
        given = {name for name in service.get("environment", {}) if name.startswith("DAYI_")}
        assert given <= known


def test_every_variable_that_compose_asks_for_is_in_the_example() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text()))
    example = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE))

    assert asked == example


def test_nginx_passes_sockets_and_files_on_and_nothing_that_is_for_the_operator() -> None:
    found = directives((DEPLOY / "nginx.conf").read_text())
    at = {block[-1]: {} for block, _ in found if block}
    for block, words in found:
        if block:
            at[block[-1]].setdefault(words[0], []).append(words[1:])

    assert ["Upgrade", "$http_upgrade"] in at["location = /ws"]["proxy_set_header"]
    assert at["location /dayi-files/"]["proxy_pass"] == [["http://store"]]
    assert at["location = /metrics"] == {"return": [["404"]]}
    assert any(words[0] == "ssl_protocols" and "TLSv1.1" not in words for _, words in found)
    assert any(words[:2] == ["add_header", "Strict-Transport-Security"] for _, words in found)


def test_nginx_logs_no_signatures() -> None:
    log = next(words for _, words in directives((DEPLOY / "nginx.conf").read_text()) if words[0] == "log_format")

    assert not re.search(r"\$(request\b|request_uri|args|query_string)", " ".join(log))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_packages_and_versions_and_nothing_else(lock: Path) -> None:
    for line in lock.read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"[a-z0-9][a-z0-9._-]*==[0-9][^\s:/@+]*( ; .+)?", line) or not line
    names = {line.split("==")[0] for line in lock.read_text().splitlines()}
    assert "torch" in names and not any(name.startswith("nvidia-") for name in names)


def test_the_two_locks_agree() -> None:
    runtime, tests = (set(lock.read_text().splitlines()) for lock in LOCKS)

    assert {line for line in runtime if "==" in line} <= tests


def test_the_pages_lock_names_no_registry() -> None:
    assert "omit-lockfile-registry-resolved=true" in (ROOT / "static" / ".npmrc").read_text()
    assert '"resolved"' not in (ROOT / "static" / "package-lock.json").read_text()


def test_shell_scripts_and_the_docker_entry_are_well_formed() -> None:
    for script in [*DEPLOY.glob("*.sh"), ROOT / ".ci" / "run"]:
        checked = subprocess.run(["sh", "-n", str(script)], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        copied = shlex.split(line)[1:-1] if line.startswith("COPY ") and "--from" not in line else []
        for source in copied:
            assert (ROOT / source).exists(), f"the Dockerfile copies {source}, which is not there"


def test_ci_runs_the_command_of_the_readme() -> None:
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "exec make test"


def test_make_help_lists_what_a_newcomer_types() -> None:
    printed = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert [line.split()[1] for line in printed.splitlines()][:3] == ["run", "demo", "test"]
