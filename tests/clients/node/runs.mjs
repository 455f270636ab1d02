// An assistant with a function: a streamed run, its tool outputs, its answer.
import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const assistant = await client.beta.assistants.create({
  model: "oxillama-tiny",
  instructions: "You are Mira, a helpful assistant.",
  temperature: 0.01,
  tools: [
    {
      type: "function",
      function: {
        name: "get_weather",
        description: "Weather now",
        parameters: {
          type: "object",
          properties: { city: { type: "string" } },
          required: ["city"],
        },
      },
    },
  ],
});
const thread = await client.beta.threads.create({
  messages: [{ role: "user", content: "What is the weather in Oslo?" }],
});
const first = client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id });
const waiting = await first.finalRun();
const calls = waiting.required_action.submit_tool_outputs.tool_calls;
const second = client.beta.threads.runs.submitToolOutputsStream(waiting.id, {
  thread_id: thread.id,
  tool_outputs: calls.map((call) => ({ tool_call_id: call.id, output: '{"temperature": 21}' })),
});
let streamed = "";
second.on("textDelta", (delta) => (streamed += delta.value));
const done = await second.finalRun();
const messages = await client.beta.threads.messages.list(thread.id, { limit: 1, order: "desc" });
console.log(
  JSON.stringify({
    calls: calls.map((call) => ({
      name: call.function.name,
      arguments: JSON.parse(call.function.arguments),
    })),
    status: done.status,
    streamed,
    message: messages.data[0].content[0].text.value,
  }),
);
