"""How a process learns that the one that started it is gone, however that one ended."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

VARIABLE = "DAYI_LIFELINE"
WITH_PARENT = "DAYI_WITH_PARENT"  # set by the Makefile: a killed `make run` must not leave `dayi run` behind
LOOK_SECONDS = 0.5
FAREWELL_SECONDS = 5.0  # to close sockets and give jobs back; then the process ends as it is

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)  # loaded here: between fork and exec is no time for it


class Lifeline:
    """The parent's end: a pipe nobody writes to. The kernel closes it when the parent ends; the children see it."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    @property
    def child_end(self) -> int:
        """A file descriptor to hand to the child (`pass_fds`), named to it in the environment by VARIABLE."""
        return self._read

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)


def watch() -> None:
    """Called once by a child: from now on it ends when its parent does. Does nothing in a process started by hand."""
    descriptor = os.environ.pop(VARIABLE, "")
    if descriptor:
        os.set_inheritable(int(descriptor), False)
        threading.Thread(target=_end_at_eof, args=(int(descriptor),), name="lifeline", daemon=True).start()


def end_with_parent() -> None:
    """For `dayi run`, which has no pipe from whoever typed it: if WITH_PARENT is set, end as by SIGTERM when the parent
    is gone. Not otherwise: what a shell started with nohup outlives its shell."""
    if os.environ.pop(WITH_PARENT, ""):
        threading.Thread(target=_end_without, args=(os.getppid(),), name="parent", daemon=True).start()


def die_with_parent(farewell: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`, where the program isn't ours: Linux sends it `farewell` when the thread starting it ends."""
    if sys.platform != "linux":
        return None
    return functools.partial(_request_farewell, os.getpid(), farewell)


def _end_at_eof(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(FAREWELL_SECONDS)
    os._exit(1)


def _end_without(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _request_farewell(parent: int, farewell: signal.Signals) -> None:
    """Runs in the child after it changed accounts, since changing them clears the request."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(farewell), 0, 0, 0)
    if os.getppid() != parent:  # the parent was gone before we asked
        os._exit(1)
