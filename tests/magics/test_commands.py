"""`%oxillama` in a real kernel."""

from __future__ import annotations

import os
import platform
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from oxillama_jupyter.client.connection import Connection
from oxillama_jupyter.client.discovery import from_root
from oxillama_jupyter.magics.commands import run_command

if TYPE_CHECKING:
    from client.world import Server
    from magics.kernel import Kernel


def plain(kernel: Kernel, code: str) -> str:
    shown = kernel.run(code)
    assert shown.status == "ok", shown.error
    return "\n".join(shown.data("text/plain"))


def test_status(fresh: Kernel, server: Server) -> None:
    text = plain(fresh, "%oxillama")

    assert f"environment, {server.url}v1" in text
    assert "scripted" in text
    assert server.token not in text


def test_threads_of_this_server_and_a_search(fresh: Kernel) -> None:
    fresh.run("%oxillama new apples | pears")
    fresh.run("%%oxillama\nWhat about *quinces* <b>\nand `medlars`?")

    listed = fresh.run("%oxillama threads")
    (line,) = [x for x in listed.data("text/plain")[0].splitlines() if "apples | pears" in x]
    assert line.startswith("→")
    assert "What about *quinces* <b> and `medlars`?" in line
    assert r"apples \| pears" in listed.data()[0]
    assert r"\<b\>" in listed.data()[0]
    assert "apples | pears" in plain(fresh, "%oxillama threads quinces medlars")
    assert plain(fresh, "%oxillama threads nowhere-at-all") == (
        "No thread has 'nowhere-at-all' in it."
    )


def test_new_and_thread(fresh: Kernel) -> None:
    assert plain(fresh, "%oxillama new one") == (
        "This notebook has a new thread one; the model starts afresh."
    )
    assert plain(fresh, "%oxillama thread two {x}") == (
        "There was no thread two {x}: it is new, and now this notebook's own."
    )
    assert plain(fresh, "%oxillama thread one") == "This notebook's thread is now one."
    assert plain(fresh, "%oxillama thread") == "This notebook's thread is one."
    fresh.restart()
    assert plain(fresh, "%oxillama thread") == "This notebook's thread is one."


def test_show(fresh: Kernel) -> None:
    assert plain(fresh, "%oxillama show") == "This thread has no messages yet."
    fresh.run("%oxillama new shown")
    fresh.run("%%oxillama\nHello\n# two")
    shown = fresh.run("%oxillama show")

    assert shown.data("text/plain") == ["1 You: Hello\n# two\n\n2 Model: Hello\n# two"]
    assert shown.data() == ["**1 You**\n\n> Hello\n> # two\n\n**2 Model**\n\nHello\n# two"]
    fresh.run("%oxillama new")
    assert plain(fresh, "%oxillama show shown").startswith("1 You: Hello")


def test_models(kernel: Kernel) -> None:
    assert "scripted  answers when a cell names none" in plain(kernel, "%oxillama models")


def test_help_names_every_command_and_flag(kernel: Kernel) -> None:
    text = plain(kernel, "%oxillama help")

    for name in ("threads", "thread", "new", "show", "models", "env", "help"):
        assert f"\n{name} " in text
    for name in ("-t", "-m", "-o", "--system", "--temperature", "--max-tokens", "--seed"):
        assert name in text
    assert "--max-tokens" in plain(
        kernel, "get_ipython().run_line_magic('pinfo', '%oxillama')"
    ) or ("--max-tokens" in kernel.value("get_ipython().find_line_magic('oxillama').__doc__"))


def test_env_makes_a_plain_client_work(kernel: Kernel, server: Server) -> None:
    kernel.run("import os; os.environ['HTTP_PROXY'] = 'http://127.0.0.1:9'")
    shown = kernel.run("%oxillama env")
    kernel.run("from openai import OpenAI; ids = [model.id for model in OpenAI().models.list()]")

    assert kernel.value("ids") == "['scripted']"
    assert server.token not in str(shown.messages)
    (text,) = shown.data("text/plain")
    assert "a plain OpenAI() talks to this server" in text
    assert "NO_PROXY has 127.0.0.1 now" in text


@pytest.mark.parametrize(
    ("source", "host", "kept"),
    [
        ("environment", "here.example.org", "lan,here.example.org"),
        ("environment", "big.example.org", "lan"),
        ("arguments", "big.example.org", "lan"),
        ("JupyterHub", "pod-1", "lan,pod-1"),
    ],
)
def test_env_keeps_only_what_is_on_this_machine_off_the_proxy(
    monkeypatch: pytest.MonkeyPatch, source: str, host: str, kept: str
) -> None:
    monkeypatch.setattr(platform, "node", lambda: "here.example.org")
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "NO_PROXY", "no_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "lan" if name.lower() == "no_proxy" else "http://127.0.0.1:9")
    connection = Connection(from_root(f"http://{host}:8888", "key", source))
    session: Any = SimpleNamespace(connection=connection, with_server=lambda _: None)

    run_command(session, "env")

    assert os.environ["OPENAI_BASE_URL"] == connection.base_url
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == kept


def test_loading_twice_is_fine_and_quick(kernel: Kernel) -> None:
    assert kernel.run("%reload_ext oxillama_jupyter").status == "ok"
    assert kernel.run("%oxillama").status == "ok"


def test_engine_measures_on_demand_what_can_be_measured(fresh: Kernel) -> None:
    shown = fresh.run("%oxillama engine --autotune")
    assert shown.status == "error"
    assert "one model, which is always loaded" in shown.error
    assert "belongs to --autotune" in fresh.run("%oxillama engine some-model").error
    assert "There is no flag --autotun of" in fresh.run("%oxillama engine --autotun").error


def test_engine(fresh: Kernel) -> None:
    fresh.run("%%oxillama\nHello")
    text = plain(fresh, "%oxillama engine")
    assert "scripted" in text
    assert "restarted never" in text
    assert "Tokens/s" in text
    assert "run_" in text
