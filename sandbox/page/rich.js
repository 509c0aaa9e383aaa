// Text with entities as nodes. Entities count UTF-16 code units, and so do JavaScript's strings.

import { make } from "./dom.js";

const TAGS = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
  expandable_blockquote: "blockquote",
};

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

/** Turn a text into nodes; `onCommand` and `onStart` are called for commands and for deep links to this bot. */
export function rich(text, entities, hooks) {
  const ordered = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return span(text, 0, text.length, ordered, hooks);
}

function span(text, from, to, entities, hooks) {
  const nodes = [];
  let at = from;
  for (let place = 0; place < entities.length; place += 1) {
    const entity = entities[place];
    const end = Math.min(entity.offset + entity.length, to);
    if (entity.offset < at || end <= entity.offset) continue;
    if (entity.offset > at) nodes.push(text.slice(at, entity.offset));
    const inside = entities.slice(place + 1).filter((other) => other.offset < end);
    nodes.push(marked(entity, text.slice(entity.offset, end), span(text, entity.offset, end, inside, hooks), hooks));
    at = BLOCKS.has(entity.type) && text[end] === "\n" ? end + 1 : end; // a block ends its line by itself
  }
  if (at < to) nodes.push(text.slice(at, to));
  return nodes;
}

function marked(entity, words, children, hooks) {
  if (entity.type in TAGS) return make(TAGS[entity.type], {}, ...children);
  if (entity.type === "text_link") return link(entity.url, children, hooks);
  if (entity.type === "url") return link(/^[a-z]+:/i.test(words) ? words : `https://${words}`, children, hooks);
  if (entity.type === "bot_command") {
    return make("button", { type: "button", class: "command", onclick: () => hooks.onCommand(words) }, words);
  }
  if (entity.type === "spoiler") {
    const node = make("span", { class: "spoiler", tabindex: "0", role: "button" }, ...children);
    const show = () => node.classList.add("shown");
    node.addEventListener("click", show);
    node.addEventListener("keydown", (event) => event.key === "Enter" && show());
    return node;
  }
  return make("span", {}, ...children);
}

/** A link that opens apart; one to this bot's own start sends it instead; one of an unknown kind stays text. */
export function link(address, children, hooks, attributes = {}) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return make("span", attributes, ...children);
  }
  const payload = startPayload(url, hooks.botName);
  if (payload !== null) {
    const go = (event) => {
      event.preventDefault();
      hooks.onStart(payload);
    };
    return make("a", { ...attributes, href: url.href, onclick: go }, ...children);
  }
  if (!["http:", "https:"].includes(url.protocol)) return make("span", attributes, ...children);
  return make("a", { ...attributes, href: url.href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

function startPayload(url, botName) {
  const same = (name) => name?.toLowerCase() === botName.toLowerCase();
  const here =
    (["t.me", "telegram.me"].includes(url.hostname) && same(url.pathname.slice(1))) ||
    (url.protocol === "tg:" && url.href.includes("resolve") && same(url.searchParams.get("domain")));
  return here ? (url.searchParams.get("start") ?? "") : null;
}
