"""Whisper models of a few hundred kilobytes: the library's own files and code, weights that say what a test wants.

The library is loaded when the first is made: that takes five seconds, which a process of tests without one saves.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import WhisperForConditionalGeneration, WhisperTokenizer

SPECIALS = ("<|endoftext|>", "<|startoftranscript|>", "<|zh|>", "<|en|>", "<|translate|>", "<|transcribe|>",
            "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>")  # fmt: skip
PROMPT = 4  # tokens before the first word: start, language, task, no timestamps
WIDTH = 64


def bytes_as_letters() -> dict[str, int]:
    """GPT-2's spelling of the 256 bytes, each a token of its own."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + n): byte for n, byte in enumerate(rest)}


def tokenizer() -> WhisperTokenizer:
    from transformers import WhisperTokenizer

    letters = bytes_as_letters()
    vocabulary = letters | {word: 256 + n for n, word in enumerate(SPECIALS)}
    made = WhisperTokenizer(vocab=vocabulary, merges=[])
    made.add_special_tokens({"additional_special_tokens": list(SPECIALS[1:])})
    return made


def make_model(folder: Path, says: str = "", seed: int = 7) -> Path:
    """A model in a folder as a hub gives it: random weights, or, whatever it hears, the words that it is to say."""
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
    )

    torch.manual_seed(seed)
    words = tokenizer()
    ids = {word: words.convert_tokens_to_ids(word) for word in SPECIALS}
    end, start = ids["<|endoftext|>"], ids["<|startoftranscript|>"]
    config = WhisperConfig(
        vocab_size=len(words), num_mel_bins=80, d_model=WIDTH, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=WIDTH, decoder_ffn_dim=WIDTH,
        max_source_positions=250, max_target_positions=160, decoder_start_token_id=start, bos_token_id=end,
        eos_token_id=end, pad_token_id=end, suppress_tokens=[], begin_suppress_tokens=[])  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    if says:
        _say(model, [*says.encode(), end])
    model.generation_config = GenerationConfig(
        decoder_start_token_id=start, bos_token_id=end, eos_token_id=end, pad_token_id=end, is_multilingual=True,
        lang_to_id={"<|zh|>": ids["<|zh|>"], "<|en|>": ids["<|en|>"]},
        task_to_id={"transcribe": ids["<|transcribe|>"], "translate": ids["<|translate|>"]},
        no_timestamps_token_id=ids["<|notimestamps|>"], prev_sot_token_id=ids["<|startofprev|>"],
        max_length=160)  # fmt: skip
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    WhisperFeatureExtractor(chunk_length=5).save_pretrained(folder)
    return folder


def _say(model: WhisperForConditionalGeneration, tokens: list[int]) -> None:
    """The layers add nothing, and each position asks for the token that comes next."""
    import torch

    decoder = model.model.decoder
    table = decoder.embed_tokens.weight
    with torch.no_grad():
        table.copy_(torch.nn.functional.normalize(torch.randn_like(table), dim=1))
        for layer in decoder.layers:
            for part in (layer.self_attn.out_proj, layer.encoder_attn.out_proj, layer.fc2):
                part.weight.zero_()
                part.bias.zero_()
        decoder.layer_norm.weight.fill_(10.0)
        for at, token in enumerate(tokens):
            decoder.embed_positions.weight[PROMPT - 1 + at] = 20 * table[token]
