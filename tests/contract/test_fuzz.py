"""Random requests to every route: no 5xx, no hang, no run left behind, the envelope on every 4xx.

A route is one line in `ROUTES`: its method, its path with `{kind}` for ids, and the structs of its
body and query, from which its requests are made. `OXILLAMA_FUZZ=2000` sends so many to each route,
other ones every time; by default there are few, and always the same.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fuzz_values import bodies, queries
from fuzz_world import Request, World
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from servers import PATIENCE, Server
from test_auth_declared import verbs

from oxillama_jupyter.handlers.base import NotFoundHandler
from oxillama_jupyter.handlers.routes import routes
from oxillama_jupyter.schemas.assistants import CreateAssistant, ModifyAssistant
from oxillama_jupyter.schemas.base import PageQuery
from oxillama_jupyter.schemas.chat import ChatMessagesQuery, ChatQuery, CreateChat, ModifyChat
from oxillama_jupyter.schemas.completions import CreateCompletion
from oxillama_jupyter.schemas.conversations import (
    CreateConversation,
    CreateItems,
    Include,
    ItemQuery,
    ModifyConversation,
)
from oxillama_jupyter.schemas.decisions import DecideCall, DecisionsQuery
from oxillama_jupyter.schemas.embeddings import CreateEmbeddings
from oxillama_jupyter.schemas.exports import ExportQuery
from oxillama_jupyter.schemas.forks import ForkThread
from oxillama_jupyter.schemas.imports import ImportThread
from oxillama_jupyter.schemas.keys import CreateKey
from oxillama_jupyter.schemas.messages import CreateMessage, ModifyMessage
from oxillama_jupyter.schemas.models import NameModel, TuneModel
from oxillama_jupyter.schemas.prompts import PromptQuery
from oxillama_jupyter.schemas.pulls import CreatePull
from oxillama_jupyter.schemas.responses import (
    CompactResponse,
    CountTokens,
    CreateResponse,
    ItemsQuery,
    ResponseQuery,
)
from oxillama_jupyter.schemas.runs import (
    CreateRun,
    CreateThreadAndRun,
    EventsQuery,
    MessageQuery,
    ModifyRun,
    SubmitToolOutputs,
)
from oxillama_jupyter.schemas.thoughts import ThoughtsQuery
from oxillama_jupyter.schemas.threads import CreateThread, ModifyThread, ThreadQuery

ASKED = int(os.environ.get("OXILLAMA_FUZZ", "0"))
SCRIPTED = str(Path(__file__).parent.parent / "scripted_server.py")
LIMIT = 500_000  # bytes of a body


@dataclass(frozen=True)
class Route:
    """A verb of a route.

    Attributes:
        method: Its method.
        path: Its path, ids in braces.
        body: What it reads.
        query: What it reads of the query string.
        spends: Whether the objects it names are another's afterwards, or gone.
        reached: Whether this server can ever answer it with a success.
    """

    method: str
    path: str
    body: type | None = None
    query: type | None = None
    spends: bool = False
    reached: bool = True


UNKNOWN = "v1/{unknown}/{thread}"
RUN = "v1/threads/{thread}/runs/{run}"
CONVERSATION = "v1/conversations/{conversation}"
ROUTES = [
    Route("GET", "v1/models"),
    Route("GET", "v1/models/{model}"),
    Route("GET", "v1/assistants", query=PageQuery),
    Route("POST", "v1/assistants", CreateAssistant),
    Route("GET", "v1/assistants/{assistant}"),
    Route("POST", "v1/assistants/{assistant}", ModifyAssistant),
    Route("DELETE", "v1/assistants/{assistant}", spends=True),
    Route("POST", "v1/threads", CreateThread),
    Route("POST", "v1/threads/runs", CreateThreadAndRun),
    Route("GET", "v1/threads/{thread}"),
    Route("POST", "v1/threads/{thread}", ModifyThread),
    Route("DELETE", "v1/threads/{thread}", spends=True),
    Route("GET", "v1/threads/{thread}/messages", query=MessageQuery),
    Route("POST", "v1/threads/{thread}/messages", CreateMessage),
    Route("GET", "v1/threads/{thread}/messages/{message}"),
    Route("POST", "v1/threads/{thread}/messages/{message}", ModifyMessage),
    Route("DELETE", "v1/threads/{thread}/messages/{message}", spends=True),
    Route("GET", "v1/threads/{thread}/runs", query=PageQuery),
    Route("POST", "v1/threads/{thread}/runs", CreateRun, spends=True),
    Route("GET", RUN),
    Route("POST", RUN, ModifyRun),
    Route("POST", f"{RUN}/cancel", spends=True),
    Route("POST", f"{RUN}/submit_tool_outputs", SubmitToolOutputs, spends=True),
    Route("GET", f"{RUN}/steps", query=PageQuery),
    Route("GET", f"{RUN}/steps/{{step}}"),
    Route("POST", "v1/chat/completions", CreateChat),
    Route("GET", "v1/chat/completions", query=ChatQuery),
    Route("GET", "v1/chat/completions/{chat}"),
    Route("POST", "v1/chat/completions/{chat}", ModifyChat),
    Route("DELETE", "v1/chat/completions/{chat}", spends=True),
    Route("GET", "v1/chat/completions/{chat}/messages", query=ChatMessagesQuery),
    Route("POST", "v1/completions", CreateCompletion),
    Route("POST", "v1/embeddings", CreateEmbeddings),
    Route("POST", "v1/conversations", CreateConversation),
    Route("GET", CONVERSATION),
    Route("POST", CONVERSATION, ModifyConversation),
    Route("DELETE", CONVERSATION, spends=True),
    Route("GET", f"{CONVERSATION}/items", query=ItemQuery),
    Route("POST", f"{CONVERSATION}/items", CreateItems, Include),
    Route("GET", f"{CONVERSATION}/items/{{item}}", query=Include),
    Route("DELETE", f"{CONVERSATION}/items/{{item}}", spends=True),
    Route("POST", "oxillama/threads/{thread}/conversation"),
    Route("POST", "oxillama/conversations/{conversation}/thread"),
    Route("POST", "v1/responses", CreateResponse),
    Route("GET", "v1/responses", reached=False),
    Route("POST", "v1/responses/input_tokens", CountTokens),
    Route("POST", "v1/responses/compact", CompactResponse),
    Route("GET", "v1/responses/{response}", query=ResponseQuery),
    Route("DELETE", "v1/responses/{response}", spends=True),
    Route("POST", "v1/responses/{response}/cancel"),
    Route("GET", "v1/responses/{response}/input_items", query=ItemsQuery),
    Route("GET", "oxillama/responses", query=PageQuery),
    Route("GET", "oxillama/health"),
    Route("GET", "oxillama/engine"),
    Route("POST", "oxillama/generations/{generation}/cancel", reached=False),
    Route("GET", "oxillama/keys"),
    Route("POST", "oxillama/keys", CreateKey),
    Route("DELETE", "oxillama/keys/{key}", spends=True),
    Route("GET", "oxillama/models"),
    Route("POST", "oxillama/models/load", NameModel, reached=False),
    Route("POST", "oxillama/models/unload", NameModel, reached=False),
    Route("POST", "oxillama/models/autotune", TuneModel, reached=False),
    Route("POST", "oxillama/models/pull", CreatePull, reached=False),
    Route("GET", "oxillama/models/pulls"),
    Route("GET", "oxillama/models/pulls/{pull}", reached=False),
    Route("POST", "oxillama/models/pulls/{pull}/cancel", reached=False),
    Route("GET", "oxillama/threads", query=ThreadQuery),
    Route("GET", "oxillama/threads/values"),
    Route("POST", "oxillama/threads/{thread}/fork", ForkThread),
    Route("GET", "oxillama/threads/{thread}/export", query=ExportQuery),
    Route("POST", "oxillama/threads/import", ImportThread),
    Route("GET", f"oxillama/{RUN[3:]}/events", query=EventsQuery),
    Route("GET", f"oxillama/{RUN[3:]}/decisions", query=DecisionsQuery),
    Route("POST", f"oxillama/{RUN[3:]}/decisions", DecideCall, spends=True),
    Route("GET", f"oxillama/{RUN[3:]}/thoughts", query=ThoughtsQuery),
    Route("POST", "oxillama/threads/prompt", CreateThreadAndRun, PromptQuery),
    Route("POST", "oxillama/threads/{thread}/prompt", CreateRun, PromptQuery),
    Route("GET", f"oxillama/{RUN[3:]}/prompt", query=PromptQuery),
    Route("GET", "oxillama/widgets/run_cell_view.js"),
    Route("GET", UNKNOWN, reached=False),
]

ODD_IDS = [
    *("x", "thread_x", "default", "%00", "%ff", "%ed%a0%80", "%F0%9F%A6%99", "..", "%2e%2e%2f"),
    *("%2F", "a%20b", "a+b", "%", "%zz", "{}", "%7Bx%7D", "'%20OR%201=1%20--", "*", "a;b=c", "0"),
    *("x" * 5000, "thread_" + "0" * 30, "-1", "null", "%0d%0aX-Forged:%201", "%25s"),
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"]
TYPES = [
    *("text/plain", "", "application/json; charset=utf-16", "application/x-www-form-urlencoded"),
    *("multipart/form-data", "multipart/form-data; boundary=x", "*/*", "x"),
]
HEADERS: list[dict[str, str]] = [
    {"Accept": "text/event-stream"},
    {"OpenAI-Beta": "assistants=v1"},
    {"Content-Encoding": "gzip"},
    {"Origin": "http://elsewhere.example"},
    {"Host": "elsewhere.example"},
    {"X-HTTP-Method-Override": "DELETE"},
    {"Authorization": "Bearer wrong"},
    {"Authorization": "Basic eDp5"},
    {"Authorization": "Bearer oxk_wrong"},
    {"Cookie": "_xsrf=1; username-localhost=x"},
    *({"Content-Type": type_} for type_ in TYPES),
]


@st.composite
def requests(draw: st.DrawFn, route: Route) -> Request:
    """Requests to a route; most of them as they should be but for their body or query."""

    def rarely(what: st.SearchStrategy, usual: object, once_in: int) -> object:
        return draw(what) if draw(st.integers(1, once_in)) == 1 else usual

    kinds = re.findall(r"\{(\w+)\}", route.path)
    ids = {kind: rarely(st.sampled_from(ODD_IDS), "", 6) for kind in kinds}
    return Request(
        method=rarely(st.sampled_from(METHODS), route.method, 20),
        path=route.path,
        objects=draw(st.sampled_from(["done", "waiting"])),
        ids={kind: odd for kind, odd in ids.items() if odd},
        query=draw(queries(route.query)),
        body=draw(bodies(route.body)),
        headers=rarely(st.sampled_from(HEADERS), {}, 15),
        spends=route.spends,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    limit = f"--OxillamaApp.max_body_size={LIMIT}"
    with Server(tmp_path_factory.mktemp("fuzz"), limit, module=SCRIPTED) as server:
        yield World(server, patience=5.0 if ASKED else PATIENCE)


# One that fails is shown as it was sent: the server has changed, so trying smaller ones misleads.
FEW = settings(
    max_examples=ASKED or 25,
    derandomize=not ASKED,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(240 if not ASKED else 3600)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_no_request_breaks_a_route(world: World, route: Route) -> None:
    statuses = Counter[int]()

    @FEW
    @given(requests(route))
    def send(request: Request) -> None:
        statuses[world.send(request)] += 1

    try:
        send()
    finally:
        world.settle()
    print(f"{statuses.total()} requests: {dict(statuses)}")  # noqa: T201  # `pytest -rP` shows it
    if ASKED and route.reached:
        assert statuses[200], "no request was right: the route's own code was never reached"


def test_every_route_is_fuzzed() -> None:
    table = routes("v1", "oxillama", {})
    covered = set()
    for route in ROUTES:
        path = "/" + re.sub(r"\{\w+\}", "x", route.path)
        handler = next(handler for pattern, handler, _ in table if re.fullmatch(pattern, path))
        covered.add((handler.__name__, route.method.lower()))
    every = {(handler, verb) for handler, verb, _ in verbs()}
    ours = {pair for pair in every if pair[0] != NotFoundHandler.__name__}
    assert ours <= covered, "each of these wants a line in ROUTES"
