"""Pulls by the real process and the real client of the hub, from a stand-in on this machine."""

# ruff: noqa: ASYNC110, ASYNC240  # looking at its own few files blocks nobody

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hub import COMMIT, Hub

from oxillama_jupyter import errors
from oxillama_jupyter.engine import hub as hub_module
from oxillama_jupyter.engine import pull as pull_module
from oxillama_jupyter.engine.catalog import Catalog
from oxillama_jupyter.engine.hub import check_space
from oxillama_jupyter.engine.places import place_of
from oxillama_jupyter.engine.pull import HubPuller
from oxillama_jupyter.engine.pulls import Planned, Progress, Ready, parse_model

Report = Planned | Progress | Ready
TOKEN = "hf_secret_of_the_server"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hub"


@pytest.fixture
def environment(hub: Hub, cache: Path, tmp_path: Path) -> dict[str, str]:
    """The server's variables: this hub, and folders of the test's own."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    own = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path), "HF_HUB_CACHE": str(cache)}
    return ours | own | {"HF_TOKEN": TOKEN, "NO_PROXY": "127.0.0.1,localhost"}


@pytest.fixture
def puller(environment: dict[str, str], cache: Path, embedded_model: Path) -> Callable[[], Any]:
    """Make pullers, each with a catalog that knows nothing of the cache yet."""

    def make(**more: str) -> HubPuller:
        catalog = Catalog([place_of(embedded_model)], cache=cache)
        return HubPuller(catalog, environment | more)

    return make


@pytest.fixture
def content(embedded_model: Path) -> bytes:
    return embedded_model.read_bytes()


async def reports(puller: HubPuller, name: str) -> list[Report]:
    async with aclosing(puller.pull(parse_model(name))) as found:
        return [report async for report in found]


async def held(stream: AsyncIterator[Report], hub: Hub, cache: Path) -> None:
    """Begin a pull and wait until the hub holds it, and what it sent is on the disk."""
    assert isinstance(await anext(stream), Planned)
    assert await asyncio.to_thread(hub.holding.wait, 60)
    while not any(part.stat().st_size > 1_000_000 for part in unfinished(cache)):
        await asyncio.sleep(0.02)


def unfinished(cache: Path) -> list[Path]:
    return list(cache.glob("**/*.incomplete"))


async def test_a_model_is_fetched_and_known(
    hub: Hub, puller: Callable[[], HubPuller], content: bytes, cache: Path
) -> None:
    hub.add("org/tiny", {"README.md": b"?", "t-Q4_K_M.gguf": content, "t-Q8_0.gguf": b"no"})
    planned, *steps, ready = await reports(puller(), "hf:org/tiny")

    assert isinstance(planned, Planned)
    assert (planned.revision, planned.done) == (COMMIT, 0)
    assert [(file.name, file.size) for file in planned.files] == [("t-Q4_K_M.gguf", len(content))]
    done = [step.done for step in steps if isinstance(step, Progress)]
    assert done == sorted(done)
    assert done[-1] == len(content)
    assert ready == Ready("org/tiny:Q4_K_M")
    (snapshot,) = cache.glob("models--org--tiny/snapshots/*/*")
    assert snapshot.read_bytes() == content
    assert (cache / "models--org--tiny" / "refs" / "main").read_text() == COMMIT
    assert not unfinished(cache)


async def test_what_is_in_the_cache_is_not_fetched_again(
    hub: Hub, puller: Callable[[], HubPuller], content: bytes
) -> None:
    hub.add("org/tiny", {"t-Q8_0.gguf": content})
    await reports(puller(), "hf:org/tiny")
    before = len(hub.downloads())
    planned, *_, ready = await reports(puller(), "hf:org/tiny:q8_0")

    assert before == len(hub.downloads()) == 1
    assert isinstance(planned, Planned)
    assert planned.done == len(content)
    assert ready == Ready("org/tiny:Q8_0")


async def test_the_token_is_for_the_hub_alone(
    hub: Hub, puller: Callable[..., HubPuller], content: bytes, tmp_path: Path
) -> None:
    hub.add("org/tiny", {"t-Q8_0.gguf": content})
    (tmp_path / "token").write_text("hf_of_somebody_who_logged_in")
    await reports(puller(), "hf:org/tiny")
    listing = [request.token for request in hub.requests if request.path.startswith("/api/")]

    assert listing == [f"Bearer {TOKEN}"]
    assert [request.token for request in hub.downloads()] == [None]
    hub.requests.clear()
    await reports(puller(HF_TOKEN=""), "hf:org/tiny")
    assert {request.token for request in hub.requests} == {None}


async def test_a_short_break_is_bridged(
    hub: Hub, puller: Callable[[], HubPuller], content: bytes
) -> None:
    hub.add("org/tiny", {"t-Q8_0.gguf": content})
    hub.break_at, hub.breaks = 2_000_000, 1
    *_, ready = await reports(puller(), "hf:org/tiny")
    first, second = hub.downloads()

    assert ready == Ready("org/tiny:Q8_0")
    assert first.range is None
    assert second.range is not None
    assert 1_000_000 < int(second.range.removeprefix("bytes=").removesuffix("-")) <= 2_100_000


async def test_a_pull_goes_on_where_the_last_one_broke_off(
    hub: Hub, puller: Callable[[], HubPuller], content: bytes, cache: Path
) -> None:
    hub.add("org/tiny", {"t-Q8_0.gguf": content})
    hub.hold(2_000_000)
    async with aclosing(puller().pull(parse_model("hf:org/tiny"))) as stream:
        await held(stream, hub, cache)
        hub.down = True
        hub.break_at, hub.breaks = 0, 1
        hub.release()
        with pytest.raises(errors.EngineUnavailable, match="pull again"):
            _ = [report async for report in stream]
    (part,) = unfinished(cache)
    size = part.stat().st_size
    assert 1_000_000 < size < len(content)

    hub.down = False
    hub.requests.clear()
    planned, *_, ready = await reports(puller(), "hf:org/tiny")
    assert isinstance(planned, Planned)
    assert planned.done == size
    assert [request.range for request in hub.downloads()] == [f"bytes={size}-"]
    assert ready == Ready("org/tiny:Q8_0")


async def test_an_aborted_pull_ends_at_once_and_keeps_what_came(
    hub: Hub, puller: Callable[[], HubPuller], content: bytes, cache: Path
) -> None:
    hub.add("org/tiny", {"t-Q8_0.gguf": content})
    hub.hold(2_000_000)
    async with aclosing(puller().pull(parse_model("hf:org/tiny"))) as stream:
        await held(stream, hub, cache)
    (part,) = unfinished(cache)  # the process is gone, so its file does not change any more
    size = part.stat().st_size
    hub.release()
    hub.requests.clear()
    planned, *_ = await reports(puller(), "hf:org/tiny")

    assert isinstance(planned, Planned)
    assert 0 < planned.done == size < len(content)
    assert [request.range for request in hub.downloads()] == [f"bytes={size}-"]


async def test_a_file_with_another_sum_is_deleted(
    hub: Hub, puller: Callable[[], HubPuller], content: bytes, cache: Path
) -> None:
    hub.add("org/tiny", {"t-Q8_0.gguf": content}, sha256="1" * 64)
    with pytest.raises(errors.EngineError, match=r"the hub says 1111.*deleted") as found:
        await reports(puller(), "hf:org/tiny")

    assert found.value.code == "wrong_checksum"
    assert not unfinished(cache)
    assert not list(cache.glob("models--*/snapshots/*/*"))
    assert not list(cache.glob("models--*/blobs/*"))


async def test_all_parts_of_a_split_model_are_fetched(
    hub: Hub, puller: Callable[[], HubPuller], small_model: Path, tmp_path: Path
) -> None:
    maker: Any = sys.modules["benchmark_model"]  # the conftest's small_model has loaded it
    maker.make_model(tmp_path / "big-Q8_0.gguf", maker.SMALL, split=5)
    parts = sorted(tmp_path.glob("big-Q8_0-*.gguf"))
    assert len(parts) > 1
    hub.add("org/big", {f"Q8_0/{path.name}": path.read_bytes() for path in parts})
    planned, *_, ready = await reports(puller(), "hf:org/big:Q8_0")

    assert isinstance(planned, Planned)
    assert [file.name for file in planned.files] == [f"Q8_0/{path.name}" for path in parts]
    assert len(hub.downloads()) == len(parts)
    assert ready == Ready("org/big:Q8_0")


async def test_what_is_no_model_is_told(hub: Hub, puller: Callable[[], HubPuller]) -> None:
    hub.add("org/odd", {"odd-Q8_0.gguf": b"GGUF, but not really" * 100})
    with pytest.raises(errors.EngineError, match="is no model") as found:
        await reports(puller(), "hf:org/odd")

    assert found.value.code == "invalid_model"


async def test_there_must_be_room_for_it(
    hub: Hub, puller: Callable[[], HubPuller], cache: Path
) -> None:
    names = [f"huge-Q8_0-{no:05}-of-00500.gguf" for no in range(1, 501)]
    hub.add("org/huge", dict.fromkeys(names, b""), size=45 * 10**9)
    with pytest.raises(errors.InvalidRequest, match=r"22,500\.0 GB more on the disk") as found:
        await reports(puller(), "hf:org/huge")

    assert found.value.code == "insufficient_disk_space"
    assert not hub.downloads()


def test_the_figures_of_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    disk = SimpleNamespace(f_bavail=3000, f_blocks=9000, f_bfree=3000, f_frsize=1_000_000)
    monkeypatch.setattr(os, "statvfs", lambda _: disk)
    check_space(3_000_000_000 - hub_module.SPARE, tmp_path / "not" / "there")
    with pytest.raises(errors.InvalidRequest, match=r"2\.9 GB more .* 3\.0 GB are free; 0\.3 GB"):
        check_space(2_900_000_000, tmp_path / "not" / "there")


async def test_a_file_too_large_for_http_is_refused(
    hub: Hub, puller: Callable[[], HubPuller]
) -> None:
    hub.add("org/huge", {"huge-Q8_0.gguf": b""}, size=60 * 10**9)
    with pytest.raises(errors.InvalidRequest, match=r"60\.0 GB.*hf download"):
        await reports(puller(), "hf:org/huge")


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("hf:org/none", errors.NotFound, "no repository org/none"),
        ("hf:org/gated", errors.PermissionDenied, "HF_TOKEN"),
        ("hf:org/tiny:Q2_K", errors.ModelNotFound, r"It has Q8_0 \(0\.0 GB\)"),
        ("hf:org/ends-", errors.InvalidRequest, "no name of a repository"),
    ],
)
async def test_what_the_hub_does_not_give(
    hub: Hub,
    puller: Callable[[], HubPuller],
    name: str,
    error: type[errors.OxillamaError],
    says: str,
) -> None:
    hub.add("org/tiny", {"t-Q8_0.gguf": b"x"})
    hub.gated.add("org/gated")
    with pytest.raises(error, match=says) as found:
        await reports(puller(), name)

    assert type(found.value) is error
    assert TOKEN not in str(found.value)


async def test_a_hub_that_is_away(puller: Callable[..., HubPuller]) -> None:
    with pytest.raises(errors.EngineUnavailable, match="cannot be reached"):
        await reports(puller(HF_ENDPOINT="http://127.0.0.1:9"), "hf:org/tiny")


@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
async def test_the_hub_s_own_switch_is_heeded(
    hub: Hub, puller: Callable[..., HubPuller], name: str
) -> None:
    with pytest.raises(errors.PermissionDenied, match=name):
        await reports(puller(**{name: "1"}), "hf:org/tiny")

    assert not hub.requests


async def test_without_its_client_there_are_no_pulls(
    puller: Callable[[], HubPuller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_module, "find_spec", lambda _: None)
    with pytest.raises(errors.InvalidRequest, match=r"pip install 'oxillama_jupyter\[hub\]'"):
        await reports(puller(), "hf:org/tiny")


async def test_a_process_that_dies_has_last_words(
    puller: Callable[[], HubPuller],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    die = "import sys; sys.exit('the end of the world')"
    monkeypatch.setattr(pull_module, "_COMMAND", [sys.executable, "-c", die])
    with caplog.at_level(logging.WARNING), pytest.raises(errors.EngineError, match="exit code 1"):
        await reports(puller(), "hf:org/tiny")

    assert "the end of the world" in caplog.text
