"""A worker's child without its models: it says the words it was started with; some files kill it or hang it."""

import os
import sys
import threading

import msgspec

from server.child import serve
from server.hearing import OneVoice
from server.reading import OnePhoto

READS, HEARS = ("-m", "tests.stand_in", "read"), ("-m", "tests.stand_in", "hear")
DEADLY, ENDLESS = b"as when memory ends", b"never done"


def main(kind: str, words: str) -> None:
    def answer(file: bytes) -> msgspec.Struct:
        if file == DEADLY:
            os._exit(137)
        if file == ENDLESS:
            threading.Event().wait()
        return OnePhoto(words) if kind == "read" else OneVoice(words)

    serve(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
