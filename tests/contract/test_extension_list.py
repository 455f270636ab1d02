from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import httpx2
from servers import Server


def jupyter(*words: str) -> str:
    command = [sys.executable, "-m", "jupyter", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_the_extension_is_enabled_by_its_installation() -> None:
    lines = [
        line for line in jupyter("server", "extension", "list").splitlines() if "oxillama" in line
    ]
    assert any("enabled" in line for line in lines)
    assert any("OK" in line for line in lines)


def test_any_jupyter_server_serves_the_api(start_server: Callable[..., Server]) -> None:
    server = start_server(module="jupyter_server")
    assert server.client.models.list().data
    run = server.client.beta.threads.create_and_run_poll(
        assistant_id="default", extra_body={"max_tokens": 1}
    )
    assert run.status in {"completed", "incomplete"}
    assert server.stop() == 0


def test_prefixes_are_settings(start_server: Callable[..., Server]) -> None:
    server = start_server(
        "--OxillamaApp.openai_prefix=/llm/v1/", "--OxillamaApp.prefix=own", ready=False
    )
    assert server.raw.get("llm/v1/models").status_code == 200
    assert server.raw.get("own/health").status_code == 200
    assert httpx2.get(f"{server.url}v1/models").headers["content-type"].startswith("text/html")
