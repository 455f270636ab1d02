"""The SQL of the migrations; each name is its migration's number, which says what it is for."""

from __future__ import annotations

__all__ = ["M001", "M003", "M004", "M005", "M006", "M007"]

M001 = """
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

M003 = """
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

M004 = """
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

M005 = """
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

M006 = """
DROP TABLE messages_fts;

CREATE VIRTUAL TABLE messages_fts USING fts5(
  text, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3', content = 'messages'
);

CREATE VIRTUAL TABLE messages_terms USING fts5vocab('messages_fts', 'instance');

INSERT INTO messages_fts(messages_fts) VALUES ('rebuild')
"""

M007 = """
CREATE INDEX runs_by_model ON runs(payload ->> '$.model', thread_id);

CREATE INDEX runs_by_status ON runs(status, thread_id);

CREATE INDEX threads_by_time ON threads(updated_at, id)
"""
