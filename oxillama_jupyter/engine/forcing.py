"""The grammar of an answer where tools are offered: calls only, or a format or calls.

Only the syntaxes that are JSON between tags can be forced; for others the request is refused, since
a promise that nobody keeps is worse than none.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.engine.calls import BareJson, Bracketed, TaggedJson
from oxillama_jupyter.engine.constraints import JSON_OPTIONS
from oxillama_jupyter.engine.json_schema import read_schema
from oxillama_jupyter.engine.protocol import Constraint
from oxillama_jupyter.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxillama_jupyter.engine.constraints import (
        ConstraintCompiler,
        TokenConstraint,
    )
    from oxillama_jupyter.engine.formats import Format
    from oxillama_jupyter.engine.protocol import GenerateRequest

__all__ = ["constrain"]

Json = dict[str, Any]  # a JSON Schema, or a tool in OpenAI's form
_ANY = {"type": "object"}


def constrain(
    request: GenerateRequest, form: Format, compiler: ConstraintCompiler
) -> TokenConstraint | None:
    """Make the constraint of a request; None where it may say anything.

    Raises:
        InvalidRequest: What it asks for cannot be enforced; the message and `param` say what.
    """
    tools = request.tools or []
    if request.must_call:
        forced = [tool for tool in tools if tool["function"]["name"] in request.must_call]
        if not forced:
            raise InvalidRequest("None of the functions to call is offered.", param="tool_choice")
        calls = _Calls(form, compiler, "tool_choice")
        grammar = calls.grammar(forced, many=request.parallel_calls)
        return compiler.compile_grammar(f"start: calls\n{grammar}", param="tool_choice")
    if request.constraint is None:
        return None
    alone = compiler.compile(request.constraint)
    if not tools:
        return alone
    calls = _Calls(form, compiler, "response_format")
    grammar = calls.grammar(tools, many=request.parallel_calls)
    answer = _json(_schema(request.constraint), strict=request.constraint.strict)
    return compiler.compile_grammar(
        f"start: answer | calls\nanswer: {answer}\n{grammar}", param="response_format"
    )


def _schema(constraint: Constraint) -> Json:
    """The schema of an answer that goes beside calls."""
    if constraint.kind == "json_object":
        return _ANY
    if constraint.kind == "json_schema":
        return read_schema(constraint.value, strict=constraint.strict)
    raise InvalidRequest(
        f"A {constraint.kind} cannot be combined with tools.", param="response_format"
    )


def _json(schema: Json, *, strict: bool) -> str:
    """A schema as it stands in a Lark grammar."""
    options = {**JSON_OPTIONS, "lenient": not strict}
    return f"%json {json.dumps({**schema, 'x-guidance': options})}"


class _Calls:
    """Writes the grammar of one model's calls."""

    def __init__(self, form: Format, compiler: ConstraintCompiler, param: str) -> None:
        self._form = form
        self._vocabulary = compiler.vocabulary
        self._compiler = compiler
        self._param = param

    def grammar(self, tools: list[Json], *, many: bool) -> str:
        """Rules for `calls`: one or more calls of these functions."""
        functions = [tool["function"] for tool in tools]
        rules = [f"args{i}: {self._arguments(function)}" for i, function in enumerate(functions)]
        rules.append(self._rule([function["name"] for function in functions], many=many))
        return "\n".join(rules)

    def _rule(self, names: list[str], *, many: bool) -> str:
        syntax = self._form.calls
        if isinstance(syntax, TaggedJson):
            opener, closer = map(self._tag, syntax.tags)
            objects = _alternatives(names, _object("arguments"))
            more = r" (/\n?/ call)*" if many else ""
            return f"calls: call{more}\ncall: {opener} /\\n?/ ({objects}) /\\n?/ {closer}"
        if isinstance(syntax, BareJson):
            return f"calls: {_alternatives(names, _object('parameters'))}"
        if isinstance(syntax, Bracketed):
            return self._bracketed(names, many=many)
        raise InvalidRequest(
            f"This model writes calls in a way ({self._form.name}) that cannot be enforced. "
            + (
                "Use tool_choice 'auto'."
                if self._param == "tool_choice"
                else "Use response_format 'auto', or tool_choice 'none'."
            ),
            param=self._param,
        )

    def _bracketed(self, names: list[str], *, many: bool) -> str:
        """Mistral's: with `[ARGS]` where the vocabulary has it, an array of objects where not."""
        opener = self._tag("[TOOL_CALLS]")
        separator = self._tag("[ARGS]")
        if separator.startswith("<["):
            one = _alternatives(names, lambda name, i: f"{json.dumps(name)} {separator} args{i}")
            return f"calls: call{'+' if many else ''}\ncall: {opener} ({one})"
        one = _alternatives(names, _object("arguments"))
        more = ' (", " call)*' if many else ""
        return f'calls: {opener} / ?/ "[" call{more} "]"\ncall: {one}'

    def _tag(self, text: str) -> str:
        """A tag as the vocabulary has it: one token, or characters."""
        known = self._vocabulary.special_tokens()
        tokens = self._vocabulary.tokenize(text, special=True)
        return f"<[{tokens[0]}]>" if text in known and len(tokens) == 1 else json.dumps(text)

    def _arguments(self, function: Json) -> str:
        """The rule of a call's arguments; those of a `strict` function are enforced completely.

        Raises:
            InvalidRequest: The function is `strict`, and its schema cannot be enforced.
        """
        text = json.dumps(function.get("parameters") or _ANY)
        strict = bool(function.get("strict"))
        try:
            self._compiler.compile(Constraint("json_schema", text, strict), param="tools")
        except InvalidRequest:
            if strict:
                raise
            return _json(_ANY, strict=False)
        return _json({**_ANY, **read_schema(text, strict=strict)}, strict=strict)


def _object(key: str) -> Callable[[str, int], str]:
    """How one call is written as an object."""

    def written(name: str, i: int) -> str:
        head = json.dumps(f'{{"name": "{name}", "{key}": ')
        return f'{head} args{i} "}}"'

    return written


def _alternatives(names: list[str], written: Callable[[str, int], str]) -> str:
    return " | ".join(written(name, i) for i, name in enumerate(names))
