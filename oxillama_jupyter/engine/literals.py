"""Texts and terminals in Lark's notation: special tokens by their numbers, all else literally."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oxillama_jupyter.engine.constraints import Vocabulary

__all__ = ["Literals", "is_marked", "quoted"]


def is_marked(text: str, *, control: bool) -> bool:
    """Whether only grammars that name a special token may choose it: tags, and control tokens."""
    return control or (text[0] == "<" and text[-1] == ">")


def quoted(text: str) -> str:
    """A text as part of a regular expression between slashes."""
    return re.escape(text).replace("\\\n", r"\n").replace("/", r"\/")


class Literals:
    """Writes a model's tags as its vocabulary has them: one token, or characters."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._tokens: dict[str, int] = {}
        self.known = frozenset(vocabulary.special_tokens())
        for text, control in vocabulary.special_tokens().items():
            found = vocabulary.tokenize(text, special=True)
            if len(found) == 1 and is_marked(text, control=control):
                self._tokens[text] = found[0]
        longest_first = sorted(self._tokens, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def token(self, text: str) -> str:
        """The special token that is written so; nothing where there is none."""
        return f"<[{self._tokens[text]}]>" if text in self._tokens else ""

    def write(self, text: str) -> str:
        """A text, with the special tokens in it."""
        pieces = []
        at = 0
        for found in self._pattern.finditer(text):
            pieces += [json.dumps(text[at : found.start()]), self.token(found[0])]
            at = found.end()
        pieces.append(json.dumps(text[at:]))
        return " ".join(piece for piece in pieces if piece != '""') or '""'

    def text_until(self, end: str, *, more: str = "", terms: Iterable[str] = ()) -> tuple[str, str]:
        """Free text up to the first `end`.

        Args:
            end: What ends it.
            more: What must come right before the end, and is no part of the text.
            terms: Regular expressions that the text must match too, as a whole; excluded ones
                begin with `~`.

        Returns:
            The body of a terminal, and what follows the terminal.
        """
        token = self.token(end)
        closing = quoted(more) if token else quoted(more + end)
        rest = "*" if token else "+"  # characters that look like the token are no token
        found = [r"~" if term.startswith("~") else "" for term in terms]
        texts = [term.removeprefix("~") for term in terms]
        every = ["(?s:.)*"] if "" not in found else []
        body = [f"/{text}{closing}/" for text in every]
        body += [f"{sign}/{text}{closing}/" for sign, text in zip(found, texts, strict=True)]
        return " & ".join([*body, f"~/(?s:.)*{quoted(end)}(?s:.){rest}/"]), token
