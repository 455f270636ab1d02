"""One state machine that splits what a model writes into answer, reasoning and tool calls.

Text that may be the start of a tag is withheld until that is decided; everything else leaves at
once. Three rules say what is text:

- Reasoning opens at the beginning of a message only, and takes no calls; so an answer may speak of
  `<think>`. Where reasoning may open, its close without an opening is dropped.
- A call of a function that was not offered is text, verbatim. Without tools, so is every call.
- White space that touches a tag belongs to the tag; all other white space is text.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

from msgspec.structs import replace

from oxillama_jupyter.engine.calls import Offered
from oxillama_jupyter.engine.formats import Format
from oxillama_jupyter.engine.parts import (
    CallArguments,
    CallBegin,
    CallEnd,
    Item,
    ItemBuilder,
    Part,
    Reasoning,
    Text,
    is_object,
)
from oxillama_jupyter.engine.reading import Source, Wait, ahead, either

__all__ = ["Opened", "OutputParser"]

_SPACE = " \t\r\n"


class _Output:
    """Turns what was read into parts; the `Flow` of every syntax."""

    def __init__(self, offered: Offered, new_id: Callable[[], str]) -> None:
        self.source = Source()
        self.offered = offered
        self.builder = ItemBuilder()
        self.fresh = True
        self.reasoning = False
        self.calls = 0
        self.ended_calls = 0
        self._new_id = new_id
        self._tagged = False
        self._space: list[str] = []
        self._parts: list[Part] = []

    # -- messages --------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """More text or reasoning; white space waits for what follows it."""
        if self.fresh:
            body = text.lstrip(_SPACE)
            if not self._tagged:
                self._space.append(text[: len(text) - len(body)])
            if not body:
                return
            self.fresh = False
            text = body
        body = text.rstrip(_SPACE)
        if body:
            whole = "".join((*self._space, body)) if self._space else body
            self._space.clear()
            self._add(Reasoning(whole) if self.reasoning else Text(whole))
        if len(body) < len(text):
            self._space.append(text[len(body) :])

    def tag(self, *, reasoning: bool) -> None:
        """A message ends here, and another one may begin."""
        self._space.clear()
        self._tagged = self.fresh = True
        self.reasoning = reasoning

    # -- calls -----------------------------------------------------------------------------------

    def begin(self, name: str) -> None:
        """A call begins."""
        self.tag(reasoning=False)
        self.source.release()
        self._add(CallBegin(self.calls, self._new_id(), name))
        self.calls += 1

    def write(self, arguments: str) -> None:
        """More arguments."""
        if arguments:
            self._add(CallArguments(self.calls - 1, arguments))

    def end(self, *, whole: bool) -> None:
        """The call ends."""
        complete = whole and is_object(self.builder.arguments())
        self._add(CallEnd(self.calls - 1, complete))
        self.ended_calls += 1

    def boundary(self) -> None:
        """What was held is syntax between two messages."""
        self.tag(reasoning=False)
        self.source.hold()

    # -- parts -----------------------------------------------------------------------------------

    def _add(self, part: Part) -> None:
        self.builder.add(part)
        self._parts.append(part)

    def drain(self, *, last: bool = False) -> list[Part]:
        """The parts since the last time."""
        if last and (text := "".join(self._space)):
            self._space.clear()
            self._add(Reasoning(text) if self.reasoning else Text(text))
        parts, self._parts = self._parts, []
        return parts if len(parts) <= 1 else _merged(parts)


class Opened(NamedTuple):
    """Where a call may have begun.

    Attributes:
        opener: What begins it.
        behind: What was fed at once behind that.
        calls: How many calls there were before it.
    """

    opener: str
    behind: str
    calls: int


class OutputParser:
    """Parses one generation.

    Args:
        form: How the model writes.
        tools: The offered function tools, in OpenAI's nested form; none: calls are plain text.
        reasoning_open: Whether the prompt ended inside reasoning (`Format.reasoning_open`).
        new_id: Makes the id of a call.
    """

    def __init__(
        self,
        form: Format,
        *,
        tools: Iterable[Mapping[str, Any]] | None = None,  # JSON Schema inside
        reasoning_open: bool = False,
        new_id: Callable[[], str] = lambda: f"call_{secrets.token_hex(12)}",
    ) -> None:
        self._calls = form.calls
        self._thinking = form.thinking
        self._out = _Output(_offered(tools), new_id)
        if reasoning_open:
            self._out.tag(reasoning=True)
        calls = self._out.offered or form.calls.channels
        anywhere = form.calls.openers if calls else ()
        initial = (*form.calls.initial, *anywhere) if calls else ()
        self._openers = anywhere
        self._initial = (*initial, *(form.thinking or ()))
        self._closers = form.thinking[1:] if form.thinking else form.calls.openers
        self._plain: re.Pattern[str] | None = None
        self._opened: Opened | None = None
        self._machine = self._run()
        next(self._machine)

    @property
    def items(self) -> list[Item]:
        """What the parts so far add up to."""
        return self._out.builder.items

    @property
    def reasoning(self) -> bool:
        """Whether the text fed last was inside reasoning."""
        return self._out.reasoning

    def reasons_behind(self, pending: bytes) -> bool:
        """Whether what comes behind these bytes, which are fed later, is inside reasoning."""
        if not pending or not self.reasoning:
            return self.reasoning
        source = self._out.source
        text = source.text[source.at :] + pending.decode(errors="ignore")
        return not any(closer in text for closer in self._closers)

    @property
    def begun_calls(self) -> int:
        """How many calls have begun."""
        return self._out.calls

    @property
    def ended_calls(self) -> int:
        """How many calls are over; one is enough where calls may not be parallel."""
        return self._out.ended_calls

    def take_opened(self) -> Opened | None:
        """What may have begun a call in the text fed last; once."""
        opened, self._opened = self._opened, None
        return opened

    def feed(self, text: str) -> list[Part]:
        """Take more text; return what is decided."""
        if self._plain is not None and self._plain.search(text) is None:
            self._out.say(text)
        else:
            self._out.source.push(text)
            next(self._machine)
        return self._out.drain()

    def finish(self) -> list[Part]:
        """Take the end, whatever made it; return what was withheld."""
        self._out.source.ended = True
        next(self._machine, None)
        return self._out.drain(last=True)

    # -- the machine -----------------------------------------------------------------------------

    def _run(self) -> Wait[None]:
        reasoning = self._out.reasoning
        while not self._out.source.ended or self._out.source.available:
            reasoning = yield from (self._think() if reasoning else self._answer())

    def _answer(self) -> Wait[bool]:
        """Read text and calls; True where reasoning follows, False at the end."""
        out, source = self._out, self._out.source
        while (yield from self._text(self._opening)):
            source.hold()
            opener = yield from either(source, self._opening())
            if not opener:
                source.release()
                out.say(source.take(1))
            elif self._thinking and opener in self._thinking:
                source.release()
                out.tag(reasoning=opener == self._thinking[0])
                if out.reasoning:
                    return True
            else:
                behind = source.text[source.at :]
                self._opened = Opened(opener, behind, out.calls)
                reasoning = yield from self._calls.read(opener, out)
                if rest := source.release():
                    out.say(rest)
                if reasoning:
                    out.tag(reasoning=True)
                    return True
        return False

    def _think(self) -> Wait[bool]:
        """Read reasoning up to what closes it."""
        out, source = self._out, self._out.source
        while (yield from self._text(self._closing)):
            found = yield from ahead(source, self._closing())
            if not found:
                out.say(source.take(1))
                continue
            if self._thinking:
                source.take(len(found))
            opens = self._thinking is not None and found == self._thinking[0]
            out.tag(reasoning=opens)
            if not opens:
                return False
        return False

    def _opening(self) -> tuple[str, ...]:
        """What may begin something other than text."""
        return self._initial if self._out.fresh else self._openers

    def _closing(self) -> tuple[str, ...]:
        """What may close reasoning; at its beginning, a second opening is one too many."""
        return self._thinking if self._thinking and self._out.fresh else self._closers

    def _text(self, tags: Callable[[], tuple[str, ...]]) -> Wait[bool]:
        """Say everything before the next place where a tag may begin; False at the end."""
        out, source = self._out, self._out.source
        while True:
            if source.available:
                pattern = _firsts(tags())
                found = pattern.search(source.text, source.at)
                if found is not None and found.start() == source.at:
                    return True
                end = found.start() if found else len(source.text)
                out.say(source.take(end - source.at))
            elif source.ended:
                return False
            else:
                self._plain = None if out.fresh else _firsts(tags())
                yield
                self._plain = None


@cache
def _firsts(tags: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern for the characters that tags begin with."""
    firsts = "".join(sorted({tag[0] for tag in tags}))
    return re.compile(f"[{re.escape(firsts)}]" if firsts else r"(?!)")


def _merged(parts: list[Part]) -> list[Part]:
    """The same parts with neighbours of one kind as one."""
    merged: list[Part] = []
    for _, run in groupby(parts, key=type):
        same = list(run)
        first = same[0]
        if isinstance(first, CallBegin | CallEnd):
            merged += same
        else:
            text = "".join(part.text for part in same if not isinstance(part, CallBegin | CallEnd))
            merged.append(replace(first, text=text))
    return merged


def _offered(tools: Iterable[Mapping[str, Any]] | None) -> dict[str, Mapping[str, Any]]:
    """The functions by name, each with the schema of its arguments."""
    functions = [tool.get("function") or {} for tool in tools or ()]
    return {function["name"]: function.get("parameters") or {} for function in functions}
