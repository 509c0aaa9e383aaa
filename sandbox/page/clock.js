// The clock bar: where the virtual time stands, and the buttons that move it.

import { $, make } from "./dom.js";
import { act } from "./server.js";
import { day, pick, say, time } from "./words.js";

let latest = { now: null, moving: false, done: 0, movable: false };
let latestNote = null;
let stopping = false;

/** Wire the buttons. */
export function wireClock() {
  $("next-event").addEventListener("click", () => move({ step: "next_event" }));
  $("next-morning").addEventListener("click", () => move({ step: "next_morning" }));
  $("forward").addEventListener("submit", (event) => {
    event.preventDefault();
    move({ step: "forward", days: Number($("days").value) });
  });
  $("stop").addEventListener("click", () => {
    stopping = true;
    renderClock();
    act("DELETE", "clock");
  });
}

/** The virtual instant, for what is shown relative to it. */
export const now = () => new Date(latest.now ?? 0);

/** Take in what the server says of the clock. */
export function setClock(told) {
  if (told.moving && !latest.moving) {
    latestNote = null;
    stopping = false;
  }
  if (told.note) latestNote = { at: told.now, note: told.note };
  latest = { ...latest, ...(told.moving ? { failed: false, stopped: false } : {}), ...told };
  renderClock();
}

/** Show the clock in the page's language. */
export function renderClock() {
  if (!latest.now) return;
  $("clock").hidden = !latest.movable;
  const at = now();
  $("clock-now").replaceChildren(
    make("span", { class: "date" }, day(at)),
    make("time", { class: "time", datetime: at.toISOString() }, time(at)),
  );
  for (const button of document.querySelectorAll(".moves .move, #days")) button.disabled = latest.moving;
  $("stop").hidden = !latest.moving;
  $("stop").disabled = stopping;
  document.body.classList.toggle("moving", latest.moving);
  $("going").hidden = !latest.moving && !latestNote && !latest.failed && !latest.stopped;
  const percent = Math.round(latest.done * 100);
  $("track").setAttribute("aria-valuenow", String(percent));
  $("track").setAttribute("aria-label", say("moving"));
  $("bar").style.width = `${percent}%`;
  $("note").textContent = noteText();
}

function noteText() {
  if (latest.failed) return say("moveFailed");
  if (latest.moving && stopping) return say("stopping");
  if (latestNote) {
    const at = new Date(latestNote.at);
    return `${day(at)} ${time(at)}　${pick(latestNote.note)}`;
  }
  return say(latest.moving ? "moving" : "stopped");
}

function move(step) {
  return act("POST", "clock", step); // the stream tells what comes of it; the reply may arrive after the end
}
