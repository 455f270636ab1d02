"""Sizes fit the model, the machine and the number of generations."""

from __future__ import annotations

import msgspec

from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.sizes import ModelSizes, plan

GIB = 1 << 30
SEVEN_B = ModelSizes(n_ctx_train=131072, width=4096, layers=32, heads=32, kv_heads=8)
TINY = ModelSizes(n_ctx_train=2048, width=256, layers=5, heads=4, kv_heads=4)


def test_a_small_model_gets_room_for_all_its_generations() -> None:
    planned = plan(TINY, Configure("m", "m", n_parallel=4), 8 * GIB, 256)

    assert planned.limits.n_ctx == 2048
    assert planned.n_cells == 4 * 2048
    assert not planned.unified
    assert planned.limits.n_parallel == 4


def test_a_large_model_shares_what_memory_there_is() -> None:
    planned = plan(SEVEN_B, Configure("m", "m", n_ctx=16384, n_parallel=8), 16 * GIB, 256)

    assert planned.limits.n_ctx == 16384
    assert planned.n_cells == 2 * GIB // (4 * 1024 * 32)
    assert planned.unified
    assert planned.parking_bytes == GIB


def test_one_whole_context_always_fits() -> None:
    planned = plan(SEVEN_B, Configure("m", "m", n_ctx=100_000, n_parallel=8), GIB, 256)

    assert planned.n_cells >= 100_000
    assert planned.n_cells % 256 == 0


def test_nobody_gets_more_context_than_the_model_was_trained_for() -> None:
    assert plan(TINY, Configure("m", "m", n_ctx=9999), 8 * GIB, 256).limits.n_ctx == 2048
    assert plan(SEVEN_B, Configure("m", "m"), 8 * GIB, 256).limits.n_ctx == 8192


def test_flash_attention_is_for_generations_that_share_a_cache() -> None:
    alone = plan(TINY, Configure("m", "m", n_parallel=1), GIB, 256)
    apart = plan(TINY, Configure("m", "m", n_parallel=2), GIB, 256)
    shared = Configure("m", "m", n_ctx=16384, n_parallel=8)
    together = plan(SEVEN_B, shared, 16 * GIB, 256)
    forced = plan(SEVEN_B, msgspec.structs.replace(shared, flash_attn=False), 16 * GIB, 256)

    chosen = [one.flash_attn for one in (alone, apart, together, forced)]
    assert chosen == [False, False, True, False]
    assert alone.limits.min_chunk < together.limits.min_chunk


def test_a_gpu_gets_flash_attention() -> None:
    assert plan(TINY, Configure("m", "m", n_parallel=1), GIB, 256, offloads=True).flash_attn


def test_what_cannot_be_cut_back_shares_its_cells() -> None:
    assert plan(TINY, Configure("m", "m", n_parallel=4), 8 * GIB, 256, rewinds=False).unified


def test_generations_apart_have_a_whole_context_each() -> None:
    planned = plan(TINY, Configure("m", "m", n_ctx=1000, n_parallel=3), 8 * GIB, 256)

    assert planned.n_cells == 3 * 1024


def test_batches_shrink_where_attention_scores_would_be_huge() -> None:
    settings = Configure("m", "m", n_ctx=65536, n_parallel=1)
    planned = plan(SEVEN_B, settings, 64 * GIB, 256)

    assert planned.limits.n_batch == 128 + 1


def test_llama_cpp_bounds_the_number_of_sequences() -> None:
    assert plan(TINY, Configure("m", "m", n_parallel=999), GIB, 256).limits.n_parallel == 256
