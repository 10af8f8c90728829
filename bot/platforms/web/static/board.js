// The leaderboard: who has the most points in a period, of one section or of all, and how they came by them.

import { make } from "./dom.js";
import { chart } from "./chart.js";
import { choice, empty, filled, heading, segments, table } from "./parts.js";

const PERIODS = [
  ["week", "This week"],
  ["month", "This month"],
  ["all", "All time"],
];

function address(period, topic) {
  const query = new URLSearchParams({ period });
  if (topic) {
    query.set("topic", topic);
  }
  return `#/board?${query}`;
}

function standings(rows) {
  const cells = rows.map((row) => [
    make("span", { class: row.rank <= 3 ? `rank rank-${row.rank}` : "rank", text: `${row.rank}${row.tied ? "=" : ""}` }),
    row.own ? `${row.name} (you)` : row.name,
    String(row.points),
    String(row.answers),
    row.average.toFixed(1),
    String(row.streak),
  ]);
  return table("Leaderboard", ["#", "who", "points", "answers", "average", "streak"], cells, {
    own: rows.findIndex((row) => row.own),
    numbers: [2, 3, 4, 5],
    className: "standings",
  });
}

function gap(rows) {
  const at = rows.findIndex((row, index) => index > 0 && row.rank > rows[index - 1].rank + 1 && row.own);
  return at > 0 ? make("p", { class: "muted", text: "Your own row is added at the end: it is further down." }) : null;
}

function share(app, period, topic) {
  if (!app.run) {
    return null;
  }
  const args = { period, topic };
  return make("button", { type: "button", "data-key": "share", text: "Share in the channel", onclick: () => app.run({ verb: "share", args }) });
}

function asked({ query }) {
  const period = PERIODS.some(([name]) => name === query.get("period")) ? query.get("period") : "week";
  return { period, topic: query.get("topic") ?? "" };
}

async function content(app, { period, topic }, filters) {
  const found = await app.get("board", { period, topic });
  const topics = [["", "All sections"], ...found.topics.map((name) => [name, name])];
  if (topic && !found.topics.includes(topic)) {
    topics.push([topic, topic]);
  }
  filters.replaceChildren(choice("Section", topics, topic, (picked) => app.go(address(period, picked))));
  if (!found.rows.length) {
    return [empty("Nobody stands here yet", "The first graded answer opens the board.")];
  }
  const shown = chart("Points over time", found.lines);
  return [
    make("section", { class: "card" }, standings(found.rows), gap(found.rows)),
    shown && make("section", { class: "card" }, shown),
    make("p", { class: "buttons" }, share(app, period, topic)),
  ];
}

export const board = {
  title: "Leaderboard",

  open(element, route, app) {
    const periods = make("div");
    const filters = make("div");
    const body = make("div", { class: "stack" });
    element.replaceChildren(heading("Leaderboard", "Points are the sum of counted scores."), make("div", { class: "filters" }, periods, filters), body);
    let shown = "";
    const update = async (next) => {
      const what = asked(next);
      if (shown !== JSON.stringify(what)) {
        shown = JSON.stringify(what);
        const links = PERIODS.map(([name, text]) => [text, address(name, what.topic), name === what.period]);
        const focused = periods.contains(document.activeElement);
        periods.replaceChildren(segments("Period", links));
        if (focused) {
          periods.querySelector("[aria-current]").focus();
        }
      }
      // The filter is made anew with the sections that there are; whoever uses it at the moment keeps it.
      const kept = filters.contains(document.activeElement) ? make("div") : filters;
      await filled(body, () => content(app, what, kept));
    };
    return update(route).then(() => update);
  },
};
