"""The demo's voice: real sound, as long as its words, and a clear refusal where there is none."""

import wave
from pathlib import Path

import av
import numpy as np
import pytest

from server.demo import voice
from server.demo.voice import VoiceFailed, VoiceMissing, narrate, pronounced, speak

SENTENCE = "同学你好，我们一起看这道题。"


def test_a_sentence_becomes_sound(tmp_path: Path) -> None:
    speech = speak(SENTENCE, tmp_path / "a.wav")

    with wave.open(str(speech.path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float)
        assert (file.getnchannels(), file.getframerate()) == (1, speech.rate)

    assert 16_000 <= speech.rate <= 24_000
    assert 1.5 <= samples.size / speech.rate == pytest.approx(speech.seconds)
    assert np.sqrt((samples**2).mean()) > 1_000
    assert np.abs(np.diff(np.sign(samples))).mean() > 0.01  # it swings: no constant level


def test_more_words_take_more_time(tmp_path: Path) -> None:
    short, long = speak("答案是三。", tmp_path / "a.wav"), speak(SENTENCE * 3, tmp_path / "b.wav")

    assert long.seconds > 3 * short.seconds


def test_lines_begin_at_their_times_and_wait_for_each_other(tmp_path: Path) -> None:
    alone = speak(SENTENCE, tmp_path / "a.wav").seconds

    later = narrate([(0, SENTENCE), (8_000, SENTENCE)], tmp_path / "b.wav").seconds
    crowded = narrate([(0, SENTENCE), (100, SENTENCE)], tmp_path / "c.wav").seconds

    assert later == pytest.approx(8 + alone, abs=0.1)
    assert crowded == pytest.approx(2 * alone, abs=0.1)


def test_an_m4a_plays_for_as_long_as_the_voice(tmp_path: Path) -> None:
    speech = speak(SENTENCE, tmp_path / "a.m4a")

    with av.open(str(speech.path)) as container:
        stream = container.streams.audio[0]
        seconds = sum(frame.samples for frame in container.decode(stream)) / stream.rate

    assert stream.codec_context.name == "aac"
    assert seconds == pytest.approx(speech.seconds, abs=0.2)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("3/4", "4分之3"),
        ("v=20 m/s", "v等于20 米每秒"),
        ("10⁻⁶", "10的负6次方"),
        ("x²−9", "x的平方减9"),
        ("x₁≤2", "x1小于等于2"),
        ("Zn²⁺", "Zn离子"),
    ],
)
def test_signs_are_said_as_a_teacher_says_them(printed: str, said: str) -> None:
    assert pronounced(printed) == said


def test_without_the_library_the_refusal_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "find_spec", lambda name: None)

    with pytest.raises(VoiceMissing, match="pip install espeakng-loader"):
        speak(SENTENCE, tmp_path / "a.wav")


def test_a_crash_of_the_library_is_an_error_and_no_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crashing = tmp_path / "crash.py"
    crashing.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr(voice, "__file__", str(crashing))

    with pytest.raises(VoiceFailed, match="ended with -11"):
        speak(SENTENCE, tmp_path / "a.wav")

    assert not (tmp_path / "a.wav").exists()


def test_a_silent_voice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = tmp_path / "silent.py"
    silent.write_text("import sys\nopen(sys.argv[1] + '/0.pcm', 'wb').write(bytes(8000))\nprint(22050)\n")
    monkeypatch.setattr(voice, "__file__", str(silent))

    with pytest.raises(VoiceFailed, match="no sound"):
        speak(SENTENCE, tmp_path / "a.wav")
