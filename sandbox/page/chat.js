// The conversation of the chosen persona: its messages in order, days between them, what is new.

import { $, make } from "./dom.js";
import { act, get } from "./server.js";
import { day, dayKey, pick, say } from "./words.js";
import { alertBox, toast } from "./notices.js";
import { quoteMessage, sendText, setCommands, setKeyboard } from "./composer.js";
import { renderMessage } from "./messages.js";

const NEAR_END = 80;
const TYPING_MS = 5000;
const ANSWER_MS = 15000;

let persona = null;
let bot = null;
let messages = new Map();
let pressed = new Map();
let markedRead = 0;
let typingTimer = null;

const hooks = {
  get botName() {
    return bot.username;
  },
  onCommand: (command) => sendText(command),
  onStart: (payload) => start(payload || null),
  onPress: press,
  onReply: (message) => quoteMessage(message),
  onCopy: (text) => navigator.clipboard.writeText(text).then(() => toast(say("copied"))),
};

/** Wire what is always there. */
export function wireChat() {
  $("scroll").addEventListener("scroll", () => {
    if (atEnd()) seen();
  });
  $("latest").addEventListener("click", () => toEnd());
  $("earlier").addEventListener("click", loadEarlier);
  $("start").addEventListener("click", () => (persona.blocked ? setBlocked(false) : start(persona.start)));
  $("block").addEventListener("click", () => setBlocked(true));
  document.addEventListener("visibilitychange", () => seen());
  const sizes = new ResizeObserver(() => {
    if (stuck) toEnd();
  });
  sizes.observe($("log"));
  sizes.observe($("scroll"));
}

/** Open the conversation of a persona. */
export async function openChat(chosen, ofBot) {
  persona = chosen;
  bot = ofBot;
  const chat = await get(`chats/${persona.user_id}`);
  if (persona !== chosen) return; // another persona was chosen meanwhile
  messages = new Map(chat.messages.map((message) => [message.message_id, message]));
  pressed = new Map();
  markedRead = chat.read;
  persona.started = chat.started;
  persona.blocked = chat.blocked;
  setCommands(chat.commands);
  setKeyboard(chat.keyboard);
  $("earlier").hidden = !chat.more;
  hideTyping();
  renderChat();
  toEnd();
}

/** Show the whole conversation anew, as after a change of language. */
export function renderChat() {
  if (!persona) return;
  renderHead();
  $("log").setAttribute("aria-busy", "true");
  $("log").replaceChildren();
  for (const message of messages.values()) place(message);
  $("log").removeAttribute("aria-busy");
}

/** Take in a message, new or edited. */
export function takeMessage(message) {
  const stay = atEnd();
  const fresh = !messages.has(message.message_id);
  messages.set(message.message_id, message);
  place(message);
  if (message.from.is_bot) hideTyping();
  if (!persona.started || persona.blocked) {
    persona.started = true;
    persona.blocked = message.from.is_bot && persona.blocked;
    renderHead();
  }
  if (fresh && (stay || !message.from.is_bot)) toEnd();
  else if (fresh) $("latest").hidden = false;
}

/** Take a message away. */
export function dropMessage(messageId) {
  messages.delete(messageId);
  renderChat();
}

/** Take in whether the chat is open. */
export function setDoor({ started, blocked }) {
  persona.started = started;
  persona.blocked = blocked;
  renderHead();
}

/** Ask again for what the bot offers, as it has changed. */
export async function refreshOffers(ofBot) {
  bot = ofBot;
  const chosen = persona;
  const chat = await get(`chats/${chosen.user_id}`);
  if (persona === chosen) setCommands(chat.commands);
  renderHead();
}

/** Show that the bot is busy writing. */
export function showTyping() {
  renderNames(say("typing"));
  clearTimeout(typingTimer);
  typingTimer = setTimeout(hideTyping, TYPING_MS);
}

/** Show the bot's answer to a press. */
export function takeAnswer(answer) {
  settle(answer.query_id);
  if (!answer.text) return;
  if (answer.show_alert) alertBox(answer.text);
  else toast(answer.text);
}

function hideTyping() {
  clearTimeout(typingTimer);
  renderNames();
}

/** The bot's name in the page's language, where it has one. */
export function botName(ofBot) {
  return ofBot.names?.[document.documentElement.lang.slice(0, 2)] || ofBot.name;
}

function renderNames(state = null) {
  $("chat-title").textContent = botName(bot);
  $("chat-as").textContent = state ?? `${say("as", { name: persona.name })} · ${persona.organisation}`;
  $("chat-as").classList.toggle("busy", state !== null);
}

function renderHead() {
  renderNames();
  const open = persona.started && !persona.blocked;
  $("block").hidden = !open;
  $("block").textContent = say("block");
  $("start").hidden = open;
  $("start").textContent = say(persona.blocked ? "restart" : "start");
  $("composer").hidden = !open;
  $("keys").classList.toggle("away", !open);
  $("welcome").hidden = persona.started && !persona.blocked;
  $("welcome-title").textContent = persona.blocked ? say("blocked") : botName(bot);
  const about = pick({ zh: bot.description.zh || bot.description[""], en: bot.description.en || bot.description[""] });
  $("welcome-text").textContent = persona.blocked ? "" : about || say("welcomeText");
}

function place(message) {
  const log = $("log");
  const node = renderMessage(message, hooks);
  const key = dayKey(message.date * 1000);
  node.dataset.day = key;
  const old = log.querySelector(`[data-message-id="${message.message_id}"]`);
  if (old) {
    if (old.classList.contains("joined")) node.classList.add("joined");
    const held = old.contains(document.activeElement) && document.activeElement.dataset.text;
    old.replaceWith(node);
    if (held) [...node.querySelectorAll("[data-text]")].find((button) => button.dataset.text === held)?.focus();
    return;
  }
  const before = log.lastElementChild;
  if (before?.dataset.day !== key) log.append(make("p", { class: "day", "data-testid": "day" }, day(message.date * 1000)));
  const earlier = messages.get(Number(before?.dataset.messageId));
  if (message.media_group_id && earlier?.media_group_id === message.media_group_id) node.classList.add("joined");
  log.append(node);
}

async function loadEarlier() {
  const [oldest] = messages.keys();
  const chat = await get(`chats/${persona.user_id}?before=${oldest}`);
  messages = new Map([...chat.messages.map((message) => [message.message_id, message]), ...messages]);
  $("earlier").hidden = !chat.more;
  stuck = false;
  const fromEnd = $("scroll").scrollHeight - $("scroll").scrollTop;
  renderChat();
  $("scroll").scrollTop = $("scroll").scrollHeight - fromEnd;
}

let stuck = true;

function atEnd() {
  const box = $("scroll");
  stuck = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
  return stuck;
}

function toEnd() {
  stuck = true;
  $("scroll").scrollTop = $("scroll").scrollHeight;
  $("latest").hidden = true;
  seen();
}

function seen() {
  const last = [...messages.keys()].at(-1) ?? 0;
  if (!persona || document.hidden || last <= markedRead) return;
  if (document.body.dataset.view !== "chat" && matchMedia("(max-width: 760px)").matches) return;
  $("latest").hidden = true;
  markedRead = last;
  act("POST", `chats/${persona.user_id}/read`, { message_id: last });
}

function start(payload) {
  return act("POST", `chats/${persona.user_id}/start`, { payload: payload ?? null });
}

function setBlocked(blocked) {
  return act("POST", `chats/${persona.user_id}/blocked`, { blocked });
}

async function press(message, button, node) {
  if (node.getAttribute("aria-busy")) return;
  node.setAttribute("aria-busy", "true");
  const body = { message_id: message.message_id, data: button.callback_data };
  const asked = await act("POST", `chats/${persona.user_id}/presses`, body);
  if (!asked) return node.removeAttribute("aria-busy");
  if (answeredEarly.delete(asked.query_id)) return node.removeAttribute("aria-busy");
  const timer = setTimeout(() => {
    if (settle(asked.query_id)) toast(say("noAnswer"));
  }, ANSWER_MS);
  pressed.set(asked.query_id, { node, timer });
}

const answeredEarly = new Set();

function settle(queryId) {
  const waiting = pressed.get(queryId);
  if (!waiting) {
    answeredEarly.add(queryId); // the answer may overtake the reply to the press
    return false;
  }
  clearTimeout(waiting.timer);
  waiting.node.removeAttribute("aria-busy");
  return pressed.delete(queryId);
}
