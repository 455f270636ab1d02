"""Messages survive the pipe, and half a frame is none."""

from __future__ import annotations

import io

import pytest

from oxillama_jupyter.engine.frames import (
    Abort,
    Configure,
    Forget,
    FromChild,
    Output,
    Phase,
    Ready,
    StartFailed,
    Step,
    Submit,
    ToChild,
    decode_from_child,
    decode_to_child,
    encode,
    read_frame,
)
from oxillama_jupyter.engine.protocol import (
    Delta,
    GenerateRequest,
    ModelInfo,
    PromptInfo,
    Sampling,
    Usage,
)

REQUEST = GenerateRequest(
    [{"role": "user", "content": "hé 🦙"}],
    tools=[{"type": "function", "function": {"name": "f"}}],
    sampling=Sampling(temperature=0, stop=("a", "b"), logit_bias={3: -100.0}, seed=7),
    cache_key="thread",
    truncation="middle",
)


@pytest.mark.parametrize(
    "message", [Configure("m", "id"), Submit(1, REQUEST), Abort(2), Forget("t")]
)
def test_messages_to_the_child_survive(message: ToChild) -> None:
    body = read_frame(io.BytesIO(encode(message)))

    assert body is not None
    assert decode_to_child(body) == message


@pytest.mark.parametrize(
    "message",
    [
        Phase("loading"),
        Ready(ModelInfo("id", 1), {"n_threads": 2}),
        StartFailed("no"),
        Step(
            [
                Output(1, Delta(prompt=PromptInfo(9, 3, (1, 2)))),
                Output(2, Delta("text", 1)),
                Output(3, Delta("", 0, finish_reason="stop", usage=Usage(1, 2))),
                Output(4, None, "InvalidRequest", "why"),
            ]
        ),
    ],
)
def test_messages_from_the_child_survive(message: FromChild) -> None:
    body = read_frame(io.BytesIO(encode(message)))

    assert body is not None
    assert decode_from_child(body) == message


def test_frames_follow_one_another_until_the_end() -> None:
    stream = io.BytesIO(encode(Abort(1)) + encode(Abort(2)) + encode(Abort(3))[:-1])
    frames = [read_frame(stream) for _ in range(4)]

    assert [decode_to_child(frame) for frame in frames[:2] if frame] == [Abort(1), Abort(2)]
    assert frames[2:] == [None, None]


def test_half_a_length_is_the_end() -> None:
    assert read_frame(io.BytesIO(b"\x01\x00")) is None
