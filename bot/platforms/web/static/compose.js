// The writing boxes: drafts that outlive a reload, sending with retry, and completion of commands.

import { make } from "./dom.js";
import { newKey } from "./net.js";

const LIMIT = 6_000; // characters
const NEAR = 5_500;

/** How long a text is as the server counts: in code points. */
export function size(text) {
  return [...text.trim()].length;
}

export class Composer {
  #key = newKey();
  #draft = "";
  #options = [];
  #active = -1;
  #asked = 0;

  /** `send(text, key)` stores or runs the text; `suggest(line)` returns [{line, help}]. */
  constructor(form, { send, suggest }) {
    this.form = form;
    this.send = send;
    this.suggest = suggest;
    this.area = form.querySelector("textarea");
    this.label = form.querySelector("label");
    this.note = form.querySelector(".note");
    this.list = make("ul", { class: "options", role: "listbox", id: `${this.area.id}-options`, "aria-label": "Commands", hidden: true });
    this.heard = make("p", { class: "unseen", role: "status" });
    form.prepend(this.list, this.heard);
    // A box of several lines may not be called a combobox, but it may have a list and an active option like one.
    this.area.setAttribute("aria-autocomplete", "list");
    this.area.setAttribute("aria-haspopup", "listbox");
    this.area.setAttribute("aria-controls", this.list.id);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.area.addEventListener("input", () => this.#changed());
    this.area.addEventListener("keydown", (event) => this.#key_(event));
    this.area.addEventListener("blur", () => setTimeout(() => this.#close(), 150));
  }

  /** Writes for another place from now on; each place keeps its draft. */
  turnTo(draft, label) {
    this.label.textContent = label;
    if (draft === this.#draft) {
      return;
    }
    this.#draft = draft;
    this.area.value = sessionStorage.getItem(draft) ?? "";
    this.#changed();
    this.#close();
  }

  get empty() {
    return !this.area.value.trim();
  }

  async submit() {
    const text = this.area.value;
    if (this.empty || this.form.ariaBusy === "true") {
      return;
    }
    if (!text.startsWith("/mlops") && size(text) > LIMIT) {
      this.#say(`That is ${size(text).toLocaleString()} characters; ${LIMIT.toLocaleString()} fit. Shorten it, then send it.`);
      return;
    }
    this.#close();
    const draft = this.#draft;
    this.form.ariaBusy = "true";
    this.area.readOnly = true;
    this.#say("");
    try {
      await this.send(text, this.#key);
      sessionStorage.removeItem(draft);
      if (draft === this.#draft) {
        this.area.value = "";
        this.#changed();
      }
    } catch (problem) {
      this.#say(`Not sent. ${problem.message} `, "Retry");
    } finally {
      this.form.ariaBusy = "false";
      this.area.readOnly = false;
    }
  }

  #say(text, retry) {
    this.note.classList.toggle("problem", Boolean(text));
    this.note.replaceChildren(text);
    if (retry) {
      this.note.append(make("button", { type: "button", class: "link", text: retry, onclick: () => this.submit() }));
    }
  }

  #changed() {
    const text = this.area.value;
    this.#key = newKey(); // another text is another message
    if (text) {
      sessionStorage.setItem(this.#draft, text);
    } else {
      sessionStorage.removeItem(this.#draft);
    }
    const count = size(text);
    this.#say(count > NEAR ? `${count.toLocaleString()} of ${LIMIT.toLocaleString()} characters` : "");
    this.note.classList.toggle("problem", count > LIMIT);
    this.#grow();
    this.#complete(text);
  }

  #grow() {
    this.area.style.height = "auto"; // a property set by script is no inline style to the content policy
    this.area.style.height = `${Math.min(this.area.scrollHeight + 2, innerHeight * 0.35)}px`;
  }

  async #complete(text) {
    const asked = ++this.#asked;
    if (!text.startsWith("/") || text.includes("\n")) {
      this.#close();
      return;
    }
    let options = [];
    try {
      options = await this.suggest(text);
    } catch {
      // Completion is a help: without it the command can still be typed.
    }
    if (asked === this.#asked) {
      this.#show(options.filter((option) => option.line !== text.trimEnd()));
    }
  }

  #show(options) {
    this.#options = options;
    this.#active = -1;
    this.list.replaceChildren(
      ...options.map((option, index) =>
        make(
          "li",
          { role: "option", id: `${this.list.id}-${index}`, "aria-selected": "false", onpointerdown: (event) => {
            event.preventDefault();
            this.#take(index);
          } },
          make("strong", { text: option.line }),
          make("span", { class: "muted", text: option.help }),
        ),
      ),
    );
    this.list.hidden = !options.length;
    this.heard.textContent = options.length ? `${options.length} ${options.length === 1 ? "command" : "commands"}: arrow keys choose, Tab takes one.` : "";
    this.area.removeAttribute("aria-activedescendant");
  }

  #close() {
    this.#asked += 1;
    this.#show([]);
  }

  #move(step) {
    const count = this.#options.length;
    this.#active = this.#active < 0 ? (step > 0 ? 0 : count - 1) : (this.#active + step + count) % count;
    for (const [index, item] of [...this.list.children].entries()) {
      item.setAttribute("aria-selected", String(index === this.#active));
    }
    const item = this.list.children[this.#active];
    item.scrollIntoView({ block: "nearest" });
    this.area.setAttribute("aria-activedescendant", item.id);
  }

  #take(index) {
    this.area.value = `${this.#options[index].line} `;
    this.area.focus();
    this.#changed();
  }

  #key_(event) {
    if (event.isComposing) {
      return;
    }
    const open = !this.list.hidden;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.#move(event.key === "ArrowDown" ? 1 : -1);
    } else if (open && event.key === "Escape") {
      event.stopPropagation();
      this.#close();
    } else if (open && event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      this.#take(Math.max(0, this.#active));
    } else if (open && this.#active >= 0 && event.key === "Enter") {
      event.preventDefault();
      this.#take(this.#active);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    }
  }
}
