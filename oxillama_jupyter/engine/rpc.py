"""llama.cpp's RPC servers: other machines that hold parts of a model too large for this one.

They are devices like any other, once they have been added; llama.cpp spreads the layers over them.
That takes a build with the RPC backend, or the backend as a library of its own: llama.cpp loads the
one that GGML_BACKEND_PATH names.
"""

from __future__ import annotations

import ctypes
import re
import socket
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["add_servers", "check_server"]

_SERVER = re.compile(r"([A-Za-z0-9._-]+):([0-9]{1,5})", re.ASCII)
_LAST_PORT = 65535
_PATIENCE = 5.0  # seconds until a server must have answered


def check_server(text: str) -> str:
    """The `host:port` in a setting, without what surrounds it.

    Raises:
        ValueError: It is none; the message says so to people.
    """
    match = _SERVER.fullmatch(text.strip())
    if not match or not 0 < int(match[2]) <= _LAST_PORT:
        raise ValueError(f"An RPC server is named as host:port, such as 10.0.0.2:50052: '{text}'.")
    return match[0]


def add_servers(servers: Sequence[str]) -> None:
    """Let llama.cpp use the devices of these servers for what is loaded from now on.

    Raises:
        EngineError: This build cannot, or a server does not answer; the message names the trait.
    """
    if not servers:
        return
    from llama_cpp.llama_cpp import _lib

    library = _lib  # its own ggml is found through it; `libggml.so` may be another copy's registry
    add = _adder(library)
    for server in servers:
        _knock(server)
        found = add(server.encode())
        if not found:
            raise EngineError(f"OxillamaApp.rpc_servers: {server} has no device to offer.")
        library.ggml_backend_register(ctypes.c_void_p(found))


def _knock(server: str) -> None:
    """See that somebody answers: llama.cpp would end the process where nobody does."""
    host, _, port = check_server(server).partition(":")
    try:
        socket.create_connection((host, int(port)), _PATIENCE).close()
    except OSError as error:
        raise EngineError(
            f"OxillamaApp.rpc_servers: nobody answers at {server} ({error})."
        ) from error


def _adder(library: ctypes.CDLL) -> Any:  # a C function: name -> registry
    """What tells the RPC backend of a server."""
    find = library.ggml_backend_reg_by_name
    find.restype = ctypes.c_void_p
    backend = find(b"RPC")
    if not backend:
        library.ggml_backend_load_all()
        backend = find(b"RPC")
    if backend:
        look_up = library.ggml_backend_reg_get_proc_address
        look_up.restype = ctypes.c_void_p
        address = look_up(ctypes.c_void_p(backend), b"ggml_backend_rpc_add_server")
        if address:
            return ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_char_p)(address)
    raise EngineError(
        "OxillamaApp.rpc_servers is set, but the installed llama-cpp-python has no RPC backend. "
        "One that was built with CMAKE_ARGS=-DGGML_RPC=ON has it; or let the environment's "
        "GGML_BACKEND_PATH name the library of a backend built beside the same version."
    )
