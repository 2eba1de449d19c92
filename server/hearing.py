"""The child that hears voice notes for a worker, where a speech model is configured; nothing of them is kept."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import msgspec

from server.child import serve

if TYPE_CHECKING:  # the child alone loads what hears
    from matcher.hear import Ear, Hearing


class OneVoice(msgspec.Struct):
    """What a worker needs of a voice note; `refused` says why the model can't be used, and the way out."""

    text: str = ""
    ms: int = 0
    refused: str = ""


def told(hearing: Hearing) -> str:
    """What can't be heard for sure is not told: a teacher has ears."""
    return hearing.text if hearing.is_clear else ""


class _Listener:
    """Loads the model at the first frame, which is empty."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._ear: Ear | None = None

    def __call__(self, voice: bytes) -> OneVoice:
        from matcher.embed import ModelRefused
        from matcher.hear import Ear

        began = time.monotonic()
        try:
            self._ear = self._ear or Ear.load(self._model)
        except ModelRefused as refused:
            return OneVoice(refused=str(refused))
        text = told(self._ear.hear(voice)) if voice else ""
        return OneVoice(text, round((time.monotonic() - began) * 1000))


def main() -> None:
    os.nice(5)  # photos and matching go first
    serve(_Listener(sys.argv[1]))


if __name__ == "__main__":
    main()
