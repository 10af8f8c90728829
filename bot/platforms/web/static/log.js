// A list of messages that is loaded in pages and kept up to date.

import { make } from "./dom.js";
import { MessageNode } from "./message.js";
import { request } from "./net.js";

const MOST = 240; // messages on the page while one reads its end; what is earlier can be shown again

export class Log {
  #nodes = new Map();
  #asked = 0;
  #top = 0;
  #follows = true; // whether its end is looked at, which then stays in view when the room for it changes

  /** `place` is {channel, thread}; `actions` go to each message. */
  constructor({ log, scroll, earlier, actions, person }) {
    this.log = log;
    this.scroll = scroll;
    this.earlier = earlier;
    this.actions = actions;
    this.person = person;
    this.place = null;
    earlier.addEventListener("click", () => this.#loadEarlier());
    this.news = make("button", { type: "button", class: "news", text: "New messages", hidden: true, onclick: () => this.toEnd() });
    scroll.after(this.news);
    scroll.addEventListener("scroll", () => {
      // The page also scrolls when the room changes: only whoever scrolls up leaves the end.
      this.#follows = this.#atEnd() || (this.#follows && scroll.scrollTop >= this.#top);
      this.#top = scroll.scrollTop;
      this.news.hidden ||= this.#atEnd();
    });
    new ResizeObserver(() => this.#follows && this.toEnd()).observe(scroll);
  }

  /** Shows a place's last messages; returns the message that opened the thread, for a thread. */
  async turnTo(place) {
    const asked = ++this.#asked;
    this.place = place;
    this.clear();
    const page = await this.#page(place, 0);
    if (asked !== this.#asked) {
      return null; // turned elsewhere meanwhile
    }
    this.log.setAttribute("aria-live", "off"); // what was there before isn't news
    for (const message of page.messages) {
      this.upsert(message);
    }
    this.earlier.hidden = !page.more;
    this.toEnd();
    setTimeout(() => this.log.setAttribute("aria-live", "polite"), 300);
    return page.root;
  }

  clear() {
    this.#nodes.clear();
    this.log.replaceChildren();
    this.earlier.hidden = true;
    this.news.hidden = true;
  }

  get empty() {
    return !this.log.children.length;
  }

  get messages() {
    return [...this.#nodes.values()].map((node) => node.message);
  }

  holds(message) {
    return this.place && message.channel === this.place.channel && message.thread === this.place.thread;
  }

  /** Takes in a message of this place, new or changed; one from before those on the page only when it was asked for. */
  upsert(message, asked = false) {
    const known = this.#nodes.get(message.id);
    if (known) {
      if (known.message.change <= message.change) {
        known.update(message);
      }
      return;
    }
    if (!asked && !this.earlier.hidden && message.id < Math.min(...this.#nodes.keys())) {
      return;
    }
    const atEnd = this.#atEnd();
    const node = new MessageNode(message, this.actions);
    this.#nodes.set(message.id, node);
    // Ids grow with time; what only this page shows has none and stays where it was put.
    const next = [...this.log.children].find((element) => Number(element.dataset.id) > message.id);
    this.log.insertBefore(node.element, next ?? null);
    if (atEnd || message.author?.id === this.person()) {
      this.#trim();
      this.toEnd();
    } else if (!next) {
      this.news.hidden = false; // whoever reads further up isn't moved
    }
  }

  remove(id) {
    this.#nodes.get(id)?.element.remove();
    this.#nodes.delete(id);
  }

  /** Shows something to this person alone, until it is dismissed or the page is left. */
  whisper(message) {
    const node = new MessageNode(
      { ...message, id: "", author: null, ephemeral: true, at: new Date().toISOString(), receipt: "", opens: "" },
      this.actions,
    );
    this.log.append(node.element);
    node.element.scrollIntoView({ block: "nearest" });
    return node;
  }

  /** Takes the earliest messages off the page when there are too many. */
  #trim() {
    const ids = [...this.#nodes.keys()].sort((a, b) => a - b);
    for (const id of ids.slice(0, Math.max(0, ids.length - MOST))) {
      this.remove(id);
      this.earlier.hidden = false;
    }
  }

  /** Scrolls to the end, or to the beginning of the last message when that is taller than the view. */
  toEnd() {
    this.#follows = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
    const last = this.log.lastElementChild;
    if (last && last.offsetHeight > this.scroll.clientHeight - 40) {
      last.scrollIntoView({ block: "start" });
    }
  }

  #atEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 80;
  }

  #page({ channel, thread }, before) {
    const query = new URLSearchParams({ person: this.person(), channel, thread, before });
    return request(`/api/messages?${query}`);
  }

  async #loadEarlier() {
    const oldest = Math.min(...this.#nodes.keys());
    let page;
    try {
      page = await this.#page(this.place, oldest);
    } catch {
      return; // the button is still there to try again
    }
    const height = this.scroll.scrollHeight;
    for (const message of page.messages) {
      this.upsert(message, true);
    }
    this.scroll.scrollTop = this.scroll.scrollHeight - height;
    this.earlier.hidden = !page.more;
    if (!page.more) {
      this.scroll.focus();
    }
  }
}
