// The column of personas: who the reader can be, what waits for each.

import { $, make } from "./dom.js";
import { dayKey, pick, say, shortDay, time } from "./words.js";

/** Show the personas; `onChoose` is called with a user id. */
export function renderPeople(personas, chosen, now, onChoose) {
  const focused = document.activeElement?.closest?.("[data-user-id]")?.dataset.userId;
  $("people").replaceChildren(...personas.map((persona) => entry(persona, persona.user_id === chosen, now, onChoose)));
  if (focused) $("people").querySelector(`[data-user-id="${focused}"]`)?.focus();
}

/** Let the arrow keys walk the list. */
export function walkPeople() {
  $("people").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const entries = [...$("people").querySelectorAll("button")];
    const next = entries[entries.indexOf(document.activeElement) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });
}

function entry(persona, chosen, now, onChoose) {
  const role = pick(persona.role_label);
  const last = persona.last;
  const unread = persona.unread > 0 && !chosen;
  return make(
    "li",
    {},
    make(
      "button",
      {
        type: "button",
        class: "person",
        "data-testid": `persona-${persona.user_id}`,
        "data-user-id": persona.user_id,
        "data-role": persona.role,
        "aria-current": chosen ? "true" : undefined,
        onclick: () => onChoose(persona.user_id),
      },
      make("span", { class: "face", "aria-hidden": "true" }, [...persona.name][0] ?? "?"),
      make(
        "span",
        { class: "who" },
        make("span", { class: "name" }, persona.name),
        role ? make("span", { class: "role" }, role) : null,
        last ? make("time", { class: "when" }, when(last.date * 1000, now)) : null,
      ),
      make("span", { class: "where" }, persona.organisation),
      make(
        "span",
        { class: "last" },
        make("span", { class: "preview" }, preview(persona)),
        unread
          ? make(
              "span",
              { class: "unread", "data-testid": `unread-${persona.user_id}`, "aria-label": say("unread", { n: persona.unread }) },
              persona.unread > 99 ? "99+" : String(persona.unread),
            )
          : null,
      ),
    ),
  );
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
