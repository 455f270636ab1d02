"""What the engine is doing, how fast it was, and with which settings, as tables of words."""

from __future__ import annotations

from typing import Any

__all__ = ["Table", "engine_tables"]

Json = dict[str, Any]  # as the server sent it
Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
"""Heads, and the rows below them."""

_TURNS = 10
_LAST = ("Last turns", "Prompt", "Cached", "Generated", "Queue", "First token", "Tokens/s")
_MEASURED = (
    "Measured", "Flash attention", "Threads", "Batch", "Extra buffers", "Prefill",
    "Decode", "Together", "Follow-up",
)  # fmt: skip
_KIB = 1024


def engine_tables(report: Json) -> list[Table]:
    """Lay out what `GET /oxillama/engine` said; the last table is of turns, where there are any."""
    status, totals = report["status"], report["totals"]
    stats = status["stats"]
    rows: list[tuple[str, ...]] = [
        ("State", _sentence(report["state"], status["detail"])),
        ("Model", ", ".join(_model(model) for model in report["models"])),
        ("Process", _process(status)),
        ("Sequences", f"{status['running']} of {status['n_parallel']} generating"),
        ("Runs", f"{report['live_runs']} executing or waiting"),
        ("KV cache", _cache(stats)),
        ("On disk", _vault(stats.get("vault"))),
        ("Turns so far", _totals(totals)),
    ]
    if status.get("measuring") is not None:
        rows.append(("Measuring settings", _measuring(status["measuring"])))
    settings = [(name, str(value)) for name, value in status["settings"].items() if value != ""]
    tables: list[Table] = [(("Engine", ""), rows), (("Setting", ""), list(settings))]
    if status["measured"]:
        tables.append((_MEASURED, [_way(way) for way in status["measured"]]))
    if report["turns"]:
        tables.append((_LAST, [_turn(turn) for turn in report["turns"][:_TURNS]]))
    return tables


def _measuring(count: int) -> str:
    return f"{count} way{'' if count == 1 else 's'} timed so far; it goes on while nobody generates"


def _way(way: Json) -> tuple[str, ...]:
    settings = (
        "→ used" if way["chosen"] else "",
        _on(way["flash_attn"]),
        str(way["n_threads"]),
        str(way.get("n_batch") or "usual"),
        _on(way.get("use_extra_bufts", True)),
    )
    if way["seconds"] is None:
        return (*settings, "crashed", "", "", "")
    rates = (f"{way[name]:,.0f}/s" for name in ("prefill", "decode", "decode_together"))
    return (*settings, *rates, _seconds(way["follow_up"]))


def _on(value: bool) -> str:  # noqa: FBT001  # a word for a value
    return "on" if value else "off"


def _sentence(state: str, detail: str) -> str:
    return f"{state}: {detail}" if detail else state


def _model(model: Json) -> str:
    size = f", {model['n_ctx']:,} tokens of context" if model.get("n_ctx") else ""
    return f"{model['id']}{size}"


def _process(status: Json) -> str:
    pid = "none of its own" if status["pid"] is None else f"pid {status['pid']}"
    return f"{pid}, restarted {_times(status['restarts'])}"


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def _cache(stats: Json) -> str:
    cells = stats.get("cells", 0)
    if not cells:
        return "not known"
    used = stats.get("cells_used", 0)
    said = f"{used:,} of {cells:,} cells ({used / cells:.0%})"
    parked = stats.get("parked", 0)
    size = _bytes(stats.get("parked_bytes", 0))
    return f"{said}; {parked} idle threads kept in {size}" if parked else said


def _vault(vault: Json | None) -> str:
    if vault is None:
        return "nothing is kept"
    kept = f"{vault['files']:,} states of threads, {_bytes(vault['bytes'])}"
    failed = f"; {vault['failed']:,} could not be kept" if vault["failed"] else ""
    return f"{kept}; {vault['hits']:,} prompts began with one{failed}"


def _bytes(count: int) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if count < _KIB:
            return f"{count:,.0f} {unit}"
        count /= _KIB  # type: ignore[assignment]  # a fraction is as good here
    return f"{count:,.1f} GiB"


def _totals(totals: Json) -> str:
    prompt = totals["prompt_tokens"]
    cached = f" ({totals['cached_tokens'] / prompt:.0%} cached)" if prompt else ""
    return (
        f"{totals['turns']:,}: {prompt:,} prompt tokens{cached}, "
        f"{totals['completion_tokens']:,} generated"
    )


def _turn(turn: Json) -> tuple[str, ...]:
    timings = turn["timings"]
    return (
        turn["run_id"],
        f"{turn['prompt_tokens']:,}",
        f"{turn['cached_tokens']:,}",
        f"{turn['completion_tokens']:,}",
        _seconds(timings["queue"]),
        _seconds(timings["first_token"]),
        f"{timings['tokens_per_second']:,}",
    )


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.0f} ms"
