// Chat completions, streamed, with a function that the SDK's own helper runs.
import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const cities = [];
const runner = client.chat.completions.runTools({
  model: "oxillama-tiny",
  stream: true,
  temperature: 0,
  messages: [{ role: "user", content: "What is the weather in Oslo?" }],
  tools: [
    {
      type: "function",
      function: {
        name: "get_weather",
        description: "Weather now",
        parse: JSON.parse,
        parameters: {
          type: "object",
          properties: { city: { type: "string" } },
          required: ["city"],
        },
        function: ({ city }) => {
          cities.push(city);
          return '{"temperature": 21}';
        },
      },
    },
  ],
});
const final = await runner.finalContent();
const completion = await runner.finalChatCompletion();
console.log(
  JSON.stringify({ cities, final, finish: completion.choices[0].finish_reason }),
);
