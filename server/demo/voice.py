"""A synthesised Mandarin voice for demo answers: eSpeak NG from its wheel, in a process of its own.

eSpeak NG is GPL-3: it runs only here, to make demo data, in a separate process, and is no part of what a city runs.
"""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

VOICE = "cmn"
WORDS_PER_MINUTE = 165
TIME_LIMIT = 60  # seconds for a whole answer; a line takes some 20 ms
QUIETEST = 200.0  # root mean square of 16-bit samples; speech has 2,000 to 5,000
AAC_RATE = 64_000  # bits a second

# What the voice would skip or misread, and how a teacher says it.
SPOKEN = {
    "=": "等于",
    "≠": "不等于",
    "≤": "小于等于",
    "≥": "大于等于",
    "<": "小于",
    ">": "大于",
    "+": "加",
    "−": "减",
    "×": "乘",
    "÷": "除以",
    "±": "正负",
    "/": "除以",
    "√": "根号",
    "²": "的平方",
    "³": "的立方",
    "℃": "摄氏度",
    "°": "度",
    "→": "，到，",
    "↑": "，",
    "⇌": "，可逆，",
    "∠": "角",
    "△": "三角形",
    "⊥": "垂直于",
    "⊙": "圆",
    "Δ": "德尔塔",
    "π": "派",
    "α": "阿尔法",
    "μ": "缪",
    "ρ": "柔",
    "Φ": "斐",
    "Ω": "欧姆",
    "|": "，",
    "·": "",
    "…": "，",
    "“": "",
    "”": "",
    "_": "",
    "'": "撇",
}
UNITS = {"km/h": "千米每小时", "m/s²": "米每二次方秒", "m/s": "米每秒", "g/cm³": "克每立方厘米", "mol/L": "摩尔每升"}
FRACTION = re.compile(r"(\d+)/(\d+)")
ION = re.compile(r"[²³]?⁺")
POWER = re.compile(r"([⁰¹⁴⁵⁶⁷⁸⁹⁻²³]*[⁰¹⁴⁵⁶⁷⁸⁹⁻][⁰¹⁴⁵⁶⁷⁸⁹⁻²³]*)")
PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉ₙ", "01234567890123456789n", "⁺")


class VoiceMissing(RuntimeError):
    """The demo voice is not installed: pip install espeakng-loader."""


class VoiceFailed(RuntimeError):
    """The demo voice made no sound."""


@dataclass(frozen=True)
class Speech:
    """What was written: where, how long and how loud (root mean square of 16-bit samples)."""

    path: Path
    seconds: float
    rate: int
    loudness: float


def speak(text: str, path: Path) -> Speech:
    """Writes the text, read aloud, to `path`: mono, .wav or .m4a by its name. Raises VoiceMissing, VoiceFailed."""
    return narrate([(0, text)], path)


def narrate(lines: Sequence[tuple[int, str]], path: Path) -> Speech:
    """Reads each line at its time (milliseconds); a line that would overlap waits for the one before to end."""
    assert lines and any(text.strip() for _, text in lines), "nothing to say"
    assert path.suffix in (".wav", ".m4a"), "a voice is written as .wav or .m4a"
    rate, spoken = _synthesised([pronounced(text) for _, text in lines])
    samples = _placed(zip((at for at, _ in lines), spoken, strict=True), rate)
    loudness = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if samples.size else 0.0
    if loudness < QUIETEST:
        raise VoiceFailed(f"the demo voice made no sound (loudness {loudness:.0f})")
    if path.suffix == ".wav":
        _write_wav(path, samples, rate)
    else:
        _write_m4a(path, samples, rate)
    return Speech(path, samples.size / rate, rate, loudness)


def narrate_board(log: Iterable[dict[str, Any]], path: Path) -> Speech:
    """The voice of an answer: what its board says, when it says it."""
    return narrate([(op["at_ms"], op["text"]) for op in log if op["kind"] == "say"], path)


def pronounced(text: str) -> str:
    """Signs written out as words, as far as a listener needs them."""
    for unit, words in UNITS.items():
        text = text.replace(unit, words)
    text = FRACTION.sub(r"\2分之\1", text)
    text = ION.sub("离子", text.replace("e⁻", "电子"))
    text = POWER.sub(lambda found: f"的{found[1].replace('⁻', '负').translate(PLAIN)}次方", text)
    return "".join(SPOKEN.get(character, character) for character in text).translate(PLAIN)


def _synthesised(texts: list[str]) -> tuple[int, list[Samples]]:
    """Runs this file as a process: a crash of the C library ends that process only."""
    if find_spec("espeakng_loader") is None:
        raise VoiceMissing(VoiceMissing.__doc__)
    with tempfile.TemporaryDirectory(prefix="dayi-voice-") as folder:
        try:
            done = subprocess.run(
                [sys.executable, str(Path(__file__).resolve()), folder],
                input=json.dumps(texts),
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=TIME_LIMIT,
            )
        except subprocess.TimeoutExpired as late:
            raise VoiceFailed(f"the demo voice took more than {TIME_LIMIT} s") from late
        if done.returncode != 0:
            raise VoiceFailed(f"the demo voice ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        spoken = [np.fromfile(Path(folder, f"{number}.pcm"), np.int16) for number in range(len(texts))]
        return int(done.stdout), spoken


def _placed(lines: Iterable[tuple[int, Samples]], rate: int) -> Samples:
    parts: list[Samples] = []
    written = 0
    for at_ms, line in lines:
        pause = max(0, at_ms * rate // 1000 - written)
        parts += [np.zeros(pause, np.int16), line]
        written += pause + line.size
    return np.concatenate(parts)


def _write_wav(path: Path, samples: Samples, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def _write_m4a(path: Path, samples: Samples, rate: int) -> None:
    import av

    with av.open(str(path), "w", format="ipod", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("aac", rate=rate, layout="mono")
        stream.bit_rate = AAC_RATE
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate = rate
        frame.pts = 0
        for packet in stream.encode(frame):
            container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)


def _child(folder: Path) -> int:
    """Reads a JSON list of texts, writes <number>.pcm for each into the folder; returns the sample rate."""
    import espeakng_loader

    texts: list[str] = json.loads(sys.stdin.read())
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    heard = bytearray()

    def listen(samples: Any, count: int, _events: int | None) -> int:
        if samples and count > 0:
            heard.extend(ctypes.string_at(samples, count * 2))
        return 0

    listener = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)(listen)
    rate = int(library.espeak_Initialize(2, 500, _short_data_path(folder, espeakng_loader.get_data_path()), 0x8000))
    if rate <= 0:
        raise SystemExit("eSpeak NG did not start")
    library.espeak_SetSynthCallback(listener)
    if library.espeak_SetVoiceByName(VOICE.encode()) != 0:
        raise SystemExit(f"eSpeak NG has no voice {VOICE}")
    library.espeak_SetParameter(1, WORDS_PER_MINUTE, 0)
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    for number, text in enumerate(texts):
        heard.clear()
        said = text.encode() + b"\0"
        if library.espeak_Synth(said, len(said), 0, 1, 0, 1, None, None) != 0:
            raise SystemExit("eSpeak NG could not speak a line")
        library.espeak_Synchronize()
        Path(folder, f"{number}.pcm").write_bytes(heard)
    return rate


def _short_data_path(folder: Path, data: str) -> bytes:
    """The library copies its data's path into 160 bytes: a link keeps it short."""
    link = folder / "espeak-ng-data"
    link.symlink_to(data, target_is_directory=True)
    return str(folder).encode()


if __name__ == "__main__":
    print(_child(Path(sys.argv[1])))
