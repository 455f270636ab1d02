"""The process that fetches a model: `python -m oxillama_jupyter.engine.hub`, started by a pull.

One line of JSON on stdin says what; lines of JSON on stdout tell how it goes. The process ends when
stdin closes, and may be killed at any moment: a file's beginning stays in the cache under a name of
ours, the next pull goes on behind it, and the cache gets the file when its sum is right.

`huggingface_hub` lists, transfers and files away. It goes on by itself after a short break, but
forgets what it has when it gives up, and checks nothing but the size: both are done here.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec

from oxillama_jupyter.engine.hubfiles import choose
from oxillama_jupyter.engine.pulls import (
    Fetched,
    HubFile,
    Order,
    Planned,
    Progress,
    Refused,
    Report,
)
from oxillama_jupyter.engine.worker import claim_stdout, exit_with_parent
from oxillama_jupyter.errors import (
    EngineError,
    EngineUnavailable,
    InvalidRequest,
    NotFound,
    OxillamaError,
    PermissionDenied,
)

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo

__all__ = ["Fetcher", "check_space"]

SPARE = 256 << 20  # bytes of the disk that stay free, so that notebooks can still be saved
_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_BLOB = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,127}")
_REPORT_SECONDS = 0.25
_LIST_SECONDS = 20.0
_CHUNK = 1 << 20
_PIECE = 1 << 18

Tell = Callable[[Report], None]


class Fetcher:
    """Fetches one model.

    Args:
        order: Which one, and where to.
        token: The hub's token; empty for none.
        tell: Gets the reports.
    """

    def __init__(self, order: Order, token: str, tell: Tell) -> None:
        self._repo = order.model.repo
        self._quant = order.model.quant
        self._cache = Path(order.cache)
        self._folder = self._cache / f"models--{self._repo.replace('/', '--')}"
        self._token = token or False  # False: what somebody's `hf auth login` left is not used
        self._tell = tell
        self._here: dict[str, int] = {}  # bytes of each file
        self._told_at = 0.0

    def run(self) -> None:
        """Fetch it.

        Raises:
            OxillamaError: It cannot be fetched, and why.
        """
        with self._explained():
            revision, files = self._list()
            self._here = {file.name: self._have(revision, file) for file in files}
            done = sum(self._here.values())
            check_space(sum(file.size for file in files) - done, self._cache)
            self._tell(Planned(revision, files, done))
            paths = [self._fetch(revision, file) for file in files]
            self._refer(revision)
        self._tell(Fetched(paths[0]))

    def _list(self) -> tuple[str, list[HubFile]]:
        """The commit, and the files to fetch."""
        from huggingface_hub import HfApi

        info = HfApi(token=self._token).model_info(
            self._repo, revision="main", files_metadata=True, timeout=_LIST_SECONDS
        )
        files = choose(self._repo, _files(info), self._quant)
        _check_sizes(files)
        return info.sha or "main", files

    def _have(self, revision: str, file: HubFile) -> int:
        """How many of a file's bytes are here."""
        if self._cached(revision, file):
            return file.size
        blob = _blob_of(file)
        known = max(_size(self._part(blob)), _size(self._folder / "blobs" / blob))
        return min(known, file.size)

    def _cached(self, revision: str, file: HubFile) -> str | None:
        from huggingface_hub import try_to_load_from_cache

        path = try_to_load_from_cache(
            self._repo, file.name, cache_dir=self._cache, revision=revision
        )
        return path if isinstance(path, str) else None

    def _fetch(self, revision: str, file: HubFile) -> str:
        """Get one file into the cache; give its path there."""
        from huggingface_hub import hf_hub_download
        from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]  # it has it

        cached = self._cached(revision, file)
        if cached is not None:
            return cached
        blob = _blob_of(file)
        path = self._folder / "blobs" / blob
        path.parent.mkdir(parents=True, exist_ok=True)
        # The hub's own lock: another server or `hf download` may be fetching the same file.
        lock = self._cache / ".locks" / self._folder.name / f"{blob}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        self._progress(file, self._here[file.name], "about to fetch", now=True)
        with WeakFileLock(lock):
            if not path.exists():
                self._download(revision, file, self._part(blob))
                self._verify(file, self._part(blob))
                self._part(blob).replace(path)
        # It finds the content there, and only files it away under its name.
        return hf_hub_download(
            self._repo, file.name, revision=revision, cache_dir=self._cache, token=self._token
        )

    def _download(self, revision: str, file: HubFile, part: Path) -> None:
        """Go on behind what is there, until all is there."""
        import httpx2
        from huggingface_hub import constants, hf_hub_url
        from huggingface_hub.file_download import http_get
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # it has it

        # What is not a whole piece when the connection breaks is lost; its own are of 10 MB.
        constants.DOWNLOAD_CHUNK_SIZE = _PIECE
        # Not the address it leads to: that one is signed, and ends while a large file still comes.
        url = hf_hub_url(self._repo, file.name, revision=revision)
        headers = {**build_hf_headers(token=self._token), "Accept-Encoding": "identity"}
        if _size(part) > file.size:
            part.unlink()
        while True:
            before = _size(part)
            try:
                with _Part(part, lambda at: self._progress(file, at, "fetching")) as out:
                    http_get(url, out, resume_size=before, headers=headers, expected_size=file.size)
            except httpx2.TransportError:
                if _size(part) <= before:
                    raise
            except OSError as error:
                if error.errno == errno.ENOSPC:
                    part.unlink()  # a full disk hurts everybody here
                raise
            else:
                return

    def _verify(self, file: HubFile, part: Path) -> None:
        """Compare the content with the hub's sum; delete it where that differs."""
        self._progress(file, file.size, "checking", now=True)
        kind, expected = ("sha256", file.sha256) if file.sha256 else ("sha1", file.git_sha1)
        found = _sum(part, kind, b"" if file.sha256 else b"blob %d\0" % file.size)
        if found != expected:
            part.unlink()
            raise EngineError(
                f"{file.name} of {self._repo} came with the {kind} {found}, and the hub says "
                f"{expected}: it was damaged on its way and is deleted. Pull again.",
                code="wrong_checksum",
            )

    def _refer(self, revision: str) -> None:
        """Say that this commit is the current one: of several, the catalog prefers its files."""
        ref = self._folder / "refs" / "main"
        ref.parent.mkdir(parents=True, exist_ok=True)
        fresh = ref.with_name(f"main.{os.getpid()}")
        fresh.write_text(revision)
        fresh.replace(ref)

    def _part(self, blob: str) -> Path:
        """Where a file's beginning lies."""
        return self._folder / "blobs" / f"{blob}.oxillama.incomplete"

    def _progress(self, file: HubFile, here: int, doing: str, *, now: bool = False) -> None:
        self._here[file.name] = here
        clock = time.monotonic()
        if now or clock - self._told_at >= _REPORT_SECONDS:
            self._told_at = clock
            self._tell(Progress(sum(self._here.values()), f"{doing} {file.name}"))

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what can go wrong into our errors; none tells the token or a signed address."""
        import httpx2
        from huggingface_hub import errors

        name = self._repo
        try:
            yield
        except errors.GatedRepoError:
            raise PermissionDenied(
                f"{name} is given only to those who accepted its terms: accept them on the hub, "
                "and put your token into the server's environment as HF_TOKEN."
            ) from None
        except errors.RepositoryNotFoundError:
            raise NotFound(
                f"There is no repository {name} on the hub, or it is private and HF_TOKEN in the "
                "server's environment does not open it.",
                param="model",
            ) from None
        except errors.HFValidationError:
            raise InvalidRequest(f"{name} is no name of a repository.", param="model") from None
        except errors.HfHubHTTPError as error:
            status = error.response.status_code
            raise EngineUnavailable(f"The hub answered {status} for {name}.") from None
        except (httpx2.TransportError, errors.LocalEntryNotFoundError) as error:
            raise EngineUnavailable(
                f"The hub cannot be reached, or the connection broke ({type(error).__name__}). "
                "What has come is kept: pull again to go on."
            ) from None
        except OSError as error:
            raise EngineError(self._disk(error)) from None

    def _disk(self, error: OSError) -> str:
        if error.errno == errno.ENOSPC:
            free = shutil.disk_usage(_existing(self._cache)).free
            return (
                f"The disk ran full while {self._repo} was fetched; there are {_gb(free)} free "
                f"in {self._cache} again, after the unfinished file was deleted."
            )
        return f"{self._repo} could not be fetched: {error.strerror or type(error).__name__}."


def check_space(needed: int, folder: Path) -> None:
    """Refuse to fill a disk.

    Args:
        needed: Bytes.
        folder: Where they will lie; it may not be there yet.

    Raises:
        InvalidRequest: There is not enough room, with the figures.
    """
    free = shutil.disk_usage(_existing(folder)).free
    if needed and needed + SPARE > free:
        raise InvalidRequest(
            f"The model needs {_gb(needed)} more on the disk of {folder}, where {_gb(free)} are "
            f"free; {_gb(SPARE)} have to stay so. Free some space, or choose a smaller "
            "quantisation.",
            param="model",
            code="insufficient_disk_space",
        )


class _Part(FileIO):
    """A file's beginning, which tells how long it is."""

    def __init__(self, path: Path, tell: Callable[[int], None]) -> None:
        super().__init__(path, "ab")
        self._tell = tell

    def write(self, data: bytes) -> int:  # type: ignore[override]  # all that is ever written here
        left = memoryview(data)
        while left:  # without a buffer, a write may take a part only
            left = left[super().write(left) :]
        self._tell(self.tell())
        return len(data)


def _files(info: ModelInfo) -> list[HubFile]:
    return [
        HubFile(
            sibling.rfilename,
            sibling.size or 0,
            sha256=sibling.lfs.sha256 if sibling.lfs else "",
            git_sha1="" if sibling.lfs else sibling.blob_id or "",
        )
        for sibling in info.siblings or ()
    ]


def _check_sizes(files: list[HubFile]) -> None:
    from huggingface_hub import constants

    for file in files:
        if file.size > constants.MAX_HTTP_DOWNLOAD_SIZE:
            raise InvalidRequest(
                f"{file.name} has {_gb(file.size)}, more than the hub gives over HTTP "
                f"({_gb(constants.MAX_HTTP_DOWNLOAD_SIZE)}). `hf download` can fetch it; it is "
                "found in the cache then.",
                param="model",
            )


def _blob_of(file: HubFile) -> str:
    """What the cache calls the file's content: the sum that the hub says."""
    blob = file.sha256 or file.git_sha1
    if not _BLOB.fullmatch(blob):
        raise EngineError(f"The hub does not say which sum {file.name} has: it cannot be checked.")
    return blob


def _sum(path: Path, kind: str, head: bytes) -> str:
    found = hashlib.new(kind, head, usedforsecurity=kind == "sha256")
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _gb(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"


def _token(environment: Mapping[str, str]) -> str:
    return next((environment[name] for name in _TOKENS if environment.get(name)), "")


def main() -> NoReturn:
    """Fetch what stdin says."""
    sink = claim_stdout()
    exit_with_parent(os.getppid())

    def tell(report: Report) -> None:
        try:
            os.write(sink, msgspec.json.encode(report) + b"\n")
        except BrokenPipeError:
            os._exit(1)  # nobody listens any more

    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    threading.Thread(target=_end_with_stdin, name="stdin", daemon=True).start()
    code = 0
    try:
        Fetcher(order, _token(os.environ), tell).run()
    except OxillamaError as error:
        tell(Refused(type(error).__name__, error.message, error.param, error.code))
    except Exception:  # noqa: BLE001 - a process's last words, whatever happened
        traceback.print_exc()
        code = 1
    sys.stderr.flush()
    os._exit(code)  # an orderly exit would wait for the thread that reads stdin


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
