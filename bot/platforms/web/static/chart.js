// Values over time as a drawing, with the same as a table beside it for those who don't see drawings.

import { make } from "./dom.js";
import { day, table } from "./parts.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 240;
const LEFT = 40;
const TOP = 14;
const BOTTOM = 30;
const GAP = 16; // between labels
const NARROW = 460;
const MOST_ROWS = 60; // of the table
const TICK = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const at = (date) => Date.parse(`${date}T12:00:00Z`);

/** A round distance of grid lines, three to six of them. */
function stepOf(most) {
  for (let power = 1; ; power *= 10) {
    for (const factor of [1, 2, 5]) {
      if (most <= 5 * factor * power) {
        return factor * power;
      }
    }
  }
}

function frame(lines, width) {
  const all = lines.flatMap(({ points }) => points);
  const days = all.map(({ date }) => at(date));
  const [first, last] = [Math.min(...days), Math.max(...days)];
  const step = stepOf(Math.max(1, ...all.map(({ value }) => value)));
  const top = step * Math.max(1, Math.ceil(Math.max(...all.map(({ value }) => value)) / step));
  const longest = Math.max(...lines.map(({ label }) => Math.min(13, [...label].length)));
  const right = width < NARROW ? 16 : 24 + 7.5 * longest;
  return {
    first,
    last,
    step,
    top,
    right: width - right,
    x: (time) => LEFT + ((width - LEFT - right) * (time - first)) / Math.max(1, last - first),
    y: (value) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * value) / top,
  };
}

function grid(plot, width) {
  const marks = [];
  for (let value = 0; value <= plot.top; value += plot.step) {
    const y = plot.y(value);
    marks.push(draw("line", { class: value ? "grid" : "axis", x1: LEFT, x2: plot.right, y1: y, y2: y }));
    marks.push(draw("text", { class: "tick", x: LEFT - 8, y: y + 4, "text-anchor": "end" }, String(value)));
  }
  const shown = Math.max(1, Math.min(width < NARROW ? 2 : 4, Math.round((plot.last - plot.first) / 86_400_000)));
  for (let number = 0; number <= shown; number += 1) {
    const time = plot.first + ((plot.last - plot.first) * number) / shown;
    const anchor = number === 0 ? "start" : number === shown ? "end" : "middle";
    marks.push(draw("text", { class: "tick", x: plot.x(time), y: HEIGHT - 8, "text-anchor": anchor }, TICK.format(time)));
  }
  return marks;
}

function course(line, index, plot) {
  const ends = [...line.points, { date: line.points.at(-1).date, value: line.points.at(-1).value }];
  const path = ends.map(({ date, value }) => `${plot.x(at(date)).toFixed(1)},${plot.y(value).toFixed(1)}`);
  path.push(`${plot.right.toFixed(1)},${plot.y(ends.at(-1).value).toFixed(1)}`); // kept until the next answer
  const look = line.own ? "own" : `line-${index % 5}`;
  return [
    draw("polyline", { class: `course ${look}`, points: path.join(" ") }),
    draw("circle", { class: `end ${look}`, cx: plot.right, cy: plot.y(ends.at(-1).value), r: line.own ? 5 : 4 }),
  ];
}

/** Every line's name at its end, pushed apart where lines end together. */
function names(lines, plot) {
  const ends = lines.map((line, index) => ({ line, index, y: plot.y(line.points.at(-1).value) })).sort((a, b) => a.y - b.y);
  let last = -Infinity;
  for (const end of ends) {
    end.y = last = Math.max(end.y, last + GAP);
  }
  const below = Math.max(0, last - (HEIGHT - BOTTOM));
  return ends.map(({ line, index, y }) => {
    const text = [...line.label];
    const label = text.length > 13 ? `${text.slice(0, 12).join("")}…` : line.label;
    const look = line.own ? "own" : `line-${index % 5}`;
    return draw("text", { class: `name ${look}`, x: plot.right + 10, y: y - below + 4 }, label);
  });
}

function picture(lines, width, alt) {
  const plot = frame(lines, width);
  const order = [...lines.entries()].sort(([, a], [, b]) => Number(a.own) - Number(b.own)); // one's own on top
  return draw(
    "svg",
    { class: "chart", viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": alt },
    ...grid(plot, width),
    ...order.flatMap(([index, line]) => course(line, index, plot)),
    ...(width < NARROW ? [] : names(lines, plot)),
  );
}

function legend(lines) {
  return make(
    "ul",
    { class: "legend", "aria-hidden": "true" },
    ...lines.map((line, index) => make("li", { class: line.own ? "own" : `line-${index % 5}`, text: line.label })),
  );
}

function numbers(title, lines) {
  const dates = [...new Set(lines.flatMap(({ points }) => points.map(({ date }) => date)))].sort().reverse().slice(0, MOST_ROWS);
  const by = (line, date) => line.points.findLast((point) => point.date <= date)?.value ?? 0;
  const rows = dates.map((date) => [day(date), ...lines.map((line) => String(by(line, date)))]);
  return make(
    "details",
    { class: "numbers" },
    make("summary", { text: "As a table" }),
    table(title, ["Day", ...lines.map(({ label }) => label)], rows, { numbers: lines.map((_, index) => index + 1) }),
  );
}

/**
 * A chart of `lines`, each {label, own, points: [{date, value}]} with the oldest first, drawn anew as wide as there is
 * room; null where no line has two days to tell apart from the one before.
 */
export function chart(title, lines) {
  const drawn = lines.filter(({ points }) => points.length);
  if (!drawn.some(({ points }) => points.length > 2)) {
    return null;
  }
  const alt = `${title}: ${drawn.map(({ label, points }) => `${label} from ${points[0].value} to ${points.at(-1).value}`).join("; ")}.`;
  const place = make("div", { class: "drawing" });
  let width = 0;
  new ResizeObserver(([entry]) => {
    const room = Math.max(260, Math.floor(entry.contentRect.width));
    if (room !== width) {
      width = room;
      place.replaceChildren(picture(drawn, width, alt), ...(width < NARROW ? [legend(drawn)] : []));
    }
  }).observe(place);
  return make("figure", { class: "over-time" }, make("figcaption", { text: title }), place, numbers(title, drawn));
}
