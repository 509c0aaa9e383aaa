// The page put together: who is chosen, what the server says, who shows it.

import { $ } from "./dom.js";
import { follow, get } from "./server.js";
import { language, say, switchLanguage, wordPage } from "./words.js";
import { toast } from "./notices.js";
import { now, renderClock, setClock, wireClock } from "./clock.js";
import { renderPeople, walkPeople } from "./people.js";
import { renderTray, resetComposer, setKeyboard, wireComposer } from "./composer.js";
import {
  dropMessage,
  openChat,
  refreshOffers,
  renderChat,
  setDoor,
  showTyping,
  takeAnswer,
  takeMessage,
  wireChat,
} from "./chat.js";

const page = { bot: null, personas: [], chosen: null };

const personaOf = (userId) => page.personas.find((persona) => persona.user_id === userId);
const isOpen = (chatId) => page.chosen === chatId;
const isShown = (chatId) => isOpen(chatId) && !document.hidden && !(narrow.matches && document.body.dataset.view !== "chat");
const narrow = matchMedia("(max-width: 760px)");

const handlers = {
  message({ chat_id: chatId, message }) {
    const persona = personaOf(chatId);
    if (!persona) return;
    if (message.message_id >= (persona.last?.message_id ?? 0)) {
      persona.last = {
        message_id: message.message_id,
        text: (message.text ?? message.caption ?? message.document?.file_name ?? "").slice(0, 80),
        photo: Boolean(message.photo),
        mine: !message.from.is_bot,
        date: message.date,
      };
    }
    if (message.from.is_bot && !message.edit_date && !isShown(chatId)) persona.unread += 1;
    if (isOpen(chatId)) takeMessage(message);
    else persona.started = true;
    showPeople();
  },
  deleted: ({ chat_id: chatId, message_id: messageId }) => isOpen(chatId) && dropMessage(messageId),
  keyboard: ({ chat_id: chatId, keyboard }) => isOpen(chatId) && setKeyboard(keyboard),
  door(told) {
    if (isOpen(told.chat_id)) setDoor(told);
    else Object.assign(personaOf(told.chat_id) ?? {}, { started: told.started, blocked: told.blocked });
  },
  read({ user_id: userId, chat_id: chatId }) {
    const persona = personaOf(userId);
    if (persona && userId === chatId) persona.unread = 0;
    showPeople();
  },
  typing: ({ chat_id: chatId }) => isOpen(chatId) && showTyping(),
  answer: (answer) => isOpen(answer.user_id) && takeAnswer(answer),
  clock(told) {
    setClock(told);
    showPeople();
    if (!told.moving) reload(false);
  },
  beat: (told) => !document.body.classList.contains("moving") && setClock(told),
  settings: () => reload(false),
  reset: () => reload(true),
};

let peopleDue = false;

/** Show the people, once for however many events come before the next frame. */
function showPeople() {
  if (peopleDue) return;
  peopleDue = true;
  requestAnimationFrame(() => {
    peopleDue = false;
    renderPeople(page.personas, page.chosen, now(), choose);
  });
}

/** Ask for everything anew; the chat too when events were missed. */
async function reload(chatToo) {
  const state = await get("state");
  page.bot = state.bot;
  const before = new Map(page.personas.map((persona) => [persona.user_id, persona]));
  page.personas = state.personas.map((persona) => Object.assign(before.get(persona.user_id) ?? {}, persona));
  setClock(state.clock);
  showPeople();
  if (page.chosen === null) return state;
  if (chatToo) await openChat(personaOf(page.chosen), page.bot);
  else await refreshOffers(page.bot);
  return state;
}

async function choose(userId, focus = true) {
  const persona = personaOf(userId);
  if (!persona) return;
  document.body.dataset.view = "chat";
  if (page.chosen !== userId) {
    page.chosen = userId;
    resetComposer();
    history.replaceState(null, "", `#${userId}`);
  }
  showPeople();
  $("nobody").hidden = true;
  await openChat(persona, page.bot);
  if (focus && !narrow.matches) ($("composer").hidden ? $("start") : $("text")).focus();
}

function back() {
  document.body.dataset.view = "people";
  $("people").querySelector(`[data-user-id="${page.chosen}"]`)?.focus();
}

function showLanguage() {
  wordPage();
  $("lang").textContent = say("other");
  $("lang").setAttribute("aria-label", say("otherLabel"));
  $("lang").lang = language === "zh" ? "en" : "zh-Hans";
  renderClock();
  showPeople();
  renderTray();
  renderChat();
}

function wire() {
  wireClock();
  wireComposer(() => page.chosen);
  wireChat();
  walkPeople();
  $("back").addEventListener("click", back);
  $("lang").addEventListener("click", () => {
    switchLanguage();
    showLanguage();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && narrow.matches && !document.querySelector("dialog[open]")) back();
  });
  addEventListener("hashchange", () => choose(Number(location.hash.slice(1)), false));
}

async function begin() {
  wire();
  showLanguage();
  const state = await reload(false);
  follow(state.last_event, handlers, () => toast(say("offline")));
  const asked = Number(location.hash.slice(1));
  const first = personaOf(asked) ?? (narrow.matches ? null : page.personas[0]);
  if (first) await choose(first.user_id, false);
  document.documentElement.dataset.ready = "true";
}

begin();
