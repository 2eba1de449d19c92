"""The child that reads photos for a worker: frames in on standard input, frames out on standard output."""

import json
import os
import struct
import sys
from typing import BinaryIO

from matcher.read import read_photo


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Answers each photo with its text until the worker hangs up; an empty photo only loads the models."""
    while head := source.read(4):
        (length,) = struct.unpack(">I", head)
        text = json.dumps(read_photo(source.read(length)).text).encode()
        target.write(struct.pack(">I", len(text)) + text)
        target.flush()


def main() -> None:
    """Whatever a library prints must not come between the frames: it goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
