"""llama-cpp-python's own server without llama.cpp's extra CPU buffer types.

It has no option for them, and on some machines they crash. Prints its port once it listens.

    python llama_server.py MODEL N_CTX
"""

from __future__ import annotations

import socket
import sys
from typing import Any

import uvicorn
from llama_cpp import llama_cpp
from llama_cpp.server.app import create_app
from llama_cpp.server.settings import ModelSettings, ServerSettings

_defaults = llama_cpp.llama_model_default_params


def _plain() -> Any:
    params = _defaults()
    params.use_extra_bufts = False
    return params


def main(model: str, n_ctx: str) -> None:
    llama_cpp.llama_model_default_params = _plain
    app = create_app(
        server_settings=ServerSettings(api_key="upstream-key", interrupt_requests=False),
        model_settings=[
            ModelSettings(
                model=model, model_alias="tiny", n_ctx=int(n_ctx), n_threads=1, verbose=False
            )
        ],
    )
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)  # noqa: T201
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
