"""Unknown ids and URLs, bad queries, wrong methods: the right status, `param` and `code`.

That each answer is the envelope with its four keys, and JSON at all, is the oracle's to say.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from openai import OpenAI

TEXT = {"role": "user", "content": "Hello!"}
Answer = tuple[int, str | None, str | None]
Ask = Callable[[str, str, Any], Answer]
TYPE, VALUE = "invalid_type", "invalid_value"


# -- ids and queries -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_line", "kind", "body"),
    [
        ("GET v1/assistants/{X}", "assistant", ""),
        ("POST v1/assistants/{X}", "assistant", {}),
        ("DELETE v1/assistants/{X}", "assistant", ""),
        ("GET v1/threads/{X}", "thread", ""),
        ("POST v1/threads/{X}", "thread", {}),
        ("DELETE v1/threads/{X}", "thread", ""),
        ("GET v1/threads/{X}/messages", "thread", ""),
        ("POST v1/threads/{X}/messages", "thread", TEXT),
        ("GET v1/threads/{X}/messages/{M}", "thread", ""),
        ("GET v1/threads/{T}/messages/{X}", "message", ""),
        ("POST v1/threads/{T}/messages/{X}", "message", {}),
        ("DELETE v1/threads/{T}/messages/{X}", "message", ""),
        ("GET v1/threads/{X}/runs", "thread", ""),
        ("POST v1/threads/{X}/runs", "thread", {"assistant_id": "default"}),
        ("POST v1/threads/{T}/runs", "assistant", {"assistant_id": "x 1"}),
        ("POST v1/threads/runs", "assistant", {"assistant_id": "x 1"}),
        ("GET v1/threads/{T}/runs/{X}", "run", ""),
        ("POST v1/threads/{T}/runs/{X}", "run", {}),
        ("POST v1/threads/{T}/runs/{X}/cancel", "run", ""),
        ("POST v1/threads/{T}/runs/{X}/submit_tool_outputs", "run", {"tool_outputs": []}),
        ("GET v1/threads/{X}/runs/{R}", "thread", ""),
        ("GET v1/threads/{T}/runs/{X}/steps", "run", ""),
        ("GET v1/threads/{T}/runs/{X}/steps/{S}", "run", ""),
        ("GET v1/threads/{T}/runs/{R}/steps/{X}", "step", ""),
        ("GET oxillama/threads/{T}/runs/{X}/events", "run", ""),
        ("DELETE oxillama/keys/{X}", "key", ""),
    ],
)
def test_an_unknown_id_is_a_404_that_names_it(
    raw: httpx2.Client, ids: dict[str, str], request_line: str, kind: str, body: Any
) -> None:
    method, _, path = request_line.partition(" ")
    answer = raw.request(method, path.format(**ids, X="x%201"), content=json.dumps(body or {}))
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == f"No {kind} found with id 'x 1'."


def test_an_id_of_another_thread_is_unknown_here(
    client: OpenAI, raw: httpx2.Client, ids: Any
) -> None:
    other = client.beta.threads.create().id
    for path in (f"messages/{ids['M']}", f"runs/{ids['R']}", f"runs/{ids['R']}/steps/{ids['S']}"):
        assert raw.get(f"v1/threads/{other}/{path}").status_code == 404


LISTS = [
    "v1/assistants",
    "v1/threads/{T}/messages",
    "v1/threads/{T}/runs",
    "v1/threads/{T}/runs/{R}/steps",
]


@pytest.mark.parametrize(
    ("query", "param", "code"),
    [
        ("limit=0", "limit", "integer_below_min_value"),
        ("limit=101", "limit", "integer_above_max_value"),
        ("limit=-1", "limit", "integer_below_min_value"),
        ("limit=abc", "limit", TYPE),
        ("limit=", "limit", TYPE),
        ("limit=1.5", "limit", TYPE),
        ("limit=99999999999999999999999", "limit", "integer_above_max_value"),
        ("order=foo", "order", VALUE),
        ("order=", "order", VALUE),
        ("after=x", "after", None),
        ("before=x", "before", None),
    ],
)
def test_a_bad_query_is_refused(ask: Ask, query: str, param: str, code: str) -> None:
    for path in LISTS:
        assert ask("GET", f"{path}?{query}", "") == (400, param, code), path


@pytest.mark.parametrize("query", ["limit=0", "limit=abc", "after=x", "metadata=x"])
def test_a_bad_query_for_threads_is_refused(ask: Ask, query: str) -> None:
    answer = ask("GET", f"oxillama/threads?{query}", "")
    assert answer[:2] == (400, query.partition("=")[0])


@pytest.mark.parametrize("name", ["include", "include[]"])
def test_only_the_apis_own_include_is_taken(
    raw: httpx2.Client, ids: dict[str, str], name: str
) -> None:
    path = f"v1/threads/{ids['T']}/runs/{ids['R']}/steps"
    wrong = raw.get(path, params={name: "everything"})
    right = "step_details.tool_calls[*].file_search.results[*].content"
    assert wrong.json()["error"]["param"] == "include"
    assert raw.get(path, params={name: right}).status_code == 200


@pytest.mark.parametrize("path", ["v1/threads/runs", "v1/threads/{T}/runs"])
def test_a_wrong_include_is_refused_before_anything_is_made(ask: Ask, path: str) -> None:
    answer = ask("POST", f"{path}?include[]=everything", {"assistant_id": "default"})
    assert answer == (400, "include", VALUE)


# -- methods and URLs ----------------------------------------------------------------------------

ALLOWED = {
    "v1/models": {"GET"},
    "v1/models/oxillama-tiny": {"GET"},
    "v1/assistants": {"GET", "POST"},
    "v1/assistants/{A}": {"GET", "POST", "DELETE"},
    "v1/threads": {"POST"},
    "v1/threads/runs": {"POST"},
    "v1/threads/{T}": {"GET", "POST", "DELETE"},
    "v1/threads/{T}/messages": {"GET", "POST"},
    "v1/threads/{T}/messages/{M}": {"GET", "POST", "DELETE"},
    "v1/threads/{T}/runs": {"GET", "POST"},
    "v1/threads/{T}/runs/{R}": {"GET", "POST"},
    "v1/threads/{T}/runs/{R}/cancel": {"POST"},
    "v1/threads/{T}/runs/{R}/submit_tool_outputs": {"POST"},
    "v1/threads/{T}/runs/{R}/steps": {"GET"},
    "v1/threads/{T}/runs/{R}/steps/{S}": {"GET"},
    "oxillama/health": {"GET"},
    "oxillama/keys": {"GET", "POST"},
    "oxillama/keys/x": {"DELETE"},
    "oxillama/threads": {"GET"},
    "oxillama/threads/{T}/runs/{R}/events": {"GET"},
}


@pytest.mark.parametrize("path", ALLOWED)
def test_other_methods_are_405(raw: httpx2.Client, ids: dict[str, str], path: str) -> None:
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - ALLOWED[path]:
        answer = raw.request(method, path.format(**ids))
        assert answer.status_code == 405, method
        assert method in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ALLOWED)
def test_head_never_fails_on_the_server(raw: httpx2.Client, ids: dict[str, str], path: str) -> None:
    answer = raw.head(path.format(**ids))
    assert answer.status_code == 405
    assert answer.content == b""


@pytest.mark.parametrize(
    "path",
    [
        "v1",
        "v1/",
        "v1/unknown",
        "v1/models/",
        "v1/threads/",
        "v1/assistants/",
        "v1/threads/{T}/",
        "v1/threads/{T}/unknown",
        "v1/threads/{T}/runs/{R}/unknown",
        "v1/chat",
        "v1//models",
        "oxillama",
        "oxillama/",
        "oxillama/unknown",
        "oxillama/health/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_an_unknown_url_is_a_404_in_the_envelope(
    raw: httpx2.Client, ids: dict[str, str], method: str, path: str
) -> None:
    answer = raw.request(method, path.format(**ids))
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith("Unknown request URL")


def test_a_strange_method_is_refused(raw: httpx2.Client) -> None:
    for path in ("v1/models", "v1/unknown"):
        answer = raw.request("BREW", path)
        assert answer.status_code == 405


def test_an_unknown_model_is_named(raw: httpx2.Client) -> None:
    answer = raw.get("v1/models/org%2Fmodel:tag")
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert error["code"] == "model_not_found"
    assert "'org/model:tag'" in error["message"]


def test_a_run_with_an_unknown_model_is_a_404(ask: Ask) -> None:
    body = {"assistant_id": "default", "model": "gpt-9"}
    for path in ("v1/threads/{T}/runs", "v1/threads/runs"):
        assert ask("POST", path, body) == (404, "model", "model_not_found")
