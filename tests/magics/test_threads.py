"""The commands of `%oxillama` about threads, in a real kernel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from magics.kernel import Kernel

OWN = """
magics = get_ipython().magics_manager.registry["OxillamaMagics"]
own = magics._session.threads.known
"""


def plain(kernel: Kernel, code: str) -> str:
    shown = kernel.run(code)
    assert shown.status == "ok", shown.error
    return "\n".join(shown.data("text/plain"))


def ask(kernel: Kernel, *questions: str) -> None:
    for question in questions:
        assert kernel.run(f"%%oxillama\n{question}").status == "ok"


def listed(kernel: Kernel, words: str = "") -> str:
    return plain(kernel, f"%oxillama threads {words}")


def test_fork_at_a_message(fresh: Kernel) -> None:
    fresh.run("%oxillama new fork me")
    ask(fresh, "one", "two")
    assert plain(fresh, "%oxillama show").startswith("1 You: one\n\n2 Model: one\n\n3 You: two")

    assert plain(fresh, "%oxillama fork --at 2 my branch") == (
        "This notebook's thread is now a fork my branch of fork me, with 2 messages."
    )
    ask(fresh, "three")
    assert plain(fresh, "%oxillama show") == (
        "1 You: one\n\n2 Model: one\n\n3 You: three\n\n4 Model: three"
    )
    assert plain(fresh, "%oxillama show fork me").endswith("4 Model: two")
    fresh.restart()
    assert plain(fresh, "%oxillama thread") == "This notebook's thread is my branch."


def test_fork_by_id_and_of_all(fresh: Kernel) -> None:
    ask(fresh, "one", "two")
    fresh.run("from oxillama_jupyter import connect; c = connect()")
    fresh.run(
        "own = get_ipython().magics_manager.registry['OxillamaMagics']._session.threads.known"
    )
    message = fresh.value("c.get(f'/threads/{own}/messages', {'order': 'asc'})['data'][0]['id']")
    before = fresh.value("own")

    assert "with 1 message." in plain(fresh, f"%oxillama fork --at {message}")
    assert plain(fresh, "%oxillama show") == "1 You: one"
    assert "with 1 message." in plain(fresh, "%oxillama fork whole")
    assert plain(fresh, f"%oxillama show {before}").endswith("4 Model: two")


def test_rename(fresh: Kernel) -> None:
    fresh.run("%oxillama new first name")
    assert plain(fresh, "%oxillama rename 'second name'") == (
        "This notebook's thread first name is called second name now."
    )
    fresh.run("%oxillama new other")
    assert plain(fresh, "%oxillama rename 'second name' third") == (
        "Thread second name is called third now."
    )
    assert plain(fresh, "%oxillama thread third") == "This notebook's thread is now third."
    assert plain(fresh, "%oxillama rename third") == (
        "This notebook's thread third is called third now."
    )


def test_tags(fresh: Kernel) -> None:
    fresh.run("%oxillama new tagged")
    assert plain(fresh, "%oxillama tag sea") == (
        "This notebook's thread tagged has these tags: sea."
    )
    fresh.run("%oxillama new untagged")
    assert plain(fresh, "%oxillama tag 'high land' tagged") == (
        "Thread tagged has these tags: high land, sea."
    )
    found = listed(fresh, "--tag 'high land'")
    assert "tagged" in found
    assert "high land sea" in found
    assert "untagged" not in found
    assert plain(fresh, "%oxillama untag sea tagged") == "Thread tagged has these tags: high land."
    assert listed(fresh, "--tag sea") == "No thread is like that."
    fresh.run("%oxillama thread tagged")
    fresh.run("%oxillama fork")
    assert listed(fresh, "--tag 'high land'").count("high land") == 2


def test_archive(fresh: Kernel) -> None:
    fresh.run("%oxillama new put me away")
    ask(fresh, "quinces in the cellar")
    assert "is put away" in plain(fresh, "%oxillama archive")
    fresh.run("%oxillama new")

    assert "put me away" not in listed(fresh)
    assert listed(fresh, "cellar") == "No thread has 'cellar' in it."
    assert "put me away" in listed(fresh, "--archived")
    assert "put me away" in listed(fresh, "--all cellar")
    assert "(archived)" in listed(fresh, "--all cellar")
    assert plain(fresh, "%oxillama unarchive put me away") == "Thread put me away is listed again."
    assert "put me away" in listed(fresh, "cellar")
    assert listed(fresh, "--archived cellar") == "No thread like that has 'cellar' in it."


def test_browsing_without_widgets_is_a_list(fresh: Kernel) -> None:
    fresh.run("%oxillama new seen")
    ask(fresh, "medlars and quinces")
    for words in ("", "medlars", "--here", "--all quinces"):
        shown = plain(fresh, f"%oxillama browse {words}")
        assert shown == listed(fresh, words)
        assert "seen" in shown
    assert "exclude each other" in (fresh.run("%oxillama browse --all --archived").error or "")


def test_a_list_shows_twenty_however_many_are_put_away(fresh: Kernel) -> None:
    fresh.run("from oxillama_jupyter import connect; c = connect()")
    made = "c.post('/threads', {'metadata': {'name': f'%s {n}', 'archived': 'yes'} if %s else {}})"
    fresh.run(f"for n in range(30): {made % ('away', True)}")
    fresh.run("for n in range(25): c.post('/threads', {'metadata': {'name': f'many {n}'}})")
    fresh.run(f"for n in range(130): {made % ('away', True)}")
    shown = listed(fresh)

    assert shown.count("many ") == 20
    assert "away" not in shown
    assert "There are more" in shown


def test_threads_of_this_notebook(fresh: Kernel) -> None:
    fresh.run("%oxillama new mine")
    fresh.run("from oxillama_jupyter import connect")
    fresh.run("connect().post('/threads', {'metadata': {'name': 'elsewhere'}})")

    assert "elsewhere" in listed(fresh)
    assert "elsewhere" not in listed(fresh, "--here")
    assert "mine" in listed(fresh, "--here")


def test_a_thread_without_a_name_is_listed_by_its_id(fresh: Kernel) -> None:
    ask(fresh, "nameless medlars")
    (thread_id,) = re.findall(r"thread_\w+", listed(fresh, "nameless"))
    fresh.run("%oxillama new")

    assert "nameless medlars" in plain(fresh, f"%oxillama show {thread_id}")


def test_delete(fresh: Kernel) -> None:
    fresh.run("%oxillama new doomed")
    ask(fresh, "one")
    shown = fresh.run("%oxillama delete doomed")
    assert shown.error == (
        "oxillama: Thread 'doomed' has 2 messages and 1 run: add --yes to delete it for good."
    )
    assert plain(fresh, "%oxillama delete doomed --yes") == (
        "Thread doomed is gone, with 2 messages and 1 run."
        " This notebook begins a new one with its next question."
    )
    assert "No thread is called 'doomed'" in fresh.run("%oxillama show doomed").error
    ask(fresh, "two")
    assert plain(fresh, "%oxillama show").startswith("1 You: two")


@pytest.mark.parametrize(("answer", "gone"), [("y", True), ("Yes ", True), ("", False)])
def test_delete_asks(fresh: Kernel, answer: str, *, gone: bool) -> None:
    fresh.run("%oxillama new perhaps doomed")
    fresh.run("%oxillama new")
    shown = fresh.run(
        "import builtins, sys\n"
        f"builtins.input = lambda prompt: sys.stdout.write(prompt) and {answer!r}\n"
        "get_ipython().run_line_magic('oxillama', 'delete perhaps doomed')"
    )
    assert shown.stdout == "Delete perhaps doomed with 0 messages and 0 runs, for good? [y/N] "
    assert ("is gone" in shown.data("text/plain")[0]) is gone
    after = fresh.run("%oxillama delete perhaps doomed --yes")
    assert (after.status == "error") is gone


def test_a_thread_that_somebody_else_deleted(fresh: Kernel) -> None:
    ask(fresh, "one")
    fresh.run("from oxillama_jupyter import connect; c = connect()")
    fresh.run(
        "own = get_ipython().magics_manager.registry['OxillamaMagics']._session.threads.known"
    )
    fresh.run("_ = c.openai.delete(f'/threads/{own}', cast_to=object)")

    assert "has no thread yet" in plain(fresh, "%oxillama thread")
    assert "has no thread yet" in fresh.run("%oxillama fork").error


MISTAKES = {
    "fork --at": "--at takes a message's number, as %oxillama show has it, or its id, but nothing",
    "fork --at 0": "--at takes a message's number, as %oxillama show has it, or its id, not '0'.",
    "fork --at x": "--at takes a message's number, as %oxillama show has it, or its id, not 'x'.",
    "fork --at 99": "--at takes a message's number, as %oxillama show has it, or its id; ",
    "fork --at msg_x": "--at takes a message's number, as %oxillama show has it, or its id; ",
    "fork taken": "Another thread is called 'taken' already.",
    "fork --art 1": "There is no flag --art of %oxillama fork. Did you mean --at?",
    "rename": "%oxillama rename takes [OLD] NEW, but no NEW was given.",
    "rename a b c": "%oxillama rename takes [OLD] NEW, not 'c'; a name with spaces belongs in",
    "rename taken": "Another thread is called 'taken' already.",
    "rename nobody x": "No thread is called 'nobody'",
    "rename thread_00": "'thread_00' cannot be a name: it looks like a thread's id.",
    "rename ''": "%oxillama rename takes [OLD] NEW, but a name was empty.",
    "tag": "%oxillama tag takes WORD [NAME], but no WORD was given.",
    f"tag {'x' * 61}": "A tag has at most 60 characters, not 61.",
    "untag x": "'mistaken' has no tag 'x'. Its tags: none.",
    "tag x nobody": "No thread is called 'nobody'",
    "archive nobody": "No thread is called 'nobody'",
    "unarchive --x": "There is no flag --x of %oxillama unarchive. It takes [NAME].",
    "delete": "%oxillama delete takes NAME [--yes], but no NAME was given.",
    "delete nobody": "No thread is called 'nobody'",
    "threads --tag": "--tag takes a tag, but nothing was given.",
    "threads --archived --all": "--archived and --all exclude each other",
    "threads --here=1": "--here takes no value, not '1'.",
    "new 'a": "A quote is not closed in: %oxillama new 'a",
    "thread --x": "There is no flag --x of %oxillama thread. It takes [NAME].",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line_and_changes_nothing(kernel: Kernel, line: str) -> None:
    kernel.run("%oxillama thread taken")
    kernel.run("%oxillama thread mistaken")
    shown = kernel.run(f"%oxillama {line}")

    assert shown.status == "error"
    assert shown.error.startswith(f"oxillama: {MISTAKES[line]}")
    assert "\n" not in shown.error
    assert plain(kernel, "%oxillama thread") == "This notebook's thread is mistaken."


def test_a_thread_that_can_take_no_more(fresh: Kernel) -> None:
    fresh.run("%oxillama new full")
    for number in range(13):
        assert fresh.run(f"%oxillama tag t{number}").status == "ok"
    shown = fresh.run("%oxillama tag one-more")

    assert "has 16 tags and other metadata, the most there can be" in shown.error
    assert plain(fresh, "%oxillama untag t3").count("t1") == 4
