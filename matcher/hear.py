"""Writes down what a voice note says, with a Whisper model that the operator has set; there is none by default."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil, exp
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from matcher.embed import ModelRefused

RATE = 16_000
"""Samples a second, as Whisper listens."""
LONGEST_S = 300
"""What a voice note may last; what claims more is cut there."""
CLEAR_FROM = 0.6
"""Mean probability of a token: what a Whisper understood had 0.65 and more, what it invented at most 0.54 (ADR 43)."""
MOST_REPEATED = 2.4
"""And how well the text may be compressed until it takes it for a loop. Shorter texts are let through."""
QUIET = 0.01
"""-40 dB of full scale: a piece without a louder moment has no voice, and would be filled with inventions."""
TOKENS_PER_S = 16
"""Fast speech takes half as many; a model that runs on is stopped, and not believed."""
THREADS = 1
"""Per process: the workers are as many as the cores."""

FRAME = RATE // 10
SEARCHED = 50
"""Frames at the end of a window in which the quietest one is looked for, to cut there."""
LANGUAGE = "zh"
START = "<|startoftranscript|>"

_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_WAY_OUT = ("copy its files again (config.json, generation_config.json, preprocessor_config.json, the tokenizer, "
           "model.safetensors), name another Whisper model, or leave the setting empty: voice notes are then heard "
           "by teachers alone.")

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a voice note says. `confidence` is the mean probability of its tokens, 0 when nothing was heard."""

    text: str = ""
    confidence: float = 0.0

    @property
    def is_clear(self) -> bool:
        """Whether the text may be compared with known problems."""
        return self.confidence >= CLEAR_FROM and not _repeats(self.text)


class _Written(NamedTuple):
    """A piece in writing, the logarithms of its tokens' probabilities, and whether the model came to an end."""

    text: str
    chances: Sound
    ended: bool


class Ear:
    """The model in memory; make one for each process and keep it."""

    def __init__(self, model: Any, listener: Any, tokenizer: Any) -> None:
        self._model, self._listener, self._tokenizer = model, listener, tokenizer
        self._window = int(listener.n_samples)
        self._spoken = {"language": LANGUAGE, "task": "transcribe"} if _knows_languages(model) else {}

    @classmethod
    def load(cls, name_or_path: str) -> Ear:
        """The model of a folder, without a network, or of a hub's name. Raises ModelRefused."""
        try:
            ear = cls(*_loaded(name_or_path))
            ear._check(name_or_path)
        except ModelRefused:
            raise
        except Exception as error:  # whatever the libraries raise for a broken file, the way out is one
            raise ModelRefused(
                f"The speech model {name_or_path} cannot be loaded ({type(error).__name__}: {_first_line(error)}). "
                f"Its files are damaged or missing: {_WAY_OUT}") from error
        return ear

    def hear(self, recording: bytes) -> Hearing:
        """The words of a voice note as it is kept (sound in MP4); an empty Hearing when there are none."""
        told = [written for piece in pieces(decoded(recording), self._window) if (written := self._write(piece)).text]
        if not told:
            return Hearing()
        chances = np.concatenate([written.chances for written in told])
        ended = all(written.ended for written in told)
        return Hearing(_joined([written.text for written in told]), exp(float(chances.mean())) if ended else 0.0)

    def _write(self, piece: Sound) -> _Written:
        import torch

        most = min(ceil(len(piece) / RATE * TOKENS_PER_S) + 8, self._model.config.max_target_positions - 8)
        with torch.inference_mode():
            made = self._model.generate(
                **self._heard(piece),
                **self._spoken,
                do_sample=False,
                num_beams=1,
                max_new_tokens=most,
                return_dict_in_generate=True,
                output_scores=True,
            )
            scores = self._model.compute_transition_scores(made.sequences, made.scores, normalize_logits=True)
        text = self._tokenizer.decode(made.sequences[0], skip_special_tokens=True)
        return _Written(" ".join(text.replace("\ufffd", "").split()), scores[0].numpy(), len(scores[0]) < most)

    def _heard(self, piece: Sound) -> dict[str, Any]:
        features = self._listener(piece, sampling_rate=RATE, return_tensors="pt", return_attention_mask=True)
        return {"input_features": features.input_features, "attention_mask": features.attention_mask}

    def _check(self, where: str) -> None:
        """The whole way once, on a hum: what it writes does not matter."""
        starts, most = self._model.generation_config.decoder_start_token_id, self._model.config.vocab_size
        if self._tokenizer.convert_tokens_to_ids(START) != starts or len(self._tokenizer) > most:
            raise ModelRefused(f"The tokenizer in {where} is missing, or is another model's: {_WAY_OUT}")
        hum = (np.sin(np.arange(RATE) / 20) / 4).astype(np.float32)
        if not np.isfinite(self._write(hum).chances).all():
            raise ModelRefused(f"The speech model {where} gives no usable words: its weights are damaged; {_WAY_OUT}")


def decoded(recording: bytes) -> Sound:
    """Mono at RATE, -1…1, of the first LONGEST_S seconds; nothing where it can't be decoded."""
    found: list[Sound] = []
    length = 0
    try:
        with av.open(io.BytesIO(recording), "r", format="mov", metadata_errors="ignore") as file:
            if not file.streams.audio:
                return np.zeros(0, np.float32)
            resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
            for frame in chain(file.decode(audio=0), [None]):
                if frame is not None:
                    frame.pts = None
                for ours in resampler.resample(frame):
                    found.append(ours.to_ndarray().reshape(-1).astype(np.float32, copy=False))
                    length += len(found[-1])
                if length >= LONGEST_S * RATE:
                    break
    except av.FFmpegError:
        return np.zeros(0, np.float32)
    return np.concatenate(found)[: LONGEST_S * RATE] if found else np.zeros(0, np.float32)


def pieces(sound: Sound, window: int) -> Iterator[Sound]:
    """Stretches of at most a window, cut where it is quietest; those in which nobody speaks are left out."""
    while len(sound):
        piece = sound[: _cut(sound, window)]
        sound = sound[len(piece) :]
        if np.abs(piece).max() > QUIET:
            yield piece


def _cut(sound: Sound, window: int) -> int:
    if len(sound) <= window:
        return len(sound)
    frames = min(SEARCHED, window // FRAME // 2)
    first = window - frames * FRAME
    loud = np.square(sound[first:window]).reshape(frames, FRAME).mean(axis=1)
    return first + int(loud.argmin()) * FRAME + FRAME // 2


def _joined(texts: Sequence[str]) -> str:
    """With a space between two words of letters, without one between Chinese."""
    whole = ""
    for text in texts:
        whole += (" " if whole[-1:].isalnum() and whole[-1].isascii() and text[0].isascii() else "") + text
    return whole


def _repeats(text: str) -> bool:
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) > MOST_REPEATED


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]


def _knows_languages(model: Any) -> bool:
    return f"<|{LANGUAGE}|>" in (getattr(model.generation_config, "lang_to_id", None) or {})


def _loaded(where: str) -> tuple[Any, Any, Any]:
    folder = Path(where).expanduser()
    if not folder.is_dir() and (not _HUB_NAME.fullmatch(where) or folder.exists()):
        raise ModelRefused(f"There is no folder {where} with a speech model: {_WAY_OUT}")
    import torch
    import transformers

    library: Any = transformers
    library.utils.logging.set_verbosity_error()
    library.utils.logging.disable_progress_bar()
    torch.set_num_threads(THREADS)
    source, local = (str(folder), True) if folder.is_dir() else (where, False)
    config = library.AutoConfig.from_pretrained(source, local_files_only=local)
    if config.model_type != "whisper":
        raise ModelRefused(f"The model {where} is a {config.model_type}, and speech is written down by Whisper models "
                           "alone: name one, or leave the setting empty.")
    model, told = library.WhisperForConditionalGeneration.from_pretrained(
        source, local_files_only=local, use_safetensors=True, dtype=torch.float32, output_loading_info=True)
    if told["missing_keys"]:
        raise ModelRefused(f"The speech model {where} lacks {len(told['missing_keys'])} of its weights: {_WAY_OUT}")
    listener = library.WhisperFeatureExtractor.from_pretrained(source, local_files_only=local)
    return model.eval(), listener, library.WhisperTokenizer.from_pretrained(source, local_files_only=local)
