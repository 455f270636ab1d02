"""From a chat to the tokens of its prompt, by the GGUF's own chat template.

Templates come with models from anywhere, so they run in Jinja's immutable sandbox. What users write
cannot forge a turn: special tokens are taken out of every string before the template sees it, with
a marker in their place, and come back as plain text afterwards. So the template's own special
tokens are the only ones in the prompt.
"""

from __future__ import annotations

import json
import re
import secrets
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from oxillama_jupyter.engine.completions import Vocabulary, raw_tokens
from oxillama_jupyter.engine.formats import detect
from oxillama_jupyter.engine.parsing import OutputParser
from oxillama_jupyter.engine.tooltext import with_tools
from oxillama_jupyter.engine.truncation import drop_turns
from oxillama_jupyter.errors import ContextLengthExceeded, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxillama_jupyter.engine.protocol import GenerateRequest

__all__ = ["CHATML", "ChatTemplate", "PromptBuilder", "TokenizerVocabulary"]

CHATML = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""The template of models whose GGUF has none."""

_RENDER_ERRORS = (
    TemplateError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
)

Json = Any  # JSON of any shape: messages, tools, arguments


class TokenizerVocabulary(Vocabulary, Protocol):
    """What prompts need of a vocabulary."""

    eos: int

    def text(self, token: int) -> str:
        """The token as templates write it."""

    def special_tokens(self) -> dict[str, bool]:
        """Texts that may become one token; True for control tokens."""


class ChatTemplate:
    """A compiled chat template.

    Args:
        source: Jinja, as Hugging Face's `apply_chat_template` understands it.
        bos_token: Text of the token that begins a prompt.
        eos_token: Text of the token that ends a turn.

    Raises:
        InvalidRequest: It is no valid Jinja.
    """

    def __init__(self, source: str, *, bos_token: str = "", eos_token: str = "") -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[loopcontrols],
            autoescape=False,
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _raise_exception
        environment.globals["strftime_now"] = _strftime_now
        self.source = source
        self._names = {"bos_token": bos_token, "eos_token": eos_token}
        try:
            self._template = environment.from_string(source)
        except TemplateError as error:
            raise InvalidRequest(f"The model's chat template is broken: {error}") from error
        self._objects = self._takes_objects()

    def render(
        self, messages: list[Json], tools: list[Json] | None = None, effort: str | None = None
    ) -> str:
        """Render a chat, ending where the assistant's answer begins.

        Args:
            messages: The chat.
            tools: The functions that are offered.
            effort: How much to think; templates that do not know of it ignore it.

        Raises:
            InvalidRequest: The template refused these messages, or failed on them.
        """
        try:
            return self._template.render(
                messages=[_normalise(message, objects=self._objects) for message in messages],
                tools=tools or None,
                add_generation_prompt=True,
                **self._names,
                **_thinking(effort),
            )
        except _RENDER_ERRORS as error:
            raise InvalidRequest(
                f"The model's chat template refused the messages: {error}", param="messages"
            ) from error

    def _takes_objects(self) -> bool:
        """Find out whether the template writes a call's arguments as JSON when given an object."""
        call = {"type": "function", "id": "call_1", "function": {"name": "f"}}
        call["function"]["arguments"] = {"needle": "hay"}  # type: ignore[index] # a dict, one line up
        chat = [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
        ]
        try:
            text = self._template.render(messages=chat, tools=None, **self._names)
        except _RENDER_ERRORS:
            return False
        return '"needle"' in text


class PromptBuilder:
    """Makes the prompts of one model; safe to call from any one thread at a time.

    Attributes:
        refusal: Why there are no prompts for this model; empty where there are.
        n_ctx: The most tokens of one request, answer included.

    Args:
        vocabulary: The model's.
        template: The GGUF's chat template; empty for ChatML.
        n_ctx: The most tokens of one request, answer included.
    """

    def __init__(self, vocabulary: TokenizerVocabulary, template: str, n_ctx: int) -> None:
        self.vocabulary = vocabulary
        self.n_ctx = n_ctx
        self.refusal = ""
        self._template = ChatTemplate(
            template or CHATML,
            bos_token=vocabulary.text(vocabulary.bos),
            eos_token=vocabulary.text(vocabulary.eos),
        )
        self.format = detect(self._template.source)
        special = vocabulary.special_tokens()
        in_template = [text for text in special if special[text] or text in self._template.source]
        self._control = frozenset(text for text in special if special[text])
        self._any_special = _alternatives(in_template)
        self._any_control = _alternatives(self._control)
        self._special_texts = in_template

    @cached_property
    def special(self) -> frozenset[int]:
        """The tokens that only the template brings into a prompt."""
        found = (self.vocabulary.tokenize(text, special=True) for text in self._special_texts)
        return frozenset(tokens[0] for tokens in found if len(tokens) == 1)

    def build(self, request: GenerateRequest) -> tuple[list[int], tuple[int, ...]]:
        """Make the prompt's tokens; return them and the messages that truncation left out.

        Raises:
            ContextLengthExceeded: It does not fit; the message has both numbers.
            InvalidRequest: The template refused the messages.
        """
        if self.refusal:
            raise InvalidRequest(self.refusal, param="model")
        limit = self.limit(request)
        if request.prompt is not None:
            tokens = raw_tokens(request, self.vocabulary)
            if len(tokens) > limit:
                raise ContextLengthExceeded(self._too_long(len(tokens), limit), param="prompt")
            return tokens, ()
        tokens = self.tokens(request.messages, request.tools, request.reasoning_effort)
        if len(tokens) <= limit:
            return tokens, ()
        dropped = self._drop(request, limit) if request.truncation != "disabled" else None
        if dropped is None:
            raise ContextLengthExceeded(self._too_long(len(tokens), limit), param="messages")
        rest = [m for i, m in enumerate(request.messages) if i not in set(dropped)]
        return self.tokens(rest, request.tools, request.reasoning_effort), dropped

    def count(self, request: GenerateRequest) -> int:
        """How many tokens the prompt has; one that is too long is counted all the same.

        Raises:
            ContextLengthExceeded: It would have to be cut, and still does not fit.
            InvalidRequest: The template refused the messages.
        """
        if request.truncation != "disabled" or self.refusal:
            return len(self.build(request)[0])
        if request.prompt is not None:
            return len(raw_tokens(request, self.vocabulary))
        return len(self.tokens(request.messages, request.tools, request.reasoning_effort))

    def tokens(
        self, messages: list[Json], tools: list[Json] | None = None, effort: str | None = None
    ) -> list[int]:
        """Render and tokenise a chat; only the template's own special tokens are special."""
        tokens: list[int] = []
        for piece, literal in self._rendered(messages, tools, effort):
            if piece:
                tokens += self.vocabulary.tokenize(piece, special=True)
            tokens += self._plain(literal)
        if self.vocabulary.add_bos and tokens[:1] != [self.vocabulary.bos]:
            tokens.insert(0, self.vocabulary.bos)
        return tokens

    def text(
        self, messages: list[Json], tools: list[Json] | None = None, effort: str | None = None
    ) -> str:
        """Render a chat, as `tokens` does before it tokenises."""
        return "".join(map("".join, self._rendered(messages, tools, effort)))

    def limit(self, request: GenerateRequest) -> int:
        """How many tokens the prompt may have: an answer needs at least one more."""
        return min(request.max_prompt_tokens or self.n_ctx, self.n_ctx - 1)

    def _rendered(
        self, messages: list[Json], tools: list[Json] | None, effort: str | None
    ) -> list[tuple[str, str]]:
        """The template's text in pieces, each with the user's special token that follows it."""
        guard = _Guard()
        if not self.format.native:
            messages, tools = with_tools(messages, tools), None
        safe = [self._guarded(message, guard) for message in messages]
        safe_tools = guard.clean(tools, self._any_special) if tools else None
        return guard.split(self._template.render(safe, safe_tools, effort))

    def parser(self, tokens: list[int], tools: list[Json] | None) -> OutputParser:
        """Make the parser of what follows a prompt."""
        end = "".join(self.vocabulary.text(token) for token in tokens[-16:])
        opened = self.format.reasoning_open(end)
        return OutputParser(self.format, tools=tools, reasoning_open=opened)

    def _guarded(self, message: Json, guard: _Guard) -> Json:
        """Take special tokens out of a message; the model's own tags stay in its own turns."""
        own = message.get("role") == "assistant"
        return guard.clean(message, self._any_control if own else self._any_special)

    def _plain(self, literal: str) -> list[int]:
        """Tokenise a special token's text as text."""
        if not literal or literal in self._control:
            return self.vocabulary.tokenize(literal, special=False) if literal else []
        # Tokens a user defined are matched even in plain text; no half of one is one.
        middle = len(literal) // 2
        return [
            token
            for half in (literal[:middle], literal[middle:])
            for token in self.vocabulary.tokenize(half, special=False)
        ]

    def _drop(self, request: GenerateRequest, limit: int) -> tuple[int, ...] | None:
        effort = request.reasoning_effort
        return drop_turns(
            request.messages,
            lambda rest: len(self.tokens(rest, request.tools, effort)) <= limit,
            request.truncation,
        )

    def _too_long(self, count: int, limit: int) -> str:
        if limit < self.n_ctx - 1:
            return f"The prompt has {count} tokens, but at most {limit} are allowed for it."
        return (
            f"The prompt has {count} tokens, but the context holds {self.n_ctx}, and the answer"
            " needs at least one of them."
        )


class _Guard:
    """Replaces special tokens in strings by markers that nobody can guess, and finds them again."""

    def __init__(self) -> None:
        # Digits between private-use characters: no filter of a template changes them.
        self._nonce = secrets.randbits(64)
        self._literals: list[str] = []

    def clean(self, value: Json, pattern: re.Pattern[str] | None) -> Json:
        """Copy a JSON value with markers in all its strings."""
        if pattern is None:
            return value
        if isinstance(value, str):
            return pattern.sub(self._mark, value)
        if isinstance(value, list):
            return [self.clean(item, pattern) for item in value]
        if isinstance(value, dict):
            return {self.clean(k, pattern): self.clean(v, pattern) for k, v in value.items()}
        return value

    def split(self, text: str) -> list[tuple[str, str]]:
        """Split rendered text at its markers: what precedes each, and what it stands for."""
        if not self._literals:
            return [(text, "")]
        parts = re.split(f"\ue000{self._nonce}_([0-9]+)\ue001", text)
        literals = [self._literals[int(index)] for index in parts[1::2]]
        return list(zip(parts[::2], [*literals, ""], strict=True))

    def _mark(self, match: re.Match[str]) -> str:
        self._literals.append(match.group())
        return f"\ue000{self._nonce}_{len(self._literals) - 1}\ue001"


def _alternatives(texts: Any) -> re.Pattern[str] | None:  # any iterable of strings
    """A pattern for any of these texts, longest first."""
    longest_first = sorted(texts, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _thinking(effort: str | None) -> dict[str, Json]:
    """What templates read: some a switch, as Qwen's, some the word itself, as gpt-oss's."""
    if effort is None:
        return {}
    return {"reasoning_effort": effort, "enable_thinking": effort not in {"none", "minimal"}}


def _normalise(message: Json, *, objects: bool) -> Json:
    """Give a message the form templates expect: text content, arguments as they take them."""
    message = {**message, "content": message.get("content") or ""}
    if calls := message.get("tool_calls"):
        message["tool_calls"] = [_normalise_call(call, objects=objects) for call in calls]
    return message


def _normalise_call(call: Json, *, objects: bool) -> Json:
    function = dict(call.get("function") or {})
    arguments = function.get("arguments")
    if objects and isinstance(arguments, str):
        function["arguments"] = _parsed(arguments)
    elif not objects and not isinstance(arguments, str):
        function["arguments"] = json.dumps(arguments, ensure_ascii=False)
    return {**call, "function": function}


def _parsed(arguments: str) -> Json:
    """The arguments as an object; as they are, where a model wrote no JSON object."""
    try:
        value = json.loads(arguments)
    except ValueError:
        return arguments
    return value if isinstance(value, dict) else arguments


def _to_json(
    value: Json,
    ensure_ascii: bool = False,  # noqa: FBT001, FBT002
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,  # noqa: FBT001, FBT002
) -> str:
    """Jinja's own filter escapes HTML and sorts keys, which models were not trained on."""
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _raise_exception(message: str) -> NoReturn:
    raise TemplateError(message)


_strftime_now: Callable[[str], str] = lambda form: datetime.now().astimezone().strftime(form)  # noqa: E731
