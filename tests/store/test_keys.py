from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.schemas.base import Deleted
from oxillama_jupyter.store import keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.keys import Key


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the clock."""
    return lambda seconds: monkeypatch.setattr(keys, "now", lambda: seconds)


def last_used(conn: Connection) -> int | None:
    (key,) = keys.page(conn).data
    return key.last_used_at


def test_create(conn: Connection) -> None:
    new = keys.create(conn, "laptop")

    assert re.fullmatch(r"oxk_[A-Za-z0-9_-]{43}", new.key)
    assert ("laptop", new.key[-4:], None) == (new.name, new.hint, new.last_used_at)


def test_keys_differ(conn: Connection) -> None:
    secrets = {keys.create(conn, str(number)).key for number in range(20)}

    assert len(secrets) == 20


def test_secret_is_not_in_the_file(conn: Connection, path: Path) -> None:
    secret = keys.create(conn, "laptop").key.encode()
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()

    assert b"laptop" in content
    assert secret not in content
    assert secret[4:20] not in content


def test_verify(conn: Connection) -> None:
    new = keys.create(conn, "laptop")
    key = keys.verify(conn, new.key)

    assert key
    assert (new.id, "laptop") == (key.id, key.name)
    assert not hasattr(key, "key")


@pytest.mark.parametrize("secret", ["", "oxk_", "oxk_wrong", "\0", "ü", "\udcff", "x" * 100_000])
def test_wrong_secret(conn: Connection, secret: str) -> None:
    keys.create(conn, "laptop")

    assert keys.verify(conn, secret) is None


def test_name_is_taken(conn: Connection) -> None:
    keys.create(conn, "laptop")
    with pytest.raises(InvalidRequest) as caught:
        keys.create(conn, "laptop")

    assert caught.value.param == "name"


def test_page_is_newest_first_without_secrets(conn: Connection) -> None:
    made = [keys.create(conn, name) for name in ("one", "two")]
    listed: list[Key] = keys.page(conn).data

    assert [made[1].id, made[0].id] == [key.id for key in listed]
    assert not any(hasattr(key, "key") for key in listed)


def test_revoke(conn: Connection) -> None:
    new = keys.create(conn, "laptop")

    assert Deleted(new.id, "oxillama.key.deleted") == keys.revoke(conn, new.id)
    assert keys.verify(conn, new.key) is None
    assert keys.page(conn).data == []
    assert keys.create(conn, "laptop").key != new.key


def test_revoke_unknown(conn: Connection) -> None:
    with pytest.raises(NotFound, match=r"^No key found with id 'key_x'\.$"):
        keys.revoke(conn, "key_x")


def test_use_is_noted_once_a_minute(conn: Connection, at: Callable[[int], None]) -> None:
    secret = keys.create(conn, "laptop").key
    seen = []
    for seconds in (1000, 1059, 1060, 1061):
        at(seconds)
        keys.verify(conn, secret)
        seen.append(last_used(conn))

    assert seen == [1000, 1000, 1060, 1060]


def test_a_full_disk_locks_nobody_out(conn: Connection) -> None:
    new = keys.create(conn, "laptop")
    conn.commit()
    conn.execute("PRAGMA query_only = 1")  # as good as full
    found = keys.verify(conn, new.key)
    assert found is not None
    assert (found.name, found.last_used_at) == ("laptop", None)


def test_verify_mostly_only_reads(conn: Connection, plans: Callable[..., list[str]]) -> None:
    secret = keys.create(conn, "laptop").key
    keys.verify(conn, secret)

    assert plans(keys.verify, secret) == [
        "SEARCH keys USING INDEX sqlite_autoindex_keys_3 (hash=?)"
    ]
