"""`jupyter oxillama key`: make, list and revoke API keys from the command line."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from jupyter_core.application import JupyterApp
from jupyter_core.paths import jupyter_data_dir
from traitlets import Unicode

from oxillama_jupyter._version import __version__
from oxillama_jupyter.errors import OxillamaError
from oxillama_jupyter.store import keys
from oxillama_jupyter.store.database import Database

__all__ = ["KeyApp"]

_USAGE = """usage: jupyter oxillama key create NAME
       jupyter oxillama key list
       jupyter oxillama key revoke ID"""


class KeyApp(JupyterApp):
    """Manages the keys of the store; a running server knows them at once."""

    name = "oxillama-key"
    version = __version__
    description = "Create, list and revoke API keys of the LLM server."
    examples = _USAGE
    aliases: ClassVar[dict[str, str]] = {"db-path": "KeyApp.db_path"}  # type: ignore[misc]  # as traitlets has it

    db_path = Unicode(
        str(Path(jupyter_data_dir()) / "oxillama" / "oxillama.db"),
        help="The SQLite file of the server.",
    ).tag(config=True)

    def start(self) -> None:
        """Do what the command line says."""
        super().start()
        try:
            lines = asyncio.run(self._dispatch(list(self.extra_args)))
        except OxillamaError as error:
            self.exit_with(str(error))
        else:
            sys.stdout.write("".join(f"{line}\n" for line in lines))

    def exit_with(self, message: str) -> None:
        """Say what is wrong, and end with status 2."""
        sys.stderr.write(f"{message}\n")
        self.exit(2)

    async def _dispatch(self, words: list[str]) -> list[str]:
        db = await Database.open(Path(self.db_path))
        try:
            match words:
                case ["create", name]:
                    key = await db.write(keys.create, name)
                    return [f"{key.key}", "Keep it: it is not shown again."]
                case ["list"] | []:
                    page = await db.read(keys.page)
                    return [_line(key) for key in page.data] or ["No keys."]
                case ["revoke", key_id]:
                    await db.write(keys.revoke, key_id)
                    return [f"Revoked {key_id}."]
                case _:
                    raise OxillamaError(_USAGE)
        finally:
            await db.aclose()


def _line(key: Any) -> str:
    made = datetime.fromtimestamp(key.created_at, UTC)
    return f"{key.id}  {key.name}  …{key.hint}  made {made:%Y-%m-%d}"
