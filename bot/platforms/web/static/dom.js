// Small helpers that build the page. Everything that people or models wrote goes in as text, never as markup.

/** An element with attributes (`on*` are listeners, `text` its text) and children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) {
      continue;
    }
    if (name === "text") {
      element.textContent = value;
    } else if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function byId(id) {
  return document.getElementById(id);
}

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
const FULL = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
  hour: "numeric",
  minute: "2-digit",
});
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const STEPS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

function relative(at) {
  const seconds = (at - Date.now()) / 1000;
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ["minute", 60];
  return RELATIVE.format(Math.round(seconds / size), unit);
}

/** When something was written: the time of day, with the date unless it is today's. */
export function stamp(iso) {
  const at = new Date(iso);
  const today = at.toDateString() === new Date().toDateString();
  return make("time", { datetime: iso, title: FULL.format(at), text: (today ? CLOCK : DAY).format(at) });
}

/** A moment in the reader's own zone; a relative one is kept up to date by `tick`. */
export function when({ at: iso, relative: isRelative }) {
  const at = new Date(iso);
  const text = isRelative ? relative(at) : FULL.format(at);
  return make("time", { datetime: iso, title: FULL.format(at), "data-relative": isRelative, text });
}

/** Brings relative times up to date. */
export function tick() {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const text = relative(new Date(element.dateTime));
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }
}

/** A menu under a button; arrow keys move in it, Escape closes it. `items` are [label, action, checked?]. */
export function menu(button, items) {
  const close = (focus = true) => {
    list.remove();
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    if (focus) {
      button.focus();
    }
  };
  const outside = (event) => {
    if (!list.contains(event.target) && !button.contains(event.target)) {
      close(false);
    }
  };
  const choices = items.map(([label, action, checked]) =>
    make("button", {
      type: "button",
      role: checked === undefined ? "menuitem" : "menuitemradio",
      "aria-checked": checked === undefined ? undefined : String(checked),
      tabindex: "-1",
      text: label,
      onclick: () => {
        close();
        action();
      },
    }),
  );
  const list = make("div", { class: "menu", role: "menu" }, ...choices);
  list.addEventListener("keydown", (event) => {
    const at = choices.indexOf(document.activeElement);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: choices.length - 1 };
    if (event.key in moves) {
      event.preventDefault();
      choices.at(moves[event.key] % choices.length).focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.stopPropagation();
      event.preventDefault();
      close();
    }
  });
  button.after(list);
  button.setAttribute("aria-expanded", "true");
  document.addEventListener("pointerdown", outside, true);
  choices[0]?.focus();
}
