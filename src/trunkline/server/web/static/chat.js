// The playground: one message to up to three models, each with a conversation of its own.
import { turn, answerTurn, failure, toolForm } from "./chat-turns.js";
import { events } from "./chat-events.js";
import { toast } from "./toasts.js";

const place = document.getElementById("columns");
const say = document.getElementById("say");
const text = document.getElementById("text");
const key = document.getElementById("key");
const more = document.getElementById("more-models");
const field = (id) => document.getElementById(id).value.trim();
const talks = new Map();
let images = [];
let running = 0;

function begin(section) {
  const talk = { section, messages: [], log: section.querySelector(".turns"), stop: null };
  talks.set(section, talk);
  section.querySelector("[data-close]").addEventListener("click", () => {
    talk.stop?.abort();
    talks.delete(section);
    section.remove();
    arrange();
  });
  section.querySelector("[name=model]").addEventListener("change", arrange);
  return talk;
}

function arrange() {
  const sections = [...place.children];
  more.hidden = sections.length >= Number(place.dataset.most);
  sections.forEach((section, at) => {
    section.setAttribute("aria-label", `Conversation ${at + 1}`);
    section.querySelector("[data-close]").hidden = sections.length === 1;
  });
  const address = new URL(location.href);
  address.search = "";
  const named = sections.map((section) => section.querySelector("[name=model]").value).filter(Boolean);
  if (named.length) address.searchParams.set("models", named.join(","));
  if (key.selectedIndex > 0) address.searchParams.set("key", key.value);
  history.replaceState(null, "", address);
}

function parameters() {
  const body = {};
  for (const name of ["temperature", "top_p", "max_tokens"]) if (field(name)) body[name] = Number(field(name));
  if (field("effort")) body.reasoning = { effort: field("effort") };
  if (field("sort")) body.provider = { sort: field("sort") };
  const wrong = document.getElementById("tools-wrong");
  wrong.textContent = "";
  if (field("tools")) {
    try {
      body.tools = JSON.parse(field("tools"));
      if (!Array.isArray(body.tools)) throw new SyntaxError("expected a list");
    } catch (error) {
      wrong.textContent = `This is no JSON list of tools: ${error.message}`;
      document.querySelector(".settings").open = true;
      throw error;
    }
  }
  return body;
}

function busy(change) {
  running += change;
  document.getElementById("stop").hidden = running === 0;
  document.getElementById("send").disabled = running > 0;
}

async function ask(talk, chosen) {
  const model = talk.section.querySelector("[name=model]").value.trim();
  const system = field("system") ? [{ role: "system", content: field("system") }] : [];
  const chat = { ...chosen, model, messages: [...system, ...talk.messages], stream: true };
  const shown = answerTurn(talk.log);
  const heard = talk.messages.length;
  talk.stop = new AbortController();
  busy(1);
  try {
    const response = await fetch("/chat", {
      method: "POST",
      signal: talk.stop.signal,
      headers: { "content-type": "application/json", accept: "application/json", "x-form-token": place.dataset.token },
      body: JSON.stringify({ key: key.value, chat }),
    });
    if (response.ok) for await (const event of events(response.body)) shown.add(event);
    else failure(shown, await response.json());
  } catch (error) {
    if (error.name !== "AbortError") failure(shown, { error: { message: "The server cannot be reached, or broke off." } });
  } finally {
    talk.stop = null;
    busy(-1);
    shown.end();
  }
  const message = shown.message();
  // A turn that gave nothing is not part of the conversation, and neither is one that a new start has overtaken.
  if (!message || talk.messages.length !== heard) return;
  talk.messages.push(message);
  if (message.tool_calls) toolForm(talk.log, message.tool_calls, (results) => {
    talk.messages.push(...results);
    for (const result of results) turn(talk.log, "tool", result.content);
    ask(talk, chosen);
  });
}

say.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) return;
  let chosen;
  try {
    chosen = parameters();
  } catch {
    return;
  }
  const empty = [...place.children].map((section) => section.querySelector("[name=model]")).find((input) => !input.value.trim());
  if (empty) {
    toast("Choose a model first.", "bad");
    empty.focus();
    return;
  }
  const said = text.value;
  const content = images.length ? [{ type: "text", text: said }, ...images.map((url) => ({ type: "image_url", image_url: { url } }))] : said;
  for (const talk of talks.values()) {
    talk.messages.push({ role: "user", content });
    turn(talk.log, "user", said, images);
    ask(talk, chosen);
  }
  text.value = "";
  images = [];
  showImages();
});

text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) say.requestSubmit();
});
document.getElementById("stop").addEventListener("click", () => talks.forEach((talk) => talk.stop?.abort()));

const anew = document.getElementById("anew");
anew.hidden = false;
anew.addEventListener("click", () => {
  for (const talk of talks.values()) {
    talk.stop?.abort();
    talk.messages = [];
    talk.log.replaceChildren();
  }
  text.focus();
});

more.addEventListener("click", () => {
  const made = place.lastElementChild.cloneNode(true);
  made.querySelector(".turns").replaceChildren();
  made.querySelector("[name=model]").value = "";
  place.append(made);
  begin(made);
  arrange();
  made.querySelector("[name=model]").focus();
});

function showImages() {
  document.getElementById("images").replaceChildren(...images.map((url, at) => {
    const button = Object.assign(document.createElement("button"), { type: "button", title: "Take this image away" });
    button.append(Object.assign(new Image(), { src: url, alt: `Image ${at + 1}, press to take it away` }));
    button.addEventListener("click", () => {
      images.splice(at, 1);
      showImages();
    });
    return button;
  }));
}

document.getElementById("image").addEventListener("change", async (event) => {
  for (const file of event.target.files) {
    if (file.size > 6_000_000) {
      toast(`${file.name} is larger than 6 MB.`, "bad");
      continue;
    }
    images.push(await new Promise((done) => {
      const reader = new FileReader();
      reader.addEventListener("load", () => done(reader.result));
      reader.readAsDataURL(file);
    }));
  }
  event.target.value = "";
  showImages();
});

let asked = 0;
async function offer(typed) {
  const mine = ++asked;
  const query = new URLSearchParams({ key: key.value, q: typed });
  const response = await fetch(`/chat/models?${query}`, { headers: { accept: "application/json" } });
  if (!response.ok || mine !== asked) return;
  const { models, refused } = await response.json();
  if (refused) toast(refused, "bad");
  document.getElementById("models").replaceChildren(...models.map(({ id, name }) => Object.assign(document.createElement("option"), { value: id, label: name })));
}
let typing;
place.addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(offer, 150, event.target.value);
});
key.addEventListener("change", () => {
  arrange();
  offer("");
});

for (const section of place.children) begin(section);
arrange();
offer("");
