// The chat: a channel, and beside it the thread of one of its questions.

import { Composer } from "./compose.js";
import { Days } from "./days.js";
import { confirmDialog } from "./dialogs.js";
import { byId } from "./dom.js";
import { Log } from "./log.js";
import { MessageNode } from "./message.js";

// What is meant as a command: /mlops and anything, or a short line such as /help, to which the coach tells how they begin.
const COMMAND = /^\/(mlops(?!\w)|[a-z-]*( [^\n]{0,40})?$)/i;
const WIDE = matchMedia("(min-width: 1100px)");

export function note(text) {
  return { title: "", blocks: [{ kind: "para", parts: [text] }], buttons: [], mention: "" };
}

export function addressOf(channel, thread) {
  return `#/chat/${encodeURIComponent(channel)}${Number(thread) ? `/${thread}` : ""}`;
}

export class Chat {
  #root = null; // the message that opened the thread
  #incomplete = false; // something couldn't be loaded and has to be, once the coach is back

  /** `app` knows who is here, sends requests and runs commands. */
  constructor(app) {
    this.app = app;
    this.place = { channel: "", thread: 0 };
    this.channelLog = this.#log("channel", () => this.inChannel);
    this.threadLog = this.#log("thread", () => this.inThread, { open: null });
    this.channelComposer = this.#composer("channel-composer", () => this.inChannel);
    this.threadComposer = this.#composer("thread-composer", () => this.inThread);
    this.days = new Days({
      part: byId("days-part"),
      list: byId("days"),
      load: async (channel) => (await app.peek("days", { channel })).days,
      address: addressOf,
    });
    this.#listen();
  }

  get inChannel() {
    return { channel: this.place.channel, thread: 0 };
  }

  get inThread() {
    return { ...this.place };
  }

  get address() {
    return addressOf(this.place.channel, this.place.thread);
  }

  #listen() {
    const ask = (line) => () => this.run(this.inChannel, { line });
    byId("thread-close").addEventListener("click", () => this.close());
    byId("thread-back").addEventListener("click", () => this.close());
    byId("ask-now").addEventListener("click", ask("/mlops question"));
    byId("ask-help").addEventListener("click", ask("/mlops help"));
    byId("thread").addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        this.close();
      }
    });
  }

  // ---------------------------------------------------------------------------------------- messages

  #log(name, here, more = {}) {
    return new Log({
      log: byId(`${name}-log`),
      scroll: byId(`${name}-scroll`),
      earlier: byId(`${name}-earlier`),
      actions: { ...this.#actions(here), ...more },
      person: () => this.app.me,
    });
  }

  #actions(here) {
    return {
      act: (button, message) => this.#press(button, message, here),
      menu: (message, node) => this.#menuOf(message, node),
      open: (message) => this.go(message.channel, message.id),
      dismiss: (node) => {
        node.element.remove();
        this.#showEmpty();
        byId(here().thread ? "thread-text" : "channel-text").focus();
      },
    };
  }

  #press(button, message, here) {
    const where = message.channel ? this.#where(message) : here();
    this.run(where, { verb: button.verb, target: button.target, args: Object.fromEntries(button.args) });
  }

  #where(message) {
    // A question's buttons are used in the thread that it opened, when that is open.
    const thread = message.thread || (message.opens && message.id === this.place.thread ? message.id : 0);
    return { channel: message.channel ?? this.place.channel, thread };
  }

  #menuOf(message, node) {
    if (!message.author || message.author.id !== this.app.me || message.ephemeral) {
      return [];
    }
    const runs = message.thread ? this.app.menu : [];
    const gone = message.thread ? "An answer that is deleted no longer counts, and its place isn't given back." : "It is gone for everybody.";
    return [
      ...runs.map(({ verb, label }) => [label, () => this.run(this.#where(message), { verb, target: String(message.id) })]),
      ["Edit", () => node.edit((text) => this.#change(message, "edit", { text }))],
      ["Delete", () => confirmDialog("Delete this message?", gone, "Delete", () => this.#change(message, "delete", {}))],
    ];
  }

  async #change(message, what, body) {
    const answer = await this.app.post(`messages/${message.id}/${what}`, body);
    this.take(answer.message);
  }

  /** Takes in a message that is new or has changed, wherever it belongs. */
  take(message) {
    if (message.deleted) {
      this.channelLog.remove(message.id);
      this.threadLog.remove(message.id);
    } else {
      this.#place(message);
    }
    const closes = message.thread && !message.author && !message.to; // what the coach says to all in a thread
    if (message.opens || closes || message.author?.id === this.app.me) {
      this.days.look();
    }
    this.#showEmpty();
  }

  #place(message) {
    for (const list of [this.channelLog, this.threadLog]) {
      if (list.holds(message)) {
        list.upsert(message);
      }
    }
    if (message.id === this.place.thread) {
      this.#root?.update(message);
    }
    const opened = message.opens && !message.thread && message.channel === this.place.channel;
    if (opened && !this.place.thread && WIDE.matches && this.app.inChat) {
      this.go(message.channel, message.id, true);
    }
  }

  #showEmpty() {
    byId("empty").hidden = !this.channelLog.empty || !byId("channel-earlier").hidden;
  }

  // ---------------------------------------------------------------------------------------- writing

  #composer(id, here) {
    return new Composer(byId(id), {
      send: async (text, key) => {
        const place = here();
        if (COMMAND.test(text)) {
          await this.app.call(place, { line: text }, this.whisperIn(place), key);
        } else {
          const answer = await this.app.post("messages", { key, ...place, text });
          await (answer.message ? this.take(answer.message) : this.app.answered(answer, place, {}, this.whisperIn(place)));
        }
      },
      suggest: async (line) => (await this.app.get("complete", { channel: this.place.channel, line })).options,
    });
  }

  /** Shows what the coach says to this person alone where they asked. */
  whisperIn(where) {
    return (message) => {
      const log = where.thread && where.thread === this.place.thread ? this.threadLog : this.channelLog;
      log.whisper({ message });
      this.#showEmpty();
    };
  }

  /** Runs a command; its answer, or what went wrong, is shown in the chat. */
  async run(where, what) {
    const whisper = this.whisperIn(where);
    try {
      await this.app.call(where, what, whisper);
    } catch (problem) {
      whisper(note(problem.message));
    }
  }

  // ---------------------------------------------------------------------------------------- places

  /** Goes to a channel and thread (0: none). `quietly` without an entry in the browser's history and without focus. */
  go(channel, thread, quietly = false) {
    this.app.go(addressOf(channel, thread), quietly);
  }

  close() {
    this.go(this.place.channel, 0);
  }

  /** After a time without the coach: loads what couldn't be loaded then. */
  back() {
    if (this.#incomplete) {
      this.#incomplete = false;
      this.place = { channel: "", thread: 0 };
      this.app.again();
    }
  }

  /** Another page is shown: no day is where one is. */
  leave() {
    this.days.turnTo(this.inChannel);
  }

  /** Begins anew, as somebody else perhaps. */
  reset() {
    this.place = { channel: "", thread: 0 };
  }

  #read([channel = "", thread = ""]) {
    const { channels } = this.app;
    const known = channels.includes(channel) ? channel : (this.place.channel || channels[0]);
    return { channel: known, thread: /^\d{1,15}$/.test(thread) ? Number(thread) : 0 };
  }

  /** Shows the place that the address names; when it can't be had, the channel with the reason. */
  async show(parts, byHand) {
    try {
      await this.#turn(this.#read(parts), byHand);
    } catch (problem) {
      this.channelLog.whisper({ message: note(problem.message) });
      this.#incomplete = true;
      if (this.place.thread && problem.status === 400) {
        this.go(this.place.channel, 0, true); // there is no such thread
      }
    }
  }

  async #turn(place, byHand) {
    const before = this.place;
    this.place = place;
    this.days.turnTo(place);
    if (before.channel !== place.channel) {
      byId("channel-title").textContent = `# ${place.channel}`;
      this.channelComposer.turnTo(`draft:${this.app.me}:${place.channel}`, `Message #${place.channel}`);
      await this.channelLog.turnTo(this.inChannel);
      this.#showEmpty();
    }
    if (before.channel !== place.channel || before.thread !== place.thread) {
      await this.#showThread(byHand, before.thread);
    }
    if (byHand && place.thread) {
      byId("thread-title").focus();
    }
  }

  async #showThread(byHand, before) {
    const { place } = this;
    document.body.classList.toggle("in-thread", Boolean(place.thread));
    byId("thread").hidden = !place.thread;
    byId("thread-root").replaceChildren();
    this.#root = null;
    if (!place.thread) {
      this.threadLog.place = null;
      this.threadLog.clear();
      if (byHand && before) {
        (document.querySelector(`[data-id="${before}"] .opener`) ?? byId("channel-text")).focus();
      }
      return;
    }
    byId("thread-title").textContent = "Thread";
    this.threadComposer.turnTo(`draft:${this.app.me}:${place.channel}/${place.thread}`, "Answer in the thread");
    const opened = await this.threadLog.turnTo(this.inThread);
    if (opened) {
      this.#showRoot(opened);
    }
  }

  #showRoot(opened) {
    byId("thread-title").textContent = opened.opens;
    const actions = { ...this.#actions(() => this.inThread), open: null, menu: () => [] };
    this.#root = new MessageNode(opened, actions);
    byId("thread-root").replaceChildren(this.#root.element);
    this.threadLog.toEnd();
    if (!this.threadLog.messages.length) {
      byId("thread-scroll").scrollTop = 0;
    }
  }

  /** On a wide screen the newest question's thread is open from the start. */
  openNewest() {
    const newest = this.channelLog.messages.filter((message) => message.opens).at(-1);
    if (newest && WIDE.matches && !this.place.thread) {
      this.go(newest.channel, newest.id, true);
    }
  }
}
