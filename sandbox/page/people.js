// The column of personas: who the reader can be, what waits for each.

import { $, make } from "./dom.js";
import { dayKey, pick, say, shortDay, time } from "./words.js";

const entries = new Map();

/** Show the personas; `onChoose` is called with a user id. A persona keeps their button, so a press is never lost. */
export function renderPeople(personas, chosen, now, onChoose) {
  const order = personas.map((persona) => persona.user_id);
  if (String(order) !== String([...entries.keys()])) {
    entries.clear();
    for (const userId of order) entries.set(userId, newEntry(userId, onChoose));
    $("people").replaceChildren(...[...entries.values()].map((button) => make("li", {}, button)));
  }
  for (const persona of personas) fill(entries.get(persona.user_id), persona, persona.user_id === chosen, now);
}

/** Let the arrow keys walk the list. */
export function walkPeople() {
  $("people").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const buttons = [...entries.values()];
    const next = buttons[buttons.indexOf(document.activeElement) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });
}

function newEntry(userId, onChoose) {
  const names = { "data-testid": `persona-${userId}`, "data-user-id": userId };
  return make("button", { type: "button", class: "person", ...names, onclick: () => onChoose(userId) });
}

function fill(button, persona, chosen, now) {
  const role = pick(persona.role_label);
  const last = persona.last;
  button.dataset.role = persona.role;
  if (chosen) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
  button.replaceChildren(
    make("span", { class: "face", "aria-hidden": "true" }, [...persona.name][0] ?? "?"),
    make(
      "span",
      { class: "who" },
      make("span", { class: "name" }, persona.name),
      role ? make("span", { class: "role" }, role) : "",
      last ? make("time", { class: "when" }, when(last.date * 1000, now)) : "",
    ),
    make("span", { class: "where" }, persona.organisation),
    make("span", { class: "last" }, make("span", { class: "preview" }, preview(persona)), unreadBadge(persona)),
  );
}

function unreadBadge(persona) {
  if (!persona.unread) return "";
  const label = say("unread", { n: persona.unread });
  const names = { class: "unread", "data-testid": `unread-${persona.user_id}`, "aria-label": label };
  return make("span", names, persona.unread > 99 ? "99+" : String(persona.unread));
}

function preview(persona) {
  const last = persona.last;
  if (!last) return say(persona.started ? "empty" : "welcome");
  const words = last.text || say(last.photo ? "photo" : "file");
  return last.mine ? `${say("you")}: ${words}` : words;
}

function when(instant, now) {
  return dayKey(instant) === dayKey(now) ? time(instant) : shortDay(instant);
}
