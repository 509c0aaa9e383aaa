// The page's own words, in Chinese and English. What the bot says comes from the bot.

const WORDS = {
  zh: {
    title: "督期 · 试用环境",
    sandbox: "试用环境",
    skip: "跳到对话",
    who: "你是谁",
    whoHint: "选择一个身份，与督期对话。",
    choose: "请从左侧选择一个身份。",
    clock: "虚拟时钟",
    moveClock: "拨动时钟",
    nextEvent: "下一事件",
    nextMorning: "次日上午",
    forward: "前进",
    days: "天",
    daysLabel: "前进的天数",
    stop: "停止",
    moving: "时钟正在前进…",
    stopping: "正在停止…",
    stopped: "已停止。",
    moveFailed: "时钟未能走完，请查看服务日志。",
    back: "返回身份列表",
    as: "以 {name} 的身份",
    messages: "对话内容",
    earlier: "更早的消息",
    latest: "新消息",
    replyTo: "回复",
    reply: "回复此消息",
    cancelReply: "取消回复",
    write: "输入消息",
    send: "发送",
    attach: "添加文件",
    commands: "命令",
    noCommands: "暂无命令",
    asFiles: "图片按原文件发送",
    drop: "松开即可添加文件",
    removeFile: "移除 {name}",
    tooMany: "一次最多发送 10 个文件。",
    emptyFile: "“{name}”是空文件，无法发送。",
    tooBig: "“{name}”超过 50 MB，无法发送。",
    start: "开始",
    restart: "解除屏蔽",
    block: "屏蔽机器人",
    blocked: "你已屏蔽此机器人，它无法向你发送消息。",
    welcome: "尚未开始对话",
    welcomeText: "点击“开始”，用邀请链接登记身份。",
    typing: "正在输入…",
    edited: "已编辑",
    you: "你",
    photo: "图片",
    file: "文件",
    open: "打开 {name}",
    unread: "{n} 条未读",
    copied: "已复制。",
    ok: "知道了",
    failed: "操作未成功：{reason}",
    offline: "与试用环境的连接已断开，正在重连…",
    noAnswer: "机器人没有回应，请稍后再试。",
    empty: "还没有消息。",
    other: "English",
    otherLabel: "Switch to English",
  },
  en: {
    title: "Duewatch · Sandbox",
    sandbox: "Sandbox",
    skip: "Skip to the conversation",
    who: "Who you are",
    whoHint: "Choose whom to speak as.",
    choose: "Choose a person from the list.",
    clock: "Virtual clock",
    moveClock: "Move the clock",
    nextEvent: "Next event",
    nextMorning: "Next morning",
    forward: "Forward",
    days: "days",
    daysLabel: "Days to go forward",
    stop: "Stop",
    moving: "The clock is moving…",
    stopping: "Stopping…",
    stopped: "Stopped.",
    moveFailed: "The clock did not get there; see the server's log.",
    back: "Back to the people",
    as: "as {name}",
    messages: "Conversation",
    earlier: "Earlier messages",
    latest: "New messages",
    replyTo: "Reply to",
    reply: "Reply to this message",
    cancelReply: "Cancel the reply",
    write: "Write a message",
    send: "Send",
    attach: "Attach files",
    commands: "Commands",
    noCommands: "No commands yet",
    asFiles: "Send pictures as files",
    drop: "Drop to attach",
    removeFile: "Remove {name}",
    tooMany: "At most 10 files go in one message.",
    emptyFile: "“{name}” is empty and cannot be sent.",
    tooBig: "“{name}” is over 50 MB and cannot be sent.",
    start: "Start",
    restart: "Unblock",
    block: "Block the bot",
    blocked: "You have blocked this bot; it cannot write to you.",
    welcome: "Not started yet",
    welcomeText: "Press Start to enrol with your invitation link.",
    typing: "typing…",
    edited: "edited",
    you: "You",
    photo: "Picture",
    file: "File",
    open: "Open {name}",
    unread: "{n} unread",
    copied: "Copied.",
    ok: "OK",
    failed: "That did not work: {reason}",
    offline: "The connection to the sandbox is lost; reconnecting…",
    noAnswer: "The bot did not answer. Please try again later.",
    empty: "No messages yet.",
    other: "中文",
    otherLabel: "切换为中文",
  },
};

const ZONE = "Asia/Shanghai";
const KEPT = "duewatch-language";

/** The language of the page: from the address, then as last chosen, then the browser's; Chinese when in doubt. */
export let language = chosenLanguage();

function chosenLanguage() {
  const asked = [new URLSearchParams(location.search).get("lang"), localStorage.getItem(KEPT), ...navigator.languages];
  for (const tag of asked) {
    const short = (tag ?? "").slice(0, 2).toLowerCase();
    if (short in WORDS) return short;
  }
  return "zh";
}

/** Switch between the two languages and keep the choice. */
export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem(KEPT, language);
  const address = new URL(location.href);
  address.searchParams.delete("lang");
  history.replaceState(null, "", address);
}

/** Word a sentence; `{name}` is filled from `values`. */
export function say(key, values = {}) {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Choose from texts per language, as the server sends labels and notes. */
export function pick(texts) {
  return texts?.[language] ?? texts?.zh ?? Object.values(texts ?? {})[0] ?? "";
}

/** Put the words into everything that is marked for them. */
export function wordPage(root = document) {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  document.title = say("title");
  for (const node of root.querySelectorAll("[data-words]")) node.textContent = say(node.dataset.words);
  for (const node of root.querySelectorAll("[data-words-label]")) {
    const label = say(node.dataset.wordsLabel);
    node.setAttribute("aria-label", label);
    if (node.tagName === "BUTTON") node.title = label;
  }
  for (const node of root.querySelectorAll("[data-words-placeholder]")) {
    node.placeholder = say(node.dataset.wordsPlaceholder);
  }
}

function formatted(instant, options) {
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", { timeZone: ZONE, ...options }).format(instant);
}

/** The date as a reader of the notice writes it, with the weekday; in the notice's zone. */
export function day(instant) {
  const date = formatted(instant, { year: "numeric", month: "long", day: "numeric" });
  const weekday = formatted(instant, { weekday: "long" });
  return language === "zh" ? `${date} ${weekday}` : `${weekday}, ${date}`;
}

/** The date in brief, for lists. */
export function shortDay(instant) {
  return formatted(instant, { month: language === "zh" ? "long" : "short", day: "numeric" });
}

/** Hours and minutes. */
export function time(instant) {
  return formatted(instant, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** A key that is the same for instants of one day in the notice's zone. */
export function dayKey(instant) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: ZONE }).format(instant);
}

/** A size in bytes, for people. */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
