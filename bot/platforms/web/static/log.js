// A list of messages that is loaded in pages and kept up to date.

import { MessageNode } from "./message.js";
import { request } from "./net.js";

export class Log {
  #nodes = new Map();
  #asked = 0;

  /** `place` is {channel, thread}; `actions` go to each message. */
  constructor({ log, scroll, earlier, actions, person }) {
    this.log = log;
    this.scroll = scroll;
    this.earlier = earlier;
    this.actions = actions;
    this.person = person;
    this.place = null;
    earlier.addEventListener("click", () => this.#loadEarlier());
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

  /** Takes in a message of this place, new or changed. */
  upsert(message) {
    const known = this.#nodes.get(message.id);
    if (known) {
      if (known.message.change <= message.change) {
        known.update(message);
      }
      return;
    }
    const atEnd = this.#atEnd();
    const node = new MessageNode(message, this.actions);
    this.#nodes.set(message.id, node);
    // Ids grow with time; what only this page shows has none and stays where it was put.
    const next = [...this.log.children].find((element) => Number(element.dataset.id) > message.id);
    this.log.insertBefore(node.element, next ?? null);
    if (atEnd || message.author?.id === this.person()) {
      this.toEnd();
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

  /** Scrolls to the end, or to the beginning of the last message when that is taller than the view. */
  toEnd() {
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
      this.upsert(message);
    }
    this.scroll.scrollTop = this.scroll.scrollHeight - height;
    this.earlier.hidden = !page.more;
    if (!page.more) {
      this.scroll.focus();
    }
  }
}
