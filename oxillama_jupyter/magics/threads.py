"""The commands of `%oxillama` about threads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client import threads
from oxillama_jupyter.client.exports import fetch
from oxillama_jupyter.client.failures import is_not_found
from oxillama_jupyter.magics.command import Command, Usage
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.flag import Flag
from oxillama_jupyter.magics.pages import Page, note, table, title_of

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.magics.command import Words
    from oxillama_jupyter.magics.session import Session

__all__ = ["LIST_FLAGS", "THREAD_COMMANDS", "called", "check_name", "list_page", "own_or_named"]

Json = dict[str, Any]  # a thread or a message, as the server sent it

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SHOWN_MESSAGES = 100
_TAG_LENGTH = 60  # a key of metadata has at most 64 characters
_NAME_LENGTH = 512


def _word(value: str) -> str:
    if not value.strip() or len(value) > _TAG_LENGTH:
        raise ValueError
    return value


def _place(value: str) -> str | int:
    if value.startswith("msg_"):
        return value
    number = int(value)
    if number < 1:
        raise ValueError
    return number


_AT = Flag(
    ("--at",),
    "MESSAGE",
    "a message's number, as %oxillama show has it, or its id",
    "the last message of the fork",
    _place,
)
_HERE = Flag(("--here",), "", "", "only those of this notebook", None)
_WITH_TAG = Flag(("--tag",), "T", "a tag", "only those with this tag", _word)
_ARCHIVED = Flag(("--archived",), "", "", "only those that are put away", None)
_ALL = Flag(("--all",), "", "", "also those that are put away", None)
_YES = Flag(("--yes",), "", "", "do not ask", None)

LIST_FLAGS = (_HERE, _WITH_TAG, _ARCHIVED, _ALL)
_THREADS = Usage("threads", ("[QUERY]",), LIST_FLAGS)
_THREAD = Usage("thread", ("[NAME]",))
_NEW = Usage("new", ("[NAME]",))
_SHOW = Usage("show", ("[NAME]",))
_FORK = Usage("fork", ("[NAME]",), (_AT,))
_RENAME = Usage("rename", ("[OLD]", "NEW"), spaced=False)
_TAG = Usage("tag", ("WORD", "[NAME]"))
_UNTAG = Usage("untag", ("WORD", "[NAME]"))
_ARCHIVE = Usage("archive", ("[NAME]",))
_UNARCHIVE = Usage("unarchive", ("[NAME]",))
_DELETE = Usage("delete", ("NAME",), (_YES,))


# -- which thread ----------------------------------------------------------------------------------


def own_or_named(session: Session, name: str) -> Json:
    """The thread with this name or id; without one, the notebook's own.

    Raises:
        MagicError: There is none.
    """
    return session.with_server(lambda connection: _get(session, connection, name))


def _get(session: Session, connection: Connection, name: str) -> Json:
    if name:
        thread = threads.find(connection, name)
        if thread is None:
            raise MagicError(f"No thread is called {name!r}: %oxillama threads lists them.")
        return thread
    own = _own(session, connection)
    if own is None:
        raise MagicError("This notebook has no thread yet: ask something in a %%oxillama cell.")
    return own


def _own(session: Session, connection: Connection) -> Json | None:
    """The notebook's own thread; looked for again if somebody has deleted the one we knew."""
    for _ in range(2):
        thread_id = session.threads.current(connection)
        if thread_id is None:
            return None
        try:
            return threads.find(connection, thread_id)
        except Exception as error:
            if not is_not_found(error):
                raise
        session.threads.forget()
    return None


def called(thread: Json) -> str:
    """What a thread is called, as code."""
    return f"`{title_of(thread)}`"


def _whose(session: Session, thread: Json) -> str:
    own = thread["id"] == session.threads.known
    return f"This notebook's thread {called(thread)}" if own else f"Thread {called(thread)}"


def check_name(connection: Connection, name: str, but: str = "") -> None:
    """See that a thread can get this name.

    Args:
        connection: The server.
        name: The name.
        but: The thread that may have it already.

    Raises:
        MagicError: It cannot, and why.
    """
    if threads.is_thread_id(name):
        raise MagicError(f"{name!r} cannot be a name: it looks like a thread's id.")
    if len(name) > _NAME_LENGTH:
        raise MagicError(f"A name has at most {_NAME_LENGTH} characters, not {len(name)}.")
    taken = threads.find(connection, name)
    if taken is not None and taken["id"] != but:
        raise MagicError(f"Another thread is called {name!r} already.")


# -- lists and pages -------------------------------------------------------------------------------


def _list(session: Session, line: str) -> Page:
    return list_page(session, _THREADS.parse(line))


def list_page(session: Session, words: Words) -> Page:
    """The threads that a query and flags are about.

    Raises:
        MagicError: Flags exclude each other.
    """
    if "archived" in words.flags and "all" in words.flags:
        raise MagicError("--archived and --all exclude each other: all has the archived ones too.")
    wanted: dict[str, str] = {}
    if "tag" in words.flags:
        wanted[threads.tag_key(words.flags["tag"])] = "yes"
    if "here" in words.flags:
        wanted["notebook"] = session.threads.notebook
    archived = True if "archived" in words.flags else None if "all" in words.flags else False
    found, more = session.with_server(
        lambda connection: threads.listed(connection, words.name, wanted, archived=archived)
    )
    if not found:
        return note(_none_found(words.name, narrowed=bool(words.flags)))
    current = session.threads.current(session.connection)
    shown = _table(found, current, searched=bool(words.name))
    return shown + note("There are more; add words to search for.") if more else shown


def _none_found(query: str, *, narrowed: bool) -> str:
    if query:
        return f"No thread {'like that ' if narrowed else ''}has {query!r} in it."
    return "No thread is like that." if narrowed else "There are no threads yet."


def _table(found: list[Json], current: str | None, *, searched: bool) -> Page:
    heads = ["", "Thread", "Messages", "Last", "Found" if searched else "Begins", "Tags"]
    rows = [
        [
            "→" if thread["id"] == current else "",
            _listed_as(thread),
            str(thread["message_count"]),
            _ago(thread["updated_at"]),
            thread["preview"],
            " ".join([*threads.tags_of(thread), *_state(thread)]),
        ]
        for thread in found
    ]
    if not any(row[-1] for row in rows):
        heads, rows = heads[:-1], [row[:-1] for row in rows]
    return table(heads, rows)


def _state(thread: Json) -> list[str]:
    return ["(archived)"] if threads.ARCHIVED in thread["metadata"] else []


def _listed_as(thread: Json) -> str:
    """By what the other commands take it: its name, or its id."""
    title = title_of(thread)
    known = thread["metadata"].get("name") or title == thread["id"]
    return title if known else f"{thread['id']} ({title})"


def _ago(moment: int) -> str:
    seconds = max(0, int(time.time()) - moment)
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h ago"
    return time.strftime("%Y-%m-%d", time.localtime(moment))


def _show(session: Session, line: str) -> Page:
    thread = own_or_named(session, _SHOW.parse(line).name)
    messages = fetch(session.connection, thread["id"])["messages"]
    if not messages:
        return note("This thread has no messages yet.")
    numbered = list(enumerate(messages, 1))[-_SHOWN_MESSAGES:]
    shown = [_message(number, message) for number, message in numbered]
    if len(messages) > _SHOWN_MESSAGES:
        shown.insert(0, note(f"The last {_SHOWN_MESSAGES} of {len(messages)} messages:"))
    return Page("\n\n".join(x.markdown for x in shown), "\n\n".join(x.plain for x in shown))


def _message(number: int, message: Json) -> Page:
    from oxillama_jupyter.client.turns import text_of

    text = text_of(message)
    who = "You" if message["role"] == "user" else "Model"
    quoted = "\n".join(f"> {line}" for line in text.split("\n")) if who == "You" else text
    broken = " (not finished)" if message["status"] == "incomplete" else ""
    return Page(f"**{number} {who}**{broken}\n\n{quoted}", f"{number} {who}{broken}: {text}")


# -- the notebook's own thread ---------------------------------------------------------------------


def _switch(session: Session, line: str) -> Page:
    name = _THREAD.parse(line).name
    if not name:
        own = session.with_server(lambda connection: _own(session, connection))
        if own is None:
            return note("This notebook has no thread yet: its first `%%oxillama` cell begins one.")
        return note(f"This notebook's thread is {called(own)}.")
    thread, made = session.with_server(lambda connection: session.threads.switch(connection, name))
    if made:
        return note(
            f"There was no thread {called(thread)}: it is new, and now this notebook's own."
        )
    return note(f"This notebook's thread is now {called(thread)}.")


def _new(session: Session, line: str) -> Page:
    name = _NEW.parse(line).name
    thread = session.with_server(lambda connection: session.threads.new(connection, name or None))
    named = f" {called(thread)}" if name else ""
    return note(f"This notebook has a new thread{named}; the model starts afresh.")


def _fork(session: Session, line: str) -> Page:
    words = _FORK.parse(line)
    source = own_or_named(session, "")
    connection, name = session.connection, words.name
    if name:
        check_name(connection, name)
    ids = [message["id"] for message in fetch(connection, source["id"])["messages"]]
    place = _message_at(ids, source, words.flags.get("at"))
    own = {"notebook": session.threads.notebook} | ({"name": name} if name else {})
    made = threads.fork(connection, source, place, own)
    session.threads.take(connection, made, {})
    last = made["metadata"].get("forked_at")  # one that is being written stays behind
    count = ids.index(last) + 1 if last in ids else 0
    shared = f"{count} message{'s' * (count != 1)}"
    as_ = f" {called(made)}" if name else ""
    return note(f"This notebook's thread is now a fork{as_} of {called(source)}, with {shared}.")


def _message_at(ids: list[str], thread: Json, at: str | int | None) -> str | None:
    """The id of the message that is meant; None for the last one.

    Raises:
        MagicError: There is no such message.
    """
    if isinstance(at, int) and at > len(ids):
        raise MagicError(
            f"--at takes {_AT.takes}; {title_of(thread)!r} has {len(ids)} messages, no number {at}."
        )
    if isinstance(at, str) and at not in ids:
        raise MagicError(f"--at takes {_AT.takes}; {title_of(thread)!r} has no message {at}.")
    return ids[at - 1] if isinstance(at, int) else at


# -- what a thread is called and where it is put ---------------------------------------------------


def _rename(session: Session, line: str) -> Page:
    *old, new = _RENAME.parse(line).names
    thread = own_or_named(session, old[0] if old else "")
    check_name(session.connection, new, but=thread["id"])
    threads.change(session.connection, thread, {"name": new})
    return note(f"{_whose(session, thread)} is called `{new}` now.")


def _tag(session: Session, line: str) -> Page:
    return _set_tag(session, _TAG, line, on=True)


def _untag(session: Session, line: str) -> Page:
    return _set_tag(session, _UNTAG, line, on=False)


def _set_tag(session: Session, usage: Usage, line: str, *, on: bool) -> Page:
    word, *name = usage.parse(line).names
    if len(word) > _TAG_LENGTH:
        raise MagicError(f"A tag has at most {_TAG_LENGTH} characters, not {len(word)}.")
    thread = own_or_named(session, name[0] if name else "")
    if not on and word not in threads.tags_of(thread):
        has = ", ".join(threads.tags_of(thread)) or "none"
        raise MagicError(f"{title_of(thread)!r} has no tag {word!r}. Its tags: {has}.")
    key = threads.tag_key(word)
    changed = threads.change(session.connection, thread, {key: "yes" if on else None})
    tags = ", ".join(f"`{tag}`" for tag in threads.tags_of(changed)) or "none"
    return note(f"{_whose(session, thread)} has these tags: {tags}.")


def _archive(session: Session, line: str) -> Page:
    thread = own_or_named(session, _ARCHIVE.parse(line).name)
    threads.change(session.connection, thread, {threads.ARCHIVED: "yes"})
    return note(
        f"{_whose(session, thread)} is put away: `%oxillama threads --archived` lists it, "
        "and it can be used as before."
    )


def _unarchive(session: Session, line: str) -> Page:
    thread = own_or_named(session, _UNARCHIVE.parse(line).name)
    threads.change(session.connection, thread, {threads.ARCHIVED: None})
    return note(f"{_whose(session, thread)} is listed again.")


def _delete(session: Session, line: str) -> Page:
    words = _DELETE.parse(line)
    thread = own_or_named(session, words.name)
    export = fetch(session.connection, thread["id"])
    counts = [(len(export["messages"]), "message"), (len(export["runs"]), "run")]
    content = " and ".join(f"{count} {what}{'s' * (count != 1)}" for count, what in counts)
    if "yes" not in words.flags and not _agreed(thread, content):
        return note(f"Thread {called(thread)} is still there.")
    threads.delete(session.connection, thread["id"])
    own = thread["id"] == session.threads.known
    session.threads.forget()
    after = " This notebook begins a new one with its next question." if own else ""
    return note(f"Thread {called(thread)} is gone, with {content}.{after}")


def _agreed(thread: Json, content: str) -> bool:
    question = f"Delete {title_of(thread)} with {content}, for good? [y/N] "
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except (EOFError, RuntimeError, OSError):  # nobody can be asked: nbclient, a script
        raise MagicError(
            f"Thread {title_of(thread)!r} has {content}: add --yes to delete it for good."
        ) from None


THREAD_COMMANDS = {
    "threads": Command(
        _THREADS.takes,
        "the newest threads, or those with all these words",
        _list,
        _THREADS.flags,
    ),
    "thread": Command(
        _THREAD.takes, "go on in another thread; made if there is none", _switch, (), ("thread",)
    ),
    "new": Command(_NEW.takes, "begin a new thread for this notebook", _new),
    "show": Command(_SHOW.takes, "read this notebook's thread, or another", _show, (), ("thread",)),
    "fork": Command(
        _FORK.takes, "go on in a copy of this notebook's thread, up to a message", _fork, (_AT,)
    ),
    "rename": Command(
        _RENAME.takes, "call a thread, or this notebook's, otherwise", _rename, (), ("thread",)
    ),
    "tag": Command(_TAG.takes, "tag a thread", _tag, (), ("tag", "thread")),
    "untag": Command(_UNTAG.takes, "take a tag away", _untag, (), ("tag", "thread")),
    "archive": Command(
        _ARCHIVE.takes, "put a thread away: lists leave it out", _archive, (), ("thread",)
    ),
    "unarchive": Command(_UNARCHIVE.takes, "list it again", _unarchive, (), ("archived",)),
    "delete": Command(
        _DELETE.takes, "delete a thread for good", _delete, _DELETE.flags, ("thread",)
    ),
}
