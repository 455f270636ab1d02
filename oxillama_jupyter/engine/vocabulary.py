"""The model's vocabulary, as llama.cpp has it: one of those that import `llama_cpp`.

May be read from any thread: llama.cpp does not change it.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import llama_cpp

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LlamaVocabulary"]


class LlamaVocabulary:
    """The model's tokens: text to tokens, tokens to bytes, and which of them are special."""

    def __init__(self, model: Any) -> None:  # an opaque C pointer
        self._vocab = llama_cpp.llama_model_get_vocab(model)
        self.n_tokens: int = llama_cpp.llama_vocab_n_tokens(self._vocab)
        self._pieces: list[bytes | None] = [None] * self.n_tokens
        self._ends = frozenset(
            token
            for token in range(self.n_tokens)
            if llama_cpp.llama_vocab_is_eog(self._vocab, token)
        )
        self.bos: int = llama_cpp.llama_vocab_bos(self._vocab)
        self.eos: int = llama_cpp.llama_vocab_eos(self._vocab)
        self.fill: tuple[int, int, int] = (
            llama_cpp.llama_vocab_fim_pre(self._vocab),
            llama_cpp.llama_vocab_fim_suf(self._vocab),
            llama_cpp.llama_vocab_fim_mid(self._vocab),
        )
        self.add_bos: bool = llama_cpp.llama_vocab_get_add_bos(self._vocab)

    def is_end(self, token: int) -> bool:
        """Whether this token ends a generation."""
        return token in self._ends

    def piece(self, token: int) -> bytes:
        """The bytes of this token; none for control tokens."""
        piece = self._pieces[token]
        if piece is None:
            piece = self._pieces[token] = self._to_piece(token)
        return piece

    def raw(self, token: int) -> bytes:
        """The bytes of this token, as it is written in templates where it is a control token."""
        return self._to_piece(token, special=True)

    def text(self, token: int) -> str:
        """The token as it is written in templates, control tokens too; empty for no token."""
        if token < 0:
            return ""
        return self._to_piece(token, special=True).decode(errors="replace")

    def tokenize(self, text: str, *, special: bool, around: bool = False) -> list[int]:
        """Turn text into tokens.

        Args:
            text: What to tokenise.
            special: Whether control tokens are recognised in it.
            around: Whether to add the special tokens the model wants around a whole text.
        """
        data = text.encode(errors="replace")
        room = len(data) + 8
        tokens = (ctypes.c_int32 * room)()
        count = llama_cpp.llama_tokenize(
            self._vocab, data, len(data), tokens, room, around, special
        )
        return tokens[:count]

    def reveal(self, texts: Iterable[str]) -> None:
        """Give control tokens their text as bytes; before anybody else reads the vocabulary."""
        for text in texts:
            tokens = self.tokenize(text, special=True)
            if len(tokens) == 1:
                self._pieces[tokens[0]] = text.encode()

    def special_tokens(self) -> dict[str, bool]:
        """Texts that tokenising may turn into one token; True for those that are control tokens."""
        control = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_UNKNOWN
        user_defined = llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED
        found = {}
        for token in range(self.n_tokens):
            attributes = llama_cpp.llama_vocab_get_attr(self._vocab, token)
            if attributes & (control | user_defined):
                text = self.text(token)
                if text.strip():
                    found[text] = bool(attributes & control)
        return found

    def _to_piece(self, token: int, *, special: bool = False) -> bytes:
        size = 256
        buffer = ctypes.create_string_buffer(size)
        count = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, size, 0, special)
        if count < 0:
            buffer = ctypes.create_string_buffer(-count)
            count = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, -count, 0, special)
        return buffer.raw[:count]
