"""Threads as they are exported, with everything that can be in one, for round trips."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import strategies as st

__all__ = ["Export", "anonymous", "exports"]

Export = dict[str, Any]  # JSON of an export

_PNG = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
        "789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
).decode()
_TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "Zürich \u2028 \U0001f600\nzwei\r\ndrei\r",
        "```python\nprint('%%oxillama')\n```\n~~~~",
        "%%oxillama -o x\n%%oxillama\n",
        "  indented\n\n\n",
        "\0\x01\x1f {braces} $\\LaTeX$ <b>&amp;</b>",
    ]
)
_KEYS = st.text(max_size=10)
_NAMES = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=10)
_METADATA = st.dictionaries(_NAMES, st.text(max_size=20), max_size=4)
_TIMES = st.integers(0, 2_000_000_000)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_KEYS, inner, max_size=2),
    max_leaves=4,
)


def _annotation(text: str) -> st.SearchStrategy[dict[str, Any]]:
    places = {"text": text, "start_index": 0, "end_index": len(text)}
    return st.sampled_from(
        [
            {"type": "file_citation", **places, "file_citation": {"file_id": "file-1"}},
            {"type": "file_path", **places, "file_path": {"file_id": "file-2"}, "more": [1]},
        ]
    )


@st.composite
def _text(draw: st.DrawFn) -> dict[str, Any]:
    value = draw(_TEXTS)
    annotations = draw(st.lists(_annotation(value), max_size=2))
    return {"type": "text", "text": {"value": value, "annotations": annotations}}


_IMAGES = st.sampled_from(
    [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_PNG}"}},
        {"type": "image_url", "image_url": {"url": "https://x.example/a.png", "detail": "low"}},
        {"type": "image_file", "image_file": {"file_id": "file-3", "detail": "high"}},
    ]
)
_REFUSAL = st.text(max_size=10).map(lambda text: {"type": "refusal", "refusal": text})
_ATTACHMENTS = st.lists(
    st.sampled_from(
        [{"file_id": "file-4", "tools": []}, {"file_id": "f", "tools": [{"type": "file_search"}]}]
    ),
    max_size=2,
)


@st.composite
def _message(draw: st.DrawFn, number: int, role: str, run_id: str | None) -> dict[str, Any]:
    incomplete = role == "assistant" and draw(st.booleans())
    text = draw(st.lists(_text(), min_size=1, max_size=2))
    others = _IMAGES if role == "user" else _REFUSAL
    return {
        "id": f"msg_{number}",
        "object": "thread.message",
        "created_at": draw(_TIMES),
        "thread_id": "thread_exported",
        "status": "incomplete" if incomplete else "completed",
        "incomplete_details": {"reason": "max_tokens"} if incomplete else None,
        "completed_at": None if incomplete else draw(_TIMES),
        "incomplete_at": draw(_TIMES) if incomplete else None,
        "role": role,
        "content": text + draw(st.lists(others, max_size=2)),
        "assistant_id": "default" if run_id else None,
        "run_id": run_id,
        "attachments": draw(_ATTACHMENTS),
        "metadata": draw(_METADATA),
    }


@st.composite
def _call(draw: st.DrawFn, number: int) -> dict[str, Any]:
    output = draw(st.none() | _TEXTS)
    arguments = draw(st.sampled_from(["{}", '{"city": "Zürich"}', "{broken"]) | _TEXTS)
    function = {"name": "get_weather", "arguments": arguments, "output": output}
    return {"id": f"call_{number}", "type": "function", "function": function}


def _step(number: int, run_id: str, details: dict[str, Any], metadata: Any) -> dict[str, Any]:
    tokens = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return {
        "id": f"step_{number}",
        "object": "thread.run.step",
        "created_at": number,
        "run_id": run_id,
        "assistant_id": "default",
        "thread_id": "thread_exported",
        "type": details["type"],
        "status": "completed",
        "step_details": details,
        "last_error": None,
        "expires_at": 7,
        "expired_at": None,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": number,
        "metadata": metadata,
        "usage": {**tokens, "prompt_token_details": {"cached_tokens": 1}},
    }


@st.composite
def _run(draw: st.DrawFn, run_id: str) -> dict[str, Any]:
    """The fields of a run that say something; the server gives the others their defaults."""
    parameters = draw(st.none() | st.dictionaries(_KEYS, _JSON, max_size=2))
    function = {"name": "get_weather"} | ({"parameters": parameters} if parameters else {})
    return {
        "id": run_id,
        "object": "thread.run",
        "created_at": draw(_TIMES),
        "thread_id": "thread_exported",
        "assistant_id": "default",
        "status": draw(st.sampled_from(["completed", "failed", "cancelled", "incomplete"])),
        "model": draw(st.sampled_from(["scripted", "org/other:tag"])),
        "instructions": draw(_TEXTS),
        "tools": [{"type": "function", "function": function}],
        "metadata": draw(_METADATA),
        "seed": draw(st.none() | st.integers(0, 2**32 - 2)),
        "temperature": draw(st.sampled_from([0.0, 0.7, 2.0])),
        "dropped_message_ids": draw(st.sampled_from([[], ["msg_0"], ["msg_gone"]])),
        "timings": None,
    }


@st.composite
def exports(draw: st.DrawFn) -> Export:
    """An export; messages and steps name runs and messages of it, or ones that are gone."""
    messages, runs, steps = [], [], []
    for turn in range(draw(st.integers(0, 3))):
        for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2]))):
            messages.append(draw(_message(len(messages), "user", None)))
        run_id = f"run_{turn}" if draw(st.booleans()) else None
        if run_id:
            runs.append(draw(_run(run_id)))
            calls = [draw(_call(n)) for n in range(draw(st.integers(0, 2)))]
            if calls:
                details: dict[str, Any] = {"type": "tool_calls", "tool_calls": calls}
                steps.append(_step(len(steps), run_id, details, draw(_METADATA)))
        for _ in range(draw(st.integers(0, 2))):
            if run_id:
                made = draw(st.sampled_from([f"msg_{len(messages)}", "msg_gone"]))
                details = {"type": "message_creation", "message_creation": {"message_id": made}}
                steps.append(_step(len(steps), run_id, details, {}))
            messages.append(draw(_message(len(messages), "assistant", run_id)))
    return {
        "object": "thread.export",
        "version": 1,
        "exported_at": 5,
        "thread": {
            "id": "thread_exported",
            "object": "thread",
            "created_at": draw(_TIMES),
            "tool_resources": draw(
                st.sampled_from([None, {"file_search": {"vector_store_ids": ["v"]}}])
            ),
            "metadata": draw(_METADATA),
        },
        "messages": messages,
        "runs": runs,
        "steps": steps,
    }


_PREFIXES = ("thread_", "msg_", "run_", "step_")
_PLACES = {"id", "thread_id", "run_id", "message_id", "dropped_message_ids"}


def anonymous(export: Export) -> Export:
    """The export with its ids numbered in the order in which they are met, and no time of its own.

    Two exports are equal then if they differ in nothing but their ids.
    """
    numbers: dict[str, str] = {}

    def id_of(value: Any) -> Any:
        if isinstance(value, list):
            return [id_of(one) for one in value]
        if isinstance(value, str) and value.startswith(_PREFIXES):
            return numbers.setdefault(value, f"{value.partition('_')[0]} {len(numbers)}")
        return value

    def walk(value: Any, name: str = "") -> Any:
        if name in {"metadata", "function", "text"}:
            return value
        if name in _PLACES:
            return id_of(value)
        if isinstance(value, dict):
            return {key: walk(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [walk(item) for item in value]
        return value

    return walk({**export, "exported_at": 0})
