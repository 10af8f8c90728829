// Shows messages: the coach's, which come as blocks, and people's, which are plain text.

import { blocks } from "./blocks.js";
import { make, menu, stamp } from "./dom.js";

/** The title, blocks and buttons of a coach's message; `act(button)` runs a button. */
export function content(message, act) {
  const parts = [];
  if (message.mention) {
    parts.push(make("p", { class: "mention", text: message.mention }));
  }
  if (message.title) {
    parts.push(make("h3", { text: message.title }));
  }
  parts.push(...blocks(message.blocks, message.title));
  if (message.buttons.length) {
    const buttons = message.buttons.map((button) =>
      make("button", { type: "button", text: button.label, onclick: () => act(button) }),
    );
    parts.push(make("p", { class: "buttons" }, ...buttons));
  }
  return parts.filter(Boolean);
}

function avatar(author) {
  if (!author) {
    return make("img", { class: "avatar", src: "/icon.svg", alt: "" });
  }
  const hue = [...author.id].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 6, 0);
  return make("span", { class: `avatar tint-${hue}`, "aria-hidden": "true", text: [...author.name][0].toUpperCase() });
}

const RECEIPTS = { seen: "✓", graded: "✓✓" };

/** A message in a log, kept up to date in place, so that a screen reader hears only what is new. */
export class MessageNode {
  /** `actions` are what it can do: act(button), open(thread), menu(message) -> items, dismiss(node). */
  constructor(message, actions) {
    this.actions = actions;
    this.body = make("div", { class: "body" });
    this.foot = make("div", { class: "foot", "aria-live": "off" });
    this.head = make("div", { class: "head" });
    this.element = make(
      "article",
      { class: "message", "data-id": message.id },
      avatar(message.author),
      make("div", { class: "content" }, this.head, this.body, this.foot),
    );
    this.shown = "";
    this.update(message);
  }

  update(message) {
    this.message = message;
    const { author, personal, ephemeral } = message;
    const shown = JSON.stringify([message.text, message.message, message.edited, message.to, author]);
    this.element.setAttribute("aria-label", author ? `${author.name} wrote` : "The coach wrote");
    this.element.classList.toggle("coach", !author);
    this.element.classList.toggle("personal", Boolean(personal || ephemeral));
    if (shown !== this.shown) {
      this.shown = shown;
      this.#fillHead(message);
      this.read();
    }
    this.#fillFoot(message);
  }

  /** Shows the text (again, after an edit was cancelled). */
  read() {
    const { message } = this;
    this.body.replaceChildren(
      ...(message.message
        ? content(message.message, (button) => this.actions.act(button, message))
        : [make("p", { text: message.text, dir: "auto" })]),
    );
  }

  /** Puts an editor in the text's place; `save(text)` returns once it is stored. */
  edit(save) {
    const area = make("textarea", { rows: "3", "aria-label": "Edit your message" });
    area.value = this.message.text;
    const note = make("p", { class: "note", role: "status" });
    const stop = () => {
      this.read();
      this.more?.focus();
    };
    const finish = async () => {
      try {
        await save(area.value);
        stop();
      } catch (problem) {
        note.textContent = `Not saved. ${problem.message}`;
      }
    };
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        stop();
      } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        finish();
      }
    });
    this.body.replaceChildren(
      area,
      make(
        "p",
        { class: "buttons" },
        make("button", { type: "button", class: "primary", text: "Save", onclick: finish }),
        make("button", { type: "button", text: "Cancel", onclick: stop }),
      ),
      note,
    );
    area.focus();
  }

  #fillHead(message) {
    const { author, asked, edited, to } = message;
    this.head.replaceChildren(
      make("strong", { class: "name", text: author ? author.name : "Coach", dir: "auto" }),
      stamp(message.at),
    );
    if (to) {
      this.head.append(make("span", { class: "muted", dir: "auto", text: `to ${to}` }));
    }
    if (edited) {
      this.head.append(make("span", { class: "muted", text: "edited" }));
    }
    if (asked) {
      this.head.append(make("span", { class: "muted", dir: "auto", text: `for ${asked.name}: ${asked.line}` }));
    }
    const items = this.actions.menu(message);
    if (items.length) {
      this.more = make("button", {
        type: "button",
        class: "quiet more",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        "aria-label": "Actions for your message",
        text: "⋯",
        onclick: () => menu(this.more, this.actions.menu(this.message, this)),
      });
      this.head.append(make("span", { class: "anchor" }, this.more));
    }
  }

  #fillFoot(message) {
    const parts = [];
    if (message.ephemeral) {
      parts.push(
        make("span", { class: "muted", text: "Only you see this." }),
        make("button", { type: "button", class: "link", text: "Dismiss", onclick: () => this.actions.dismiss(this) }),
      );
    } else if (message.personal) {
      parts.push(make("span", { class: "muted", text: "Only you see this." }));
    }
    if (message.receipt) {
      const sign = make("span", { "aria-hidden": "true", text: RECEIPTS[message.receipt] });
      parts.push(make("span", { class: `receipt ${message.receipt}` }, sign, ` ${message.receipt}`));
    }
    if (message.opens && this.actions.open) {
      const count = message.replies;
      const text = count ? `Open the thread (${count})` : "Open the thread";
      if (this.opener?.isConnected) {
        this.opener.textContent = text; // kept, so that it keeps the focus
      } else {
        this.opener = make("button", { type: "button", class: "opener", text, onclick: () => this.actions.open(message) });
      }
      parts.push(this.opener);
    }
    this.foot.hidden = !parts.length;
    if (!(parts.length === 1 && parts[0] === this.foot.firstChild && this.foot.childNodes.length === 1)) {
      this.foot.replaceChildren(...parts);
    }
  }
}
