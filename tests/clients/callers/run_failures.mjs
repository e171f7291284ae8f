// Run by Node: meets an unknown model, a refused key and a stream that breaks off with the package that is named.
// process.argv: folder of the installed packages, the package, the server's URL, an API key, a model.
import { createRequire } from "node:module";

const [packages, name, url, apiKey, model] = process.argv.slice(2);
const require = createRequire(`${packages}/`);

async function told(call) {
  const came = [];
  try {
    await call((piece) => came.push(piece));
  } catch (error) {
    const status = error.statusCode ?? error.code ?? error.error?.code ?? null;
    return { came: came.join(""), status, error: error.name ?? error.constructor.name, said: String(error.message ?? JSON.stringify(error)) };
  }
  return { came: came.join(""), status: null, error: null };
}

function vercel() {
  const { generateText, streamText } = require("ai");
  const { createOpenRouter } = require("@openrouter/ai-sdk-provider");
  const ask = (id, key) => ({
    model: createOpenRouter({ baseURL: url, apiKey: key }).chat(id),
    prompt: "Hi",
    maxRetries: 0,
    onError: () => {},
  });
  return {
    whole: (id, key) => told(() => generateText(ask(id, key))),
    streamed: (id) =>
      told(async (say) => {
        for await (const part of streamText(ask(id, apiKey)).fullStream) {
          if (part.type === "text-delta") say(part.text);
          if (part.type === "error") throw part.error;
        }
      }),
  };
}

function sdk() {
  const { OpenRouter } = require("@openrouter/sdk");
  const messages = [{ role: "user", content: "Hi" }];
  const send = (id, key, stream) =>
    new OpenRouter({ serverURL: url, apiKey: key, retryConfig: { strategy: "none" } }).chat.send({
      chatRequest: { model: id, messages, stream },
    });
  return {
    whole: (id, key) => told(() => send(id, key, false)),
    streamed: (id) =>
      told(async (say) => {
        for await (const chunk of await send(id, apiKey, true)) {
          for (const choice of chunk.choices) say(choice.delta.content ?? "");
          if (chunk.error) throw chunk.error;
        }
      }),
  };
}

const { whole, streamed } = { vercel, sdk }[name]();
const found = [await whole("acme/nope", apiKey), await whole(model, "sk-or-v1-none"), await streamed(model)];
console.log(JSON.stringify(found));
