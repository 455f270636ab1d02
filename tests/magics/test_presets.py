"""Presets: `%oxillama preset` and `-p` in a real kernel, and their files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from magics.test_commands import plain
from magics.test_flags import CASES, GOOD, IN_RUNS, stored_run, typed

from oxillama_jupyter.magics import presets
from oxillama_jupyter.magics.arguments import filled, parse
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.flags import FLAGS

if TYPE_CHECKING:
    from client.world import Server, World
    from magics.kernel import Kernel


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where presets are kept, in a data directory of this test's own."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    return tmp_path / "oxillama" / "presets"


@pytest.fixture
def files(world: World) -> Path:
    """Where the kernel's presets are kept; there are none yet."""
    folder = world.root / "data" / "oxillama" / "presets"
    for file in folder.glob("*"):
        file.unlink()
    return folder


# -- in a kernel -----------------------------------------------------------------------------------


def test_a_preset_is_kept_and_used(kernel: Kernel, server: Server, files: Path) -> None:
    line = "--temperature 0.2 --system 'Be \"brief\", {please}' --stop END --top-k 20"
    said = plain(kernel, f"%oxillama preset save careful {line}")
    assert said == (
        "The preset careful is saved: --system 'Be \"brief\", {please}' --temperature 0.2"
        " --stop '[\"END\"]' --top-k 20"
    )
    assert json.loads((files / "careful.json").read_text()) == {
        "system": 'Be "brief", {please}',
        "temperature": 0.2,
        "stop": ["END"],
        "top_k": 20,
    }
    kernel.restart()

    assert kernel.run("%%oxillama -p careful --top-k 5 --seed 3 -o answer\nHi").error == ""
    run = stored_run(kernel, server)
    assert (run["temperature"], run["top_k"], run["seed"]) == (0.2, 5, 3)
    assert (run["stop"], run["instructions"]) == (["END"], 'Be "brief", {please}')


def test_list_show_replace_delete(kernel: Kernel, files: Path) -> None:
    assert plain(kernel, "%oxillama preset").startswith("There are no presets yet: ")
    kernel.run("%oxillama preset save wild --temperature 2")
    kernel.run("%oxillama preset save careful --temperature 0.2 --seed 1")

    assert plain(kernel, "%oxillama preset") == (
        "Preset   Flags\ncareful  --temperature 0.2 --seed 1\nwild     --temperature 2.0"
    )
    assert plain(kernel, "%oxillama preset list") == plain(kernel, "%oxillama preset")
    assert plain(kernel, "%oxillama preset show careful") == (
        "careful\n--temperature 0.2\n--seed 1"
    )
    said = plain(kernel, "%oxillama preset save wild -p careful --temperature 1.5")
    assert said == "The preset wild is replaced: --temperature 1.5 --seed 1"
    assert plain(kernel, "%oxillama preset delete careful") == "The preset careful is deleted."
    assert [file.name for file in files.iterdir()] == ["wild.json"]


def test_show_has_long_texts_whole(kernel: Kernel, files: Path) -> None:
    text = "Be *brief*. " * 20 + "{x}"
    kernel.run(f"%oxillama preset save long --system '{text}'")
    shown = kernel.run("%oxillama preset show long")

    assert shown.data("text/plain") == [f"long\n--system '{text}'"]
    assert shown.data() == [f"The preset `long`:\n\n    --system '{text}'"]


LINES = {
    "%oxillama preset sav x": "%oxillama preset has no 'sav'. Did you mean save? It takes list,",
    "%oxillama preset list x": "%oxillama preset list takes nothing, not 'x'.",
    "%oxillama preset show": "Which one? %oxillama preset show NAME",
    "%oxillama preset delete": "Which one? %oxillama preset delete NAME",
    "%oxillama preset save": "Under which name? For example: %oxillama preset save careful",
    "%oxillama preset save --top-k 3": "Under which name?",
    "%oxillama preset save a": "Which flags? For example: %oxillama preset save a --top-k 20",
    "%oxillama preset save a --top-k x": "--top-k takes a whole number of at least 0, not 'x'.",
    "%oxillama preset save a --top-k 3 more": "'more' is no flag: %oxillama preset save NAME takes",
    "%oxillama preset save a --system 'x": "A quote is not closed in: %oxillama preset save NAME",
    "%oxillama preset save a --seed 1 -o x": "-o/--output cannot be kept in a preset",
    "%oxillama preset save a --seed 1 --schema X": "--schema cannot be kept in a preset",
    "%oxillama preset save a --seed 1 -p b": "There is no preset 'b'. There are none yet.",
    "%oxillama preset save ../a --seed 1": "A preset's name is a word of at most 60 letters",
    "%oxillama preset save /a --seed 1": "A preset's name is a word of at most 60 letters",
    "%oxillama preset show a/../../b": "A preset's name is a word of at most 60 letters",
    "%oxillama preset delete ..": "A preset's name is a word of at most 60 letters",
    "%oxillama preset show nobody": "There is no preset 'nobody'. There are none yet.",
    "%oxillama preset delete nobody": "There is no preset 'nobody'. There are none yet.",
    "%%oxillama -p nobody\nx": "There is no preset 'nobody'. There are none yet.",
    "%%oxillama -p ../x\nx": "-p/--preset takes the name of a preset, see %oxillama preset, not",
}


@pytest.mark.parametrize("code", LINES)
def test_a_mistake_is_one_line(kernel: Kernel, files: Path, code: str) -> None:
    shown = kernel.run(code)

    assert shown.status == "error"
    assert shown.error.startswith(f"oxillama: {LINES[code]}")
    assert "\n" not in shown.error
    assert list(files.glob("*")) == []


def test_a_mistyped_name(kernel: Kernel, files: Path) -> None:
    kernel.run("%oxillama preset save careful --seed 1")
    shown = kernel.run("%%oxillama -p carefull\nx")

    assert shown.error == (
        "oxillama: There is no preset 'carefull'. Did you mean careful? There are: careful."
    )


def test_a_broken_file_is_one_line_with_its_name(kernel: Kernel, files: Path) -> None:
    kernel.run("%oxillama preset save good --seed 1")
    file = files / "broken.json"
    file.write_text('{"temperature": 0.2')
    shown = kernel.run("%%oxillama -p broken\nx")

    assert shown.error.startswith(f"oxillama: The preset broken cannot be read from {file}: ")
    assert "\n" not in shown.error
    listed = plain(kernel, "%oxillama preset list").splitlines()
    assert listed[1].startswith("broken  broken: The preset broken cannot be read")
    assert listed[2] == "good    --seed 1"
    assert kernel.run("%oxillama preset delete broken").status == "ok"


# -- files -----------------------------------------------------------------------------------------

BROKEN = {
    "[1]": "is no JSON object of flags and values.",
    "": "cannot be read from",
    "[" * 100_000: "cannot be read from",
    '{"temprature": 1}': "has 'temprature', which is no flag that it could keep.",
    '{"output": "x"}': "has 'output', which is no flag that it could keep.",
    '{"temperature": "hot"}': '--temperature takes a number from 0 to 2, not "hot".',
    '{"temperature": "0.2"}': '--temperature takes a number from 0 to 2, not "0.2".',
    '{"temperature": null}': "--temperature takes a number from 0 to 2, not null.",
    '{"temperature": NaN}': "--temperature takes a number from 0 to 2, not NaN.",
    '{"temperature": 3}': "--temperature takes a number from 0 to 2, not 3.",
    '{"seed": true}': "--seed takes a whole number from 0 to 4294967294, not true.",
    '{"seed": 1.5}': "--seed takes a whole number from 0 to 4294967294, not 1.5.",
    '{"system": {"a": 1}}': '--system takes a text, in quotes if it has spaces, not {"a": 1}.',
    '{"stop": [1]}': "--stop takes a text, or a JSON list",
    '{"logit_bias": [3]}': "--logit-bias takes token ids",
    '{"truncation": {"type": "auto"}}': "--truncation takes auto, or a number",
}


@pytest.mark.parametrize("content", BROKEN)
def test_a_file_that_is_wrong_is_named(folder: Path, content: str) -> None:
    folder.mkdir(parents=True)
    (folder / "x.json").write_text(content)
    with pytest.raises(MagicError) as caught:
        presets.load_preset("x", FLAGS)

    assert str(folder / "x.json") in str(caught.value)
    assert BROKEN[content] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("key", "text"), [pair for pair in GOOD if pair[0] in IN_RUNS])
def test_every_flag_is_the_same_when_it_comes_back(folder: Path, key: str, text: str) -> None:
    options = parse(typed(key, text))
    presets.save_preset("x", options.values)
    again = filled(parse("-p x"), {})

    assert again.settings == options.settings != {}
    assert CASES[key].good[text] is not None


def test_a_file_may_be_written_by_hand(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "häuslich.json").write_text(
        '{"stop": "END", "temperature": 1, "logit_bias": {"3": 2}}', "utf-8"
    )

    assert presets.preset_names() == ["häuslich"]
    assert filled(parse("-p häuslich --stop '[]'"), {}).settings == {
        "stop": [],
        "temperature": 1.0,
        "logit_bias": {"3": 2.0},
    }


def test_files_of_others_are_no_presets(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in (".x.json", "a b.json", "x.txt", "-x.json"):
        (folder / name).write_text("{}")

    assert presets.preset_names() == []


def test_a_write_that_fails_leaves_the_old_one_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    presets.save_preset("x", {"seed": 1})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(MagicError, match=r"cannot be written to .*x\.json: .*No space left"):
        presets.save_preset("x", {"seed": 2})

    assert [file.name for file in folder.iterdir()] == ["x.json"]
    assert presets.load_preset("x", FLAGS) == {"seed": 1}


@pytest.mark.skipif(os.name != "posix", reason="links and permissions are POSIX's")
def test_a_folder_that_is_a_file_is_one_line(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "oxillama").write_text("")
    with pytest.raises(MagicError, match="The preset cannot be written to"):
        presets.save_preset("x", {"seed": 1})
    assert presets.preset_names() == []
