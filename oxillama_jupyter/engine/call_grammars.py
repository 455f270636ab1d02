"""The grammar of calls in each notation: whole calls, and the rest of one behind its opener.

They are the other side of `calls` and `notations`: what they allow is read as calls.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from oxillama_jupyter.engine.argument_grammars import Rules, object_rule, parameters_rule
from oxillama_jupyter.engine.calls import BareJson, Bracketed, Channels, Separated, TaggedJson
from oxillama_jupyter.engine.literals import quoted
from oxillama_jupyter.engine.notations import Notation, TaggedParameters
from oxillama_jupyter.engine.text_schemas import Schemas

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxillama_jupyter.engine.calls import Syntax
    from oxillama_jupyter.engine.formats import Format
    from oxillama_jupyter.engine.literals import Literals

__all__ = ["CallGrammar", "Function", "call_grammar"]


class Function(NamedTuple):
    """A function that may be called.

    Attributes:
        name: Its name.
        arguments: The body of a rule for its arguments as JSON.
        schemas: The same for notations without JSON.
    """

    name: str
    arguments: str
    schemas: Schemas


class CallGrammar(NamedTuple):
    """How calls may be written.

    Attributes:
        rules: Rules that the others use, one a line.
        calls: The body of a rule for a whole answer of calls.
        rests: By opener, the body of a rule for what may follow it.
        answer: What may stand before an answer's text, as the beginning of a rule.
    """

    rules: list[str]
    calls: str
    rests: dict[str, str]
    answer: str = ""


def call_grammar(
    form: Format, functions: list[Function], literals: Literals, *, many: bool
) -> CallGrammar:
    """Write the grammar of the calls of some functions.

    Args:
        form: How the model writes.
        functions: What it may call.
        literals: Writes texts as the vocabulary has them.
        many: Whether one call may follow another.

    Raises:
        InvalidRequest: A function is `strict`, and its schema cannot be kept in this notation.
    """
    return _Writer(functions, literals, many=many).write(form)


class _Writer:
    def __init__(self, functions: list[Function], literals: Literals, *, many: bool) -> None:
        self._functions = functions
        self._literals = literals
        self._many = many
        self._rules = Rules("r", literals)

    def write(self, form: Format) -> CallGrammar:
        """The grammar of this format's calls."""
        if isinstance(form.calls, TaggedParameters):
            return self._parameters(form.calls)
        if isinstance(form.calls, Notation):
            return self._notation(form.calls)
        for i, function in enumerate(self._functions):
            self._rules.lines.append(f"args{i}: {function.arguments}")
        return self._json(form.calls)

    def _json(self, syntax: Syntax) -> CallGrammar:
        match syntax:
            case BareJson():
                return self._bare()
            case Bracketed():
                return self._bracketed()
            case Separated() as separated:
                return self._separated(separated)
            case Channels():
                return self._channels()
        return self._tagged(*TaggedJson.tags)

    def _done(self, calls: str, rests: dict[str, str], answer: str = "") -> CallGrammar:
        return CallGrammar(self._rules.lines, calls, rests, answer)

    def _each(self, written: Callable[[str, int], str]) -> str:
        """A rule with one alternative for each function."""
        names = [function.name for function in self._functions]
        return self._rules.rule(" | ".join(written(name, i) for i, name in enumerate(names)))

    def _more(self, separator: str, call: str) -> str:
        return f"({separator} {call})*" if self._many else ""

    # -- JSON ------------------------------------------------------------------------------------

    def _members(self, key: str) -> str:
        """One call as an object, behind its first bracket."""

        def written(name: str, i: int) -> str:
            head = _spaced(f'"name": "{name}", "{key}": ')
            return f'{head} args{i} "}}"'

        return self._each(written)

    def _tagged(self, opener: str, closer: str) -> CallGrammar:
        members = self._members("arguments")
        end = self._literals.write(closer)
        rest = self._rules.rule(f'{_BREAK} "{{" {members} {_BREAK} {end}')
        call = self._rules.rule(f"{self._literals.write(opener)} {rest}")
        return self._done(f"{call} {self._more(_BREAK, call)}", {opener: rest})

    def _bare(self) -> CallGrammar:
        members = self._members("parameters")
        more = self._more('/[;,] ?/ "{"', members)
        other = self._rules.terminal(r'/"[^"\\\n]{0,64}"/ & ~/"(' + "|".join(_MEMBERS) + ')"/')
        rests = {
            "<|python_tag|>": f'"{{" {members} {more}',
            "{": f'/[ \\n\\r\\t]{{0,16}}/ ({members} {more} | {other} | /[^"\\s]/)',
        }
        return self._done(f'"{{" {members} {more}', rests)

    def _bracketed(self) -> CallGrammar:
        """Mistral's: with `[ARGS]` where the vocabulary has it, an array of objects where not."""
        opener, separator = map(self._literals.write, ("[TOOL_CALLS]", "[ARGS]"))
        if "[ARGS]" in self._literals.known:
            call_id = self._literals.token("[CALL_ID]")
            number = f"({call_id} /[A-Za-z0-9]{{9}}/)?" if call_id else ""
            rest = self._each(lambda name, i: f"{json.dumps(name)} {number} {separator} args{i}")
            call = self._rules.rule(f"{opener} {rest}")
            return self._done(f"{call}{'+' if self._many else ''}", {"[TOOL_CALLS]": rest})
        members = self._members("arguments")
        more = self._more('/, ?/ "{"', members)
        rest = self._rules.rule(f'/ ?/ "[" "{{" {members} {more} "]"')
        return self._done(f"{opener} {rest}", {"[TOOL_CALLS]": rest})

    def _separated(self, syntax: Separated) -> CallGrammar:
        everything, begin, separator, end, last = map(self._literals.write, syntax.tags)
        fence = json.dumps("\n```json\n"), json.dumps("\n```")

        def written(name: str, i: int) -> str:
            fenced = f'"function" {separator} {json.dumps(name)} {fence[0]} args{i} {fence[1]}'
            return f"{json.dumps(name)} {separator} args{i} | {fenced}"

        one = f"{self._each(written)} {end}"
        rest = self._rules.rule(f"{one} {self._more(f'{_BREAK} {begin}', one)} {last}")
        whole = self._rules.rule(f"{begin} {rest}")
        return self._done(
            f"{everything} {whole}", {syntax.openers[0]: whole, syntax.openers[1]: rest}
        )

    def _channels(self) -> CallGrammar:
        """Harmony: a recipient stands behind the role or behind the channel."""
        channel, message, start, constrain = map(
            self._literals.write,
            ("<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"),
        )
        kind = f'(/ ?/ {constrain} "json" | " json")?'
        called = self._each(lambda name, i: f"{json.dumps(name)} {kind} {message} args{i}")
        late = self._rules.rule(f'"commentary to=functions." {called}')
        early = self._each(
            lambda name, i: f'"functions.{name}" {channel} "commentary" {kind} {message} args{i}'
        )
        silent = self._rules.rule(f'("analysis" | "final" | "commentary") {message}')
        thought = self._rules.rule(
            f'{channel} "analysis" {message} {self._rules.text("<|end|>")} {start} "assistant"'
        )
        begin = f'({start} "assistant")?'
        rests = {
            "<|channel|>": f"{late} | {silent}",
            "<|start|>": f'"assistant" (" to=" {early} | {channel} ({late} | {silent}))',
            "to=": early,
        }
        answer = f'({begin} {thought}? {channel} "final" {message})?'
        return self._done(f"{begin} {thought}? {channel} {late}", rests, answer)

    # -- other notations -------------------------------------------------------------------------

    def _parameters(self, syntax: TaggedParameters) -> CallGrammar:
        quote = '"' if syntax.function.endswith('"') else ""
        parameters = [
            parameters_rule(syntax, each.schemas, self._rules) for each in self._functions
        ]
        end = self._literals.write(syntax.function_end)
        function = self._each(
            lambda name, i: f"{json.dumps(name + quote + '>' + _LINE)} {parameters[i]} {end}"
        )
        opener = self._literals.write(syntax.function)
        last = self._literals.write("\n" + syntax.block_end)
        inner = self._rules.rule(f"{function} {self._more(f'{_BREAK} {opener}', function)} {last}")
        rest = self._rules.rule(f"{_BREAK} {opener} {inner}")
        if syntax.lines:  # a block for each call
            rest = self._rules.rule(f"{_BREAK} {opener} {function} {last}")
        block = self._rules.rule(f"{self._literals.write(syntax.block)} {rest}")
        calls = f"{block} {self._more(_BREAK, block)}" if syntax.lines else block
        return self._done(calls, {syntax.block: rest, syntax.function: inner})

    def _notation(self, syntax: Notation) -> CallGrammar:
        objects = [object_rule(syntax, each.schemas, self._rules) for each in self._functions]
        closer = self._literals.write(syntax.closer)
        rest = self._each(lambda name, i: f'"call:{name}" {objects[i]} {closer}')
        call = self._rules.rule(f"{self._literals.write(syntax.opener)} {rest}")
        return self._done(f"{call}{'+' if self._many else ''}", {syntax.opener: rest})


_LINE = "\n"
_BREAK = r"/\n?/"
_MEMBERS = ("name", "function", "arguments", "parameters", "type", "id")


def _spaced(text: str) -> str:
    """A beginning of JSON, the spaces behind colons and commas left to the model."""
    return "/" + " ?".join(map(quoted, text.split(" "))) + "/"
