"""Every setting: its environment variable, type, default and reason. docs/operations.md lists them from here."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit


def _setting(default: Any, why: str) -> Any:
    return field(default=default, metadata={"why": why})


class SettingsError(Exception):
    """A setting is wrong; the message names it and says what it should be."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one process. A field `port` is read from `DAYI_PORT`."""

    port: int = _setting(8000, "where the pages are served")
    host: str = _setting("127.0.0.1", "the address to listen on; 0.0.0.0 lets phones of the same network in")
    data_dir: Path = _setting(Path("data"), "where the embedded servers, files and secrets live")
    database_url: str = _setting("", "a PostgreSQL with pgvector (postgresql://…); empty: the embedded one")
    redis_url: str = _setting("", "a Redis (redis://…); empty: the embedded one")
    object_store_url: str = _setting(
        "", "s3+https://key:secret@host/bucket?region=…; empty: a folder in the data folder"
    )
    public_url: str = _setting(
        "", "the address that people type, https outside the demo; empty: http://localhost:<port>"
    )
    secret: str = _setting("", "signs file addresses, seals accounts; empty: made once and kept in the data folder")
    demo: bool = _setting(True, "demo people and problems, and a banner that says so; 0 for a city")
    web_processes: int = _setting(1, "web processes that `dayi run` starts, on ports from DAYI_PORT up")
    worker_processes: int = _setting(1, "worker processes that `dayi run` starts")
    model: str = _setting("", "path or name of a sentence-transformers model; empty: the one shipped in matcher/model")
    speech_model: str = _setting(
        "",
        "folder or name of a Whisper model that writes down voice notes and what is said in videos; "
        "empty: teachers alone hear them",
    )
    offer_lasts_s: int = _setting(15, "seconds a teacher has to accept an offer")
    pipeline_budget_s: int = _setting(20, "seconds for reading and matching; then a question goes to a teacher unread")
    gone_after_s: int = _setting(60, "seconds without a sign of life after which a teacher has lost a session")
    lease_s: int = _setting(30, "seconds that a teacher's presence lasts without a sign of life")
    session_minutes: int = _setting(30, "minutes that a live session may last; then it becomes an answer as it is")
    session_reminder: str = _setting(
        "", "what the city reminds teachers of at the start of a session; empty: no new teaching, no plain answers"
    )
    review: str = _setting(
        "", "whose answers a reviewer sees before others: at_once, trusted or all; empty: trusted, in the demo at_once"
    )
    lecture_days: int = _setting(90, "days that the recording of a lecture is kept; 60 at least")
    signed_url_s: int = _setting(900, "seconds that a signed file address lasts")
    sign_in_days: int = _setting(14, "days until a sign-in must be renewed")
    turn_urls: str = _setting("", "stun: and turn(s): servers for live voice, with commas; empty: direct paths only")
    turn_secret: str = _setting("", "what the TURN servers know as static-auth-secret")
    video_codec: str = _setting("h264", "h264 plays everywhere; vp9 (with Opus, in WebM) is free of patents")
    log_level: str = _setting("info", "debug, info, warning or error")

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Settings from the environment; raises SettingsError naming the variable that is wrong."""
        given: dict[str, Any] = {}
        for item in fields(cls):
            text = environ.get(variable(item.name))
            if text is None or text == "":
                continue
            try:
                given[item.name] = _parse(item.type, text)
            except ValueError as error:
                raise SettingsError(f"{variable(item.name)}={text!r}: {error}") from error
        settings = cls(**given)
        if "turn" in settings.turn_urls and not settings.turn_secret:
            raise SettingsError("DAYI_TURN_SECRET: needed with the TURN servers of DAYI_TURN_URLS")
        if settings.video_codec not in ("h264", "vp9"):
            raise SettingsError(f"DAYI_VIDEO_CODEC={settings.video_codec!r}: h264 or vp9 is expected")
        if settings.lecture_days < 60:
            raise SettingsError(
                f"DAYI_LECTURE_DAYS={settings.lecture_days!r}: a recording is kept for 60 days at least"
            )
        if settings.review not in ("", "at_once", "trusted", "all"):
            raise SettingsError(f"DAYI_REVIEW={settings.review!r}: at_once, trusted or all is expected")
        if not settings.demo and not _private(settings.origin):
            raise SettingsError(f"DAYI_PUBLIC_URL={settings.origin!r}: outside the demo the address must be https")
        return settings

    @property
    def origin(self) -> str:
        """Scheme, host and port that browsers must come from."""
        parts = urlsplit(self.public_url or f"http://localhost:{self.port}")
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def reviewed(self) -> Literal["at_once", "trusted", "all"]:
        """Whose answers a reviewer sees first (docs/adr/0051)."""
        chosen = self.review or ("at_once" if self.demo else "trusted")
        return "all" if chosen == "all" else "trusted" if chosen == "trusted" else "at_once"

    @property
    def secure(self) -> bool:
        return self.origin.startswith("https://")

    def signing_secret(self) -> str:
        """The given secret, or one made once in the data folder, readable by its owner only."""
        if self.secret:
            return self.secret
        path = self.data_dir / "secret"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text().strip()
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        return path.read_text().strip()


def variable(name: str) -> str:
    return f"DAYI_{name.upper()}"


def table() -> list[tuple[str, str, str]]:
    """Variable, default and reason of every setting, for the docs and their test."""
    return [(variable(item.name), str(item.default), item.metadata["why"]) for item in fields(Settings)]


def _parse(kind: object, text: str) -> Any:
    if kind in (bool, "bool"):
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off"}:
            return False
        raise ValueError("1 or 0 is expected")
    if kind in (int, "int"):
        return int(text)
    if kind in (Path, "Path"):
        return Path(text).expanduser()
    return text


def _private(origin: str) -> bool:
    parts = urlsplit(origin)
    return parts.scheme == "https" or parts.hostname in {"localhost", "127.0.0.1", "::1"}
