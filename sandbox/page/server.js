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

/** Follow what happens after an event; handlers by kind. The browser reconnects by itself. */
export function follow(after, handlers) {
  const source = new EventSource(`/sandbox/events?after=${encodeURIComponent(after)}`);
  for (const [kind, handle] of Object.entries(handlers)) {
    source.addEventListener(kind, (event) => handle(event.data ? JSON.parse(event.data) : {}));
  }
  return source;
}
