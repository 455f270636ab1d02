"""The text inside `{"input": "…"}`, read while the JSON still comes."""

from __future__ import annotations

import json
import re

from oxillama_jupyter.services.translate_items import CUSTOM_INPUT

__all__ = ["CustomInput"]

_OPENING = re.compile(rf'\s*\{{\s*"{CUSTOM_INPUT}"\s*:\s*"')
# What is certainly whole: no half of an escape, no first half of a surrogate pair.
_WHOLE = re.compile(
    r'(?:[^"\\]|\\["\\/bfnrt]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}'
    r"|\\u(?![dD][89abAB])[0-9a-fA-F]{4})+"
)


class CustomInput:
    """Turns the arguments of a custom tool's call into its text.

    A model that is not kept to the JSON may write something else: then that is the text.

    Attributes:
        text: All of it so far.
    """

    def __init__(self) -> None:
        self.text = ""
        self._rest = ""
        self._raw = ""
        self._inside = False

    def push(self, arguments: str) -> str:
        """Take more of the arguments; return what is new of the text."""
        self._raw += arguments
        self._rest += arguments
        if not self._inside:
            opening = _OPENING.match(self._rest)
            if opening is None:
                return ""
            self._rest = self._rest[opening.end() :]
            self._inside = True
        found = _WHOLE.match(self._rest)
        if found is None:
            return ""
        self._rest = self._rest[found.end() :]
        return self._add(json.loads(f'"{found[0]}"', strict=False))

    def finish(self) -> str:
        """The call is over; return what is new of the text."""
        return "" if self._inside else self._add(self._unread())

    def _unread(self) -> str:
        """What a model wrote that did not begin as it should."""
        try:
            value = json.loads(self._raw)
        except ValueError:
            return self._raw
        text = value.get(CUSTOM_INPUT) if isinstance(value, dict) else None
        return text if isinstance(text, str) else self._raw

    def _add(self, text: str) -> str:
        self.text += text
        return text
