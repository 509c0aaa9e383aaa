// One message as nodes: its bubble, what it quotes, its picture or file, its buttons.

import { icon, make } from "./dom.js";
import { link, rich } from "./rich.js";
import { say, size, time } from "./words.js";

const fileAddress = (file) => `/sandbox/files/${encodeURIComponent(file.file_id)}`;

/** Render a message. Hooks: botName, onCommand, onStart, onPress(message, button, node), onReply(message), onCopy. */
export function renderMessage(message, hooks) {
  const mine = !message.from.is_bot;
  const bubble = make("div", { class: "bubble" });
  if (message.reply_to_message) bubble.append(quote(message.reply_to_message));
  if (message.photo) bubble.append(picture(message));
  if (message.document) bubble.append(documentCard(message.document));
  const words = message.text ?? message.caption;
  if (words) {
    const marks = message.entities ?? message.caption_entities;
    bubble.append(make("div", { class: "words", "data-testid": "message-text" }, ...rich(words, marks, hooks)));
  }
  bubble.append(stamp(message));
  const node = make(
    "article",
    {
      class: mine ? "message mine" : "message",
      "data-testid": "message",
      "data-message-id": message.message_id,
      "data-mine": String(mine),
      "aria-label": `${mine ? say("you") : message.from.first_name}，${time(message.date * 1000)}`,
    },
    bubble,
  );
  if (!mine) bubble.append(replyButton(message, hooks));
  if (message.reply_markup) node.append(inlineKeyboard(message, hooks));
  return node;
}

/** What a message says in one line. */
export function summary(message) {
  const words = message.text ?? message.caption ?? message.document?.file_name;
  return words ? words.replaceAll("\n", " ") : say(message.photo ? "photo" : "file");
}

function stamp(message) {
  const at = new Date(message.date * 1000);
  return make(
    "p",
    { class: "stamp" },
    message.edit_date ? make("span", { class: "edited" }, say("edited")) : null,
    make("time", { datetime: at.toISOString() }, time(at)),
  );
}

function quote(quoted) {
  const name = quoted.from.is_bot ? quoted.from.first_name : say("you");
  return make("div", { class: "quote" }, make("strong", {}, name), make("span", {}, summary(quoted)));
}

function replyButton(message, hooks) {
  const attributes = { type: "button", class: "icon reply", "aria-label": say("reply"), title: say("reply") };
  return make("button", { ...attributes, "data-testid": "reply", onclick: () => hooks.onReply(message) }, icon("reply"));
}

function picture(message) {
  const whole = message.photo.at(-1);
  const image = make("img", {
    src: fileAddress(whole),
    alt: message.caption ?? say("photo"),
    width: whole.width,
    height: whole.height,
  });
  const opens = { href: fileAddress(whole), target: "_blank", rel: "noopener", "aria-label": say("open", { name: say("photo") }) };
  return make("a", { class: "picture", "data-testid": "photo", ...opens }, image);
}

function documentCard(file) {
  const ending = file.file_name?.includes(".") ? file.file_name.split(".").pop().slice(0, 4).toUpperCase() : "";
  return make(
    "a",
    {
      class: "document",
      href: fileAddress(file),
      target: "_blank",
      rel: "noopener",
      "data-testid": "document",
      "aria-label": say("open", { name: file.file_name ?? say("file") }),
    },
    make("span", { class: "kind", "aria-hidden": "true" }, ending || icon("file")),
    make(
      "span",
      { class: "about" },
      make("span", { class: "name" }, file.file_name ?? say("file")),
      make("span", { class: "size" }, size(file.file_size ?? 0)),
    ),
  );
}

function inlineKeyboard(message, hooks) {
  const rows = message.reply_markup.inline_keyboard.map((row) =>
    make("div", { class: "row" }, ...row.map((button) => inlineButton(message, button, hooks))),
  );
  return make("div", { class: "buttons", role: "group", "data-testid": "buttons" }, ...rows);
}

function inlineButton(message, button, hooks) {
  const attributes = { class: "press", "data-testid": "button", "data-text": button.text };
  if (button.url) return link(button.url, [button.text, icon("out")], hooks, attributes);
  const node = make("button", { type: "button", ...attributes }, button.text);
  if (button.callback_data !== undefined) node.addEventListener("click", () => hooks.onPress(message, button, node));
  else if (button.copy_text) node.addEventListener("click", () => hooks.onCopy(button.copy_text.text));
  else node.disabled = true;
  return node;
}
