// A streamed response, the next one that goes on from it, and its end.
import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const model = "oxillama-tiny";

const stream = client.responses.stream({ model, input: "My name is Zorvik.", temperature: 0 });
const types = [];
let streamed = "";
for await (const event of stream) {
  types.push(event.type);
  if (event.type === "response.output_text.delta") streamed += event.delta;
}
const final = await stream.finalResponse();
const stored = await client.responses.retrieve(final.id);
const next = await client.responses.create({
  model,
  input: "What is my name?",
  previous_response_id: final.id,
  temperature: 0,
});
await client.responses.delete(final.id);
const deleted = await client.responses.retrieve(final.id).catch((error) => error.status);
console.log(
  JSON.stringify({
    types,
    streamed,
    final: final.output_text,
    stored: stored.output[0].content[0].text,
    recalled: next.output_text,
    deleted,
  }),
);
