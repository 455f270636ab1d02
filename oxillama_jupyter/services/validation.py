"""msgspec's complaints in the API's terms.

msgspec names the place (`$.tools[0].function.name`) and the rule; the API wants `param` and one of
its codes. The status is always 400, whatever the text says.
"""

from __future__ import annotations

import re

import msgspec

from oxillama_jupyter.errors import InvalidRequest

__all__ = ["invalid"]

_PLACE = re.compile(r" - at (?:`key` in )?`\$\.?(?P<path>[^`]*)`$")
_FIELD = re.compile(r"(?:required|unknown) field `(?P<field>[^`]+)`")
# The first pattern that is found in msgspec's message gives the code; `invalid_type` otherwise.
_CODES = (
    ("missing required field", "missing_required_parameter"),
    ("contains unknown field", "unknown_parameter"),
    ("Invalid enum value", "invalid_value"),
    ("Invalid value", "invalid_value"),
    ("matching regex", "invalid_value"),
    ("`str` of length <=", "string_above_max_length"),
    ("`str` of length >=", "string_below_min_length"),
    ("`array` of length <=", "array_above_max_length"),
    ("`array` of length >=", "empty_array"),
    ("`object` of length <=", "object_above_max_properties"),
    ("`int` <", "integer_above_max_value"),
    ("`int` >", "integer_below_min_value"),
    ("`float` <", "decimal_above_max_value"),
    ("`float` >", "decimal_below_min_value"),
)


def invalid(error: msgspec.ValidationError, within: str = "") -> InvalidRequest:
    """The API's error for a value that is not of its type.

    Args:
        error: What msgspec said.
        within: Path of the value in the body, such as `input[3]`; empty for the body itself.
    """
    text = str(error)
    place = _PLACE.search(text)
    path = place["path"] if place else ""
    what = text[: place.start()] if place else text
    if field := _FIELD.search(what):
        path = f"{path}.{field['field']}" if path else field["field"]
    path = path.replace("[...]", "")
    path = within + path if not path or path.startswith("[") or not within else f"{within}.{path}"
    code = next((code for pattern, code in _CODES if pattern in what), "invalid_type")
    where = f"Invalid '{path}': " if path else "Invalid body: "
    return InvalidRequest(f"{where}{what.replace('`', chr(39))}.", param=path or None, code=code)
