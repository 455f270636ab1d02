"""Which notebook this kernel belongs to.

The server remembers a notebook's thread under the notebook's identity. It is the first of these:

- `__vsc_ipynb_file__`, which VS Code puts into the kernel: the notebook's path. (Its sessions on a
  Jupyter server have passing names, so this comes first.)
- `JPY_SESSION_NAME`: the notebook's path, as JupyterLab and Notebook start kernels. It stays the
  same when the kernel or the server restarts; a renamed notebook starts afresh.
- The kernel's working directory and connection file, for kernels without a notebook's name
  (nbval, nbclient, papermill, `jupyter console`): the same until that tool ends.
- `ipython-` with the process id and a random word, for plain IPython: this process only.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["digest", "identity"]

_LONGEST = 512  # what a value of the API's metadata may have
_PROCESS = f"ipython-{os.getpid()}-{secrets.token_hex(4)}"


def identity(
    environ: Mapping[str, str], namespace: Mapping[str, object], connection_file: str | None
) -> str:
    """The identity of this kernel's notebook.

    Args:
        environ: The kernel's environment.
        namespace: The user's variables.
        connection_file: The kernel's connection file; None where there is no kernel.
    """
    name = namespace.get("__vsc_ipynb_file__") or environ.get("JPY_SESSION_NAME")
    if name:
        return _short(str(name))
    if connection_file:
        return _short(f"{Path.cwd()}#{Path(connection_file).stem}")
    return _PROCESS


def digest(text: str) -> str:
    """A short name for a text of any length."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _short(name: str) -> str:
    """The end of a long path tells more than its beginning; the digest keeps it unique."""
    return name if len(name) <= _LONGEST else f"{digest(name)}…{name[17 - _LONGEST :]}"
