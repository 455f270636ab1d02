"""Tab completion, asked for as a front end does."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest
from magics.kernel import Kernel

from oxillama_jupyter.magics.commands import COMMANDS
from oxillama_jupyter.magics.flags import FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import Server, World

WATCH = "import sys; broken = []; sys.excepthook = lambda *error: broken.append(error)"


@pytest.fixture(scope="module")
def typing(world: World, server: Server) -> Iterator[Kernel]:
    """A kernel with threads, files and variables to choose from."""
    with Kernel(world, **server.kernel_env) as kernel:
        (world.root / "typing").mkdir()
        kernel.run(f"import os; os.chdir({str(world.root / 'typing')!r})")
        for name in ("apples", "apples and pears", "What's up", "away", "both \" and '"):
            kernel.run(f"%oxillama new {name}")
        kernel.run("%oxillama archive away")
        kernel.run("%oxillama tag seaside apples")
        kernel.run("%oxillama new")
        # A busy machine's server may take longer than a key may; that is another test's matter.
        kernel.run("from oxillama_jupyter.client import names; names._WAIT = 30")
        # No command can take this one, whatever the quotes.
        kernel.run("from oxillama_jupyter import connect")
        kernel.run("connect().post('/threads', {'metadata': {'name': 'both \\' \"'}})")
        for name in ("a.ipynb", "a b.jsonl", "notes.txt", ".hidden.md"):
            (world.root / "typing" / name).touch()
        (world.root / "typing" / "sub").mkdir()
        (world.root / "typing" / "sub" / "c.md").touch()
        kernel.run("from jupyter_core.paths import jupyter_data_dir; from pathlib import Path")
        kernel.run("p = Path(jupyter_data_dir()) / 'oxillama' / 'presets'")
        kernel.run("p.mkdir(parents=True, exist_ok=True)")
        kernel.run("_ = (p / 'careful.json').write_text('{}'); del p, Path, jupyter_data_dir")
        kernel.run(
            "import math\ndef tool_one(): ...\ndef tool_two(): ...\n"
            "class Shape: ...\ntool_size = 3\ntool_dict = {}"
        )
        kernel.run(WATCH)
        yield kernel
        assert kernel.value("broken") == "[]"


def test_commands(typing: Kernel) -> None:
    found = typing.complete("%oxillama ")
    assert set(found) == {f"%oxillama {name}" for name in COMMANDS}
    assert typing.complete("%oxillama una") == ["%oxillama unarchive"]
    assert typing.complete("x = 1\n  %oxillama thre") == [
        "x = 1\n  %oxillama threads",
        "x = 1\n  %oxillama thread",
    ]
    assert typing.complete("%oxillama una| here") == ["%oxillama unarchive"]


def test_flags(typing: Kernel) -> None:
    found = typing.complete("%%oxillama --")
    assert set(found) == {f"%%oxillama {f.names[-1]}" for f in FLAGS if f.names[-1][:2] == "--"}
    assert typing.complete("%%oxillama --seed 1 --temp|\nprompt") == [
        "%%oxillama --seed 1 --temperature"
    ]
    assert typing.complete("%oxillama threads --a") == [
        "%oxillama threads --archived",
        "%oxillama threads --all",
    ]
    assert typing.complete("%oxillama threads --all word --a") == [
        "%oxillama threads --all word --archived"
    ]
    assert set(typing.complete("%%oxillama -m x -")) >= {"%%oxillama -m x --seed"}
    assert "%%oxillama -m x --model" not in typing.complete("%%oxillama -m x --m")


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("%oxillama thread ap", ["'apples and pears'", "apples"]),
        ("%oxillama thread 'apples a", ["'apples and pears'"]),
        ('%oxillama thread "apples a', ['"apples and pears"']),
        ("%oxillama thread W", ['"What\'s up"']),
        ("%oxillama thread a", ["'apples and pears'", "apples"]),
        ("%oxillama thread both", []),
        ("%oxillama new ap", []),
        ("%oxillama fork --at ", []),
        ("%oxillama unarchive ", ["away"]),
        ("%oxillama rename apples ap", ["'apples and pears'", "apples"]),
        ("%oxillama delete --yes ap", ["'apples and pears'", "apples"]),
        ("%oxillama tag s", ["seaside"]),
        ("%oxillama untag seaside ap", ["'apples and pears'", "apples"]),
        ("%oxillama threads --tag ", ["seaside"]),
        ("%oxillama threads --tag=s", ["seaside"]),
        ("%oxillama import ", ["'a b.jsonl'", "a.ipynb", "sub/"]),
        ("%oxillama import sub/", ["sub/c.md"]),
        ("%oxillama import 'a ", ["'a b.jsonl'"]),
        ("%oxillama export x.md ap", ["'apples and pears'", "apples"]),
        ("%%oxillama -t ap", ["'apples and pears'", "apples"]),
        ("%%oxillama --thread=ap", ["'apples and pears'", "apples"]),
        ("%%oxillama -m s", ["scripted"]),
        ("%%oxillama --seed 1 --model ", ["scripted"]),
        ("%%oxillama -o tool_s", ["tool_size"]),
        ("%%oxillama -o ma", []),
        ("%%oxillama -p ", ["careful"]),
        ("%%oxillama --preset=c", ["careful"]),
        ("%%oxillama --schema Sh", ["Shape"]),
        ("%oxillama preset s", ["save", "show"]),
        ("%oxillama preset delete ", ["careful"]),
        ("%oxillama preset save x --see", ["--seed"]),
        ("%%oxillama --stop a --sto", ["--stop"]),
    ],
)
def test_names(typing: Kernel, typed: str, becomes: list[str]) -> None:
    found = typing.complete(typed)
    own = [match for match in found if match != typed]
    last = max(typed.rfind(" ") + 1, typed.rfind("=") + 1)
    for quote in "'\"":
        if quote in typed:
            last = typed.index(quote)
    assert sorted(own) == sorted(typed[:last] + word for word in becomes)


def test_ids_where_somebody_begins_one(typing: Kernel) -> None:
    found = typing.complete("%oxillama show thread_")
    assert len(found) >= 6
    assert typing.run(found[0]).status == "ok"


def test_only_the_magics_own_lines(typing: Kernel) -> None:
    for code in ("print(thre", "%%oxillama\n%%oxillama --se", "# %oxillama thr", "%oxillamas thr"):
        assert not any(
            match.endswith(("--seed", "threads", "thread")) for match in typing.complete(code)
        )
    assert "tool_size" in "".join(typing.complete("tool_s"))


@pytest.mark.parametrize("jedi", [True, False])
def test_odd_lines_break_nothing(typing: Kernel, *, jedi: bool) -> None:
    typing.run(f"get_ipython().Completer.use_jedi = {jedi}")
    lines = [
        *("%oxillama", "%oxillama '", '%oxillama "a" ', "%oxillama nothing ", "%oxillama -"),
        *("%%oxillama --", "%%oxillama --temperature ", "%%oxillama --nothing=", "%%oxillama ="),
        *("%oxillama fork --at ", "%oxillama thread a'b\"c ", "%oxillama import ~nobody/"),
        *("%oxillama import \0", "%oxillama thread 🦙", "%%oxillama\t-m\ts", "%%oxillama -o=x"),
        *("%oxillama export /proc/1/cwd/", "%oxillama new a\\", "%oxillama thread {a.b."),
        *("%oxillama thread [x for", "%oxillama threads (", "%%oxillama\n%%oxillama -m "),
    ]
    for line in lines:
        typing.complete(line)
    typing.run("get_ipython().Completer.use_jedi = True")
    assert typing.value("broken") == "[]"


def test_loaded_again_it_completes_once(typing: Kernel) -> None:
    typing.run("%reload_ext oxillama_jupyter")
    assert typing.complete("%oxillama una") == ["%oxillama unarchive"]
    assert typing.complete("%oxillama unarchive ") == ["%oxillama unarchive away"]


def test_no_server_is_started_and_none_is_waited_for(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, Kernel(world) as kernel:
        before = world.server_pids()
        kernel.run(WATCH)
        assert kernel.complete("%oxillama thread ") == []
        assert world.server_pids() == before
        # One that takes the connection and never answers.
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        kernel.run("from oxillama_jupyter.client.connection import connect")
        kernel.run("session = get_ipython().magics_manager.registry['OxillamaMagics']._session")
        kernel.run(f"session._connection = connect({address!r}, 'key'); session.connection.openai")
        kernel.run("import time; from oxillama_jupyter.client.names import Names")
        kernel.run("names = Names(lambda: session.connection)")
        kernel.run("begun = time.monotonic(); names.threads(); took = time.monotonic() - begun")
        assert 0.1 < float(kernel.value("took")) < 10
        assert kernel.complete("%oxillama thread ") == []
        assert kernel.value("broken") == "[]"


def test_a_server_that_comes_later_is_found(world: World, server: Server) -> None:
    with Kernel(world) as kernel:
        assert kernel.complete("%%oxillama -m ") == []
        for name, value in server.kernel_env.items():
            kernel.run(f"import os; os.environ[{name!r}] = {value!r}")
        deadline = time.monotonic() + 30
        while not (found := kernel.complete("%%oxillama -m ")) and time.monotonic() < deadline:
            time.sleep(0.5)
        assert found == ["%%oxillama -m scripted"]


def test_lists_and_presets_once_flags_take_them(typing: Kernel) -> None:
    """What flags to come take: asked of the same object that completes."""
    typing.run("from oxillama_jupyter.magics import completion")
    typing.run("c = completion.Completion(get_ipython().user_ns, None)")
    kinds = {
        "('functions', 'tool')": "['tool_one', 'tool_two']",
        "('functions', 'tool_one,tool')": "['tool_one,tool_two']",
        "('variables', 'tool_s')": "['tool_size']",
        "('variables', 'tool_dict,x,tool_')": "['tool_dict,x,tool_size']",
        "('type', 'Sha')": "['Shape']",
        "('type', 'tool')": "['tool_dict']",
        "('preset', 'ca')": "['careful']",
        "('preset', 'x')": "[]",
    }
    for arguments, found in kinds.items():
        assert typing.value(f"c._of_kind{arguments}") == found
