"""`%oxillama export` and `import` in a real kernel: what comes back, what becomes of edits."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import httpx2
import nbclient
import nbformat
import pytest
from exported import anonymous, exports
from hypothesis import HealthCheck, given, settings
from magics.kernel import Kernel

from oxillama_jupyter.client.connection import Connection, connect
from oxillama_jupyter.client.exports import fetch, text_of_file
from oxillama_jupyter.client.imports import import_file, read_file

if TYPE_CHECKING:
    from pathlib import Path

    from client.world import Server, World
    from exported import Export

Thread = dict[str, Any]


@pytest.fixture(scope="module")
def connection(server: Server) -> Connection:
    return connect(server.url, server.token)


@pytest.fixture
def folder(world: World, tmp_path: Path, fresh: Kernel) -> Path:
    """Where the kernel works now."""
    fresh.run(f"import os; os.chdir({str(tmp_path)!r})")
    return tmp_path


@pytest.fixture
def rich(connection: Connection) -> Thread:
    """A thread with a call and its output, images, unicode, metadata; nothing else has it."""
    png = "data:image/png;base64,iVBORw0KGgo="
    content = [
        {"type": "text", "text": "Zürich \u2028 \U0001f600\r\n{x} $\\alpha$ <b>"},
        {"type": "image_url", "image_url": {"url": png, "detail": "low"}},
        {"type": "image_file", "image_file": {"file_id": "file-1"}},
    ]
    attachments = [{"file_id": "file-2", "tools": [{"type": "file_search"}]}]
    asked = {"role": "user", "content": content, "attachments": attachments}
    metadata = {"name": f"rich {os.urandom(4).hex()}", "tag:sea": "yes"}
    thread = connection.post(
        "/threads", {"messages": [asked | {"metadata": {"a": "b"}}], "metadata": metadata}
    )
    run_of(connection, thread)
    connection.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": "And now?"})
    run_of(connection, thread)
    export = fetch(connection, thread["id"])
    call = {"name": "get_weather", "arguments": '{"city": "Zürich"}', "output": "warm ☀\n```"}
    step = export["steps"][0] | {
        "id": "step_call",
        "type": "tool_calls",
        "step_details": {
            "type": "tool_calls",
            "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
        },
    }
    export["steps"].insert(0, step)
    made = connection.post(f"{connection.url}/threads/import", export)
    connection.openai.delete(f"/threads/{thread['id']}", cast_to=object)
    return made


def run_of(connection: Connection, thread: Thread) -> None:
    body = {"assistant_id": "default", "stream": True}
    with connection.stream(f"/threads/{thread['id']}/runs", body) as stream:
        for _ in stream:
            pass


def plain(kernel: Kernel, code: str) -> str:
    shown = kernel.run(code)
    assert shown.status == "ok", shown.error
    return "\n".join(shown.data("text/plain"))


def named(connection: Connection, name: str) -> Export:
    (thread,) = connection.threads(metadata={"name": name})["data"]
    return fetch(connection, thread["id"])


def without_marks(export: Export) -> Export:
    """An export but for what an import into a notebook sets."""
    metadata = {
        key: value
        for key, value in export["thread"]["metadata"].items()
        if key not in {"name", "notebook", "forked_from", "forked_at"} and "default:" not in key
    }
    return anonymous({**export, "thread": {**export["thread"], "metadata": metadata}})


@pytest.mark.parametrize("suffix", ["ipynb", "jsonl", "json"])
def test_a_thread_comes_back_as_it_was(
    fresh: Kernel, folder: Path, connection: Connection, rich: Thread, suffix: str
) -> None:
    name, before = rich["metadata"]["name"], fetch(connection, rich["id"])
    file = f"my thread.{suffix}"
    assert plain(fresh, f"%oxillama export '{file}' {name}") == (
        f"{file} has thread {name}, 4 messages."
    )
    assert plain(fresh, f"%oxillama import '{file}'") == (
        f"Thread {name} is on this server, as the file has it. It is this notebook's thread now."
    )
    assert plain(fresh, f"%oxillama import '{file}' --name 'copy of {name}'") == (
        f"The file's thread was imported as copy of {name}. It is this notebook's thread now."
    )
    copy = named(connection, f"copy of {name}")
    assert without_marks(copy) == without_marks(before)
    assert copy["messages"][0]["id"] != before["messages"][0]["id"]

    connection.openai.delete(f"/threads/{rich['id']}", cast_to=object)
    assert "was imported as" in plain(fresh, f"%oxillama import '{file}'")
    assert without_marks(named(connection, name)) == without_marks(before)
    # Once more: the thread of the file is not here any more, and its name is taken.
    assert f"was imported as {name} (2)." in plain(fresh, f"%oxillama import '{file}'")
    fresh.run("%%oxillama\nGo on")
    assert plain(fresh, "%oxillama show").endswith("5 You: Go on\n\n6 Model: Go on")


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(export=exports())
def test_any_thread_comes_back_through_any_file(connection: Connection, export: Export) -> None:
    address = f"{connection.url}/threads/import"
    first = fetch(connection, connection.post(address, export)["id"])
    for suffix in (".ipynb", ".jsonl", ".json"):
        file = read_file(text_of_file(first, suffix, "t").encode(), suffix)
        assert import_file(connection, file, copy=False).how == "there already"
        done = import_file(connection, file, copy=True)
        again = fetch(connection, done.thread["id"])
        assert done.how == "new"
        assert anonymous(again) == anonymous(first)


def test_an_edited_notebook_becomes_a_fork(
    fresh: Kernel, folder: Path, connection: Connection, rich: Thread
) -> None:
    name, before = rich["metadata"]["name"], fetch(connection, rich["id"])
    fresh.run(f"%oxillama export a.ipynb {name}")
    notebook = nbformat.read(folder / "a.ipynb", as_version=4)
    asked = [cell for cell in notebook.cells if cell.source.startswith("%%oxillama")]
    asked[1].source = "%%oxillama --seed 3\nAnd now what, Ä?"
    notebook.cells.append(nbformat.v4.new_code_cell("%%oxillama\nLast?"))
    nbformat.write(notebook, folder / "a.ipynb")

    assert plain(fresh, "%oxillama import a.ipynb") == (
        f"The file was edited: {name} (2) is a fork of {name} up to there, with the new question"
        " behind it, not answered yet. What stands behind it (1 more) is left out."
        " It is this notebook's thread now."
    )
    fork = named(connection, f"{name} (2)")
    assert fork["thread"]["metadata"]["forked_from"] == rich["id"]
    assert fork["thread"]["metadata"]["forked_at"] == before["messages"][1]["id"]
    assert fork["thread"]["metadata"]["tag:sea"] == "yes"
    assert [m["content"] for m in fork["messages"][:2]] == [
        m["content"] for m in before["messages"][:2]
    ]
    assert len(fork["messages"]) == 3
    assert fork["messages"][2]["content"][0]["text"]["value"] == "And now what, Ä?"
    assert fetch(connection, rich["id"])["messages"] == before["messages"]


def test_the_first_question_edited_and_the_last_deleted(
    fresh: Kernel, folder: Path, connection: Connection, rich: Thread
) -> None:
    name = rich["metadata"]["name"]
    fresh.run(f"%oxillama export a.ipynb {name}")
    notebook = nbformat.read(folder / "a.ipynb", as_version=4)
    first = next(cell for cell in notebook.cells if cell.source.startswith("%%oxillama"))
    first.source = "%%oxillama\nOther"
    nbformat.write(notebook, folder / "b.ipynb")
    assert "is a copy of" in plain(fresh, "%oxillama import b.ipynb")
    (message,) = named(connection, f"{name} (2)")["messages"]
    assert message["content"][0]["text"]["value"] == "Other"
    assert [part["type"] for part in message["content"]] == ["text", "image_url", "image_file"]
    assert message["attachments"][0]["file_id"] == "file-2"

    notebook = nbformat.read(folder / "a.ipynb", as_version=4)
    notebook.cells.remove(notebook.cells[-1])
    nbformat.write(notebook, folder / "c.ipynb")
    assert plain(fresh, "%oxillama import c.ipynb --name cut").startswith(
        f"The file was edited: cut is a fork of {name} up to there. It is"
    )
    assert len(named(connection, "cut")["messages"]) == 2


def test_an_edited_notebook_of_another_server(
    fresh: Kernel, folder: Path, connection: Connection, rich: Thread
) -> None:
    name = rich["metadata"]["name"]
    fresh.run(f"%oxillama export a.ipynb {name}")
    connection.openai.delete(f"/threads/{rich['id']}", cast_to=object)
    text = (folder / "a.ipynb").read_text().replace('"And now?"', '"And then?"', 1)
    (folder / "a.ipynb").write_text(text)

    shown = plain(fresh, "%oxillama import a.ipynb")
    assert f"{name} is a copy of {name} up to there, with the new question" in shown
    copy = named(connection, name)
    assert [m["role"] for m in copy["messages"]] == ["user", "assistant", "user"]
    assert len(copy["runs"]) == 1
    assert [step["type"] for step in copy["steps"]] == ["tool_calls", "message_creation"]
    assert copy["messages"][1]["run_id"] == copy["runs"][0]["id"]


def test_a_thread_that_has_gone_on_is_not_there_already(
    fresh: Kernel, folder: Path, connection: Connection, rich: Thread
) -> None:
    name = rich["metadata"]["name"]
    fresh.run(f"%oxillama export a.jsonl {name}")
    fresh.run(f"%oxillama thread {name}")
    fresh.run("%%oxillama\nMore")

    assert f"was imported as {name} (2)." in plain(fresh, "%oxillama import a.jsonl")
    assert len(named(connection, name)["messages"]) == 6
    assert len(named(connection, f"{name} (2)")["messages"]) == 4


def test_an_exported_notebook_runs(
    fresh: Kernel, folder: Path, server: Server, connection: Connection, rich: Thread
) -> None:
    fresh.run(f"%oxillama export a.ipynb {rich['metadata']['name']}")
    notebook = nbformat.read(folder / "a.ipynb", as_version=4)
    nbformat.validate(notebook)
    before = fetch(connection, rich["id"])

    client = nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": folder}})
    client.execute(env=fresh.world.env | server.kernel_env)
    assert notebook.cells[-1].outputs[0].data["text/plain"] == "And now?"
    assert fetch(connection, rich["id"])["messages"] == before["messages"]


def test_markdown_is_for_reading(fresh: Kernel, folder: Path, rich: Thread) -> None:
    shown = plain(fresh, f"%oxillama export a.md {rich['metadata']['name']}")
    text = (folder / "a.md").read_text()

    assert "It is for reading" in shown
    assert text.startswith(f"# {rich['metadata']['name']}\n\n## You\n\n> Zürich \u2028 \U0001f600")
    assert "![image](data:image/png;base64,iVBORw0KGgo=)" in text
    assert "[image: file-1]" in text
    assert "**Tool call** `get_weather`" in text
    assert "````\nwarm ☀\n```\n````" in text
    assert text.index("**Tool call**") < text.index("\n## You\n\n> And now?")
    assert fresh.run("%oxillama import a.md").error == (
        "oxillama: a.md is for reading: export the thread as .ipynb or .jsonl to import it."
    )


def test_messages_as_openai_lists_them(fresh: Kernel, folder: Path, connection: Connection) -> None:
    old = {"object": "thread.message", "run_id": "run_x", "thread_id": "thread_x"}
    listed = [
        old | {"id": f"msg_{n}", "created_at": 100 + n, "role": role, "content": f"text {n}"}
        for n, role in enumerate(("user", "assistant", "user"))
    ][::-1]  # as the API lists them, the newest first
    (folder / "page.json").write_text(json.dumps({"object": "list", "data": listed}))
    (folder / "lines.jsonl").write_text("\n".join(map(json.dumps, listed)))
    (folder / "array.json").write_text(json.dumps(listed[::-1]))
    for name in ("page.json", "lines.jsonl", "array.json"):
        plain(fresh, f"%oxillama import {name} --name {name}")
        messages = named(connection, name)["messages"]
        texts = [message["content"][0]["text"]["value"] for message in messages]
        assert texts == ["text 0", "text 1", "text 2"]
        assert [message["created_at"] for message in messages] == [100, 101, 102]


def test_a_file_that_is_there_stays(fresh: Kernel, folder: Path) -> None:
    fresh.run("%%oxillama\nHello")
    (folder / "a.jsonl").write_text("mine")
    (folder / "link.jsonl").symlink_to("a.jsonl")
    for name in ("a.jsonl", "link.jsonl"):
        shown = fresh.run(f"%oxillama export {name}")
        assert shown.error == f"oxillama: {name} is there already: add --force to replace it."
    assert (folder / "a.jsonl").read_text() == "mine"
    plain(fresh, "%oxillama export --force link.jsonl")
    assert (folder / "link.jsonl").is_symlink()
    assert json.loads((folder / "a.jsonl").read_text().split("\n")[0])["object"] == "thread"
    assert sorted(path.name for path in folder.iterdir()) == ["a.jsonl", "link.jsonl"]


def test_a_file_that_cannot_be_written_leaves_nothing(fresh: Kernel, folder: Path) -> None:
    fresh.run("%%oxillama\nHello")
    (folder / "folder.jsonl").mkdir()
    errors = {
        "folder.jsonl": "folder.jsonl is a folder: name a file in it.",
        "--force folder.jsonl": "Cannot write folder.jsonl: it is a folder.",
        "nowhere/a.md": "Cannot write nowhere/a.md: there is no such folder.",
        "folder.jsonl/../b/a.md": "Cannot write folder.jsonl/../b/a.md: there is no such folder.",
        "a.txt": "The name of the file has to end in .ipynb, .jsonl, .json or .md, not 'a.txt'.",
        "/proc/a.md": "Cannot write /proc/a.md:",
        "": "%oxillama export takes FILE [NAME] [--force], but no FILE was given.",
        "a.md nobody": "No thread is called 'nobody'",
        "a.md --forse": "There is no flag --forse of %oxillama export. Did you mean --force?",
    }
    for line, error in errors.items():
        shown = fresh.run(f"%oxillama export {line}")
        assert shown.error.startswith(f"oxillama: {error}"), line
        assert "\n" not in shown.error
    assert [path.name for path in folder.iterdir()] == ["folder.jsonl"]


def test_files_that_cannot_be_imported(fresh: Kernel, folder: Path, connection: Connection) -> None:
    bad = {"object": "thread.message", "role": "nobody", "content": "x"}
    files = {
        "text.ipynb": "not json",
        "none.ipynb": nbformat.writes(nbformat.v4.new_notebook()),
        "list.ipynb": "[]",
        "latin.jsonl": "Zürich".encode("latin-1"),
        "empty.jsonl": "",
        "bad.jsonl": "\n" + json.dumps(bad),
        "broken.jsonl": json.dumps(bad | {"role": "user"}) + "\n{",
        "bad.json": json.dumps([bad | {"role": "user"}, bad]),
        "one.json": "1",
    }
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "dir.jsonl").mkdir()
    errors = {
        "text.ipynb": "text.ipynb is not a notebook: Expecting value",
        "none.ipynb": "none.ipynb is a notebook, but none that %oxillama export has written.",
        "list.ipynb": "list.ipynb is not a notebook (of format 4).",
        "latin.jsonl": "latin.jsonl is no text in UTF-8.",
        "empty.jsonl": "empty.jsonl has no lines of JSON.",
        "bad.jsonl": "Line 2: Invalid 'role': Invalid enum value 'nobody'.",
        "broken.jsonl": "Line 2: The body is not valid JSON",
        "bad.json": "Invalid 'messages[1].role': Invalid enum value 'nobody'.",
        "one.json": "one.json has neither an exported thread in it nor a list of messages.",
        "dir.jsonl": "Cannot read dir.jsonl: it is a folder.",
        "gone.jsonl": "Cannot read gone.jsonl: there is no such file.",
        "a.txt": "The name of the file has to end in",
        "": "%oxillama import takes FILE [--name NAME], but no FILE was given.",
        "bad.json --name": "--name takes a name for the thread, but nothing was given.",
    }
    newest = connection.threads(limit=1)["first_id"]
    for line, error in errors.items():
        shown = fresh.run(f"%oxillama import {line}")
        assert shown.error.startswith(f"oxillama: {error}"), (line, shown.error)
        assert "\n" not in shown.error
    assert connection.threads(limit=1)["first_id"] == newest


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(fresh: Kernel, folder: Path) -> None:
    (folder / "a.jsonl").touch(0)
    shown = fresh.run("%oxillama import a.jsonl")

    assert shown.error == "oxillama: Cannot read a.jsonl: permission denied."


def test_the_route_needs_a_key(server: Server) -> None:
    answer = httpx2.post(f"{server.url}oxillama/threads/import", json={"messages": []})
    assert answer.status_code in {401, 403}
