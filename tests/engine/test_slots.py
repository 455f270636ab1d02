"""What is cached, for whom, and what is parked."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest
from engine.fakes import FakeLlama

from oxillama_jupyter.engine.slots import Slot, Slots
from oxillama_jupyter.engine.vault import Vault

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


def test_models_that_cannot_forget_a_part_go_on_from_the_last_prompt() -> None:
    llama = FakeLlama(count=2, rigid=True)
    slots = Slots(llama, 2, memory=10_000)
    slot = slots.seat(A, "a")
    _fill(llama, slot, A)
    slots.checkpoint(slot)
    _fill(llama, slot, [*A, 1, 2])
    slot.tokens = [*A, 1, 2]
    slots.release(slot)

    assert _use(llama, slots, [*A, 1, 2, 3], "a") == 102  # the answer as it was generated
    assert _use(llama, slots, [*A, 7, 8], "a") == 100  # another one
    assert _use(llama, slots, [*A, 9], "b") == 0  # it went back to its thread


def test_only_saved_states_cannot_be_cut_where_they_are_not_whole() -> None:
    llama = FakeLlama(count=2, rigid_states=True)
    slots = Slots(llama, 2, memory=10_000)
    _use(llama, slots, [*A, *B], "a")
    assert _use(llama, slots, [*A, 1, 2], "a") == 100  # it never left the cache
    slots.park_idle()
    assert _use(llama, slots, [*A, 3, 4], "b") == 0
    slots.park_idle()
    assert _use(llama, slots, [*A, 1, 2, *B], "a") == 102
    assert _use(llama, slots, [*A, 1, 2, *B[:50], 7], "a") == 152  # back to what was computed here
    assert _use(llama, slots, [*A, 8], "a") == 0  # and not into what was loaded


def test_a_forgotten_thread_is_nowhere_in_memory(llama: FakeLlama, slots: Slots) -> None:
    _use(llama, slots, A, "a")
    slots.park_idle()
    _use(llama, slots, [*A, *B], "a")
    _use(llama, slots, B, "b")
    slots.forget("a")

    assert _use(llama, slots, [*A, *B, 1], "c") == 0
    assert _use(llama, slots, [*B, 1], "b") == 100


# -- the vault ------------------------------------------------------------------------------------


class ByteLlama(FakeLlama):
    """States are bytes, as the real ones."""

    def save(self, sequence: int) -> tuple[bytearray, int]:  # type: ignore[override]
        tokens, _ = super().save(sequence)
        return bytearray(array("i", tokens)), 4 * len(tokens)

    def load(self, sequence: int, state: bytearray) -> bool:  # type: ignore[override]
        return super().load(sequence, array("i", bytes(state)).tolist())


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path, 1 << 20, "mark")


def _again(vault: Vault, tokens: list[int], key: str, *, warm: int = 0) -> tuple[ByteLlama, int]:
    """Ask a fresh engine that has so many of the tokens in memory already."""
    llama = ByteLlama(count=2)
    slots = Slots(llama, 2, 10_000, vault)
    if warm:
        _use(llama, slots, tokens[:warm], key)
    slot = slots.seat(tokens, key, vault.find(tokens[:-1], known=slots.known(tokens[:-1])))
    assert llama.content[slot.id] == tokens[: slot.length]
    return llama, slot.length


def test_what_is_idle_is_saved_once(vault: Vault) -> None:
    llama = ByteLlama(count=2)
    slots = Slots(llama, 2, 10_000, vault)
    _use(llama, slots, A, "a")
    _use(llama, slots, B)
    busy = slots.seat(A[::-1], "busy")
    _fill(llama, busy, A[::-1])
    assert slots.unsaved
    slots.save_one()
    vault.close(10)
    assert not slots.unsaved
    slots.park_idle()
    slots.save_all(10)

    assert vault.stats().saved == 2
    assert _again(vault, [*A, 1], "a")[1] == 100
    assert _again(vault, [*A[::-1], 1], "busy")[1] == 100  # it did not end, and was saved last
    assert _again(vault, [*B, 1], "b")[1] == 0


def test_a_turn_makes_a_state_worth_saving_again(vault: Vault) -> None:
    llama = ByteLlama(count=2)
    slots = Slots(llama, 2, 10_000, vault)
    for tokens in (A, [*A, *B]):
        _use(llama, slots, tokens, "a")
        slots.save_one()
        vault.close(10)
        assert not slots.unsaved

    assert vault.stats().files == 1
    assert _again(vault, [*A, *B, 1], "a")[1] == 200
    busy = slots.seat([*A, *B, *A], "a")
    _fill(llama, busy, [*A, *B, *A])
    slots.save_all(10)  # the process ends in the middle of a turn

    assert _again(vault, [*A, *B, *A, 1], "a")[1] == 300


def test_what_memory_lets_go_is_saved(vault: Vault) -> None:
    llama = ByteLlama(count=2)
    slots = Slots(llama, 2, 0, vault)
    _use(llama, slots, A, "a")
    slots.park_idle()
    vault.close(10)

    assert vault.stats().saved == 1
    assert _again(vault, [*A, 1], "a")[1] == 100


def test_memory_is_asked_before_the_disk(vault: Vault) -> None:
    vault.put("a", [*A, *B], bytearray(array("i", [*A, *B])))
    vault.close(10)

    warm, length = _again(vault, [*A, *B, 1], "a", warm=180)
    assert (warm.loads, length) == (0, 180)
    cold, length = _again(vault, [*A, *B, 1], "a", warm=100)
    assert (cold.loads, length) == (1, 200)
    assert (vault.stats().hits, vault.stats().misses) == (1, 2)  # both began with nothing


def test_a_state_that_vanished_or_does_not_fit_is_computed_again(vault: Vault) -> None:
    vault.put("a", A, bytearray(array("i", A)))
    vault.close(10)
    llama = ByteLlama(count=2, cells=150)
    slots = Slots(llama, 2, 10_000, vault)
    busy = slots.seat(B, "b")
    _fill(llama, busy, B)
    full = slots.seat([*A, 1], "a", vault.find(A))
    assert full.length == 0
    slots.release(full)
    slots.release(busy)
    lazy = vault.find(A, known=90)
    slots.forget("a")
    vault.close(10)

    assert slots.seat([*A, 1], "a", lazy).length == 0
    assert vault.stats().hits == 0


# -- cells of its own for each ---------------------------------------------------------------------


def test_idle_threads_stay_where_they_cost_nobody_anything() -> None:
    llama = FakeLlama(count=2, unified=False)
    slots = Slots(llama, 2, memory=10_000)
    _use(llama, slots, A, "a")
    slots.park_idle()

    assert llama.content[0] == A
    assert _use(llama, slots, [*A, 1], "a") == 100
    assert llama.saves == 0


def test_a_little_of_a_long_sequence_is_not_worth_its_copy() -> None:
    llama = FakeLlama(count=2, unified=False)
    slots = Slots(llama, 2, memory=10_000)
    long = list(range(2000, 4000))
    busy = slots.seat([*A[:20], *long], "a")
    _fill(llama, busy, [*A[:20], *long])

    assert _use(llama, slots, [*A[:20], 1, 2], "b") == 0
    assert llama.copies == 0


def test_a_common_beginning_is_copied_where_it_is_worth_it() -> None:
    llama = FakeLlama(count=2, unified=False)
    slots = Slots(llama, 2, memory=10_000)
    busy = slots.seat([*A, 1], "a")
    _fill(llama, busy, [*A, 1])

    assert _use(llama, slots, [*A, 2, 3], "b") == 100
    assert llama.copies == 1


def test_it_says_what_each_sequence_is_used_for(llama: FakeLlama, slots: Slots) -> None:
    said = [(one.state, one.tokens, one.wanted, one.key) for one in slots.stats(400).sequences]
    assert said == [("free", 0, 0, "")] * 2

    _use(llama, slots, A, "a")
    reading = slots.seat(B, "b")
    reading.length = 60
    said = [(one.state, one.tokens, one.wanted, one.key) for one in slots.stats(400).sequences]
    assert said == [("idle", 100, 0, "a"), ("reading", 60, 100, "b")]

    reading.length = 99
    assert [one.state for one in slots.stats(400).sequences] == ["idle", "generating"]


def test_an_adapter_is_no_part_of_whose_a_sequence_is(llama: FakeLlama, slots: Slots) -> None:
    slot = slots.seat(A, "a", adapter="poet")

    assert slots.stats(400).sequences[slot.id].key == "a"


def test_a_new_thread_goes_beside_those_that_generate() -> None:
    llama = FakeLlama(count=6, unified=False)
    slots = Slots(llama, 6, memory=10_000)
    for number in range(6):  # all places have been used, 0 longest ago
        _use(llama, slots, [1000 * number + 1] * 50, str(number))
    first = slots.seat([*[3001] * 50, 1], "3")
    assert first.id == 3
    assert [slots.seat([number], f"new{number}").id for number in range(3)] == [2, 1, 0]


def test_a_thread_that_generates_apart_is_moved_with_all_it_has() -> None:
    llama = FakeLlama(count=4, unified=False)
    slots = Slots(llama, 4, memory=10_000)
    for key, tokens in (("a", A), ("b", B), ("c", [7] * 30)):
        _use(llama, slots, tokens, key)
    first, last = slots.seat([*A, 1], "a"), slots.seat([*[7] * 30, 2], "c")
    assert (first.id, last.id) == (0, 2)

    moved = next(found for _ in range(20) if (found := slots.gather()) is not None)
    assert moved[0] is last
    assert (moved[1].id, moved[1].key, moved[1].length, moved[1].busy) == (1, "c", 30, True)
    assert llama.content[1] == [7] * 30
    assert llama.content[2] == []
    assert not last.busy
    assert all(slots.gather() is None for _ in range(20))

    slots.release(first)
    slots.release(moved[1])
    assert _use(llama, slots, [*B, 9], "b") == 100  # whose place it was
    assert _use(llama, slots, [*[7] * 30, 2, 3], "c") == 30


def test_who_has_no_room_elsewhere_stays_where_it_is() -> None:
    llama = FakeLlama(count=3, unified=False)
    slots = Slots(llama, 3, memory=10_000)
    held = [slots.seat([number] * 20, str(number)) for number in range(3)]
    for slot in held:
        _fill(llama, slot, slot.tokens)
    slots.release(held[1])
    llama.copy = lambda *_: 0  # type: ignore[method-assign]
    assert all(slots.gather() is None for _ in range(20))
    assert llama.content[0] == [0] * 20
    assert llama.content[2] == [2] * 20


def test_who_shares_cells_is_not_moved(llama: FakeLlama, slots: Slots) -> None:
    slots.seat(A, "a")
    assert all(slots.gather() is None for _ in range(20))
