// The questions of a channel by day, beside the chat.

import { make } from "./dom.js";
import { badge, day } from "./parts.js";

const PATIENCE = 800; // ms: several changes at once are one look

function line(asked, current, address) {
  const mark = asked.own === null ? (asked.open ? make("span", { class: "dot", title: "Still open" }, make("span", { class: "unseen", text: "open" })) : null) : badge(asked.own);
  return make(
    "li",
    {},
    make(
      "a",
      { href: address, "aria-current": current ? "page" : null },
      make("span", { class: "what" }, make("span", { class: "when" }, day(asked.date)), make("span", { class: "which", text: asked.title, dir: "auto" })),
      mark,
    ),
  );
}

export class Days {
  #timer = 0;
  #found = [];
  #place = { channel: "", thread: 0 };

  /** `load(channel)` gives the questions; `address(channel, thread)` is where one is read. */
  constructor({ part, list, load, address }) {
    Object.assign(this, { part, list, load, address });
  }

  /** Another channel or thread is shown. */
  turnTo(place) {
    const other = place.channel && place.channel !== this.#place.channel;
    this.#place = place;
    if (other) {
      this.#found = [];
      this.look(0);
    }
    this.#show();
  }

  /** Something may have changed. */
  look(patience = PATIENCE) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      const { channel } = this.#place;
      try {
        const found = await this.load(channel);
        if (channel === this.#place.channel) {
          this.#found = found;
          this.#show();
        }
      } catch {
        // A list beside the chat: the next change looks again, and what is wrong is said elsewhere.
      }
    }, patience);
  }

  #show() {
    const { channel, thread } = this.#place;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : "";
    this.part.hidden = !this.#found.length;
    this.list.replaceChildren(
      ...this.#found.map((asked) => line(asked, asked.thread === String(thread), this.address(channel, asked.thread))),
    );
    if (focused) {
      this.list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    }
  }
}
