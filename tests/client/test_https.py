"""Servers with a certificate that no authority has signed, and that is for another name."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

import openai
import psutil
import pytest

from oxillama_jupyter.client.connection import connect
from oxillama_jupyter.client.failures import explain
from oxillama_jupyter.client.probe import health, trusted
from oxillama_jupyter.errors import ConnectionFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from client.world import Server, World


class Certificate(NamedTuple):
    """A self-signed one, and the key to it."""

    file: Path
    key: Path


def certificate(folder: Path, name: str) -> Certificate:
    if shutil.which("openssl") is None:
        problem = "no openssl: certificates are made with it (apt-get install openssl)"
        if os.environ.get("CI") == "true":
            pytest.fail(problem)
        pytest.skip(problem)
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run(
        ["openssl", "req", "-x509", *kind, *names, "-out", made.file, "-keyout", made.key],
        check=True,
        capture_output=True,
    )
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("made"), "big.example.org")


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def place(made: Certificate) -> Iterator[str]:
    """The root address of a little HTTPS server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.file, made.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Health) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()


def kernel_environ(server: Server, made: Certificate) -> dict[str, str]:
    """What a kernel that the server starts has in its environment."""
    context = ssl.create_default_context(cafile=str(made.file))
    context.check_hostname = False
    asked = urllib.request.Request(
        f"{server.url}api/kernels",
        data=b"{}",
        headers={"Authorization": f"Bearer {server.token}"},
    )
    with urllib.request.urlopen(asked, context=context, timeout=60) as answer:
        kernel_id = json.load(answer)["id"]
    children = psutil.Process(server.pid).children(recursive=True)
    (kernel,) = [child for child in children if kernel_id in " ".join(child.cmdline())]
    return kernel.environ()


def test_a_kernel_connects_to_its_own_https_server(
    here: World, made: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OXILLAMA_CERTIFICATE", str(made.file))  # for the wait until it is up
    server = here.serve(f"--ServerApp.certfile={made.file}", f"--ServerApp.keyfile={made.key}")

    environ = kernel_environ(server, made)
    given = {name: value for name, value in environ.items() if name.startswith("OXILLAMA_")}
    code = (
        "from oxillama_jupyter import connect, map\n"
        "from oxillama_jupyter.client.probe import health\n"
        "c = connect(); print(c.health()['status'], bool(health(c.url, c.api_key)))\n"
        "print(map(['Hi'], '{{ input }}', progress=False)['error'].tolist())"
    )

    assert given["OXILLAMA_BASE_URL"] == f"{server.url}v1"
    assert here.python(code, **given).split("\n") == ["ok True", "[None]"]


def test_the_certificate_that_is_named_is_enough_on_loopback(
    place: str, made: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OXILLAMA_CERTIFICATE", str(made.file))

    assert health(f"{place}/oxillama", "key") is not None
    assert connect(f"{place}/v1", "key").health() == {"status": "ok"}


def test_no_other_certificate_is(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = certificate(tmp_path, "big.example.org")
    monkeypatch.setenv("OXILLAMA_CERTIFICATE", str(other.file))

    assert health(f"{place}/oxillama", "key") is None
    with pytest.raises(openai.APIConnectionError):
        connect(f"{place}/v1", "key").health()


def test_of_a_chain_only_the_servers_own_certificate_counts(
    place: str, made: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = certificate(tmp_path, "other.example.org")
    chain = tmp_path / "chain.pem"
    monkeypatch.setenv("OXILLAMA_CERTIFICATE", str(chain))

    chain.write_text(made.key.read_text() + made.file.read_text() + other.file.read_text())
    assert health(f"{place}/oxillama", "key") is not None
    chain.write_text(other.file.read_text() + made.file.read_text())
    assert health(f"{place}/oxillama", "key") is None


def test_the_usual_variable_for_certificates_holds_without_a_proxy_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.file, made.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Health) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = connect(f"https://localhost:{server.server_port}/v1", "key")
        answer = connection.health()
        server.shutdown()

    assert answer == {"status": "ok"}


def test_it_counts_for_the_server_that_gave_it_and_names_are_checked_elsewhere(
    made: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OXILLAMA_CERTIFICATE", str(made.file))
    monkeypatch.setenv("OXILLAMA_URL", "https://127.0.0.1:8888/oxillama")

    assert trusted("https://127.0.0.1:8889/v1") is None
    assert trusted("https://big.example.org:8888/v1") is None
    assert trusted("http://127.0.0.1:8888/v1") is None
    own = trusted("https://localhost:8888/v1")
    assert own is not None
    assert (own.check_hostname, own.verify_mode) == (False, ssl.CERT_REQUIRED)
    monkeypatch.setenv("OXILLAMA_URL", "https://big.example.org:8888/oxillama")
    named = trusted("https://big.example.org:8888/v1")
    assert named is not None
    assert (named.check_hostname, named.verify_mode) == (True, ssl.CERT_REQUIRED)


def test_one_line_says_what_is_wrong_with_it(
    place: str, made: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OXILLAMA_CERTIFICATE", raising=False)
    connection = connect(f"{place}/v1", "key")

    with pytest.raises(openai.APIConnectionError) as refused:
        connection.health()

    told = explain(refused.value, connection) or ""
    assert told.startswith(f"The server at {place}/v1 answers, but its certificate is not trusted")
    assert "self-signed certificate" in told.replace("self signed", "self-signed")
    assert "OXILLAMA_CERTIFICATE" in told
    monkeypatch.setenv("OXILLAMA_CERTIFICATE", str(made.key))
    with pytest.raises(ConnectionFailed, match="cannot be read"):
        connect(f"{place}/v1", "key").health()
    assert health(f"{place}/oxillama", "key") is None


def test_https_to_a_server_without_it_is_said() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = connect(f"https://127.0.0.1:{server.server_port}/v1", "key")
        with pytest.raises(openai.APIConnectionError) as refused:
            connection.openai.with_options(max_retries=0).models.list()
        server.shutdown()

    assert "does not speak HTTPS" in (explain(refused.value, connection) or "")
