// Talking to the server: questions, deeds, and the stream of what happens.

import { say } from "./words.js";
import { toast } from "./notices.js";

async function ask(method, path, body) {
  const options = { method };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  const response = await fetch(`/sandbox/${path}`, options);
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new Error(typeof answer?.error === "string" ? answer.error : response.statusText);
  return answer;
}

/** Ask, and return the answer; a refusal is thrown. */
export const get = (path) => ask("GET", path);

/** Do something; a failure is told to the reader and gives undefined. */
export async function act(method, path, body = {}) {
  try {
    return await ask(method, path, body);
  } catch (error) {
    toast(say("failed", { reason: error.message }));
    return undefined;
  }
}

/**
 * Follow what happens after an event; handlers by kind, and `onLost` when the connection breaks.
 *
 * A page out of sight lets go of its connection, as a browser grants a site only six, and takes up where it was.
 */
export function follow(after, handlers, onLost) {
  let last = after;
  let source = null;
  const open = () => {
    if (source) return;
    source = new EventSource(`/sandbox/events?after=${encodeURIComponent(last)}`);
    let lost = false;
    source.addEventListener("error", () => {
      if (!lost) onLost();
      lost = true;
    });
    source.addEventListener("open", () => {
      lost = false;
    });
    for (const [kind, handle] of Object.entries(handlers)) {
      source.addEventListener(kind, (event) => {
        if (!event.data) return; // the connection's own error event shares the listeners
        last = event.lastEventId || last;
        handle(JSON.parse(event.data));
      });
    }
  };
  const close = () => {
    source?.close();
    source = null;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  if (!document.hidden) open();
}
