"""What is cached, for whom, and what is parked."""

from __future__ import annotations

import pytest
from engine.fakes import FakeLlama

from oxillama_jupyter.engine.slots import Slot, Slots

A = list(range(100, 200))
B = list(range(500, 600))


def _fill(llama: FakeLlama, slot: Slot, tokens: list[int]) -> None:
    """Decode what is missing, as the scheduler does."""
    llama.content[slot.id] += tokens[slot.length :]
    slot.length = len(tokens)
    assert llama.content[slot.id] == tokens


def _use(llama: FakeLlama, slots: Slots, tokens: list[int], key: str | None = None) -> int:
    """Seat, decode and release; return how many tokens were cached."""
    slot = slots.seat(tokens, key)
    cached = slot.length
    assert llama.content[slot.id] == tokens[:cached]
    _fill(llama, slot, tokens)
    slots.release(slot)
    return cached


@pytest.fixture
def llama() -> FakeLlama:
    return FakeLlama(count=2)


@pytest.fixture
def slots(llama: FakeLlama) -> Slots:
    return Slots(llama, 2, memory=10_000)


def test_the_next_turn_continues_its_own_sequence(llama: FakeLlama, slots: Slots) -> None:
    assert _use(llama, slots, A, "a") == 0
    assert _use(llama, slots, [*A, 1, 2, 3], "a") == 100
    assert (llama.saves, llama.copies) == (0, 0)


def test_the_last_token_is_always_decoded_again(llama: FakeLlama, slots: Slots) -> None:
    _use(llama, slots, A, "a")

    assert _use(llama, slots, A, "a") == 99


def test_a_changed_history_is_reused_up_to_the_change(llama: FakeLlama, slots: Slots) -> None:
    _use(llama, slots, A, "a")

    assert _use(llama, slots, [*A[:40], 7, 8, 9], "a") == 40


def test_a_common_beginning_is_shared_with_who_generates(llama: FakeLlama, slots: Slots) -> None:
    busy = slots.seat([*A, 1], "a")
    _fill(llama, busy, [*A, 1])

    assert _use(llama, slots, [*A, 2, 3], "b") == 100
    assert llama.copies == 1
    assert llama.content[busy.id] == [*A, 1]


def test_idle_threads_are_parked_and_come_back(llama: FakeLlama, slots: Slots) -> None:
    _use(llama, slots, A, "a")
    _use(llama, slots, B, "b")
    slots.park_idle()
    assert llama.used() == 0

    assert _use(llama, slots, [*A, 1], "a") == 100
    assert _use(llama, slots, [*B, 1], "b") == 100


def test_more_threads_than_sequences_stay_warm(llama: FakeLlama, slots: Slots) -> None:
    threads = {f"t{n}": list(range(1000 * n, 1000 * n + 50)) for n in range(1, 8)}
    for key, tokens in threads.items():
        assert _use(llama, slots, tokens, key) == 0
    for key, tokens in threads.items():
        assert _use(llama, slots, [*tokens, 1], key) == 50


def test_chats_without_a_key_stay_warm_too(llama: FakeLlama, slots: Slots) -> None:
    for tokens in (A, B, A[::-1]):
        _use(llama, slots, tokens)
    for tokens in (A, B, A[::-1]):
        assert _use(llama, slots, [*tokens, 1, 2]) == 100


def test_anothers_parked_state_lends_its_beginning_and_stays(
    llama: FakeLlama, slots: Slots
) -> None:
    _use(llama, slots, [*A, *B], "a")
    slots.park_idle()

    assert _use(llama, slots, [*A, 1, 2], "b") == 100
    assert _use(llama, slots, [*A, *B, 1], "a") == 200


def test_parked_states_are_bounded_and_the_oldest_go_first(llama: FakeLlama) -> None:
    slots = Slots(llama, 2, memory=120)
    for key, tokens in {"a": A[:50], "b": B[:50], "c": A[:50][::-1]}.items():
        _use(llama, slots, tokens, key)
        slots.park_idle()

    assert _use(llama, slots, [*B[:50], 1], "b") == 50
    slots.park_idle()
    assert _use(llama, slots, [*A[:50], 1], "a") == 0


def test_a_state_that_does_not_fit_is_computed_again(llama: FakeLlama, slots: Slots) -> None:
    _use(llama, slots, A, "a")
    slots.park_idle()
    llama.cells = 50

    slot = slots.seat([*A, 1], "a")

    assert slot.length == 0
    assert llama.content[slot.id] == []


def test_models_that_cannot_forget_a_part_start_again() -> None:
    llama = FakeLlama(count=2, rigid=True)
    slots = Slots(llama, 2, memory=10_000)
    _use(llama, slots, A, "a")

    assert _use(llama, slots, [*A, 1], "a") == 100
    assert _use(llama, slots, [*A[:50], 1], "a") == 0
    slots.park_idle()
    assert _use(llama, slots, [*A[:50], 1, 2], "a") == 51


def test_a_second_run_of_a_busy_thread_gets_its_own_sequence(
    llama: FakeLlama, slots: Slots
) -> None:
    first = slots.seat(A, "a")
    _fill(llama, first, A)
    second = slots.seat([*A, 1], "a")

    assert second.id != first.id
    assert second.length == 100
