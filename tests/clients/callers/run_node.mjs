// Run by Node: calls models with the package that is named, and prints what it got of each.
// process.argv: folder of the installed packages, the package, the server's URL, an API key, models.
// For each model: a plain and a streamed answer, a tool that is called and answered, and an answer in a schema.
import { createRequire } from "node:module";

const [packages, name, url, apiKey, ...models] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const QUESTION = "Where is it sunny?";
const PARAMETERS = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const CITY = {
  type: "object",
  properties: { city: { type: "string" }, people: { type: "integer" } },
  required: ["city", "people"],
  additionalProperties: false,
};

function vercel() {
  const { generateText, streamText, tool, jsonSchema, stepCountIs, isStepCount, Output } = require("ai");
  const { createOpenRouter } = require("@openrouter/ai-sdk-provider");
  const openrouter = createOpenRouter({ baseURL: url, apiKey });
  return async (id) => {
    const model = openrouter.chat(id);
    const asked = { model, prompt: QUESTION, maxRetries: 0 };
    const plain = await generateText(asked);
    const stream = streamText(asked);
    const pieces = [];
    for await (const piece of stream.textStream) pieces.push(piece);
    const calls = [];
    const weather = tool({
      description: "Tell the weather in a city.",
      inputSchema: jsonSchema(PARAMETERS),
      execute: async (input) => (calls.push(["weather", input]), `sunny in ${input.city}`),
    });
    const after = await generateText({ ...asked, tools: { weather }, stopWhen: (stepCountIs ?? isStepCount)(3) });
    const city = await generateText({ ...asked, output: Output.object({ schema: jsonSchema(CITY) }) });
    return {
      plain: plain.text,
      tokens: plain.usage.totalTokens,
      streamed: pieces.join(""),
      streamed_tokens: (await stream.usage).totalTokens,
      calls,
      after: after.text,
      city: city.output,
    };
  };
}

function sdk() {
  const { OpenRouter } = require("@openrouter/sdk");
  const client = new OpenRouter({ serverURL: url, apiKey, retryConfig: { strategy: "none" } });
  const send = (chatRequest) => client.chat.send({ chatRequest });
  const tools = [{ type: "function", function: { name: "weather", parameters: PARAMETERS } }];
  const json = { type: "json_schema", jsonSchema: { name: "city", strict: true, schema: CITY } };
  return async (model) => {
    const messages = [{ role: "user", content: QUESTION }];
    const plain = await send({ model, messages, stream: false });
    const pieces = [];
    let tokens = 0;
    for await (const chunk of await send({ model, messages, stream: true })) {
      for (const choice of chunk.choices) pieces.push(choice.delta.content ?? "");
      tokens = chunk.usage?.totalTokens ?? tokens;
    }
    const asking = (await send({ model, messages, tools, stream: false })).choices[0].message;
    const results = asking.toolCalls.map((call) => ({
      role: "tool",
      toolCallId: call.id,
      content: `sunny in ${JSON.parse(call.function.arguments).city}`,
    }));
    const after = await send({ model, messages: [...messages, asking, ...results], tools, stream: false });
    const city = await send({ model, messages, responseFormat: json, stream: false });
    return {
      plain: plain.choices[0].message.content,
      tokens: plain.usage.totalTokens,
      streamed: pieces.join(""),
      streamed_tokens: tokens,
      calls: asking.toolCalls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
      after: after.choices[0].message.content,
      city: JSON.parse(city.choices[0].message.content),
    };
  };
}

const ask = { vercel, sdk }[name]();
const answers = [];
for (const model of models) answers.push(await ask(model));
console.log(JSON.stringify(answers));
