// The archive: past questions by day, each with what was revealed at its close.

import { blocks } from "./blocks.js";
import { make } from "./dom.js";
import { badge, card, choice, count, day, empty, filled, heading } from "./parts.js";

function address(section, search) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ section, search })) {
    if (value) {
      query.set(name, value);
    }
  }
  return `#/archive${query.size ? `?${query}` : ""}`;
}

function asked({ query }) {
  return { section: query.get("section") ?? "", search: query.get("search") ?? "" };
}

function about({ date, section, level, daily }) {
  return make("span", { class: "muted" }, day(date), ` · ${section}`, level ? ` · level ${level}` : "", daily ? "" : " · on demand");
}

function podium(found) {
  if (!found.best.length) {
    return null;
  }
  return make(
    "ol",
    { class: "podium" },
    ...found.best.map((row) => make("li", { class: `rank-${row.rank}` }, make("span", { class: `rank rank-${row.rank}`, text: `${row.rank}${row.tied ? "=" : ""}` }), make("bdi", { text: row.name }), badge(row.points))),
  );
}

function told(found) {
  const first = found.answers ? `${count(found.answers, "counted answer")}, average ${found.average.toFixed(1)}.` : "Nobody's answer counted this time.";
  return [
    make("div", { class: "question", dir: "auto" }, ...blocks(found.asked)),
    make("p", { text: first }),
    podium(found),
    found.missed ? make("p", {}, make("strong", { text: "The point most often missed: " }), found.missed) : null,
    make("h3", { text: "Sample answer" }),
    make("div", { class: "sample", dir: "auto" }, ...blocks(found.sample)),
    ...blocks(found.think_on),
  ].filter(Boolean);
}

/** One past question, closed at first; what was revealed is asked for when it is opened. */
function entry(round, app) {
  const body = make("div", { class: "told", "aria-live": "polite" });
  let loaded = false;
  const load = async () => {
    if (!loaded) {
      loaded = true;
      try {
        body.replaceChildren(...told(await app.get(`archive/${round.id}`, {})));
      } catch (problem) {
        loaded = false;
        body.replaceChildren(make("p", { class: "problem", text: `${problem.message} Close and open it to try again.` }));
      }
    }
  };
  return make(
    "details",
    { class: "past", ontoggle: (event) => event.target.open && load() },
    make(
      "summary",
      { "data-key": `round-${round.id}` },
      make("span", { class: "what" }, make("strong", { text: round.title, dir: "auto" }), about(round)),
      round.own === null || round.own === undefined ? null : badge(round.own),
    ),
    body,
  );
}

/** The pages of what was asked for, with a button for the next. */
function pages(app, what) {
  const list = make("div", { class: "entries" });
  const more = make("button", { type: "button", "data-key": "more", text: "Show earlier questions", hidden: true });
  let last = 0;
  const load = async () => {
    const page = await app.get("archive", { ...what, before: last });
    const entries = page.rounds.map((round) => entry(round, app));
    list.append(...entries);
    last = page.rounds.at(-1)?.id ?? 0;
    more.hidden = !page.more;
    return { entries, page };
  };
  more.addEventListener("click", async () => {
    try {
      const { entries } = await load();
      entries[0]?.querySelector("summary").focus();
    } catch (problem) {
      app.toast(problem.message, true);
    }
  });
  return { load, elements: [card("", list), more] };
}

async function content(app, what, filters) {
  const shown = pages(app, what);
  const { page } = await shown.load();
  const sections = [["", "All sections"], ...page.sections.map((name) => [name, name])];
  if (what.section && !page.sections.includes(what.section)) {
    sections.push([what.section, what.section]);
  }
  filters.replaceChildren(choice("Section", sections, what.section, (picked) => app.go(address(picked, what.search))));
  if (page.rounds.length) {
    return shown.elements;
  }
  if (what.section || what.search) {
    return [empty("Nothing found", "No past question has all of these words.", make("a", { class: "button", href: "#/archive", text: "Show all" }))];
  }
  return [empty("Nothing here yet", "A question comes here with its sample answer once its round is closed.")];
}

function searchBox(app, current) {
  const input = make("input", { id: "archive-search", type: "search", autocomplete: "off", maxlength: "200" });
  const form = make(
    "form",
    {
      class: "search",
      role: "search",
      onsubmit: (event) => {
        event.preventDefault();
        app.go(address(current().section, input.value.trim()));
      },
    },
    make("label", { for: "archive-search", text: "Search" }),
    make("div", { class: "line" }, input, make("button", { type: "submit", text: "Search" })),
  );
  return { form, input };
}

export const archive = {
  title: "Archive",

  async open(element, route, app) {
    let what = asked(route);
    const { form, input } = searchBox(app, () => what);
    const filters = make("div");
    const body = make("div", { class: "stack" });
    element.replaceChildren(heading("Archive", "Past questions with their sample answers."), make("div", { class: "filters" }, form, filters), body);
    let shown = "";
    const update = async (next) => {
      what = asked(next);
      if (shown === JSON.stringify(what)) {
        return; // what is past doesn't change; whoever reads keeps what they opened
      }
      shown = JSON.stringify(what);
      input.value = what.search;
      await filled(body, () => content(app, what, filters));
    };
    await update(route);
    return update;
  },
};
