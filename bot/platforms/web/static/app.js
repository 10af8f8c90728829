// The page: who is here, which of the pages is shown, and what runs when something is pressed.

import { archive } from "./archive.js";
import { board } from "./board.js";
import { Chat, addressOf } from "./chat.js";
import { Refused, formDialog, messageDialog, nameDialog, tokenDialog } from "./dialogs.js";
import { byId, make, menu, tick } from "./dom.js";
import { switchLook } from "./look.js";
import { me } from "./me.js";
import { Live, newKey, request } from "./net.js";
import { organise } from "./organise.js";
import { readAddress } from "./route.js";
import { toast } from "./toast.js";

const NAME = "MLOps Coach";
const WELCOME =
  "The coach asks a question about running machine learning in production every day and grades your answer. " +
  "Others here see this name beside it.";
const PAGES = { board, me, archive, organise };
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
const PATIENCE = 2_000; // ms: a page beside the chat is brought up to date at most so often

/** What the pages share. */
const app = {
  person: null,
  organiser: false,
  people: [],
  channels: [],
  menu: [], // commands on one's own messages
  inChat: true,
  toast,
  chatAddress: addressOf,

  get me() {
    return this.person?.id ?? "";
  },

  get(path, query) {
    return guarded(() => this.peek(path, query));
  },

  /** The same of what can be missed: nobody is asked for a name because of it. */
  peek(path, query) {
    return request(`/api/${path}?${new URLSearchParams({ person: this.me, ...query })}`);
  },

  post(path, body) {
    return guarded(() => request(`/api/${path}`, { person: this.me, ...body }));
  },

  /** Goes to an address of this page; `quietly` without an entry in the browser's history and without focus. */
  go(address, quietly = false) {
    if (quietly) {
      history.replaceState(null, "", address);
      show(false);
    } else if (location.hash === address) {
      show(true);
    } else {
      location.hash = address;
    }
  },

  /** Learns anew which channels there are, and shows what is shown once more. */
  async again() {
    const answer = await this.get("start", {});
    this.channels = answer.channels;
    this.organiser = answer.organiser;
    fillBar();
    await show(false);
  },

  /** Runs a command, button or form; `tell(message)` shows what the coach says to this person alone. */
  async call(where, what, tell, key = newKey()) {
    const answer = await this.post("calls", { key, channel: where.channel, thread: where.thread, zone: ZONE, ...what });
    await this.answered(answer, where, what, tell);
  },

  async answered(answer, where, what, tell) {
    if (what.submitted && answer.answer?.refusal) {
      throw new Refused(answer.answer.blocks); // the form stays open, with this in it
    }
    if (answer.form) {
      const { form } = answer;
      const sent = newKey();
      // The form is open beside what comes next: whoever called isn't kept waiting for it.
      formDialog(form, (args) => this.call(where, { verb: form.verb, target: form.target, args, submitted: true }, tell, sent));
    } else if (answer.answer) {
      tell(answer.answer);
    } else if (answer.posted) {
      chat.take(answer.posted);
    }
    if (answer.forgotten) {
      live.stop();
      await begin("Your name and messages are deleted. You can begin anew.");
    }
  },

  /** Runs a command from a page beside the chat, in the channel that was shown last unless it names one. */
  async run({ channel = chat.place.channel || this.channels[0], ...what }) {
    const where = { channel, thread: 0 };
    const tell = (message) => {
      const plain = !message.title && !message.buttons.length && message.blocks.length === 1 && message.blocks[0].kind === "para";
      if (plain && message.blocks[0].parts.every((part) => typeof part === "string" || part.kind === "strong")) {
        toast(message.blocks[0].parts.map((part) => part.text ?? part).join(""), message.refusal);
      } else {
        messageDialog(message, (button) => this.run({ channel, verb: button.verb, target: button.target, args: Object.fromEntries(button.args) }));
      }
      refreshSoon();
    };
    try {
      await this.call(where, what, tell);
      if (what.verb === "share") {
        toast(`Shown in #${channel}.`);
      }
    } catch (problem) {
      toast(problem.message, true);
    }
  },
};

const chat = new Chat(app);

// ------------------------------------------------------------------------------------------ live

const live = new Live({
  onMessage: (message) => {
    chat.take(message);
    refreshSoon();
  },
  onState: (here) => {
    byId("connection").textContent = here ? "" : "Reconnecting. What you write here is kept.";
    if (here) {
      chat.back();
    }
  },
  // The stream was refused: perhaps the token or the name is no longer known.
  onLost: async () => {
    try {
      const answer = await request(`/api/start?person=${app.me}`);
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

// ------------------------------------------------------------------------------------------ which page

let shown = { page: "", update: null };
let refresh = 0;

function refreshSoon() {
  if (shown.update && !refresh) {
    refresh = setTimeout(() => {
      refresh = 0;
      shown.update?.(readAddress(location.hash));
    }, PATIENCE);
  }
}

/** Shows what the address names. `byHand` moves the focus there too. */
async function show(byHand) {
  const route = readAddress(location.hash);
  const page = PAGES[route.page] && (route.page !== "organise" || app.organiser) ? route.page : "chat";
  app.inChat = page === "chat";
  byId("shell").hidden = !app.inChat;
  byId("page").hidden = app.inChat;
  document.body.dataset.page = page;
  if (app.inChat) {
    shown = { page, update: null };
    document.title = NAME;
    const first = !chat.place.channel && !placeIn(route).length;
    await chat.show(placeIn(route), byHand);
    if (first && app.inChat) {
      chat.openNewest();
    }
    byId("home").href = document.querySelector("#pages [data-page=chat]").href = chat.address;
  } else {
    chat.leave();
    await showPage(page, route, byHand);
  }
  mark(page);
}

/** The channel and thread in an address; "#/channel/thread" is how they were written once. */
function placeIn({ page, parts }) {
  return page === "chat" ? parts : PAGES[page] ? [] : [page, ...parts];
}

async function showPage(page, route, byHand) {
  const element = byId("page");
  if (shown.page === page) {
    await shown.update?.(route);
    return;
  }
  shown = { page, update: null };
  document.title = `${PAGES[page].title} · ${NAME}`;
  mark(page);
  const update = await PAGES[page].open(element, route, app);
  if (shown.page === page) {
    shown.update = update;
    element.scrollTop = 0;
    if (byHand) {
      element.querySelector("h2").focus();
    }
  }
}

/** What the link for those who skip the side leads to. */
function target() {
  return app.inChat ? (chat.place.thread ? "thread-text" : "channel-text") : "page";
}

function current(element, yes) {
  if (yes) {
    element.setAttribute("aria-current", "page");
  } else {
    element.removeAttribute("aria-current");
  }
}

function mark(page) {
  for (const link of document.querySelectorAll("#pages a")) {
    current(link, link.dataset.page === page);
  }
  for (const link of document.querySelectorAll("#channels a")) {
    current(link, app.inChat && link.dataset.channel === chat.place.channel);
  }
  byId("skip").textContent = app.inChat ? "Skip to writing" : "Skip to content";
  byId("skip").href = `#${target()}`;
}

// ------------------------------------------------------------------------------------------ who is here

async function pick(name) {
  const answer = await request("/api/people", { name });
  sessionStorage.setItem("person", answer.person.id);
}

async function askName(lead, escape) {
  let picked = false;
  await nameDialog({
    people: app.people.filter((other) => other.id !== app.me),
    escape,
    lead,
    pick: async (name) => {
      await pick(name);
      picked = true;
    },
  });
  return picked;
}

async function become(other) {
  if (other.id === app.me) {
    return;
  }
  try {
    await pick(other.name);
    await begin();
  } catch (problem) {
    toast(problem.message, true);
  }
}

function personMenu() {
  const somebody = async () => {
    if (await askName("Several people can share this browser; each answers under their own name.", true)) {
      await begin();
    }
  };
  menu(byId("person"), [...app.people.map((other) => [other.name, () => become(other), other.id === app.me]), ["Somebody else…", somebody]]);
}

/** What the page needs to begin: asks for the token and a name until there are both. */
async function started(lead) {
  for (;;) {
    let answer;
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
    ({ people: app.people, person: app.person } = answer);
    if (app.person) {
      return answer;
    }
    await askName(lead, false);
  }
}

let beginning = null;

/** Begins as the person that this browser was last; asks who it is when it was nobody. */
function begin(lead = WELCOME) {
  beginning ??= beginAnew(lead).finally(() => {
    beginning = null;
  });
  return beginning;
}

async function beginAnew(lead) {
  live.stop();
  const answer = await started(lead);
  sessionStorage.setItem("person", app.me);
  ({ channels: app.channels, menu: app.menu, organiser: app.organiser } = answer);
  fillBar();
  chat.reset();
  shown = { page: "", update: null };
  await show(false);
  live.start(app.me, answer.change);
}

function fillBar() {
  const button = byId("person");
  button.replaceChildren(make("span", { class: "unseen", text: "You are " }), make("bdi", { text: app.person.name }), make("span", { "aria-hidden": "true", text: " ▾" }));
  for (const id of ["person", "pages", "places"]) {
    byId(id).hidden = false;
  }
  byId("organise-link").hidden = !app.organiser;
  byId("channels").replaceChildren(
    ...app.channels.map((channel) => make("li", {}, make("a", { href: addressOf(channel, 0), "data-channel": channel, text: `# ${channel}` }))),
  );
  document.body.classList.toggle("one-channel", app.channels.length < 2);
}

// ------------------------------------------------------------------------------------------ the beginning

byId("person").addEventListener("click", personMenu);
switchLook(byId("theme"));
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId(target()).focus();
});
addEventListener("hashchange", () => show(true));
setInterval(tick, 30_000);
begin();
