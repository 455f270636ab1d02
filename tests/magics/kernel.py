"""A real IPython kernel, and what its cells show."""

from __future__ import annotations

import queue
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from client.world import World

Message = dict[str, Any]


@dataclass
class Shown:
    """What a cell has shown."""

    status: str = ""
    outputs: list[Message] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list, repr=False)
    seconds_after_interrupt: float = 0.0
    prompts: list[str] = field(default_factory=list)
    payload: list[Message] = field(default_factory=list)

    @property
    def error(self) -> str:
        """What a front end shows of the cell's error."""
        return "\n".join(line for out in self.outputs for line in out.get("traceback", []))

    @property
    def stdout(self) -> str:
        return "".join(out["text"] for out in self.outputs if out.get("name") == "stdout")

    @property
    def stderr(self) -> str:
        return "".join(out["text"] for out in self.outputs if out.get("name") == "stderr")

    def data(self, mime: str = "text/markdown") -> list[str]:
        """What the cell's displays hold in the end."""
        return [out["data"][mime] for out in self.outputs if mime in out.get("data", {})]

    @property
    def updates(self) -> list[Message]:
        """The contents of all displays and their updates."""
        kinds = {"display_data", "update_display_data"}
        return [m["content"] for m in self.messages if m["msg_type"] in kinds]


class Kernel:
    """A kernel that lives in a world."""

    def __init__(self, world: World, **env: str) -> None:
        self.world = world
        self.others: list[Message] = []  # what came of other cells while one ran
        self._manager = KernelManager(kernel_name="python3")
        # Nobody sits before it, and yet it wants to see all updates.
        env = {"OXILLAMA_WIDGETS": "0"} | env
        self._manager.start_kernel(env=world.env | env, cwd=str(world.root))
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        try:
            self._client.wait_for_ready(timeout=60)
            self.run("%load_ext oxillama_jupyter")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()

    def end(self) -> None:
        """Shut it down as a front end does, and wait for its end."""
        self._manager.shutdown_kernel(now=False)

    def restart(self) -> None:
        self._manager.restart_kernel(now=True)
        self._client.wait_for_ready(timeout=60)
        self.run("%load_ext oxillama_jupyter")

    def give_up_soon(self) -> None:
        """Have it give up a server that is gone after half a second instead of fifteen."""
        self.run("from oxillama_jupyter.magics import follow; follow._WAITS = (0.1, 0.3)")

    def post(self, code: str) -> None:
        """Begin a cell that nobody waits for."""
        self._client.execute(code, allow_stdin=False)

    def value(self, expression: str) -> str:
        """The text of a variable or expression in the kernel, exactly."""
        shown = self.run(f"import sys; _ = sys.stdout.write(str(({expression})))")
        assert shown.status == "ok", shown.error
        return shown.stdout

    def complete(self, code: str) -> list[str]:
        """What the code can become by a key at its end, or at its `|`."""
        before, _, after = code.partition("|")
        request = self._client.complete(before + after, len(before))
        reply = self._reply_to(request)["content"]
        assert reply["status"] == "ok", reply
        start, end = reply["cursor_start"], reply["cursor_end"]
        assert end == len(before)
        return [before[:start] + match for match in reply["matches"]]

    def run(
        self,
        code: str,
        *,
        interrupt_if: Callable[[Shown], bool] | None = None,
        seconds: float = 60,
        answers: Iterable[str] | None = None,
    ) -> Shown:
        """Run a cell to its end; interrupt it once the condition holds.

        What it asks gets the next of the answers, and none where they are used up; without any the
        front end takes no input.
        """
        shown, displays = Shown(), {}
        replies = iter(answers or ())
        request = self._client.execute(code, allow_stdin=answers is not None)
        interrupted = 0.0
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                message = self._client.get_iopub_msg(timeout=0.2)
            except queue.Empty:
                message = None
            if message is not None and message["parent_header"].get("msg_id") != request:
                self.others.append(message)
            elif message is not None:
                shown.messages.append(message)
                if (
                    message["msg_type"] == "status"
                    and message["content"]["execution_state"] == "idle"
                ):
                    shown.seconds_after_interrupt = time.monotonic() - interrupted
                    break
                self._take(shown, displays, message)
            if answers is not None:
                self._answer(shown, replies)
            if interrupt_if is not None and not interrupted and interrupt_if(shown):
                interrupted = time.monotonic()
                self._manager.interrupt_kernel()
        else:
            raise AssertionError(f"the cell runs for more than {seconds} s: {shown}")
        reply = self._reply_to(request)["content"]
        shown.status, shown.payload = reply["status"], reply.get("payload", [])
        return shown

    def _answer(self, shown: Shown, replies: Iterator[str]) -> None:
        with suppress(queue.Empty):
            shown.prompts.append(self._client.get_stdin_msg(timeout=0)["content"]["prompt"])
            for reply in replies:
                self._client.input(reply)
                return

    def _reply_to(self, request: str) -> Message:
        while True:  # answers to questions whether the kernel is ready may come before
            reply: Message = self._client.get_shell_msg(timeout=10)
            if reply["parent_header"].get("msg_id") == request:
                return reply

    @staticmethod
    def _take(shown: Shown, displays: dict[str, Message], message: Message) -> None:
        content, kind = message["content"], message["msg_type"]
        if kind == "update_display_data":
            known = displays[content["transient"]["display_id"]]
            known.update(data=content["data"], metadata=content["metadata"])
        elif kind in {"display_data", "execute_result", "stream", "error"}:
            output = dict(content)
            shown.outputs.append(output)
            if "transient" in content:
                displays[content["transient"].get("display_id", "")] = output
