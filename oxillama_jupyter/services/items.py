"""What clients send as items, read into the form that is stored and shown.

Clients replay what they were given, echo nulls, leave out ids, and write a message in three ways;
all of it is taken. What is read here has an id and a status, and its content as parts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.ids import new_id
from oxillama_jupyter.schemas.items import ITEM_PREFIXES, AnyItem, Item, ItemReference
from oxillama_jupyter.services.validation import invalid
from oxillama_jupyter.store.items import with_id

__all__ = ["distinct", "item_id", "item_of", "read_items"]

# Items of tools that OpenAI hosts, also of those that are still to come.
_HOSTED = re.compile(
    r"\w+_call(_output)?|mcp_\w+|tool_search_\w+|additional_tools|compaction_trigger"
    r"|configuration_update|program(_output)?"
)


def read_items(given: str | Sequence[Any], param: str = "input") -> list[AnyItem | ItemReference]:
    """A request's items in the form that is stored; a string is a message of the user.

    Args:
        given: Text, or JSON objects as a client wrote them.
        param: The request's field, for errors.

    Raises:
        InvalidRequest: An item is none; `param` says which and where.
    """
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    return [_read_item(value, f"{param}[{place}]") for place, value in enumerate(given)]


def item_of(value: dict[str, Any]) -> AnyItem:  # JSON as it was stored
    """An item that was stored, from its JSON."""
    if value.get("type") not in ITEM_PREFIXES:
        return value
    item: Item = msgspec.convert(value, Item)
    return item


def item_id(item: AnyItem) -> str:
    """An item's id."""
    return str(item["id"]) if isinstance(item, dict) else item.id


def distinct(items: Iterable[AnyItem]) -> list[AnyItem]:
    """The items, each with an id of its own: one that was there before is numbered.

    Clients replay items, and refer to them. The numbers depend only on what is ahead, so they stay
    the same when a conversation goes on.
    """
    taken: set[str] = set()
    counts = Counter[str]()
    found = []
    for item in items:
        given = fresh = item_id(item)
        while fresh in taken:
            counts[given] += 1
            fresh = f"{given}_{counts[given] + 1}"
        taken.add(fresh)
        found.append(item if fresh == given else with_id(item, fresh))
    return found


def _read_item(value: Any, param: str) -> AnyItem | ItemReference:  # JSON of any shape
    if not isinstance(value, dict):
        raise InvalidRequest(
            f"Invalid '{param}': an item is a JSON object.", param=param, code="invalid_type"
        )
    fields = {key: entry for key, entry in value.items() if entry is not None}
    kind = fields.setdefault("type", _untold(fields))
    if not isinstance(kind, str) or not kind:
        raise InvalidRequest(
            f"Invalid '{param}': an item has a 'type', or a 'role' and 'content'.",
            param=f"{param}.type",
            code="missing_required_parameter",
        )
    if kind == "message" and "content" in fields:
        fields["content"] = _parts(fields["content"], fields.get("role"))
    if kind in ITEM_PREFIXES:
        fields.setdefault("id", new_id(ITEM_PREFIXES[kind]))
    elif kind != "item_reference":
        if not _HOSTED.fullmatch(kind):
            raise InvalidRequest(
                f"Invalid '{param}.type': '{kind}' is no type of an item.",
                param=f"{param}.type",
                code="invalid_value",
            )
        return _hosted(fields, param)
    try:
        item: Item | ItemReference = msgspec.convert(fields, Item | ItemReference)
    except msgspec.ValidationError as error:
        raise invalid(error, param) from None
    return item


def _hosted(fields: dict[str, Any], param: str) -> dict[str, Any]:  # JSON as it came
    """An item of a tool that is not ours: all we know of it is that it has an id."""
    item = {"id": new_id("item"), **fields}
    try:
        msgspec.convert(item["id"], str)
    except msgspec.ValidationError as error:
        raise invalid(error, f"{param}.id") from None
    return item


def _untold(fields: dict[str, Any]) -> str:
    """The type of an item that does not say it."""
    if "role" in fields:
        return "message"
    return "item_reference" if set(fields) == {"id"} else ""


def _parts(content: Any, role: Any) -> Any:  # JSON of any shape
    """A message's content as parts, without nulls; what is no list of objects is left as it is."""
    if isinstance(content, str):
        kind = "output_text" if role == "assistant" else "input_text"
        return [{"type": kind, "text": content}]
    if not isinstance(content, list):
        return content
    return [
        {key: entry for key, entry in part.items() if entry is not None}
        if isinstance(part, dict)
        else part
        for part in content
    ]
