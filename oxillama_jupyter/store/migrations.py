"""The schema, as an append-only list of named migrations.

What is common to all tables:

- `payload` holds the whole object as JSON text, exactly as the wire has it. Reading is one typed
  decode, the round trip is exact, and a new field of the wire needs no migration.
- Beside it stand, as columns, only what a query filters or sorts by, and text that is searched.
  Each noun's file writes both from the same object in one statement, so they cannot disagree.
- `seq` numbers rows by insertion: the stable order of pages, where `created_at` has ties.
  AUTOINCREMENT, because a number that came back would make an old cursor point elsewhere.
- Children carry `ON DELETE CASCADE` up to their thread, and an index on that column, because
  SQLite looks for the children through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlite_utils
from sqlite_utils import Migrations

from oxillama_jupyter.errors import StoreError
from oxillama_jupyter.store import tables

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["migrate", "migrations"]

APPLICATION_ID = 0x6F78_696C  # "oxil": tells our files from other programs' databases
migrations = Migrations("oxillama_jupyter")


@migrations()
def m001_assistants_threads_runs(db: sqlite_utils.Database) -> None:
    """Assistants, threads, messages, runs, steps, journals and keys.

    Assistants are not referenced: deleting one keeps its runs, which are snapshots of it.

    `threads.touched` is a counter, set to one more than the greatest whenever messages come: the
    order of the thread list. It is not a time, because times tie and clocks step back.

    `thread_metadata` is `threads.payload`'s metadata, one row a pair, kept by triggers: it finds a
    notebook's threads without reading the others.

    `messages.text` is its text parts joined, without NUL (at which FTS5 would stop); `messages_fts`
    indexes it by triggers, also under cascades. The payload stays the truth.

    `runs.active` is generated from `status`, so the list of active states stands once, here. The
    unique index over active rows is what allows a thread one active run: two servers that race are
    told apart by the database, not by a check before the insert. The partial indexes hold only
    active runs and stay tiny however many runs there are.

    A journal is one finished run's event stream, compressed. A key is a row only while it is valid;
    its secret is a SHA-256, which is enough for 256 random bits.
    """
    for statement in tables.M001.split(";\n\n"):
        db.execute(statement)
    db.table("messages").enable_fts(
        ["text"], create_triggers=True, tokenize="unicode61 remove_diacritics 2"
    )


@migrations()
def m002_tokens_of_waiting_steps(db: sqlite_utils.Database) -> None:
    """What a step has spent while it waits for tool outputs.

    The wire shows a step's usage only when the step is over, which may be days and a restart later.
    """
    db.execute("ALTER TABLE steps ADD COLUMN spent TEXT")


@migrations()
def m003_responses(db: sqlite_utils.Database) -> None:
    """Responses, which items they hold, their event streams, and secrets of this store.

    A response holds the items that were new in its request; what came before is found through
    `parent`, so that a long chain is not stored once for each of its links. Who deletes a response
    that others go on from leaves a row that is `deleted`: nobody can read it, but the others keep
    their context. It goes when the last of them does. `context` is a compressed copy of what came
    before where that was no response: a conversation can be changed later.

    `request` is the body of a response in the background, which another server may have to begin.
    The events of one are kept in pieces, since they are stored while they come. Secrets sign what
    clients keep for us.
    """
    for statement in tables.M003.split(";\n\n"):
        db.execute(statement)


@migrations()
def m004_conversations(db: sqlite_utils.Database) -> None:
    """Conversations, their items, and conversations that are another view of a thread.

    A conversation with a `thread_id` shares that thread's messages: an item with a `message_id` is
    that message at its place in the conversation. Its payload is null where the message was
    written on the thread's side, so that there is one text; what was written on the conversation's
    side keeps its own payload, which may say more than a message can. Triggers give each new
    message, and each call of a run that has its output, their place, whoever stores them.

    `held_until` is when a writer's lock ends by itself, in Unix seconds.

    Item ids are unique within a conversation only, because clients replay items elsewhere.
    """
    for statement in tables.M004.split(";\n\n"):
        db.execute(statement)


@migrations()
def m005_chats(db: sqlite_utils.Database) -> None:
    """Chat completions that were stored because their request said so.

    `messages` is what the request had, as a JSON array: it is read as a whole or in order and never
    changes, so it needs no rows of its own. `chat_metadata` is for `chats.payload` what
    `thread_metadata` is for threads. The index by model has the row's number as its last column, as
    all of SQLite's have: it finds and sorts a page of one model's.
    """
    for statement in tables.M005.split(";\n\n"):
        db.execute(statement)


@migrations()
def m006_prefixes_of_searched_words(db: sqlite_utils.Database) -> None:
    """Search while the user types: beginnings of words, as fast as words.

    FTS5 gathers every match of a prefix before it gives the first one. In an index of its own a
    prefix is like a word, which is read from its end and no further than needed; there is one for
    two letters and one for three. Longer prefixes have few words, which `messages_terms` tells.

    The table is made anew, for its options are fixed; the triggers that feed it know it by name.
    """
    for statement in tables.M006.split(";\n\n"):
        db.execute(statement)


@migrations()
def m007_threads_by_model_status_and_time(db: sqlite_utils.Database) -> None:
    """The threads of one model, of one outcome, and of a time, without reading the others.

    The model is read from a run's payload: an index over the expression needs no column. All three
    have the thread's id behind what they are for, so that the index alone tells whose it is.
    """
    for statement in tables.M007.split(";\n\n"):
        db.execute(statement)


def migrate(conn: Connection, path: str) -> int:
    """Bring the schema up to date and return its version, the number of migrations.

    To be called inside `BEGIN IMMEDIATE`: processes that open one file at the same time then wait
    for each other, where the library's own deferred transactions would fail as locked.

    Args:
        conn: The connection, without `row_factory`.
        path: The file's name, for the error.

    Raises:
        StoreError: The file is another program's, or a newer version of this package made it.
    """
    db = sqlite_utils.Database(conn, recursive_triggers=False, execute_plugins=False)
    if not db.table_names():
        conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    elif conn.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
        raise StoreError(f"{path} is another program's database; choose another file.")
    applied = {migration.name for migration in migrations.applied(db)}
    newer = applied - _known()
    if newer:
        raise StoreError(
            f"{path} was made by a newer version of oxillama_jupyter (migration {max(newer)}); "
            "upgrade this package, or choose another file."
        )
    migrations.apply(db)
    return len(migrations.applied(db))


def _known() -> set[str]:
    with sqlite_utils.Database(memory=True, execute_plugins=False) as empty:
        return {migration.name for migration in migrations.pending(empty)}
