// Short words that come and go, said politely to those who don't see them.

import { byId, make } from "./dom.js";

const READING = 6_000; // ms, longer for what went wrong

/** Shows a line for a while. */
export function toast(text, problem = false) {
  const line = make("p", { class: problem ? "toast problem" : "toast", text });
  byId("toasts").append(line);
  setTimeout(() => line.remove(), problem ? 2 * READING : READING);
}
