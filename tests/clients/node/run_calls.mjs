// Run by Node: makes the calls that stdin lists through the npm package, and prints what each gave or threw.
// Lists are walked to their last page. Retries stay as the package has them.
// process.argv: folder of the installed packages, the server's URL, an API key or "".
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [packages, serverURL, apiKey] = process.argv.slice(2);
const { OpenRouter } = createRequire(`${packages}/`)("@openrouter/sdk");
const client = new OpenRouter({ serverURL, apiKey: apiKey || undefined });

async function call([name, argument]) {
  const [group, operation] = name.split(".");
  try {
    const answer = await client[group][operation](argument ?? undefined);
    if (typeof answer?.[Symbol.asyncIterator] !== "function") return answer;
    const told = { ids: [], pages: 0, total: null };
    for await (const page of answer) {
      told.pages += 1;
      told.total = page.result.totalCount;
      told.ids.push(...page.result.data.map((row) => row.id));
    }
    return told;
  } catch (error) {
    return {
      error: error.constructor.name,
      status: error.statusCode,
      code: error.error?.code,
      message: error.error?.message,
      said: String(error.stack ?? error).slice(0, 600),
    };
  }
}

const answers = [];
for (const asked of JSON.parse(readFileSync(0, "utf8"))) answers.push((await call(asked)) ?? null);
console.log(JSON.stringify(answers));
