"""From a request to a job for the scheduler, in the prompts thread of the engine's process.

Whatever is wrong with a request becomes its answer: the thread goes on with the next one.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from oxillama_jupyter.engine.begun import from_where
from oxillama_jupyter.engine.completions import raw_text
from oxillama_jupyter.engine.forcing import constrain, rests
from oxillama_jupyter.engine.frames import Count, Output, Render, Submit
from oxillama_jupyter.engine.jobs import Job
from oxillama_jupyter.engine.prompts import rendered
from oxillama_jupyter.engine.recorder import Recorder
from oxillama_jupyter.engine.text import TextAssembler
from oxillama_jupyter.errors import OxillamaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxillama_jupyter.engine.constraints import ConstraintCompiler
    from oxillama_jupyter.engine.templates import PromptBuilder

__all__ = ["looked_at", "prepared"]


def prepared(
    builder: PromptBuilder,
    compiler: ConstraintCompiler,
    message: Submit,
    find: Callable[[Job], None],
) -> Job | Output:
    """Make a job of a request, or the error that refuses it.

    Args:
        builder: Renders and tokenises its prompt.
        compiler: Compiles what its answer has to keep to.
        message: The request.
        find: Looks for the prompt's beginning on disk.
    """
    request = message.request
    try:
        constraint = constrain(request, builder.format, compiler)
        begun = rests(request, builder.format, compiler)
        tokens, dropped = builder.build(request)
    except OxillamaError as error:
        return Output(message.id, None, type(error).__name__, error.message, error.param)
    except Exception as error:  # noqa: BLE001 - one bad request must not end this thread
        traceback.print_exc()
        return Output(message.id, None, "EngineError", f"The prompt could not be made: {error!r}")
    raw = request.prompt is not None
    parser = None if raw else builder.parser(tokens, request.tools)
    recorder = None
    if request.logprobs is not None:
        shown = tokens if request.echo else None
        recorder = Recorder(builder.vocabulary.raw, request.logprobs, shown)
    text = TextAssembler(request.sampling.stop)
    job = Job(
        id=message.id,
        tokens=tokens,
        sampling=request.sampling,
        text=text,
        cache_key=request.cache_key,
        dropped=dropped,
        parser=parser,
        constraint=from_where(constraint, begun, parser, text.pending, compiler),
        one_call=not request.parallel_calls,
        recorder=recorder,
        adapter=request.adapter,
        echo=raw_text(request, builder.vocabulary) if request.echo else "",
    )
    find(job)
    return job


def looked_at(builder: PromptBuilder, message: Count | Render) -> Output:
    """Count a prompt's tokens or show it, or say why not."""
    try:
        if isinstance(message, Count):
            return Output(message.id, count=builder.count(message.request))
        return Output(message.id, rendered=rendered(builder, message.request))
    except OxillamaError as error:
        return Output(message.id, None, type(error).__name__, error.message, error.param)
    except Exception as error:  # noqa: BLE001 - as above
        traceback.print_exc()
        return Output(message.id, None, "EngineError", f"The prompt could not be made: {error!r}")
