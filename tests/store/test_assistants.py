from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.schemas.assistants import Assistant, CreateAssistant, ModifyAssistant
from oxillama_jupyter.schemas.base import Deleted, PageQuery
from oxillama_jupyter.store import assistants, runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.threads import Thread

FULL = msgspec.convert(
    {
        "model": "tiny",
        "name": "Tutor",
        "description": "NUL \0, 汉字 and \U0001f600 survive",
        "instructions": "Be brief.\n",
        "tools": [
            {"type": "code_interpreter"},
            {"type": "file_search", "file_search": {"max_num_results": 3}},
            {
                "type": "function",
                "function": {"name": "f", "parameters": {"big": 2**70, "x": [1.5, None, {}]}},
            },
        ],
        "tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}},
        "metadata": {"course": "42"},
        "temperature": 0.1,
        "top_p": 0.2,
        "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {}}},
        "reasoning_effort": "low",
    },
    CreateAssistant,
)


def test_round_trip_is_exact(conn: Connection) -> None:
    created = assistants.create(conn, FULL)

    assert created == assistants.get(conn, created.id)
    assert (
        msgspec.convert(
            {name: getattr(created, name) for name in FULL.__struct_fields__}, CreateAssistant
        )
        == FULL
    )


def test_defaults(conn: Connection) -> None:
    created = assistants.create(conn, CreateAssistant(model="tiny"))

    assert created == Assistant(
        id=created.id,
        created_at=created.created_at,
        name=None,
        description=None,
        model="tiny",
        instructions=None,
        tools=[],
        tool_resources=None,
        metadata={},
        temperature=1.0,
        top_p=1.0,
        response_format="auto",
        reasoning_effort=None,
    )


def test_defaults_are_not_shared(conn: Connection) -> None:
    first = assistants.create(conn, CreateAssistant(model="tiny"))
    first.metadata["a"] = "b"
    first.tools.append(FULL.tools[0])
    second = assistants.create(conn, CreateAssistant(model="tiny"))

    assert (second.metadata, second.tools) == ({}, [])


def test_modify_changes_only_what_is_there(conn: Connection) -> None:
    created = assistants.create(conn, FULL)
    modified = assistants.modify(conn, created.id, ModifyAssistant(name="Coach"))

    assert msgspec.structs.replace(created, name="Coach") == modified
    assert modified == assistants.get(conn, created.id)


@pytest.mark.parametrize(
    ("field", "cleared"),
    [
        ("name", None),
        ("description", None),
        ("instructions", None),
        ("tools", []),
        ("tool_resources", None),
        ("metadata", {}),
        ("temperature", 1.0),
        ("top_p", 1.0),
        ("response_format", "auto"),
        ("reasoning_effort", None),
    ],
)
def test_null_clears(conn: Connection, field: str, cleared: Any) -> None:
    created = assistants.create(conn, FULL)
    assistants.modify(conn, created.id, ModifyAssistant(**{field: None}))

    assert msgspec.structs.replace(created, **{field: cleared}) == assistants.get(conn, created.id)


def test_model_cannot_be_null(conn: Connection) -> None:
    created = assistants.create(conn, FULL)
    with pytest.raises(InvalidRequest) as caught:
        assistants.modify(conn, created.id, ModifyAssistant(model=None))

    assert caught.value.param == "model"


def test_delete(conn: Connection) -> None:
    created = assistants.create(conn, FULL)

    assert Deleted(created.id, "assistant.deleted") == assistants.delete(conn, created.id)
    with pytest.raises(NotFound):
        assistants.get(conn, created.id)


def test_runs_outlive_their_assistant(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun]
) -> None:
    run = begin(thread).run
    assistants.delete(conn, run.assistant_id)

    assert run == runs.get(conn, thread.id, run.id)


@pytest.mark.parametrize(
    "call",
    [
        lambda conn: assistants.get(conn, "asst_x"),
        lambda conn: assistants.modify(conn, "asst_x", ModifyAssistant()),
        lambda conn: assistants.delete(conn, "asst_x"),
    ],
)
def test_unknown(conn: Connection, call: Callable[[Connection], object]) -> None:
    with pytest.raises(NotFound, match=r"^No assistant found with id 'asst_x'\.$"):
        call(conn)


def test_page_gives_whole_assistants(conn: Connection) -> None:
    created = [assistants.create(conn, FULL) for _ in range(2)]

    assert created == assistants.page(conn, PageQuery(order="asc")).data


def test_nothing_is_scanned(conn: Connection, scans: Callable[..., list[str]]) -> None:
    assistant_id = assistants.create(conn, FULL).id

    assert scans(assistants.get, assistant_id) == []
    assert scans(assistants.modify, assistant_id, ModifyAssistant(name="x")) == []
    assert scans(assistants.page, PageQuery(before=assistant_id, order="asc")) == []
    assert scans(assistants.delete, assistant_id) == []
