"""Every verb of every handler says who may use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from servers import Server

from oxillama_jupyter.handlers.base import BaseHandler
from oxillama_jupyter.handlers.routes import routes

TABLE = routes("v1", "oxillama", {})
VERBS = ("get", "head", "post", "put", "patch", "delete")


def verbs() -> list[tuple[str, str, Any]]:
    """Every verb that a handler of ours answers, tornado's own 405s left out."""
    found = []
    for handler in dict.fromkeys(handler for _, handler, _ in TABLE):
        for verb in VERBS:
            method = getattr(handler, verb)
            if method.__module__.startswith("oxillama_jupyter") or hasattr(method, "__wrapped__"):
                found.append((handler.__name__, verb, method))
    return found


@pytest.mark.parametrize(("handler", "verb", "method"), verbs())
def test_a_verb_is_authenticated(handler: str, verb: str, method: Callable[..., Any]) -> None:
    # What tornado's decorator leaves behind, and Jupyter's own check looks for.
    assert hasattr(method, "__wrapped__"), f"{handler}.{verb} is not @secured"
    assert not getattr(method, "__allow_unauthenticated", False)


def test_every_handler_is_ours() -> None:
    assert all(issubclass(handler, BaseHandler) for _, handler, _ in TABLE)


def test_a_server_that_forbids_anonymous_handlers_has_no_complaint(
    start_server: Callable[..., Server],
) -> None:
    server = start_server("--ServerApp.allow_unauthenticated_access=False", ready=False)
    assert "JupyterServerAuthWarning" not in server.log.text
    assert "without authentication" not in server.log.text
    assert server.raw.get("v1/models").status_code == 200
    assert server.raw.get("v1/unknown").status_code == 404
    assert server.raw.put("v1/models").status_code == 405
    for path in ("v1/models", "v1/unknown", "oxillama/health"):
        assert server.connect().get(path).status_code == 401
