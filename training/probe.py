"""Puts hand-written prompts to a GGUF: `python training/probe.py [GGUF]`.

Unlike the held-out exam these do not come from the generator, and an answer is right if it contains
the wanted text. All answers are shown with their smallest margin, for a human to read.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from evaluate import MODEL
from tinylm.runner import Runner

PROBES = Path(__file__).with_name("probes.json")


def tool(signature: str) -> dict[str, Any]:
    """Make a function schema from a signature such as `book_room(hotel, nights#)`."""
    name, _, keys = signature.rstrip(")").partition("(")
    properties = {
        key.strip("# "): {"type": "integer" if key.endswith("#") else "string"}
        for key in keys.split(",")
    }
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    about = name.replace("_", " ").capitalize()
    function = {"name": name, "description": about, "parameters": parameters}
    return {"type": "function", "function": function}


def ask(runner: Runner, probe: dict[str, Any]) -> tuple[str, float]:
    """Play all turns of a probe and return the last answer with its margin."""
    tools = [tool(signature) for signature in probe.get("tools", ())] or None
    messages: list[dict[str, Any]] = []
    if "system" in probe:
        messages.append({"role": "system", "content": probe["system"]})
    answer, margin = "", 0.0
    for turn in probe["turns"]:
        messages.append({"role": "user", "content": turn})
        answer, margin = runner.chat(messages, tools)
        messages.append({"role": "assistant", "content": answer})
    return answer, margin


def main() -> None:
    """Ask all probes and print the answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=MODEL)
    options = parser.parse_args()
    runner = Runner(options.model)
    probes = json.loads(PROBES.read_text(encoding="utf-8"))
    right = 0
    for probe in probes:
        answer, margin = ask(runner, probe)
        good = probe["want"] in answer
        right += good
        print(f"{'ok ' if good else 'BAD'} {margin:5.2f} {probe['turns'][-1]!r} -> {answer!r}")
    print(f"{right} of {len(probes)} right")
    runner.close()


if __name__ == "__main__":
    main()
