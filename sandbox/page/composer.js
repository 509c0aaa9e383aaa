// Writing: the text, the files waiting to go, the command menu, the reply keyboard.

import { $, icon, make } from "./dom.js";
import { act } from "./server.js";
import { say, size } from "./words.js";
import { toast } from "./notices.js";
import { summary } from "./messages.js";

const MOST_FILES = 10;
const MOST_BYTES = 50 * 1024 * 1024;

let files = [];
let commands = [];
let quotedId = null;
let highlighted = -1;
let speaker = () => null;

/** Wire the composer; `who` gives the user id of the persona who speaks, or null. */
export function wireComposer(who) {
  speaker = who;
  const text = $("text");
  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  text.addEventListener("input", () => {
    grow();
    if (text.value.startsWith("/") && !/\s/.test(text.value)) openMenu(text.value.slice(1));
    else closeMenu();
  });
  text.addEventListener("keydown", onKey);
  text.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) {
      event.preventDefault();
      addFiles(event.clipboardData.files);
    }
  });
  $("commands").addEventListener("click", () => ($("menu").hidden ? openMenu("") : closeMenu()));
  $("commands").addEventListener("keydown", onKey);
  $("attach").addEventListener("click", () => $("files").click());
  $("files").addEventListener("change", () => {
    addFiles($("files").files);
    $("files").value = "";
  });
  $("unquote").addEventListener("click", () => quoteMessage(null));
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#menu, #commands, #text")) closeMenu();
  });
  wireDrop($("chat"));
}

/** Empty everything, as when another persona is chosen. */
export function resetComposer() {
  $("text").value = "";
  files = [];
  quoteMessage(null);
  closeMenu();
  renderTray();
  grow();
}

/** Take the commands the bot offers here. */
export function setCommands(offered) {
  commands = offered;
}

/** Send a text as the persona. */
export async function sendText(text) {
  const user = speaker();
  if (user === null || !text.trim()) return false;
  const body = quotedId === null ? { text } : { text, reply_to: quotedId };
  const sent = await act("POST", `chats/${user}/messages`, body);
  if (sent) quoteMessage(null);
  return Boolean(sent);
}

/** Answer a message; null takes it back. */
export function quoteMessage(message) {
  quotedId = message?.message_id ?? null;
  $("quoted").hidden = message === null;
  $("quoted-text").textContent = message ? summary(message) : "";
  if (message) $("text").focus();
}

/** Show the keyboard the bot has put in place of the reader's own. */
export function setKeyboard(keyboard) {
  const rows = keyboard?.keyboard ?? [];
  $("keys").hidden = rows.length === 0;
  $("keys").replaceChildren(
    ...rows.map((row) =>
      make(
        "div",
        { class: "row" },
        ...row.map((key) => make("button", { type: "button", class: "press", "data-testid": "key", onclick: () => sendText(key.text) }, key.text)),
      ),
    ),
  );
  if (keyboard?.input_field_placeholder) $("text").placeholder = keyboard.input_field_placeholder;
}

function grow() {
  const text = $("text");
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 160)}px`;
}

async function submit() {
  const user = speaker();
  if (user === null) return;
  const text = $("text").value;
  if (files.length) {
    const form = new FormData();
    for (const file of files) form.append("files", file, file.name);
    form.append("caption", text);
    form.append("as_documents", String($("as-files").checked));
    if (!(await act("POST", `chats/${user}/files`, form))) return;
    files = [];
    renderTray();
  } else if (!(await sendText(text))) return;
  if ($("text").value === text) $("text").value = "";
  grow();
  closeMenu();
}

function onKey(event) {
  if (event.isComposing) return; // Enter chooses characters in an input method
  const open = !$("menu").hidden;
  if (open && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    event.preventDefault();
    highlight(highlighted + (event.key === "ArrowDown" ? 1 : -1));
  } else if (event.key === "Escape" && open) {
    event.stopPropagation();
    closeMenu();
  } else if (event.key === "Enter" && open && highlighted >= 0) {
    event.preventDefault();
    $("menu").children[highlighted].click();
  } else if (event.key === "Enter" && !event.shiftKey && event.target === $("text")) {
    event.preventDefault();
    submit();
  }
}

function openMenu(typed) {
  const fitting = commands.filter((command) => command.command.startsWith(typed.toLowerCase()));
  if (typed && !fitting.length) return closeMenu();
  $("menu").replaceChildren(
    ...fitting.map((command, place) =>
      make(
        "li",
        { role: "option", id: `command-${place}`, "aria-selected": "false", "data-testid": `command-${command.command}`, onclick: () => choose(command) },
        make("span", { class: "slash" }, `/${command.command}`),
        make("span", {}, command.description),
      ),
    ),
  );
  if (!fitting.length) $("menu").append(make("li", { class: "none" }, say("noCommands")));
  $("menu").hidden = false;
  $("commands").setAttribute("aria-expanded", "true");
  highlighted = -1;
  if (fitting.length) highlight(0);
}

function closeMenu() {
  $("menu").hidden = true;
  $("commands").setAttribute("aria-expanded", "false");
  $("text").removeAttribute("aria-activedescendant");
}

function highlight(place) {
  const options = [...$("menu").querySelectorAll('[role="option"]')];
  if (!options.length) return;
  highlighted = (place + options.length) % options.length;
  options.forEach((option, at) => option.setAttribute("aria-selected", String(at === highlighted)));
  options[highlighted].scrollIntoView({ block: "nearest" });
  $("text").setAttribute("aria-activedescendant", options[highlighted].id);
}

async function choose(command) {
  closeMenu();
  $("text").value = "";
  grow();
  $("text").focus();
  await sendText(`/${command.command}`);
}

function addFiles(added) {
  for (const file of added) {
    if (file.size === 0) toast(say("emptyFile", { name: file.name }));
    else if (file.size > MOST_BYTES) toast(say("tooBig", { name: file.name }));
    else if (files.length >= MOST_FILES) {
      toast(say("tooMany"));
      break;
    } else files.push(file);
  }
  renderTray();
  $("text").focus();
}

/** Show the files waiting to be sent. */
export function renderTray() {
  $("tray").hidden = files.length === 0;
  const images = files.length > 0 && files.every((file) => /^image\/(png|jpeg|webp)$/.test(file.type));
  $("as-files-label").hidden = !images;
  if (!images) $("as-files").checked = false;
  for (const image of $("tray-files").querySelectorAll("img")) URL.revokeObjectURL(image.src);
  $("tray-files").replaceChildren(
    ...files.map((file) => {
      const remove = () => {
        files = files.filter((other) => other !== file);
        renderTray();
      };
      const label = say("removeFile", { name: file.name });
      return make(
        "li",
        { "data-testid": "tray-file" },
        images ? make("img", { src: URL.createObjectURL(file), alt: "", width: 32, height: 32 }) : icon("file"),
        make("span", { class: "name" }, file.name),
        make("span", { class: "size" }, size(file.size)),
        make("button", { type: "button", class: "icon", "aria-label": label, title: label, onclick: remove }, icon("close")),
      );
    }),
  );
}

function wireDrop(area) {
  let depth = 0;
  const carries = (event) => [...event.dataTransfer.types].includes("Files") && speaker() !== null;
  const shown = (yes) => {
    $("drop").hidden = !yes;
    if (!yes) depth = 0;
  };
  area.addEventListener("dragenter", (event) => {
    if (!carries(event)) return;
    depth += 1;
    shown(true);
  });
  area.addEventListener("dragleave", () => {
    depth -= 1;
    if (depth <= 0) shown(false);
  });
  area.addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  area.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    shown(false);
    addFiles(event.dataTransfer.files);
  });
}
