"""A stand-in for the Hugging Face hub: the few routes that its client uses for one model's files.

Large files lie, as on the real one, behind a redirect to another host that must not see the token.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self
from urllib.parse import unquote, urlsplit

COMMIT = "5" * 40
_PATIENCE = 120.0
_SLICE = 1 << 16


class Request(NamedTuple):
    method: str
    path: str
    range: str | None
    token: str | None


class Hub:
    """The hub, in threads of this process.

    Attributes:
        requests: All that came.
        url: Its address.
        hold_at: Send so many bytes of a file and wait until `flow` is set.
        break_at: Break the connection when a file is sent up to this byte, `breaks` times.
        down: Whether files are not sent at all, connections just break.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.repos: dict[str, dict[str, bytes]] = {}
        self._lies: dict[str, dict[str, object]] = {}
        self.gated: set[str] = set()
        self.hold_at: int | None = None
        self.flow = threading.Event()
        self.holding = threading.Event()
        self.break_at: int | None = None
        self.breaks = 0
        self.down = False
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.cdn = f"http://localhost:{self._server.server_port}"
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.flow.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add(self, repo: str, files: Mapping[str, bytes], **lies: object) -> None:
        """Have a repository; `lies` are told of all its files: `sha256`, `size`."""
        self.repos[repo] = dict(files)
        self._lies[repo] = lies

    def hold(self, at: int) -> None:
        """Stop sending in the midst of files."""
        self.flow.clear()
        self.holding.clear()
        self.hold_at = at

    def go_on(self, at: int) -> None:
        """Go on with what is held, until there."""
        self.hold_at = at
        self.flow.set()  # wakes who waits, also if it is taken back at once
        self.flow.clear()

    def release(self) -> None:
        """Go on."""
        self.hold_at = None
        self.flow.set()

    def downloads(self) -> list[Request]:
        """The requests for the content of files."""
        return [request for request in self.requests if request.path.startswith("/cdn/")]

    def info(self, repo: str) -> bytes:
        """What the hub tells of a repository."""
        siblings = []
        for name in self.repos[repo]:
            lfs = self.lfs(repo, name)
            told = {"rfilename": name, "size": lfs["size"], "blobId": "b" * 40, "lfs": lfs}
            siblings.append(told)
        return json.dumps({"id": repo, "sha": COMMIT, "siblings": siblings}).encode()

    def lfs(self, repo: str, name: str) -> dict[str, object]:
        """What it tells of a file."""
        content = self.repos[repo][name]
        sha = hashlib.sha256(content).hexdigest()
        return {"sha256": sha, "size": len(content), "pointerSize": 130} | self._lies[repo]


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        headers = self.headers
        request = Request(self.command, path, headers["Range"], headers["Authorization"])
        self.hub.requests.append(request)
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/main", path):
            self._info(match[1])
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._resolve(match[1], match[3])
        elif match := re.fullmatch(r"/cdn/([^/]+/[^/]+)/(.+)", path):
            self._content(self.hub.repos[match[1]][match[2]])
        else:
            self._plain(404, b"{}")

    def _info(self, repo: str) -> None:
        if repo in self.hub.gated:
            self._plain(403, b"{}", {"X-Error-Code": "GatedRepo"})
        elif repo not in self.hub.repos:
            self._plain(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        else:
            self._plain(200, self.hub.info(repo))

    def _resolve(self, repo: str, name: str) -> None:
        content = self.hub.repos[repo][name]
        told = {
            "Location": f"{self.hub.cdn}/cdn/{repo}/{name}?signature=secret-of-the-cdn",
            "X-Repo-Commit": COMMIT,
            "X-Linked-Etag": f'"{self.hub.lfs(repo, name)["sha256"]}"',
            "X-Linked-Size": str(len(content)),
        }
        self._plain(302, b"", told)

    def _content(self, content: bytes) -> None:
        if self.hub.down:
            self.close_connection = True
            return
        match = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        start = int(match[1]) if match else 0
        self.send_response(206 if match else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if match:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        for at in range(start, len(content), _SLICE):
            if self._interrupted(at):
                return
            try:
                self.wfile.write(content[at : at + _SLICE])
            except OSError:  # the client left
                self.close_connection = True
                return

    def _interrupted(self, at: int) -> bool:
        hub = self.hub
        if hub.hold_at is not None and at >= hub.hold_at:
            hub.holding.set()
            hub.flow.wait(_PATIENCE)
        if hub.break_at is not None and at >= hub.break_at and hub.breaks:
            hub.breaks -= 1
            self.close_connection = True
            return True
        return False

    def _plain(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
