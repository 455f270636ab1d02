"""Structured output: which tokens may come next, by llguidance's masks on the logits.

A `Constraint` is compiled once and gives one `TokenConstraint` for each generation. Before a token
is chosen, `mask` forbids all that cannot continue a valid answer; afterwards `accept` moves on. An
answer may end exactly where the grammar is satisfied, and once nothing can follow it must.

JSON is written as `json.dumps` or `JSON.stringify` write it on one line: at most one space after a
comma or a colon, and no other whitespace anywhere. Most models have read a great deal of both, and
there is no whitespace to run away with. Strings use JSON's one-letter escapes and plain UTF-8.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
from llguidance import LLMatcher, LLParserLimits, LLTokenizer, TokenizerWrapper, regex_to_lark

from oxillama_jupyter.engine.json_schema import explain, read_schema
from oxillama_jupyter.engine.literals import Literals, is_marked
from oxillama_jupyter.errors import EngineError, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from llguidance._lib import JsonCompileOptions
    from numpy.typing import NDArray

    from oxillama_jupyter.engine.protocol import Constraint

__all__ = [
    "JSON_OPTIONS",
    "AfterReasoning",
    "ConstraintCompiler",
    "TokenConstraint",
    "Vocabulary",
]

_KEPT = 64  # compiled constraints, some kilobytes each
_KEPT_TEXTS = 4096  # tokenised
_LONGEST_REGEX = 8192  # characters
_LONGEST_LARK = 65536
_SENTINEL = "\x02"
JSON_OPTIONS: JsonCompileOptions = {
    "item_separator": ", ?",
    "key_separator": ": ?",
    "whitespace_flexible": False,
    "whitespace_pattern": None,
    "coerce_one_of": False,
    "lenient": False,
    "json_allowed_escapes": 'nrbtf\\"',  # with \u a name could be spelled in two ways
    "json_allow_general_unicode_escapes": False,
}
_LIMITS = LLParserLimits(
    initial_lexer_fuel=300_000,  # a schema of hundreds of properties needs half of it; a second
    verbose_errors=False,
)
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
_CEILINGS = np.where(_BITS, np.inf, -np.inf).astype(np.float32)
"""For each byte of a mask, the most that eight logits may be."""


class Vocabulary(Protocol):
    """What constraints need of the model's vocabulary."""

    n_tokens: int

    def is_end(self, token: int) -> bool:
        """Whether this token ends a generation."""

    def piece(self, token: int) -> bytes:
        """The bytes of this token; none for control tokens."""

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Turn text into tokens."""

    def special_tokens(self) -> dict[str, bool]:
        """Texts that may become one token; True for control tokens."""


class TokenConstraint:
    """Keeps one generation to its constraint; masks and tokens come in turn.

    Args:
        matcher: Its state; nobody else uses it.
        scratch: Room for a mask, which may be shared.
    """

    def __init__(self, matcher: LLMatcher, scratch: _Scratch) -> None:
        self._matcher = matcher
        self._scratch = scratch

    @property
    def stopped(self) -> bool:
        """Whether the answer is complete and nothing more can follow."""
        return self._matcher.is_stopped() and not self._matcher.is_error()

    @property
    def holds(self) -> bool:
        """Whether an answer that ends here, unless it is stopped, is not complete."""
        return True

    def copy(self) -> TokenConstraint:
        """The same for another generation; this one has not begun."""
        return TokenConstraint(self._matcher.deep_copy(), self._scratch)

    def mask(self, logits: NDArray[np.float32]) -> None:
        """Set the logits of forbidden tokens to minus infinity, in place.

        Never raises, so that one generation cannot spoil a batch: where the grammar turns out to be
        too complex, `accept` says so.
        """
        scratch = self._scratch
        self._matcher.unsafe_compute_mask_ptr(scratch.pointer, scratch.size)
        if not self._matcher.is_error():
            scratch.apply(logits)

    def accept(self, token: int) -> None:
        """Move on by the token that was chosen, also where it ends the generation.

        Raises:
            EngineError: The constraint cannot be kept; the answer so far is not complete.
        """
        failed = self._matcher.is_error()  # after which an end would be accepted
        if failed or not self._matcher.consume_token(token):
            reason = _first_line(self._matcher.get_error())
            raise EngineError(f"The answer could not be kept to the format asked for: {reason}")


class AfterReasoning:
    """A constraint that begins where reasoning that the prompt opened has ended.

    Args:
        constraint: What the answer is kept to.
        reasoning: Whether the model is still inside reasoning.
    """

    def __init__(self, constraint: TokenConstraint, reasoning: Callable[[], bool]) -> None:
        self._constraint = constraint
        self._reasoning = reasoning

    @property
    def stopped(self) -> bool:
        """Whether the answer is complete and nothing more can follow."""
        return not self._reasoning() and self._constraint.stopped

    @property
    def holds(self) -> bool:
        """Whether an answer that ends here, unless it is stopped, is not complete."""
        return True

    def mask(self, logits: NDArray[np.float32]) -> None:
        """Forbid what cannot continue the answer, once it has begun."""
        if not self._reasoning():
            self._constraint.mask(logits)

    def accept(self, token: int) -> None:
        """Move on by the token that was chosen, if it is one of the answer.

        Raises:
            EngineError: The constraint cannot be kept; the answer so far is not complete.
        """
        if not self._reasoning():
            self._constraint.accept(token)


class _Scratch:
    """One token mask, as llguidance writes it and as logits take it."""

    def __init__(self, n_tokens: int) -> None:
        words = np.zeros(-(-n_tokens // 32), np.int32)
        self.pointer = words.ctypes.data
        self.size = words.nbytes
        self._bytes = words.view(np.uint8)
        self._ceilings = np.empty((self.size, 8), np.float32)
        self._row = self._ceilings.reshape(-1)[:n_tokens]

    def apply(self, logits: NDArray[np.float32]) -> None:
        """Forbid what the mask does not allow."""
        np.take(_CEILINGS, self._bytes, axis=0, out=self._ceilings, mode="clip")
        np.minimum(logits, self._row, out=logits)


class ConstraintCompiler:
    """Compiles constraints for one vocabulary and remembers the latest.

    The first one takes about a second for each 100,000 tokens, to index the vocabulary; so it is
    made when it is first needed. One thread compiles; another may generate meanwhile.

    Args:
        vocabulary: The model's.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._scratch = _Scratch(vocabulary.n_tokens)
        self._index: LLTokenizer | None = None
        self._compiled = lru_cache(_KEPT)(self._compile)
        self._grammars = lru_cache(_KEPT)(self._grammar)

    def compile(
        self, constraint: Constraint, *, param: str | None = "response_format"
    ) -> TokenConstraint:
        """Make the constraint of one generation.

        Args:
            constraint: What the answer must be.
            param: The parameter of the request that asks for it, named in errors.

        Raises:
            InvalidRequest: It cannot be enforced; the message names what and where.
        """
        try:
            matcher = self._compiled(constraint)
        except InvalidRequest as error:
            error.param = param
            raise
        return TokenConstraint(matcher.deep_copy(), self._scratch)

    @cached_property
    def literals(self) -> Literals:
        """Writes this vocabulary's tags into grammars."""
        return Literals(self.vocabulary)

    def compile_grammar(self, text: str, *, param: str | None) -> TokenConstraint:
        """Make a constraint of a Lark grammar that is ours, however long its schemas make it.

        Raises:
            InvalidRequest: It cannot be enforced.
        """
        try:
            matcher = self._grammars(text)
        except InvalidRequest as error:
            error.param = param
            raise
        return TokenConstraint(matcher.deep_copy(), self._scratch)

    def spell(self, text: bytes) -> list[int]:
        """Tokens of a text, none of them special."""
        return self._indexed().tokenize_bytes(text)

    def _compile(self, constraint: Constraint) -> LLMatcher:
        match constraint.kind:
            case "json_object":
                return self._json({"type": "object"}, strict=True)
            case "json_schema":
                schema = read_schema(constraint.value, strict=constraint.strict)
                return self._json(schema, strict=constraint.strict)
            case "regex":
                return self._regex(constraint.value)
            case "lark":
                return self._lark(constraint.value)

    def _json(self, schema: dict[str, Any], *, strict: bool) -> LLMatcher:  # JSON Schema
        options: JsonCompileOptions = {**JSON_OPTIONS, "lenient": not strict}

        def attempt(schema: dict[str, Any]) -> LLMatcher:  # JSON Schema
            return self._matcher(LLMatcher.grammar_from_json_schema(schema, overrides=options))

        matcher = attempt(schema)
        if matcher.is_error():
            raise explain(schema, lambda part: attempt(part).get_error())
        return matcher

    def _regex(self, text: str) -> LLMatcher:
        _check_length(text, "regular expression", _LONGEST_REGEX)
        pattern = regex_to_lark(text, "dw")  # as in JSON Schema: \d and \w mean ASCII
        matcher = self._matcher(f"start: /{pattern}/")
        if matcher.is_error():
            reason = _regex_error(matcher.get_error(), exact=pattern == text)
            raise InvalidRequest(f"The regular expression cannot be enforced: {reason}")
        return matcher

    def _lark(self, text: str) -> LLMatcher:
        _check_length(text, "Lark grammar", _LONGEST_LARK)
        return self._grammar(text)

    def _grammar(self, text: str) -> LLMatcher:
        matcher = self._matcher(LLMatcher.grammar_from_lark(text))
        if matcher.is_error():
            reason = _lark_error(matcher.get_error())
            raise InvalidRequest(f"The Lark grammar cannot be enforced: {reason}")
        return matcher

    def _matcher(self, grammar: str) -> LLMatcher:
        """Compile; the first mask finds what the compiler alone does not."""
        matcher = LLMatcher(self._indexed(), grammar, log_level=0, limits=_LIMITS)
        if not matcher.is_error():
            matcher.compute_bitmask()
        return matcher

    def _indexed(self) -> LLTokenizer:
        if self._index is None:
            self._index = _index(self.vocabulary)
        return self._index


def _check_length(text: str, name: str, most: int) -> None:
    if not text:
        raise InvalidRequest(f"The {name} is empty.")
    if len(text) > most:
        raise InvalidRequest(f"The {name} is longer than the {most} characters accepted.")


# -- the vocabulary --------------------------------------------------------------------------------


class _Tokens:
    """The vocabulary as llguidance wants to see it.

    Tokens that are written like tags are marked, so that only grammars that name them can choose
    them: a string that contains the characters `<tool_call>` must not become a call.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        count = vocabulary.n_tokens
        self._vocabulary = vocabulary
        self.tokens = [vocabulary.piece(token) for token in range(count)]
        self.ends = [token for token in range(count) if vocabulary.is_end(token)]
        if not self.ends:
            raise EngineError("This model has no token that ends an answer.")
        self.eos_token_id = self.ends[0]
        self.bos_token_id: int | None = None
        marked = set(self.ends)
        for text, control in vocabulary.special_tokens().items():
            found = vocabulary.tokenize(text, special=True)
            if len(found) == 1 and is_marked(text, control=control):
                self.tokens[found[0]] = text.encode()
                marked.add(found[0])
        self.special_token_ids = sorted(marked)
        self.index: LLTokenizer | None = None
        self._known = lru_cache(_KEPT_TEXTS)(self._tokenize)

    def __call__(self, data: bytes) -> list[int]:
        """Tokenise what the grammar forces, as the model has learned it."""
        return self._known(data)  # the names of properties, mostly

    def _tokenize(self, data: bytes) -> list[int]:
        """Some tokenizers begin with a space that is not in the text; a sentinel takes it."""
        text = data.decode()
        for sentinel in ("", _SENTINEL):
            tokens = self._vocabulary.tokenize(sentinel + text, special=False)
            pieces = [self._vocabulary.piece(token) for token in tokens]
            if sentinel:
                skip = len(self._vocabulary.tokenize(sentinel, special=False))
                tokens, pieces = tokens[skip:], pieces[skip:]
            if b"".join(pieces) == data:
                return tokens
        return self.index.greedy_tokenize(text) if self.index else []


def _index(vocabulary: Vocabulary) -> LLTokenizer:
    tokens = _Tokens(vocabulary)
    tokens.index = LLTokenizer(TokenizerWrapper(tokens), eos_token=tokens.ends)
    return tokens.index


# -- llguidance's messages, for people -------------------------------------------------------------


def _first_line(message: str) -> str:
    return message.partition("\n")[0]


def _regex_error(message: str, *, exact: bool) -> str:
    """What is wrong and at which character, if that is `exact`."""
    reason = re.search(r"^error: (.*)$", message, re.MULTILINE)
    place = re.search(r"^    ( *)\^", message, re.MULTILINE)
    if reason is None:
        return f"{_first_line(message)}."
    where = f" at character {len(place[1]) + 1}" if place and exact else ""
    return f"{reason[1]}{where}."


def _lark_error(message: str) -> str:
    """What is wrong and in which line and column."""
    found = re.match(r"(?:at )?(\d+)\((\d+)\): (.*)", message)
    if found is None:
        return f"{_first_line(message)}."
    line, column, reason = found.groups()
    detail = re.search(r"^error: (.*)$", message, re.MULTILINE)
    reason = f"{reason.rstrip(':')}: {detail[1]}" if detail else reason
    return f"line {line}, column {column}: {reason}."
