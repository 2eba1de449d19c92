"""Voice notes: the words of a clear one, nothing of one that says nothing; a bad model is refused with the way out."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from matcher.embed import ModelRefused
from matcher.hear import LONGEST_S, RATE, Ear, Hearing, decoded, pieces
from matcher.normalize import normalize
from server.demo.voice import speak
from tests.speech import make_model

WORDS = "一座水塔高25米，求高。"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("whisper"), says=WORDS)


@pytest.fixture(scope="module")
def note(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("note") / "voice.m4a"
    speak("老师，这道题怎么做啊？", path)
    return path.read_bytes()


def test_a_voice_note_is_written_down(model: Path, note: bytes) -> None:
    heard = Ear.load(str(model)).hear(note)

    assert heard.text == WORDS and heard.is_clear


def test_what_a_model_only_guesses_is_not_clear(tmp_path: Path, note: bytes) -> None:
    heard = Ear.load(str(make_model(tmp_path))).hear(note)

    assert 0 <= heard.confidence < 0.1 and not heard.is_clear


def test_a_loop_and_what_is_not_sure_are_not_clear() -> None:
    assert Hearing("请问这道题怎么做", 0.65).is_clear and not Hearing("请问这道题怎么做", 0.54).is_clear
    assert not Hearing("谢谢大家" * 12, 0.9).is_clear


def test_what_says_nothing_says_nothing(model: Path, note: bytes) -> None:
    ear = Ear.load(str(model))

    assert ear.hear(b"") == ear.hear(note[: len(note) // 2]) == ear.hear(b"RIFF" + bytes(400)) == Hearing()


def test_a_note_is_decoded_as_whisper_listens_and_no_longer_than_a_note_may_be(
    tmp_path: Path, note: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = decoded(note)
    monkeypatch.setattr("matcher.hear.LONGEST_S", 1)

    assert LONGEST_S == 300 and whole.dtype == np.float32
    assert 0.1 < np.abs(whole).max() <= 1 and RATE < len(whole) < 10 * RATE
    assert np.array_equal(decoded(note), whole[:RATE])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.005, 0.3]), st.integers(1, 60_000)), max_size=8))
def test_a_long_note_is_cut_where_it_is_quiet_and_loses_nothing_that_is_said(parts: list[tuple[float, int]]) -> None:
    sound = np.concatenate([np.full(length, loud, np.float32) for loud, length in parts] or [np.zeros(0, np.float32)])

    made = list(pieces(sound, window=48_000))

    assert all(0 < len(piece) <= 48_000 and piece.max() > 0.2 for piece in made)
    assert sum(int((piece > 0.2).sum()) for piece in made) == int((sound > 0.2).sum())


def test_a_pause_is_where_a_long_note_is_cut() -> None:
    sound = np.full(60_000, 0.3, np.float32)
    sound[33_000:36_000] = 0.0

    first, second = pieces(sound, window=48_000)

    assert 33_000 < len(first) < 36_000 and len(first) + len(second) == 60_000


def test_spoken_fillers_and_numerals_are_no_part_of_the_problem() -> None:
    spoken = normalize("嗯老师这道题怎么做啊一座水塔高二十五米电视塔是它的十二倍电视塔高多少米")

    assert spoken.text == "一座水塔高25米电视塔是它的12倍电视塔高多少米"


def cut_short(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:10_000])


def lack_a_weight(folder: Path) -> None:
    _change(folder, lambda name, value: None if name.endswith("encoder.conv1.weight") else value)


def be_no_numbers(folder: Path) -> None:
    _change(folder, lambda name, value: value * float("nan"))


def _change(folder: Path, change: Callable[[str, NDArray[Any]], NDArray[Any] | None]) -> None:
    weights = folder / "model.safetensors"
    changed = {name: change(name, value) for name, value in load_file(weights).items()}
    save_file({name: value for name, value in changed.items() if value is not None}, weights, {"format": "pt"})


def be_another_kind(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))


def have_another_tokenizer(folder: Path) -> None:
    tokens = json.loads((folder / "tokenizer.json").read_text())
    tokens["model"]["vocab"] |= {f"more{n}": 1_000 + n for n in range(100)}
    (folder / "tokenizer.json").write_text(json.dumps(tokens))


SPOILED: dict[str, Callable[[Path], None]] = {
    "weights cut short": cut_short,
    "a weight missing": lack_a_weight,
    "no numbers": be_no_numbers,
    "another kind of model": be_another_kind,
    "another tokenizer": have_another_tokenizer,
    "no folder": shutil.rmtree,
    "no configuration": lambda folder: (folder / "config.json").unlink(),
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "no tokenizer": lambda folder: (folder / "tokenizer.json").unlink(),
    "no listener": lambda folder: (folder / "preprocessor_config.json").unlink(),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_a_model_that_cannot_be_used_is_refused_with_the_way_out(
    model: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    copy = tmp_path / "model"
    shutil.copytree(model, copy)
    spoil(copy)

    with pytest.raises(ModelRefused, match="leave the setting empty"):
        Ear.load(str(copy))
