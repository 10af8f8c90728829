// Pieces that several pages are made of.

import { make } from "./dom.js";

const DAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat(undefined, {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "numeric",
  minute: "2-digit",
});

function dayText(iso) {
  const at = new Date(`${iso}T12:00:00`);
  return (at.getFullYear() === new Date().getFullYear() ? DAY : DAY_AND_YEAR).format(at);
}

/** A date such as "2026-11-22". */
export function day(iso) {
  return make("time", { datetime: iso, text: dayText(iso) });
}

/** A moment in the reader's own zone, with its day. */
export function moment(iso) {
  return make("time", { datetime: iso, text: MOMENT.format(new Date(iso)) });
}

/** "1 answer", "2 answers". */
export function count(number, noun) {
  return `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;
}

export function levelOf(score) {
  return score >= 8 ? "high" : score >= 6 ? "good" : "low";
}

/** A score of 1 to 10 as a badge; the word is for those who don't see where it stands. */
export function badge(score) {
  return make("span", { class: `badge ${levelOf(score)}` }, make("span", { class: "unseen", text: "Score " }), `${score}`, make("small", { text: "/10" }));
}

/** A page's heading, which takes the focus when the page opens. */
export function heading(title, lead, ...beside) {
  return make(
    "div",
    { class: "heading" },
    make("div", {}, make("h2", { tabindex: "-1", text: title }), lead ? make("p", { class: "lead", text: lead }) : null),
    ...beside,
  );
}

export function card(title, ...children) {
  return make("section", { class: "card" }, title ? make("h3", { text: title }) : null, ...children);
}

/** What stands where there is nothing yet: says so, and what to do about it. */
export function empty(title, text, ...actions) {
  return make(
    "section",
    { class: "empty" },
    make("img", { src: "/icon.svg", alt: "", width: "48", height: "48" }),
    make("h3", { text: title }),
    make("p", { text }),
    actions.length ? make("p", { class: "buttons" }, ...actions) : null,
  );
}

/** A figure with its name under it. */
export function figure(value, name, note = "") {
  return make(
    "div",
    { class: "figure" },
    make("dt", { text: name }),
    make("dd", {}, make("strong", { text: value }), note ? make("span", { class: "muted", text: note }) : null),
  );
}

/** Links of which one is where one is. `options` are [name, address, current]. */
export function segments(label, options) {
  return make(
    "nav",
    { class: "segments", "aria-label": label },
    ...options.map(([name, href, current]) => make("a", { href, "aria-current": current ? "page" : null, text: name })),
  );
}

let numbered = 0;

/** A menu of values with its label; `pick` is called with the one that was chosen. `options` are [value, name]. */
export function choice(label, options, chosen, pick) {
  const id = `choice-${(numbered += 1)}`;
  const control = make(
    "select",
    { id, onchange: () => pick(control.value) },
    ...options.map(([value, name]) => make("option", { value, text: name, selected: value === chosen })),
  );
  return make("p", { class: "choice" }, make("label", { for: id, text: label }), control);
}

/** A table; cells are texts or elements. `own` is the index of the reader's own row. */
export function table(caption, header, rows, { own = -1, numbers = [], className = "" } = {}) {
  const align = (index) => (numbers.includes(index) ? "number" : null);
  const head = header.map((cell, index) => make("th", { scope: "col", class: align(index) }, cell || make("span", { class: "unseen", text: "To do" })));
  const body = rows.map((row, at) =>
    make(
      "tr",
      at === own ? { class: "own", "aria-current": "true" } : {},
      ...row.map((cell, index) =>
        cell instanceof Node ? make("td", { class: align(index) }, cell) : make("td", { class: align(index), dir: "auto", text: cell }),
      ),
    ),
  );
  return make(
    "div",
    { class: "table", tabindex: "0", role: "region", "aria-label": caption },
    make("table", { class: className }, make("caption", { class: "unseen", text: caption }), make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body)),
  );
}

/** A bar from 0 to `most`; its number stands beside it, so it is for the eye alone. */
export function bar(value, most) {
  const fill = make("span", { class: "fill" });
  fill.style.width = `${(100 * value) / most}%`; // a property set by script is no inline style to the content policy
  return make("span", { class: "track", "aria-hidden": "true" }, fill);
}

/** Puts new children into an element; what had the focus in it (by `data-key`) has it again. */
export function refill(element, ...children) {
  const key = element.contains(document.activeElement) ? document.activeElement.dataset.key : "";
  element.replaceChildren(...children.filter(Boolean));
  if (key) {
    element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
  }
}

/** Fills an element with what `load` makes, or says why it couldn't be had and offers to try again. */
export async function filled(element, load) {
  element.setAttribute("aria-busy", "true");
  try {
    refill(element, ...(await load()));
  } catch (problem) {
    const again = make("button", { type: "button", text: "Try again", onclick: () => filled(element, load) });
    refill(element, make("section", { class: "empty" }, make("p", { class: "problem", text: problem.message }), make("p", { class: "buttons" }, again)));
  } finally {
    element.removeAttribute("aria-busy");
  }
}
