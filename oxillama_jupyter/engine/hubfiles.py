"""Which files of a repository on the hub are meant.

    choose("owner/repo", files, "q4_k_m")  # the one or more files of that model

A repository holds one model in several quantisations, large ones in several files each, and beside
them files that are no language models.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from oxillama_jupyter.engine.places import label_of, parts_of, printable
from oxillama_jupyter.engine.pulls import HubFile
from oxillama_jupyter.errors import InvalidRequest, ModelNotFound

__all__ = ["choose"]

_SUFFIX = ".gguf"
_USUAL = ("Q4_K_M", "Q8_0")  # a good model at a quarter of its size, else nearly all of it
_BESIDE = ("mmproj", "imatrix")  # projectors of images, statistics
_SHOWN = 40


class _Model(NamedTuple):
    """One model of a repository.

    Attributes:
        label: Its quantisation, or its name where that tells none.
        name: Its path without the number of a part and the suffix.
        files: All its files that are there.
        missing: The names of those that are not.
    """

    label: str
    name: str
    files: list[HubFile]
    missing: list[str]


def choose(repo: str, files: Sequence[HubFile], quant: str = "") -> list[HubFile]:
    """Choose a model and give its files, in order.

    Args:
        repo: The repository, for messages.
        files: All its files.
        quant: A quantisation, in any case, or a file's name; empty for Q4_K_M, else Q8_0, else the
            only one.

    Raises:
        InvalidRequest: It is not clear which one is meant, or its parts are not all there.
        ModelNotFound: There is no such one.
    """
    models = _models(files)
    if not models:
        raise ModelNotFound(f"{repo} has no GGUF files of models.", param="model")
    found = _named(models, quant) if quant else _usual(models)
    if not found and not quant:
        raise InvalidRequest(
            f"{repo} has neither Q4_K_M nor Q8_0: say which one, as hf:{repo}:{models[0].label}. "
            f"It has {_listed(models)}.",
            param="model",
            code="ambiguous_model",
        )
    if not found:
        raise ModelNotFound(f"{repo} has no '{quant}'. It has {_listed(models)}.", param="model")
    if len(found) > 1:
        names = ", ".join(f"hf:{repo}:{model.name}" for model in found[:_SHOWN])
        raise InvalidRequest(
            f"{repo} has several files with {found[0].label}: say which one. They are {names}.",
            param="model",
            code="ambiguous_model",
        )
    (model,) = found
    if model.missing:
        raise InvalidRequest(
            f"{repo} has not all parts of {model.name}: {', '.join(model.missing[:_SHOWN])} "
            "cannot be found there.",
            param="model",
        )
    return model.files


def _models(files: Iterable[HubFile]) -> list[_Model]:
    """All models in the order of their names."""
    known = {file.name: file for file in files if _is_model(file.name)}
    groups: dict[tuple[Path, ...], str] = {}
    for name in sorted(known):
        stem, paths = parts_of(Path(name))
        groups.setdefault(paths, stem)
    models = []
    for paths, stem in groups.items():
        names = [path.as_posix() for path in paths]
        folder = "" if paths[0].parent == Path() else f"{paths[0].parent.as_posix()}/"
        present = [known[name] for name in names if name in known]
        missing = [name for name in names if name not in known]
        models.append(_Model(label_of(stem), f"{folder}{stem}", present, missing))
    return models


def _is_model(name: str) -> bool:
    path = PurePosixPath(name)
    stem = path.stem.lower()
    return (
        path.suffix.lower() == _SUFFIX
        and printable(name) == name
        and not path.is_absolute()
        and ".." not in path.parts
        and not any(word in stem for word in _BESIDE)
    )


def _named(models: Sequence[_Model], quant: str) -> list[_Model]:
    """Those that a word means: first by whole names, then by quantisation."""
    wanted = quant.lower().removesuffix(_SUFFIX)
    by_name = [model for model in models if wanted in _names(model)]
    return by_name or [model for model in models if wanted == model.label.lower()]


def _names(model: _Model) -> set[str]:
    """A model's name with and without its folder, and those of its files."""
    stem = parts_of(Path(model.files[0].name))[0]
    files = {file.name.lower().removesuffix(_SUFFIX) for file in model.files}
    return files | {model.name.lower(), stem.lower()}


def _usual(models: Sequence[_Model]) -> list[_Model]:
    for label in _USUAL:
        found = [model for model in models if model.label == label]
        if found:
            return found
    return list(models) if len(models) == 1 else []


def _listed(models: Sequence[_Model]) -> str:
    shown = [
        f"{model.label} ({sum(file.size for file in model.files) / 1e9:.1f} GB)"
        for model in models[:_SHOWN]
    ]
    rest = len(models) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")
