"""What an upstream's list of models says."""

from __future__ import annotations

from typing import Any

from oxillama_jupyter.engine.protocol import ModelInfo
from oxillama_jupyter.errors import EngineUnavailable

__all__ = ["read_models"]

Json = Any  # as the upstream sent it


def read_models(listed: Json, default: str | None) -> list[ModelInfo]:
    """Read the answer to `GET /models`.

    Args:
        listed: The answer.
        default: The model to put first; None leaves the upstream's order.

    Raises:
        EngineUnavailable: There is no model, or not this one.
    """
    data = listed.get("data") if isinstance(listed, dict) else None
    data = data if isinstance(data, list) else []
    items = [item for item in data if isinstance(item, dict) and _is_name(item.get("id"))]
    models = [_info(item) for item in items]
    if not models:
        raise EngineUnavailable("The upstream lists no models (OxillamaApp.remote_url).")
    if default is None:
        return models
    names = [model.id for model in models]
    if default not in names:
        raise EngineUnavailable(
            f"The upstream has no model '{default}' (OxillamaApp.model); it has {', '.join(names)}."
        )
    return sorted(models, key=lambda model: model.id != default)


def _info(item: dict[str, Json]) -> ModelInfo:
    """One model; vLLM tells `max_model_len`, llama-server has a `meta`."""
    meta = item.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    trained = _number(meta.get("n_ctx_train"))
    owner = item.get("owned_by")
    return ModelInfo(
        id=item["id"],
        created=_number(item.get("created")),
        n_ctx=_number(item.get("max_model_len")) or _number(meta.get("n_ctx")) or trained,
        n_ctx_train=trained,
        n_params=_number(meta.get("n_params")),
        size=_number(meta.get("size")),
        description=owner if isinstance(owner, str) else "",
    )


def _is_name(value: Json) -> bool:
    return isinstance(value, str) and bool(value)


def _number(value: Json) -> int:
    return value if isinstance(value, int) and value > 0 else 0
