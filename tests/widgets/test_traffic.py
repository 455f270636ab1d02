"""What a long answer costs on the way to the page, in a real kernel."""

from __future__ import annotations

import json
from itertools import cycle, islice
from typing import TYPE_CHECKING

import pytest
from magics.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import Server, World
    from magics.kernel import Message

WORDS = (
    'It reads the **table**, line by line, and says "done" for each.\n\n'
    "```python\nfor line in table:\n    print(line)\n```\n\nThat was all there is to it.\n\n"
)


@pytest.fixture(scope="module")
def kernel(world: World, server: Server) -> Iterator[Kernel]:
    with Kernel(world, **server.kernel_env, OXILLAMA_WIDGETS="1") as kernel:
        yield kernel


def sizes(messages: list[Message]) -> list[int]:
    """Bytes of the contents; what Jupyter puts around each is the same for all."""
    return [len(json.dumps(m["content"], ensure_ascii=False).encode()) for m in messages]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("per_second", [1000, 150])
def test_an_answer_of_2000_tokens_takes_three_times_its_text(
    kernel: Kernel, per_second: int, record_property: pytest.RecordProperty
) -> None:
    text = " ".join(islice(cycle(WORDS.split(" ")), 2000))
    shown = kernel.run(f"%%oxillama -o answer\npace {per_second}\n{text}", seconds=100)

    assert shown.error == ""
    assert kernel.value("answer.text.strip() == " + repr(text.strip())) == "True"
    own = [m for m in shown.messages if m["msg_type"] not in {"status", "execute_input"}]
    ratio = sum(sizes(own)) / len(text.encode())
    record_property("ratio", round(ratio, 2))
    assert ratio <= 3.0
    (opened,) = [m for m in own if m["msg_type"] == "comm_open"]
    assert sizes([opened]) < [60_000]

    dates = [m["header"]["date"].timestamp() for m in own if m["msg_type"] == "comm_msg"]
    for first in dates:
        assert len([date for date in dates if first <= date < first + 1.0]) <= 18

    whole = ""
    for message in own:
        data = message["content"].get("data", {})
        if data.get("method") == "custom":
            offset, piece, _ = data["content"]
            assert offset == len(whole)
            whole += piece
    assert whole.strip() == text.strip()
    assert "".join(shown.data()).strip() == text.strip()


def test_loading_the_magics_imports_no_widgets_where_there_are_none(
    world: World, server: Server
) -> None:
    with Kernel(world, **server.kernel_env, OXILLAMA_WIDGETS="0") as kernel:
        kernel.run("%%oxillama\nHello")
        kernel.run("import sys")
        assert kernel.value("'anywidget' in sys.modules, 'openai' in sys.modules") == (
            "(False, True)"
        )


def test_an_interrupt_leaves_the_text_and_a_note(kernel: Kernel) -> None:
    def written(shown: object) -> bool:
        return any(m["msg_type"] == "comm_msg" for m in shown.messages)  # type: ignore[attr-defined]

    shown = kernel.run("%%oxillama\nslow 200", interrupt_if=written)

    assert shown.error == "oxillama: Interrupted; what has come of the answer is kept."
    assert shown.data()[0].startswith("w0 ")
    assert shown.data()[0].endswith("\n\n*Interrupted.*")
    assert kernel.run("%%oxillama\nHello").error == ""
