"""Grammars of arguments that are not written as JSON: parameters in tags, and Gemma's notation.

They are the other side of `notations`: what they allow, it reads as arguments that fit the schema.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.engine.literals import Literals
from oxillama_jupyter.engine.notations import Notation, TaggedParameters, converted
from oxillama_jupyter.engine.schema_kinds import kinds_of, resolved
from oxillama_jupyter.engine.text_schemas import Choice, Schemas, json_part, lark_json, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Rules", "object_rule", "parameters_rule"]

Json = Any  # a JSON Schema, or a value in one

_SPACE = r"[\s\x1c-\x1f]*"
_READ_AS = {
    "null": f"{_SPACE}(?i:null|none){_SPACE}",
    "boolean": f"{_SPACE}(?i:true|false){_SPACE}",
    "integer": f"{_SPACE}[-0-9](?s:.)*",
    "number": f"{_SPACE}[-0-9](?s:.)*",
    "array": rf"{_SPACE}\[(?s:.)*",
    "object": rf"{_SPACE}\{{(?s:.)*",
    "quoted": rf'{_SPACE}"(?s:.)*',
}
"""What a text must not look like where such a value may stand too: it would be read as one."""
_WORDS = {"null": ("null",), "boolean": ("true", "false")}
_PLAIN_KEY = re.compile(r"[A-Za-z_][\w.$-]*", re.ASCII)


class Rules:
    """The rules of a grammar, under names of their own.

    Args:
        prefix: What names of rules begin with, in lower case.
        literals: Writes texts.
    """

    def __init__(self, prefix: str, literals: Literals) -> None:
        self.literals = literals
        self.lines: list[str] = []
        self._prefix = prefix
        self._count = 0

    def rule(self, body: str) -> str:
        """Add a rule; return its name."""
        name = self.name()
        self.lines.append(f"{name}: {body}")
        return name

    def terminal(self, body: str) -> str:
        """Add a terminal; return its name."""
        name = self.name().upper()
        self.lines.append(f"{name}: {body}")
        return name

    def name(self) -> str:
        """A name that is not taken."""
        self._count += 1
        return f"{self._prefix}{self._count}"

    def text(self, end: str, *, more: str = "", terms: Iterable[str] = ()) -> str:
        """Free text and its end."""
        body, token = self.literals.text_until(end, more=more, terms=terms)
        return f"{self.terminal(body)} {token}".strip()


# -- parameters in tags ----------------------------------------------------------------------------


def parameters_rule(syntax: TaggedParameters, schemas: Schemas, rules: Rules) -> str:
    """The rule of a call's parameters, each with the line break behind it."""
    return _Parameters(syntax, schemas, rules).rule()


class _Parameters:
    def __init__(self, syntax: TaggedParameters, schemas: Schemas, rules: Rules) -> None:
        self._syntax = syntax
        self._schemas = schemas
        self._rules = rules
        self._break = "\n" if syntax.lines else ""

    def rule(self) -> str:
        root = resolved(self._schemas.root, self._schemas.root)
        self._schemas.allow(root, "type", "properties", "required", "additionalProperties")
        parameters = []
        for name, schema, required in names_of(root):
            value = self._parameter(name, schema)
            if value:
                parameters.append(f"({value}){'' if required else '?'}")
        if not parameters and root.get("additionalProperties") is not False:
            parameters = [f"({self._any_parameter(root.get('additionalProperties'))})*"]
        return self._rules.rule(" ".join(parameters) or '""')

    def _parameter(self, name: str, schema: Json) -> str:
        """One parameter; nothing where its name cannot be written."""
        if not name or name != name.strip() or re.search(r'[">\n]', name):
            self._schemas.refuse(f"the name {json.dumps(name)}")
            return ""
        return self._element(self._rules.literals.write(self._syntax.parameter + name), schema)

    def _any_parameter(self, schema: Json) -> str:
        head = self._rules.literals.write(self._syntax.parameter)
        return self._element(f"{head} /[A-Za-z_][A-Za-z0-9_.-]*/", {} if schema is True else schema)

    def _element(self, head: str, schema: Json) -> str:
        values = self._rules.rule(" | ".join(self._values(schema)))
        return f'{head} {values} "\\n"'

    # -- values ------------------------------------------------------------------------------------

    def _values(self, schema: Json) -> list[str]:
        """A value's forms: the rest of its tag, the value and its end."""
        root = self._schemas.root
        kinds = kinds_of(schema, root)
        choices = self._schemas.choices(schema)
        texts = [each for each in choices if each.kind in ("string", "") and each.values is None]
        found = [self._literal(each, kinds) for each in choices if each.values is not None]
        found += [self._text(each, kinds) for each in texts]
        for choice in choices:
            if choice.values is None and choice.kind not in ("string", ""):
                found += self._json(choice, beside_text=bool(texts))
        found = [each for each in found if each]
        if not found:
            self._schemas.refuse("a value of no type")
        return found or [self._text(Choice("", {}), kinds)]

    def _open(self, *, text: bool) -> str:
        quote = '"' if self._syntax.parameter.endswith('"') else ""
        kind = f' string="{json.dumps(text)}"' if self._syntax.typed else ""
        return json.dumps(f"{quote}{kind}>{self._break}")

    def _close(self) -> str:
        return self._rules.literals.write(self._break + self._syntax.parameter_end)

    def _text(self, choice: Choice, kinds: set[str]) -> str:
        terms = self._schemas.text_terms(choice)
        if choice.kind and not self._syntax.typed:
            others = kinds - {"string"} if kinds else _READ_AS.keys()
            terms += [f"~{term}" for kind, term in _READ_AS.items() if kind in others]
        end = self._syntax.parameter_end
        return f"{self._open(text=True)} {self._rules.text(end, more=self._break, terms=terms)}"

    def _literal(self, choice: Choice, kinds: set[str]) -> str:
        (value,) = choice.values or (None,)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        raw = f"{self._break}{text}{self._break}"
        typed, is_text = self._syntax.typed, isinstance(value, str)
        as_is = is_text and (typed or kinds == {"string"})
        read = text if as_is else json.loads(converted(raw, kinds, lines=self._syntax.lines))
        if read != value or type(read) is not type(value) or self._syntax.parameter_end in text:
            self._schemas.refuse(f"the value {json.dumps(value)}")
            return ""
        return f"{self._open(text=is_text)} {self._word(text)}"

    def _word(self, text: str) -> str:
        """A text and its end, in one terminal: another text may go on behind the same letters."""
        if token := self._rules.literals.token(self._syntax.parameter_end):
            return f"{json.dumps(text + self._break)} {token}"
        return json.dumps(text + self._break + self._syntax.parameter_end)

    def _json(self, choice: Choice, *, beside_text: bool) -> list[str]:
        head = self._open(text=False)
        if beside_text and choice.kind in _WORDS:
            return [f"{head} {self._word(word)}" for word in _WORDS[choice.kind]]
        schema = json_part(choice, self._schemas.root)
        value = self._rules.rule(lark_json(schema, strict=self._schemas.strict))
        return [f"{head} {value} {self._close()}"]


# -- Gemma -----------------------------------------------------------------------------------------


def object_rule(syntax: Notation, schemas: Schemas, rules: Rules) -> str:
    """The rule of a call's arguments in Gemma's notation."""
    return _Values(syntax, schemas, rules).arguments()


class _Values:
    def __init__(self, syntax: Notation, schemas: Schemas, rules: Rules) -> None:
        self._quote = syntax.quote
        self._schemas = schemas
        self._rules = rules
        self._known: dict[int, str] = {}
        self._anything = ""

    def arguments(self) -> str:
        root = resolved(self._schemas.root, self._schemas.root)
        self._schemas.allow(root, "type", "properties", "required", "additionalProperties")
        return self._rules.rule(self._object(Choice("object", root)))

    def _value(self, schema: Json) -> str:
        """The rule of a value; one for each schema, so that schemas may contain themselves."""
        schema = resolved(schema, self._schemas.root)
        if id(schema) not in self._known:
            name = self._known[id(schema)] = self._rules.name()
            forms = [
                form for choice in self._schemas.choices(schema) if (form := self._form(choice))
            ]
            if not forms:
                self._schemas.refuse("a value of no type")
            body = " | ".join(forms) or self._any()
            self._rules.lines.append(f"{name}: {body}")
        return self._known[id(schema)]

    def _form(self, choice: Choice) -> str:
        if choice.values is not None:
            return self._literal(choice.values[0])
        match choice.kind:
            case "":
                return self._any()
            case "string":
                return self._text(self._schemas.text_terms(choice))
            case "object":
                return self._object(choice)
            case "array":
                return self._array(choice)
        return lark_json(json_part(choice, self._schemas.root), strict=self._schemas.strict)

    def _text(self, terms: Iterable[str] = ()) -> str:
        quote = self._rules.literals.write(self._quote)
        return f"{quote} {self._rules.text(self._quote, terms=terms)}"

    def _literal(self, value: Json) -> str:
        if isinstance(value, str) and self._quote not in value:
            return self._rules.literals.write(f"{self._quote}{value}{self._quote}")
        if value is None or isinstance(value, bool | int | float):
            return json.dumps(json.dumps(value))
        self._schemas.refuse(f"the value {json.dumps(value)}")
        return ""

    def _object(self, choice: Choice) -> str:
        schema = choice.schema
        self._schemas.of_kind(choice, "properties", "required", "additionalProperties")
        pairs = []
        for name, value, required in names_of(schema):
            if pair := self._pair(name, value):
                pairs.append((pair, required))
        more = schema.get("additionalProperties", True)
        if pairs or more is False:
            return f'"{{" {self._chain(pairs)} "}}"'
        key = "/[A-Za-z_][A-Za-z0-9_.-]*/"
        pair = self._rules.rule(f'{key} ":" {self._any() if more is True else self._value(more)}')
        return f'"{{" ({pair} ("," {pair})*)? "}}"'

    def _pair(self, name: str, schema: Json) -> str:
        if not name or self._quote in name:
            self._schemas.refuse(f"the name {json.dumps(name)}")
            return ""
        key = name if _PLAIN_KEY.fullmatch(name) else f"{self._quote}{name}{self._quote}"
        return f"{self._rules.literals.write(f'{key}:')} {self._value(schema)}"

    def _chain(self, pairs: list[tuple[str, bool]]) -> str:
        """Pairs in their order with commas between, some left out; from the last to the first."""
        first = after = self._rules.rule('""')
        for pair, required in reversed(pairs):
            one = self._rules.rule(pair)
            skipped = "" if required else f" | {first}"
            skipped_after = "" if required else f" | {after}"
            first = self._rules.rule(f"{one} {after}{skipped}")
            after = self._rules.rule(f'"," {one} {after}{skipped_after}')
        return first

    def _array(self, choice: Choice) -> str:
        self._schemas.of_kind(choice, "items", "minItems", "maxItems")
        items = choice.schema.get("items", True)
        value = self._any() if items is True or isinstance(items, list) else self._value(items)
        least, most = choice.schema.get("minItems", 0), choice.schema.get("maxItems")
        if most == 0 or items is False:
            return '"[" "]"'
        count = f"{{{max(least - 1, 0)},{'' if most is None else most - 1}}}"
        some = f'{value} ("," {value}){count}'
        return f'"[" {some} "]"' if least else f'"[" ({some})? "]"'

    def _any(self) -> str:
        """Any value at all."""
        if not self._anything:
            self._anything = self._rules.name()
            key = "/[A-Za-z_][A-Za-z0-9_.-]*/"
            scalar = lark_json({"type": ["null", "boolean", "number"]}, strict=True)
            forms = [
                self._text(),
                self._rules.rule(scalar),
                f'"{{" ({key} ":" {self._anything} ("," {key} ":" {self._anything})*)? "}}"',
                f'"[" ({self._anything} ("," {self._anything})*)? "]"',
            ]
            self._rules.lines.append(f"{self._anything}: {' | '.join(forms)}")
        return self._anything
