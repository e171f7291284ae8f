// The turns of a conversation on the page. Everything that models say is put in as text, never as markup.
const made = (tag, className, textContent = "") => Object.assign(document.createElement(tag), { className, textContent });
const WHO = { user: "You", assistant: "Model", tool: "Tool" };

export function turn(log, role, text, images = []) {
  log.querySelector(".begin")?.remove();
  const shown = made("div", `turn ${role}`);
  shown.append(made("span", "unseen", `${WHO[role]}:`));
  for (const [at, src] of images.entries()) shown.append(Object.assign(new Image(), { src, alt: `Image ${at + 1}` }));
  shown.append(made("div", "said", text));
  log.append(shown);
  shown.scrollIntoView({ block: "nearest" });
  return shown;
}

function folded(title, open = false) {
  const details = made("details", "");
  const body = made("div", "said");
  details.append(made("summary", "", title), body);
  details.open = open;
  return [details, body];
}

const dollars = (amount) => {
  const text = Number(amount).toFixed(12).replace(/0+$/, "").replace(/\.$/, "");
  return `$${text}`;
};

// An answer that is still coming: `add` takes each event, `end` closes it, `message` is what goes into the conversation.
export function answerTurn(log) {
  const shown = turn(log, "assistant", "");
  shown.classList.add("under-way");
  const said = shown.querySelector(".said");
  const began = performance.now();
  const calls = [];
  let first = 0;
  let reasoning = null;
  let content = "";
  let failed = false;

  function part(delta) {
    const thought = delta.reasoning ?? "";
    if ((thought || delta.content || delta.tool_calls) && !first) first = performance.now();
    if (thought) {
      if (!reasoning) {
        const [details, body] = folded("Reasoning");
        said.before(details);
        reasoning = body;
      }
      reasoning.append(thought);
    }
    if (delta.content) {
      content += delta.content;
      said.append(delta.content);
    }
    for (const image of delta.images ?? []) {
      if (image.image_url?.url?.startsWith("data:image/")) said.before(Object.assign(new Image(), { src: image.image_url.url, alt: "Image by the model" }));
    }
    for (const { index = 0, id, function: called } of delta.tool_calls ?? []) {
      const call = (calls[index] ??= { id: "", type: "function", function: { name: "", arguments: "" } });
      call.id ||= id ?? "";
      call.function.name += called?.name ?? "";
      call.function.arguments += called?.arguments ?? "";
    }
  }

  function measures(usage) {
    const seconds = (performance.now() - first) / 1000;
    const line = made("div", "measures");
    const add = (value, unit) => {
      const cell = made("span", "");
      cell.append(made("b", "", value), ` ${unit}`);
      line.append(cell);
    };
    add(dollars(usage.cost ?? 0), "cost");
    add(String(usage.prompt_tokens), "tokens in");
    add(String(usage.completion_tokens), "out");
    if (first) add(`${Math.round(first - began)} ms`, "to the first");
    if (first && seconds > 0.05) add((usage.completion_tokens / seconds).toFixed(0), "tokens a second");
    shown.append(line);
  }

  function routed(told) {
    const details = made("details", "why");
    const list = made("ul", "");
    for (const tried of (told.attempts ?? []).filter(({ status }) => status !== 200)) {
      list.append(made("li", "", `${tried.provider} was tried and answered ${tried.status}`));
    }
    for (const one of told.endpoints?.available ?? []) {
      const row = made("li", one.selected ? "taken" : "");
      row.append(made("span", "", one.provider), made("span", "", one.model), made("span", "", one.selected ? "served" : ""));
      list.append(row);
    }
    const by = told.strategy ? ` (${told.strategy})` : "";
    details.append(made("summary", "", `${told.summary}${by}`), list);
    shown.append(details);
  }

  return {
    shown,
    add(event) {
      if (event.error) this.fail(event);
      for (const choice of event.choices ?? []) part(choice.delta ?? {});
      if (event.usage) measures(event.usage);
      if (event.openrouter_metadata) routed(event.openrouter_metadata);
    },
    fail(body) {
      failed = true;
      const { code, message } = body.error ?? {};
      const note = made("div", "note bad");
      note.setAttribute("role", "alert");
      note.append(made("div", "", `${code ? `${code}: ` : ""}${message ?? "Something went wrong."}`));
      shown.append(note);
      for (const issue of body.error?.metadata?.issues ?? []) note.firstChild.append(made("div", "small", `${issue.path}: ${issue.message}`));
      if (body.openrouter_metadata) routed(body.openrouter_metadata);
    },
    end() {
      shown.classList.remove("under-way");
      if (calls.length) said.append(made("code", "", calls.map((call) => `${call.function.name}(${call.function.arguments})`).join("\n")));
      if (!content && !calls.length && !failed && !reasoning) said.append(made("span", "dim", "No answer."));
    },
    message() {
      const answered = content || calls.length;
      if (!answered) return null;
      return { role: "assistant", content, ...(calls.length ? { tool_calls: calls.filter(Boolean) } : {}) };
    },
  };
}

export const failure = (answer, body) => answer.fail(body);

// What the called tools return is written by whoever sits here.
export function toolForm(log, calls, then) {
  const form = made("form", "turn tool");
  for (const call of calls) {
    const field = made("label", "field");
    field.append(made("span", "label", `${call.function.name} returns`), Object.assign(made("textarea", "input mono"), { rows: 2, required: true, spellcheck: false }));
    form.append(field);
  }
  form.append(made("button", "button small first", "Give the results back"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const texts = [...form.querySelectorAll("textarea")].map((area) => area.value);
    form.remove();
    then(calls.map((call, at) => ({ role: "tool", tool_call_id: call.id, content: texts[at] })));
  });
  log.append(form);
  form.querySelector("textarea").focus();
}
