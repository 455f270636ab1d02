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
    for statement in _M001.split(";\n\n"):
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
    for statement in _M003.split(";\n\n"):
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
    for statement in _M004.split(";\n\n"):
        db.execute(statement)


@migrations()
def m005_chats(db: sqlite_utils.Database) -> None:
    """Chat completions that were stored because their request said so.

    `messages` is what the request had, as a JSON array: it is read as a whole or in order and never
    changes, so it needs no rows of its own. `chat_metadata` is for `chats.payload` what
    `thread_metadata` is for threads. The index by model has the row's number as its last column, as
    all of SQLite's have: it finds and sorts a page of one model's.
    """
    for statement in _M005.split(";\n\n"):
        db.execute(statement)


@migrations()
def m006_prefixes_of_searched_words(db: sqlite_utils.Database) -> None:
    """Search while the user types: beginnings of words, as fast as words.

    FTS5 gathers every match of a prefix before it gives the first one. In an index of its own a
    prefix is like a word, which is read from its end and no further than needed; there is one for
    two letters and one for three. Longer prefixes have few words, which `messages_terms` tells.

    The table is made anew, for its options are fixed; the triggers that feed it know it by name.
    """
    for statement in _M006.split(";\n\n"):
        db.execute(statement)


_M001 = """
CREATE TABLE assistants (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  payload TEXT NOT NULL
) STRICT;

CREATE TABLE threads (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  touched INTEGER NOT NULL UNIQUE,
  updated_at INTEGER NOT NULL,
  payload TEXT NOT NULL
) STRICT;

CREATE TABLE thread_metadata (
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  thread_id TEXT NOT NULL REFERENCES threads(id) ON DELETE CASCADE,
  PRIMARY KEY (key, value, thread_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX thread_metadata_by_thread ON thread_metadata(thread_id);

CREATE TRIGGER threads_metadata_ai AFTER INSERT ON threads BEGIN
  INSERT INTO thread_metadata(key, value, thread_id)
    SELECT key, value, new.id FROM json_each(new.payload, '$.metadata');
END;

CREATE TRIGGER threads_metadata_au AFTER UPDATE OF payload ON threads BEGIN
  DELETE FROM thread_metadata WHERE thread_id = old.id;
  INSERT INTO thread_metadata(key, value, thread_id)
    SELECT key, value, new.id FROM json_each(new.payload, '$.metadata');
END;

CREATE TABLE messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  thread_id TEXT NOT NULL REFERENCES threads(id) ON DELETE CASCADE,
  run_id TEXT,
  role TEXT NOT NULL,
  status TEXT NOT NULL,
  text TEXT NOT NULL,
  payload TEXT NOT NULL
) STRICT;

CREATE INDEX messages_by_thread ON messages(thread_id);

CREATE INDEX messages_by_run ON messages(run_id) WHERE run_id IS NOT NULL;

CREATE TABLE runs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  thread_id TEXT NOT NULL REFERENCES threads(id) ON DELETE CASCADE,
  status TEXT NOT NULL,
  active INTEGER NOT NULL GENERATED ALWAYS AS (
    status IN ('queued', 'in_progress', 'requires_action', 'cancelling')
  ) VIRTUAL,
  expires_at INTEGER,
  owner TEXT NOT NULL,
  lease INTEGER NOT NULL,
  payload TEXT NOT NULL
) STRICT;

CREATE INDEX runs_by_thread ON runs(thread_id);

CREATE UNIQUE INDEX one_active_run_per_thread ON runs(thread_id) WHERE active;

CREATE INDEX active_runs_by_owner ON runs(owner) WHERE active;

CREATE INDEX active_runs_by_lease ON runs(lease) WHERE active;

CREATE TABLE steps (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  status TEXT NOT NULL,
  payload TEXT NOT NULL
) STRICT;

CREATE INDEX steps_by_run ON steps(run_id);

CREATE TABLE journals (
  run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs(id) ON DELETE CASCADE,
  frames BLOB NOT NULL
) STRICT;

CREATE TABLE keys (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  hash BLOB NOT NULL UNIQUE,
  hint TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER
) STRICT
"""

_M003 = """
CREATE TABLE responses (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  parent INTEGER REFERENCES responses(seq),
  status TEXT NOT NULL,
  active INTEGER NOT NULL GENERATED ALWAYS AS (status IN ('queued', 'in_progress')) VIRTUAL,
  deleted INTEGER NOT NULL DEFAULT 0,
  streamed INTEGER NOT NULL,
  owner TEXT NOT NULL,
  lease INTEGER NOT NULL,
  cache_key TEXT NOT NULL,
  context BLOB,
  input TEXT NOT NULL,
  request TEXT,
  payload TEXT NOT NULL
) STRICT;

CREATE INDEX responses_by_parent ON responses(parent) WHERE parent IS NOT NULL;

CREATE INDEX active_responses_by_owner ON responses(owner) WHERE active;

CREATE INDEX active_responses_by_lease ON responses(lease) WHERE active;

CREATE TABLE response_items (
  item_id TEXT NOT NULL,
  response_id TEXT NOT NULL REFERENCES responses(id) ON DELETE CASCADE,
  PRIMARY KEY (item_id, response_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX response_items_by_response ON response_items(response_id);

CREATE TABLE response_events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  response_id TEXT NOT NULL REFERENCES responses(id) ON DELETE CASCADE,
  frames BLOB NOT NULL
) STRICT;

CREATE INDEX response_events_by_response ON response_events(response_id);

CREATE TABLE secrets (
  name TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) STRICT
"""

_M004 = """
CREATE TABLE conversations (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  thread_id TEXT UNIQUE REFERENCES threads(id) ON DELETE SET NULL,
  holder TEXT,
  held_until INTEGER,
  payload TEXT NOT NULL
) STRICT;

CREATE INDEX held_conversations ON conversations(holder) WHERE holder IS NOT NULL;

CREATE TABLE conversation_items (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  conversation_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  message_id TEXT UNIQUE REFERENCES messages(id) ON DELETE CASCADE,
  payload TEXT,
  UNIQUE (id, conversation_id),
  CHECK (message_id IS NOT NULL OR payload IS NOT NULL)
) STRICT;

CREATE INDEX items_by_conversation ON conversation_items(conversation_id);

CREATE VIEW step_items AS
SELECT s.id AS step_id, r.thread_id, 0 AS kind, call.key AS place,
  'fc_' || substr(s.id, 6) || '_' || call.key AS id,
  json_object(
    'type', 'function_call',
    'id', 'fc_' || substr(s.id, 6) || '_' || call.key,
    'call_id', call.value -> '$.id',
    'name', call.value -> '$.function.name',
    'arguments', call.value -> '$.function.arguments',
    'status', 'completed'
  ) AS payload
FROM steps s JOIN runs r ON r.id = s.run_id
  JOIN json_each(s.payload, '$.step_details.tool_calls') call
WHERE s.status = 'completed' AND call.value ->> '$.function.output' IS NOT NULL
UNION ALL
SELECT s.id, r.thread_id, 1, call.key,
  'fco_' || substr(s.id, 6) || '_' || call.key,
  json_object(
    'type', 'function_call_output',
    'id', 'fco_' || substr(s.id, 6) || '_' || call.key,
    'call_id', call.value -> '$.id',
    'output', call.value -> '$.function.output',
    'status', 'completed'
  )
FROM steps s JOIN runs r ON r.id = s.run_id
  JOIN json_each(s.payload, '$.step_details.tool_calls') call
WHERE s.status = 'completed' AND call.value ->> '$.function.output' IS NOT NULL;

CREATE TRIGGER conversation_messages_ai AFTER INSERT ON messages BEGIN
  INSERT INTO conversation_items(id, conversation_id, message_id)
    SELECT new.id, id, new.id FROM conversations WHERE thread_id = new.thread_id;
END;

CREATE TRIGGER conversation_steps_au AFTER UPDATE OF status ON steps
WHEN new.status = 'completed' AND old.status <> 'completed' BEGIN
  INSERT INTO conversation_items(id, conversation_id, payload)
    SELECT i.id, c.id, i.payload
    FROM step_items i JOIN conversations c ON c.thread_id = i.thread_id
    WHERE i.step_id = new.id ORDER BY i.kind, i.place;
END
"""

_M005 = """
CREATE TABLE chats (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  model TEXT NOT NULL,
  messages TEXT NOT NULL,
  payload TEXT NOT NULL
) STRICT;

CREATE INDEX chats_by_model ON chats(model);

CREATE TABLE chat_metadata (
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  chat_id TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
  PRIMARY KEY (key, value, chat_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX chat_metadata_by_chat ON chat_metadata(chat_id);

CREATE TRIGGER chats_metadata_ai AFTER INSERT ON chats BEGIN
  INSERT INTO chat_metadata(key, value, chat_id)
    SELECT key, value, new.id FROM json_each(new.payload, '$.metadata');
END;

CREATE TRIGGER chats_metadata_au AFTER UPDATE OF payload ON chats BEGIN
  DELETE FROM chat_metadata WHERE chat_id = old.id;
  INSERT INTO chat_metadata(key, value, chat_id)
    SELECT key, value, new.id FROM json_each(new.payload, '$.metadata');
END
"""

_M006 = """
DROP TABLE messages_fts;

CREATE VIRTUAL TABLE messages_fts USING fts5(
  text, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3', content = 'messages'
);

CREATE VIRTUAL TABLE messages_terms USING fts5vocab('messages_fts', 'instance');

INSERT INTO messages_fts(messages_fts) VALUES ('rebuild')
"""


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
