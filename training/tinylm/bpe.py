"""The tokenizer: byte-level BPE in two stages, made so that words and digits can be copied.

Stage 1 learns merges without spaces and with single digits, so that a word has the same tokens
after a space, after a quote and at the start of a text. Stage 2 adds merges of a space and a whole
word that already is one token. At run time this is a plain GPT-2 tokenizer, which llama.cpp has.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

SPACE = "\u0120"
CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
VISIBLE = ("<tools>", "</tools>", "<tool_call>", "</tool_call>", "<tool_response>",
           "</tool_response>")  # fmt: skip


@dataclass(frozen=True)
class Bpe:
    """The tokens and merges of a trained tokenizer."""

    tokens: list[str]
    merges: list[tuple[str, str]]

    def runtime(self) -> Tokenizer:
        """Build the tokenizer used for training; llama.cpp makes the same tokens."""
        vocabulary = {token: index for index, token in enumerate(self.tokens)}
        tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=self.merges))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.add_special_tokens([AddedToken(text, normalized=False) for text in CONTROL])
        tokenizer.add_tokens([AddedToken(text, normalized=False) for text in VISIBLE])
        return tokenizer


def _first_stage(texts: list[str], size: int) -> tuple[list[str], list[tuple[str, str]]]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(" ", "isolated"),
            pre_tokenizers.Split(Regex(r"\d"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    merges = [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in model["merges"]]
    return tokens, merges


def train_bpe(texts: Iterable[str], size: int, spaced: int = 300) -> Bpe:
    """Learn a tokenizer.

    Args:
        texts: rendered conversations.
        size: number of tokens, special ones included.
        spaced: number of words that get a token of their own after a space.

    Returns:
        The tokens in the order of their ids, and the merges.
    """
    marks = re.compile("|".join(map(re.escape, CONTROL + VISIBLE)))
    texts = [marks.sub("\n", text) for text in texts]
    base = size - len(CONTROL) - len(VISIBLE) - spaced
    tokens, merges = _first_stage(texts, base)
    known = set(tokens)
    counts = Counter(word for text in texts for word in text.split(" ")[1:])
    words: Counter[str] = Counter()
    for word, count in counts.items():
        stem = word.rstrip(".,!?:;\n\"'")
        stem = stem.split("<")[0].split("\n")[0].rstrip(".,!?:;\"'")
        if stem.isalpha() and stem in known:
            words[stem] += count
    ranked = sorted(words.items(), key=lambda item: (-item[1], item[0]))
    chosen = ['"', *(word for word, _ in ranked)][:spaced]
    tokens += [SPACE + word for word in chosen] + list(CONTROL) + list(VISIBLE)
    merges += [(SPACE, word) for word in chosen]
    return Bpe(tokens, merges)
