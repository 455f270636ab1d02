"""`jupyter oxillama key`: make, list and revoke API keys from the command line."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from jupyter_core.application import JupyterApp
from jupyter_core.paths import jupyter_data_dir
from traitlets import Unicode, default
from traitlets.config.application import Application
from traitlets.config.loader import ConfigFileNotFound

from oxillama_jupyter._version import __version__
from oxillama_jupyter.errors import OxillamaError
from oxillama_jupyter.schemas.keys import CreateKey
from oxillama_jupyter.services.validation import invalid
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
        help="The SQLite file of the server; by default what its own settings say."
    ).tag(config=True)

    @default("db_path")
    def _default_db_path(self) -> str:
        named = self.config.OxillamaApp.get("db_path")
        return str(named or Path(jupyter_data_dir()) / "oxillama" / "oxillama.db")

    def load_config_file(  # type: ignore[override]  # as Jupyter has it
        self,
        suppress_errors: bool = True,  # noqa: FBT001, FBT002  # likewise
    ) -> None:
        """Read the server's settings, too: a key of another store would open nothing."""
        super().load_config_file(suppress_errors)
        for name in ("jupyter_server_config", "jupyter_oxillama_config"):
            with contextlib.suppress(ConfigFileNotFound):
                Application.load_config_file(self, name, path=self.config_file_paths)

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
                    key = await db.write(keys.create, _named(name).name)
                    where = f"It opens the server whose store is {self.db_path}."
                    return [f"{key.key}", "Keep it: it is not shown again.", where]
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


def _named(name: str) -> CreateKey:
    """What the route takes, with the same rules.

    Raises:
        InvalidRequest: It is no name for a key.
    """
    try:
        return msgspec.convert({"name": name}, CreateKey)
    except msgspec.ValidationError as error:
        raise invalid(error) from None


def _line(key: Any) -> str:
    made = datetime.fromtimestamp(key.created_at, UTC)
    return f"{key.id}  {key.name}  …{key.hint}  made {made:%Y-%m-%d}"
