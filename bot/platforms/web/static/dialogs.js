// Dialogs: forms of the coach, questions of the page. The browser's own <dialog> keeps the focus and closes on Escape.

import { make } from "./dom.js";
import { size } from "./compose.js";
import { content } from "./message.js";

let numbered = 0;

/** Opens a modal dialog; resolves when it has closed. Unless `escape`, it stays until its work is done. */
function show(dialog, escape = true) {
  document.body.append(dialog);
  const before = document.activeElement;
  return new Promise((resolve) => {
    dialog.addEventListener("cancel", (event) => {
      if (!escape) {
        event.preventDefault();
      }
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before?.isConnected) {
        before.focus();
      }
      resolve();
    });
    dialog.showModal();
  });
}

function frame(title, ...children) {
  const id = `dialog-${(numbered += 1)}`;
  return make("dialog", { "aria-labelledby": id }, make("h2", { id, text: title }), ...children);
}

function buttons(dialog, submit, escape = true) {
  const cancel = make("button", { type: "button", text: "Cancel", onclick: () => dialog.close() });
  return make("p", { class: "buttons" }, make("button", { type: "submit", class: "primary", text: submit }), escape ? cancel : null);
}

/** What the coach says against a form that was sent, in blocks; a document that it gives back is still in the form. */
export class Refused extends Error {
  constructor(blocks) {
    super("The coach didn't take the form.");
    this.blocks = blocks.filter((block) => block.kind !== "attachment");
  }
}

/** Runs `work` for a form's submit button; shows its problem in the dialog, which closes when there is none. */
function submitting(dialog, form, note, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") {
      return;
    }
    form.ariaBusy = "true";
    note.textContent = "";
    try {
      await work();
      dialog.close("done");
    } catch (problem) {
      note.replaceChildren(...(problem instanceof Refused ? content({ blocks: problem.blocks, buttons: [] }) : [problem.message]));
      note.classList.add("problem");
      note.scrollIntoView({ block: "nearest" });
    } finally {
      form.ariaBusy = "false";
    }
  });
}

function input(field, value) {
  const id = `field-${(numbered += 1)}`;
  const common = { id, name: field.name, required: field.required };
  let control;
  if (field.choices.length) {
    control = make("select", common, ...field.choices.map((choice) => make("option", { value: choice, text: choice })));
  } else if (field.long) {
    control = make("textarea", { ...common, rows: field.required ? "9" : "3" });
  } else {
    control = make("input", { ...common, type: "text", autocomplete: "off" });
  }
  control.value = value;
  const count = make("span", { class: "muted" });
  const check = () => {
    const length = size(control.value);
    const over = length > field.limit;
    control.setCustomValidity(over ? `At most ${field.limit.toLocaleString()} characters fit; these are ${length.toLocaleString()}.` : "");
    count.textContent = length > field.limit * 0.9 ? `${length.toLocaleString()} of ${field.limit.toLocaleString()} characters` : "";
  };
  control.addEventListener("input", check);
  check();
  return { control, row: make("p", { class: "field" }, make("label", { for: id, text: field.label }), control, count) };
}

const drafts = new Map(); // what was typed into a form, until the page is left

/** A form of the coach; `send(fields)` runs it. Resolves when it is closed, sent or not; keeps what was typed. */
export function formDialog(form, send) {
  const note = make("div", { class: "note", role: "alert" });
  const name = JSON.stringify([form.verb, form.target, form.fields]);
  const draft = drafts.get(name) ?? {};
  const inputs = form.fields.map((field) => input(field, draft[field.name] ?? field.value));
  const values = () => Object.fromEntries(inputs.map(({ control }) => [control.name, control.value]));
  const dialog = frame(form.title);
  const element = make(
    "form",
    { oninput: () => drafts.set(name, values()) },
    form.intro ? make("p", { class: "intro", text: form.intro, dir: "auto" }) : null,
    ...inputs.map(({ row }) => row),
    note,
    buttons(dialog, form.submit),
  );
  submitting(dialog, element, note, () => send(values()));
  dialog.append(element);
  return show(dialog);
}

/** Asks to confirm; `work` runs on yes. */
export function confirmDialog(title, text, yes, work) {
  const note = make("p", { class: "note", role: "alert" });
  const dialog = frame(title, make("p", { text }));
  const form = make(
    "form",
    {},
    note,
    buttons(dialog, yes),
  );
  submitting(dialog, form, note, work);
  dialog.append(form);
  return show(dialog);
}

/** Asks who is here; `pick(name)` tells the server. `people` are names to choose from; `escape` lets it be closed. */
export function nameDialog({ people, pick, escape, lead }) {
  const note = make("p", { class: "note", role: "alert" });
  const name = make("input", { id: "name-input", type: "text", autocomplete: "nickname", required: true });
  const dialog = frame("Pick a name", make("p", { text: lead }));
  dialog.classList.add("welcome");
  dialog.prepend(make("img", { src: "/icon.svg", alt: "", width: "52", height: "52" }));
  const form = make(
    "form",
    {},
    make("p", { class: "field" }, make("label", { for: "name-input", text: "Your name" }), name),
    note,
    buttons(dialog, "Come in", escape),
  );
  submitting(dialog, form, note, () => pick(name.value));
  dialog.append(form);
  if (people.length) {
    const buttons = people.map((person) =>
      make("button", {
        type: "button",
        dir: "auto",
        text: person.name,
        onclick: () => {
          name.value = person.name;
          form.requestSubmit();
        },
      }),
    );
    dialog.append(make("p", { class: "muted", text: "Or be somebody who was here before:" }), make("p", { class: "buttons" }, ...buttons));
  }
  return show(dialog, escape);
}

/** Asks for the token that whoever runs the coach has set; `give(token)` shows it to the server. */
export function tokenDialog(give) {
  const note = make("p", { class: "note", role: "alert" });
  const token = make("input", { id: "token-input", type: "password", autocomplete: "current-password", required: true });
  const dialog = frame("This coach asks for its token", make("p", { text: "Whoever runs it has set one, as COACH_WEB_TOKEN." }));
  const form = make(
    "form",
    {},
    make("p", { class: "field" }, make("label", { for: "token-input", text: "Token" }), token),
    note,
    buttons(dialog, "Come in", false),
  );
  submitting(dialog, form, note, () => give(token.value));
  dialog.append(form);
  return show(dialog, false);
}

/** Asks for one line; `work(text)` is done with it, and its problem shown where it was typed. */
export function askDialog({ title, text, label, submit, work }) {
  const note = make("p", { class: "note", role: "alert" });
  const id = `field-${(numbered += 1)}`;
  const control = make("input", { id, type: "text", autocomplete: "off", required: true });
  const dialog = frame(title, make("p", { text }));
  const form = make(
    "form",
    {},
    make("p", { class: "field" }, make("label", { for: id, text: label }), control),
    note,
    buttons(dialog, submit),
  );
  submitting(dialog, form, note, () => work(control.value));
  dialog.append(form);
  return show(dialog);
}

/** Shows what the coach says to this person alone; `act(button)` runs one of its buttons, after which it closes. */
export function messageDialog(message, act) {
  const dialog = frame(message.title || "The coach says");
  const close = (button) => {
    dialog.close();
    act(button);
  };
  dialog.append(
    make("div", { class: "body" }, ...content({ ...message, title: "" }, close)),
    make("p", { class: "buttons" }, make("button", { type: "button", text: "Close", onclick: () => dialog.close() })),
  );
  return show(dialog);
}
