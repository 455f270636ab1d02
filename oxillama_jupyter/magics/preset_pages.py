"""`%oxillama preset`: keep flags under a name, see them, delete them."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.magics.arguments import filled, parse
from oxillama_jupyter.magics.failures import MagicError, did_you_mean
from oxillama_jupyter.magics.flags import FLAGS
from oxillama_jupyter.magics.pages import Page, note, table
from oxillama_jupyter.magics.presets import (
    delete_preset,
    load_preset,
    preset_names,
    save_preset,
)

if TYPE_CHECKING:
    from oxillama_jupyter.magics.arguments import Options
    from oxillama_jupyter.magics.session import Session

__all__ = ["preset_page"]

_SAVE = "%oxillama preset save NAME"
_FLAGS = {flag.key: flag for flag in FLAGS}


def preset_page(_: Session, line: str) -> Page:
    """Do what stands behind `%oxillama preset`; without anything, list them.

    Raises:
        MagicError: There is no such verb, name or flag.
    """
    verb, _space, rest = line.partition(" ")
    action = _VERBS.get(verb or "list")
    if action is None:
        raise MagicError(
            f"%oxillama preset has no {verb!r}.{did_you_mean(verb, _VERBS)}"
            f" It takes {', '.join(_VERBS)}."
        )
    return action(rest.strip())


def _list(rest: str) -> Page:
    if rest:
        raise MagicError(f"%oxillama preset list takes nothing, not {rest!r}.")
    names = preset_names()
    if not names:
        return note("There are no presets yet: `%oxillama preset save careful --temperature 0.2`")
    return table(("Preset", "Flags"), [(name, _summary(name)) for name in names])


def _summary(name: str) -> str:
    try:
        return _words(load_preset(name, FLAGS))
    except MagicError as error:
        return f"broken: {error}"


def _show(rest: str) -> Page:
    name = _name(rest, "show")
    values = load_preset(name, FLAGS)
    lines = [_words({key: value}) for key, value in values.items()]
    code = "\n".join(lines).replace("\n", "\n    ")
    return Page(f"The preset `{name}`:\n\n    {code}", "\n".join([name, *lines]))


def _save(rest: str) -> Page:
    name, _space, flags = rest.partition(" ")
    if not name or name.startswith("-"):
        raise MagicError("Under which name? For example: %oxillama preset save careful --top-k 20")
    options = parse(flags, _SAVE)
    _refuse_others(options)
    values = filled(options, {}).values
    if not values:
        raise MagicError(f"Which flags? For example: %oxillama preset save {name} --top-k 20")
    ordered = {key: values[key] for key in _FLAGS if key in values}
    replaced = save_preset(name, ordered)
    done = "replaced" if replaced else "saved"
    return note(f"The preset `{name}` is {done}: `{_words(ordered)}`")


def _refuse_others(options: Options) -> None:
    """Refuse flags that say what is asked, where, and what becomes of it: those stay with cells."""
    usual = type(options)()
    for flag in FLAGS:
        if flag.field is not None or flag.key == "preset":
            continue
        if getattr(options, flag.key) not in (getattr(usual, flag.key), False):
            raise MagicError(
                f"{flag.label} cannot be kept in a preset, only how the model answers."
            )


def _delete(rest: str) -> Page:
    name = _name(rest, "delete")
    delete_preset(name)
    return note(f"The preset `{name}` is deleted.")


def _name(rest: str, verb: str) -> str:
    if not rest:
        raise MagicError(f"Which one? %oxillama preset {verb} NAME")
    return rest


def _words(values: dict[str, Any]) -> str:  # as `load_preset` gives them
    """The flags as one would type them."""
    return " ".join(
        f"{_FLAGS[key].names[-1]} {shlex.quote(_word(value))}" for key, value in values.items()
    )


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_VERBS = {"list": _list, "show": _show, "save": _save, "delete": _delete}
