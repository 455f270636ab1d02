"""What holds where tools are offered: calls only, a format or calls, or nothing until a call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.engine.call_grammars import CallGrammar, Function, call_grammar
from oxillama_jupyter.engine.json_schema import read_schema
from oxillama_jupyter.engine.protocol import Constraint
from oxillama_jupyter.engine.text_schemas import Schemas, lark_json
from oxillama_jupyter.errors import InvalidRequest

if TYPE_CHECKING:
    from oxillama_jupyter.engine.constraints import ConstraintCompiler, TokenConstraint
    from oxillama_jupyter.engine.formats import Format
    from oxillama_jupyter.engine.protocol import GenerateRequest

__all__ = ["constrain", "rests"]

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
        grammar = _grammar(forced, request, form, compiler)
        return compiler.compile_grammar(
            _text(f"start: {grammar.calls}", grammar), param="tool_choice"
        )
    if request.constraint is None:
        return None
    alone = compiler.compile(request.constraint)
    if not tools:
        return alone
    grammar = _grammar(tools, request, form, compiler)
    answer = lark_json(_schema(request.constraint), strict=request.constraint.strict)
    start = f"start: {grammar.answer} answer | {grammar.calls}\nanswer: {answer}"
    return compiler.compile_grammar(_text(start, grammar), param="response_format")


def rests(
    request: GenerateRequest, form: Format, compiler: ConstraintCompiler
) -> dict[str, TokenConstraint]:
    """Make what calls are kept to once they have begun, by what opens them.

    That is so where a function is `strict`, and the others beside it are kept to what of their
    schemas can be. It is empty where `constrain` keeps the whole answer, or nothing has to be kept.

    Raises:
        InvalidRequest: The schema of a `strict` function cannot be enforced.
    """
    tools = request.tools or []
    strict = any(tool["function"].get("strict") for tool in tools)
    if not strict or request.must_call or request.constraint is not None:
        return {}
    grammar = _grammar(tools, request, form, compiler)
    return {
        opener: compiler.compile_grammar(_text(f"start: {rest}", grammar), param="tools")
        for opener, rest in grammar.rests.items()
    }


def _text(start: str, grammar: CallGrammar) -> str:
    return "\n".join([start, *grammar.rules])


def _schema(constraint: Constraint) -> Json:
    """The schema of an answer that goes beside calls."""
    if constraint.kind == "json_object":
        return _ANY
    if constraint.kind == "json_schema":
        return read_schema(constraint.value, strict=constraint.strict)
    raise InvalidRequest(
        f"A {constraint.kind} cannot be combined with tools.", param="response_format"
    )


def _grammar(
    tools: list[Json], request: GenerateRequest, form: Format, compiler: ConstraintCompiler
) -> CallGrammar:
    functions = [_function(tool["function"], form, compiler) for tool in tools]
    return call_grammar(form, functions, compiler.literals, many=request.parallel_calls)


def _function(function: Json, form: Format, compiler: ConstraintCompiler) -> Function:
    """The grammar of a function's arguments; those of a `strict` one are enforced completely.

    Raises:
        InvalidRequest: The function is `strict`, and its schema cannot be enforced.
    """
    name = function["name"]
    text = json.dumps(function.get("parameters") or _ANY)
    strict = bool(function.get("strict"))
    try:
        compiler.compile(Constraint("json_schema", text, strict), param="tools")
    except InvalidRequest:
        if strict:
            raise
        loose = Schemas(name, _ANY, form.name, strict=False)
        return Function(name, lark_json(_ANY, strict=False), loose)
    schema = {**_ANY, **read_schema(text, strict=strict)}
    schemas = Schemas(name, schema, form.name, strict=strict)
    return Function(name, lark_json(schema, strict=strict), schemas)
