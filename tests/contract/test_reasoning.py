"""What a model thinks ahead of its answer: kept on the run's step, and no part of the message."""

from __future__ import annotations

from pathlib import Path

from openai import OpenAI
from openai.types.beta.threads.runs import RunStep
from servers import Server


def steps_of(client: OpenAI, question: str) -> list[RunStep]:
    run = client.beta.threads.create_and_run_poll(
        assistant_id="default", thread={"messages": [{"role": "user", "content": question}]}
    )
    assert run.status == "completed"
    (message, *_) = client.beta.threads.messages.list(run.thread_id)
    assert "let me think" not in message.content[0].text.value  # type: ignore[union-attr]
    return list(client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id))


def test_reasoning_is_on_the_step_of_its_message(scripted: Server) -> None:
    (step,) = steps_of(scripted.client, "(thinks)It is four.")
    assert step.to_dict()["reasoning_content"] == "Hm, let me think."


def test_a_step_without_reasoning_has_no_such_field(scripted: Server) -> None:
    (step,) = steps_of(scripted.client, "It is four.")
    assert "reasoning_content" not in step.to_dict()


def test_reasoning_is_announced_with_the_step_and_exported(scripted: Server) -> None:
    thread = {"messages": [{"role": "user", "content": "(thinks)It is four."}]}
    with scripted.client.beta.threads.create_and_run_stream(
        assistant_id="default",
        thread=thread,  # type: ignore[arg-type]
    ) as stream:
        stream.until_done()
        run = stream.current_run
        (step,) = stream.get_final_run_steps()
    assert run is not None
    assert step.to_dict()["reasoning_content"] == "Hm, let me think."

    whole = scripted.raw.get(f"oxillama/threads/{run.thread_id}/export").json()
    assert whole["steps"][0]["reasoning_content"] == "Hm, let me think."
    copy = scripted.raw.post("oxillama/threads/import", json=whole).json()
    again = scripted.raw.get(f"oxillama/threads/{copy['id']}/export").json()
    assert again["steps"][0]["reasoning_content"] == "Hm, let me think."


def test_it_is_told_while_it_is_thought(tmp_path: Path) -> None:
    script = Path(__file__).parent.parent / "client" / "scripted_server.py"
    with Server(tmp_path, module=str(script)) as server:
        thread = {"messages": [{"role": "user", "content": "think 1"}]}
        run = server.client.beta.threads.create_and_run(assistant_id="default", thread=thread)  # type: ignore[arg-type]
        path = f"oxillama/threads/{run.thread_id}/runs/{run.id}/thoughts"
        pieces: list[str] = []
        found = {"next": 0, "over": False}
        while not found["over"]:
            query = {"after": found["next"], "wait": 10}
            found = server.raw.get(path, params=query).raise_for_status().json()
            pieces.append(found["text"])
        assert "".join(pieces) == "Hm, let me think."
        assert len([piece for piece in pieces if piece]) > 1  # as they come
        again = server.raw.get(path, params={"after": 3, "wait": 10}).json()
        assert again == {"text": "", "next": 3, "over": True}
        other = path.replace(run.thread_id, "thread_x")
        assert server.raw.get(other).status_code == 404
