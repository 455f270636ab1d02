"""The whole URL table."""

from __future__ import annotations

from typing import Any

from oxillama_jupyter.handlers import (
    assistants,
    chat,
    completions,
    conversations,
    embeddings,
    engine,
    exports,
    forks,
    generations,
    health,
    imports,
    keys,
    messages,
    models,
    prompts,
    pulls,
    responses,
    runs,
    threads,
    widgets,
)
from oxillama_jupyter.handlers.base import BaseHandler, NotFoundHandler

__all__ = ["routes"]

_ID = "([^/]+)"
_THREAD = f"threads/{_ID}"
_CONVERSATION = f"conversations/{_ID}"
_RESPONSE = f"responses/{_ID}"
_RUN = f"{_THREAD}/runs/{_ID}"

_OPENAI: list[tuple[str, type[BaseHandler]]] = [
    ("models", models.ModelsHandler),
    ("models/(.+)", models.ModelHandler),
    ("assistants", assistants.AssistantsHandler),
    (f"assistants/{_ID}", assistants.AssistantHandler),
    ("threads", threads.ThreadsHandler),
    ("threads/runs", runs.ThreadRunHandler),
    (_THREAD, threads.ThreadHandler),
    (f"{_THREAD}/messages", messages.MessagesHandler),
    (f"{_THREAD}/messages/{_ID}", messages.MessageHandler),
    (f"{_THREAD}/runs", runs.RunsHandler),
    (_RUN, runs.RunHandler),
    (f"{_RUN}/cancel", runs.RunCancelHandler),
    (f"{_RUN}/submit_tool_outputs", runs.RunToolOutputsHandler),
    (f"{_RUN}/steps", runs.RunStepsHandler),
    (f"{_RUN}/steps/{_ID}", runs.RunStepHandler),
    ("chat/completions", chat.ChatsHandler),
    (f"chat/completions/{_ID}", chat.ChatHandler),
    (f"chat/completions/{_ID}/messages", chat.ChatMessagesHandler),
    ("completions", completions.CompletionsHandler),
    ("embeddings", embeddings.EmbeddingsHandler),
    ("conversations", conversations.ConversationsHandler),
    (_CONVERSATION, conversations.ConversationHandler),
    (f"{_CONVERSATION}/items", conversations.ItemsHandler),
    (f"{_CONVERSATION}/items/{_ID}", conversations.ItemHandler),
    ("responses", responses.ResponsesHandler),
    ("responses/input_tokens", responses.InputTokensHandler),
    ("responses/compact", responses.CompactHandler),
    (_RESPONSE, responses.ResponseHandler),
    (f"{_RESPONSE}/cancel", responses.ResponseCancelHandler),
    (f"{_RESPONSE}/input_items", responses.InputItemsHandler),
]
_OURS: list[tuple[str, type[BaseHandler]]] = [
    ("health", health.HealthHandler),
    ("engine", engine.EngineHandler),
    (f"generations/{_ID}/cancel", generations.GenerationCancelHandler),
    ("keys", keys.KeysHandler),
    (f"keys/{_ID}", keys.KeyHandler),
    ("models", models.ModelStatesHandler),
    ("models/load", models.ModelLoadHandler),
    ("models/unload", models.ModelUnloadHandler),
    ("models/autotune", models.ModelAutotuneHandler),
    ("models/pull", pulls.PullStartHandler),
    ("models/pulls", pulls.PullsHandler),
    (f"models/pulls/{_ID}", pulls.PullHandler),
    (f"models/pulls/{_ID}/cancel", pulls.PullCancelHandler),
    ("threads", threads.ThreadListHandler),
    ("threads/values", threads.ThreadValuesHandler),
    ("threads/import", imports.ImportHandler),
    (f"{_THREAD}/fork", forks.ForkHandler),
    (f"{_THREAD}/export", exports.ExportHandler),
    ("threads/prompt", prompts.ThreadPromptHandler),
    (f"{_THREAD}/prompt", prompts.PromptHandler),
    (f"{_RUN}/prompt", prompts.RunPromptHandler),
    (f"{_THREAD}/conversation", conversations.ThreadConversationHandler),
    (f"{_CONVERSATION}/thread", conversations.ConversationThreadHandler),
    (f"{_RUN}/events", runs.RunEventsHandler),
    (f"{_RUN}/decisions", runs.RunDecisionsHandler),
    (f"{_RUN}/thoughts", runs.RunThoughtsHandler),
    ("responses", responses.ResponseListHandler),
    (f"widgets/{_ID}", widgets.WidgetFileHandler),
]


def routes(
    openai_prefix: str, prefix: str, dependencies: dict[str, Any]
) -> list[tuple[str, type[BaseHandler], dict[str, Any]]]:
    """All routes, relative to the server's base URL; both prefixes own everything below them."""
    table = [(f"/{openai_prefix}/{path}", handler) for path, handler in _OPENAI]
    table += [(f"/{prefix}/{path}", handler) for path, handler in _OURS]
    table += [(f"/{name}(?:/.*)?", NotFoundHandler) for name in (openai_prefix, prefix)]
    return [(path, handler, dependencies) for path, handler in table]
