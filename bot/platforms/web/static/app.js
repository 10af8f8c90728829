// The page: who is here, which channel and thread are shown, and what runs when something is pressed.

import { Composer } from "./compose.js";
import { confirmDialog, formDialog, nameDialog, tokenDialog } from "./dialogs.js";
import { byId, make, menu, tick } from "./dom.js";
import { Log } from "./log.js";
import { MessageNode } from "./message.js";
import { Live, newKey, request } from "./net.js";

const WELCOME =
  "The coach asks a question about running machine learning in production every day and grades your answer. " +
  "Others here see this name beside it.";
const WIDE = matchMedia("(min-width: 1000px)");
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

let person = null;
let people = [];
let channels = [];
let messageMenu = [];
let place = { channel: "", thread: 0 };
let incomplete = false; // something couldn't be loaded and has to be, once the coach is back
let root = null; // the message that opened the thread

const me = () => person?.id ?? "";
const inThread = () => ({ channel: place.channel, thread: place.thread });
const inChannel = () => ({ channel: place.channel, thread: 0 });

// ------------------------------------------------------------------------------------------ running commands

function log(where) {
  return where.thread && where.thread === place.thread ? threadLog : channelLog;
}

/** Runs a command, button or form, and shows what comes back. `then` is kept through a form that opens. */
async function call(where, what, key = newKey()) {
  const body = { person: me(), key, channel: where.channel, thread: where.thread, zone: ZONE, ...what };
  const answer = await guarded(() => request("/api/calls", body));
  if (what.submitted && answer.answer?.refusal) {
    throw new Error(answer.answer.blocks[0].parts.join("")); // the form stays open, with this in it
  }
  if (answer.form) {
    const { form } = answer;
    // The form is open beside what comes next: whoever called isn't kept waiting for it.
    const sent = newKey();
    formDialog(form, (args) => call(where, { verb: form.verb, target: form.target, args, submitted: true }, sent));
  } else if (answer.answer) {
    log(where).whisper({ message: answer.answer });
    showEmpty();
  } else if (answer.posted) {
    take(answer.posted);
  }
  if (answer.forgotten) {
    live.stop();
    await begin("Your name and messages are deleted. You can begin anew.");
  }
}

/** The same, with the problem shown where the answer would be. */
async function run(where, what) {
  try {
    await call(where, what);
  } catch (problem) {
    log(where).whisper({ message: note(problem.message) });
  }
}

function note(text) {
  return { title: "", blocks: [{ kind: "para", parts: [text] }], buttons: [], mention: "" };
}

function where(message) {
  // A question's buttons are used in the thread that it opened, when that is open.
  const thread = message.thread || (message.opens && message.id === place.thread ? message.id : 0);
  return { channel: message.channel ?? place.channel, thread };
}

function press(button, message, here) {
  run(message.channel ? where(message) : here(), {
    verb: button.verb,
    target: button.target,
    args: Object.fromEntries(button.args),
  });
}

function menuOf(message, node) {
  if (!message.author || message.author.id !== me() || message.ephemeral) {
    return [];
  }
  const runs = message.thread ? messageMenu : [];
  return [
    ...runs.map(({ verb, label }) => [label, () => run(where(message), { verb, target: String(message.id) })]),
    ["Edit", () => node.edit((text) => change(message, "edit", { text }))],
    [
      "Delete",
      () =>
        confirmDialog(
          "Delete this message?",
          message.thread ? "An answer that is deleted no longer counts, and its place isn't given back." : "It is gone for everybody.",
          "Delete",
          () => change(message, "delete", {}),
        ),
    ],
  ];
}

async function change(message, what, body) {
  const answer = await guarded(() => request(`/api/messages/${message.id}/${what}`, { person: me(), ...body }));
  take(answer.message);
}

// ------------------------------------------------------------------------------------------ messages

function actions(here) {
  return {
    act: (button, message) => press(button, message, here),
    menu: menuOf,
    open: (message) => go(message.channel, message.id),
    dismiss: (node) => {
      node.element.remove();
      showEmpty();
      byId(here().thread ? "thread-text" : "channel-text").focus();
    },
  };
}

const channelLog = new Log({
  log: byId("channel-log"),
  scroll: byId("channel-scroll"),
  earlier: byId("channel-earlier"),
  actions: actions(inChannel),
  person: me,
});
const threadLog = new Log({
  log: byId("thread-log"),
  scroll: byId("thread-scroll"),
  earlier: byId("thread-earlier"),
  actions: { ...actions(inThread), open: null },
  person: me,
});

/** Takes in a message that is new or has changed, wherever it belongs. */
function take(message) {
  if (message.deleted) {
    channelLog.remove(message.id);
    threadLog.remove(message.id);
  } else {
    for (const list of [channelLog, threadLog]) {
      if (list.holds(message)) {
        list.upsert(message);
      }
    }
    if (message.id === place.thread) {
      root?.update(message);
    }
    if (message.opens && !message.thread && message.channel === place.channel && !place.thread && WIDE.matches) {
      go(message.channel, message.id, true);
    }
  }
  showEmpty();
}

function showEmpty() {
  byId("empty").hidden = !channelLog.empty || !byId("channel-earlier").hidden;
}

const live = new Live({
  onMessage: take,
  onState: (here) => {
    byId("connection").textContent = here ? "" : "Reconnecting. What you write here is kept.";
    if (here && incomplete) {
      incomplete = false;
      place = { channel: "", thread: 0 };
      show();
    }
  },
  // The stream was refused: perhaps the token or the name is no longer known.
  onLost: async () => {
    try {
      const answer = await request(`/api/start?person=${me()}`);
      if (answer.person) {
        return false;
      }
    } catch (problem) {
      if (!problem.need) {
        return false;
      }
    }
    await begin();
    return true;
  },
});

/** Runs a request; when the token or a name turns out to be needed, asks for it and leaves the rest to a retry. */
async function guarded(work) {
  try {
    return await work();
  } catch (problem) {
    if (problem.need) {
      live.stop();
      begin();
    }
    throw problem;
  }
}

// ------------------------------------------------------------------------------------------ writing

function composer(id, here) {
  return new Composer(byId(id), {
    send: async (text, key) => {
      const place = here();
      if (/^\/mlops(?![\w])/.test(text)) {
        await call(place, { line: text }, key);
      } else {
        const body = { person: me(), key, ...place, text };
        take((await guarded(() => request("/api/messages", body))).message);
      }
    },
    suggest: async (line) => {
      const query = new URLSearchParams({ person: me(), channel: place.channel, line });
      return (await request(`/api/complete?${query}`)).options;
    },
  });
}

const channelComposer = composer("channel-composer", inChannel);
const threadComposer = composer("thread-composer", inThread);

// ------------------------------------------------------------------------------------------ places

/** Goes to a channel and thread (0: none). `quietly` without an entry in the browser's history and without focus. */
function go(channel, thread, quietly = false) {
  const hash = `#/${encodeURIComponent(channel)}${thread ? `/${thread}` : ""}`;
  if (quietly) {
    history.replaceState(null, "", hash);
    show();
  } else if (location.hash === hash) {
    show(true);
  } else {
    location.hash = hash;
  }
}

function read() {
  const [, channel = "", thread = ""] = location.hash.split("/");
  const name = decodeURIComponent(channel);
  return { channel: channels.includes(name) ? name : channels[0], thread: /^\d{1,15}$/.test(thread) ? Number(thread) : 0 };
}

/** Shows the place that the address names; when it can't be had, the channel with the reason. */
async function show(byHand = false) {
  try {
    await turn(byHand);
  } catch (problem) {
    channelLog.whisper({ message: note(problem.message) });
    incomplete = true;
    if (place.thread && problem.status === 400) {
      go(place.channel, 0, true); // there is no such thread
    }
  }
}

async function turn(byHand) {
  const before = place;
  place = read();
  for (const item of document.querySelectorAll("#channels a")) {
    item.toggleAttribute("aria-current", item.dataset.channel === place.channel);
  }
  if (before.channel !== place.channel) {
    byId("channel-title").textContent = `# ${place.channel}`;
    channelComposer.turnTo(`draft:${me()}:${place.channel}`, `Message #${place.channel}`);
    await channelLog.turnTo(inChannel());
    showEmpty();
  }
  if (before.channel !== place.channel || before.thread !== place.thread) {
    await showThread(byHand, before.thread);
  }
  if (byHand && place.thread) {
    byId("thread-title").focus();
  }
}

async function showThread(byHand, before) {
  const aside = byId("thread");
  document.body.classList.toggle("in-thread", Boolean(place.thread));
  aside.hidden = !place.thread;
  byId("thread-root").replaceChildren();
  root = null;
  if (!place.thread) {
    threadLog.place = null;
    threadLog.clear();
    if (byHand && before) {
      (document.querySelector(`[data-id="${before}"] .opener`) ?? byId("channel-text")).focus();
    }
    return;
  }
  byId("thread-title").textContent = "Thread";
  threadComposer.turnTo(`draft:${me()}:${place.channel}/${place.thread}`, "Answer in the thread");
  const opened = await threadLog.turnTo(inThread());
  if (opened) {
    byId("thread-title").textContent = opened.opens;
    root = new MessageNode(opened, { ...actions(inThread), open: null, menu: () => [] });
    byId("thread-root").replaceChildren(root.element);
    threadLog.toEnd();
    if (!threadLog.messages.length) {
      byId("thread-scroll").scrollTop = 0;
    }
  }
}

/** On a wide screen the newest question's thread is open from the start. */
function openNewest() {
  const newest = channelLog.messages.filter((message) => message.opens).at(-1);
  if (newest && WIDE.matches && !location.hash.includes("/")) {
    go(newest.channel, newest.id, true);
  }
}

function closeThread() {
  go(place.channel, 0);
}

// ------------------------------------------------------------------------------------------ who is here

async function pick(name) {
  const answer = await request("/api/people", { name });
  sessionStorage.setItem("person", answer.person.id);
}

async function askName(lead, escape) {
  let picked = false;
  await nameDialog({
    people: people.filter((other) => other.id !== me()),
    escape,
    lead,
    pick: async (name) => {
      await pick(name);
      picked = true;
    },
  });
  return picked;
}

function personMenu() {
  const others = people.map((other) => [
    other.name,
    async () => {
      if (other.id !== me()) {
        try {
          await pick(other.name);
          await begin();
        } catch (problem) {
          channelLog.whisper({ message: note(problem.message) });
        }
      }
    },
    other.id === me(),
  ]);
  const add = async () => {
    if (await askName("Several people can share this browser; each answers under their own name.", true)) {
      await begin();
    }
  };
  menu(byId("person"), [...others, ["Somebody else…", add]]);
}

let beginning = null;

/** Everything anew: after the token or a name was given, or another person took over. One at a time. */
function begin(lead = WELCOME) {
  beginning ??= beginAnew(lead).finally(() => {
    beginning = null;
  });
  return beginning;
}

async function beginAnew(lead) {
  live.stop();
  let answer;
  for (;;) {
    try {
      answer = await request(`/api/start?person=${encodeURIComponent(sessionStorage.getItem("person") ?? "")}`);
    } catch (problem) {
      if (problem.need === "token") {
        await tokenDialog((token) => request("/api/token", { token }));
      } else {
        byId("connection").textContent = `${problem.message} Trying again.`;
        await new Promise((resolve) => setTimeout(resolve, 2_000));
      }
      continue;
    }
    byId("connection").textContent = "";
    people = answer.people;
    person = answer.person;
    if (person) {
      break;
    }
    await askName(lead, false);
  }
  sessionStorage.setItem("person", person.id);
  ({ channels, menu: messageMenu } = answer);
  fillBar();
  place = { channel: "", thread: 0 };
  byId("shell").hidden = false;
  await show();
  openNewest();
  live.start(person.id, answer.change);
}

function fillBar() {
  const button = byId("person");
  button.replaceChildren(make("span", { class: "unseen", text: "You are " }), make("bdi", { text: person.name }), make("span", { "aria-hidden": "true", text: " ▾" }));
  button.hidden = false;
  byId("leaderboard").hidden = false;
  byId("channels").replaceChildren(
    ...channels.map((channel) =>
      make("li", {}, make("a", { href: `#/${encodeURIComponent(channel)}`, "data-channel": channel, text: `# ${channel}` })),
    ),
  );
  document.body.classList.toggle("one-channel", channels.length < 2);
}

// ------------------------------------------------------------------------------------------ the beginning

byId("person").addEventListener("click", personMenu);
byId("thread-close").addEventListener("click", closeThread);
byId("thread-back").addEventListener("click", closeThread);
byId("ask-now").addEventListener("click", () => run(inChannel(), { line: "/mlops question" }));
byId("ask-help").addEventListener("click", () => run(inChannel(), { line: "/mlops help" }));
byId("leaderboard").addEventListener("click", async () => {
  if (place.thread && !WIDE.matches) {
    closeThread(); // the board appears in the channel, which the thread covers
  }
  await run(inChannel(), { line: "/mlops leaderboard" });
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId(place.thread ? "thread-text" : "channel-text").focus();
});
byId("thread").addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    closeThread();
  }
});
addEventListener("hashchange", () => show(true));
setInterval(tick, 30_000);
begin();
