// Light or dark: as the system has it, or as was chosen here.

import { menu } from "./dom.js";

const CHOICES = [
  ["", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

function choose(name) {
  if (name) {
    localStorage.setItem("theme", name);
    document.documentElement.dataset.theme = name;
  } else {
    localStorage.removeItem("theme");
    delete document.documentElement.dataset.theme;
  }
}

/** Makes a button open the choice. */
export function switchLook(button) {
  button.addEventListener("click", () => {
    const now = document.documentElement.dataset.theme ?? "";
    menu(button, CHOICES.map(([name, label]) => [label, () => choose(name), name === now]));
  });
}
