// Brief notices over the page, and the alert a bot may show.

import { $, make } from "./dom.js";

const SHOWN_MS = 5000;

/** Show a notice for a few seconds. */
export function toast(text) {
  const node = make("p", { class: "toast", "data-testid": "toast" }, text);
  $("toasts").append(node);
  setTimeout(() => node.remove(), SHOWN_MS);
}

/** Show an alert that has to be closed. */
export function alertBox(text) {
  $("alert-text").textContent = text;
  if (!$("alert").open) $("alert").showModal();
}
