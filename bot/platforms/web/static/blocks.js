// Shows the blocks that the coach's messages, and its questions, are made of.

import { chart } from "./chart.js";
import { make, when } from "./dom.js";
import { bar, levelOf } from "./parts.js";

function inline(part) {
  if (typeof part === "string") {
    return document.createTextNode(part);
  }
  if (part.kind === "when") {
    return when(part);
  }
  if (part.kind === "code") {
    return make("code", { text: part.text });
  }
  const score = /^Score: (\d+)\/10$/.exec(part.text);
  return make("strong", { class: score ? `score ${levelOf(Number(score[1]))}` : null, text: part.text });
}

function attachment({ name, content }) {
  const link = make("a", { class: "attachment", download: name, href: "#", text: `Download ${name}` });
  link.addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([content], { type: "text/plain;charset=utf-8" }));
    link.href = address;
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  });
  return make("p", {}, link);
}

function table({ header, rows, own }, title) {
  const head = make("tr", {}, ...header.map((cell) => make("th", { scope: "col", text: cell })));
  const body = rows.map((row, index) => {
    const mark = index === own ? { class: "own", "aria-current": "true" } : {};
    return make("tr", mark, ...row.map((cell) => make("td", { text: cell, dir: "auto" })));
  });
  return make(
    "div",
    { class: "table", tabindex: "0", role: "region", "aria-label": title || "Table" },
    make("table", {}, make("caption", { class: "unseen", text: title || "Table" }), make("thead", {}, head), make("tbody", {}, ...body)),
  );
}

/** Averages side by side; the table above them has the same numbers. */
function bars({ title, bars: rows }) {
  const lines = rows.map(({ label, value }) =>
    make("li", {}, make("span", { text: label, dir: "auto" }), make("span", { class: "progress" }, bar(value, 10), make("strong", { text: value.toFixed(1) }))),
  );
  return make("figure", { class: "bars" }, make("figcaption", { text: title }), make("ul", { class: "lines" }, ...lines));
}

function block(item, title) {
  switch (item.kind) {
    case "para":
      return make("p", {}, ...item.parts.map(inline));
    case "bullets":
      return make("ul", {}, ...item.items.map((parts) => make("li", {}, ...parts.map(inline))));
    case "listing":
      return make("pre", { tabindex: "0", role: "region", "aria-label": "Code" }, make("code", { text: item.text }));
    case "quote":
      return make("blockquote", { text: item.text });
    case "table":
      return table(item, title);
    case "attachment":
      return attachment(item);
    case "chart":
      if (item.bars?.length) {
        return bars(item);
      }
      return chart(item.title, item.series.map(({ label, own, points }) => ({ label, own, points: points.map(([date, value]) => ({ date, value })) })));
    default:
      return null;
  }
}

/** The blocks as elements; `title` is what the message is called. */
export function blocks(items, title) {
  return items.map((item) => block(item, title));
}
