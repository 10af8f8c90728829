// A person's own page: points, streak, progress by section, and every answer with what became of it.

import { make } from "./dom.js";
import { chart } from "./chart.js";
import { badge, bar, card, count, empty, figure, filled, heading, moment, table } from "./parts.js";

function rankOf(row, hidden) {
  return row && !hidden ? `rank ${row.rank}${row.tied ? "=" : ""}` : "";
}

/** What became of the one missed question a month that a streak outlives. */
function freeze({ streak, forgiven }) {
  const days = streak === 1 ? "daily question in a row" : "daily questions in a row";
  if (!streak) {
    return days;
  }
  return forgiven ? `${days}, this month's freeze used` : `${days}, this month's freeze left`;
}

function figures({ week, total, streak, forgiven, hidden }) {
  return make(
    "dl",
    { class: "figures" },
    figure(String(total?.points ?? 0), "Points, all time", rankOf(total, hidden)),
    figure(String(week?.points ?? 0), "Points, this week", rankOf(week, hidden)),
    figure(total ? total.average.toFixed(1) : "–", "Average score", total ? `of ${count(total.answers, "counted answer")}` : ""),
    figure(String(streak), "Streak", freeze({ streak, forgiven })),
  );
}

function sections(found) {
  const rows = found.map((section) => [
    section.name,
    `${section.answers} of ${Math.max(section.questions, section.answers)}`,
    section.average === null
      ? make("span", { class: "muted", text: "not answered yet" })
      : make("span", { class: "progress" }, bar(section.average, 10), make("strong", { text: section.average.toFixed(1) })),
  ]);
  return card(
    "Progress by section",
    make("p", { class: "muted", text: "How many questions you have answered in each, and your average score of 10." }),
    table("Progress by section", ["Section", "Answered", "Average"], rows),
  );
}

function became({ score, state, practice, copied }) {
  if (score !== null) {
    const why = copied ? "a copy: not counted" : practice ? "practice: not counted" : "";
    return make("span", { class: "became" }, badge(score), why ? make("span", { class: "muted", text: why }) : null);
  }
  return make("span", { class: "muted", text: state === "failed" ? "couldn't be graded; an organiser sees it" : "being graded" });
}

function line(answer, app) {
  const buttons = [];
  if (answer.score !== null) {
    buttons.push(
      make("button", {
        type: "button",
        class: "small",
        "data-key": `points-${answer.id}`,
        "aria-label": `Key points of your answer to ${answer.title}`,
        text: "Key points",
        onclick: () => app.run({ verb: "points", target: String(answer.id) }),
      }),
    );
  }
  if (answer.thread) {
    buttons.push(make("a", { class: "small", href: app.chatAddress(answer.channel, answer.thread), "aria-label": `Thread of ${answer.title}`, text: "Thread" }));
  }
  return make(
    "li",
    { class: "answered" },
    make("div", {}, make("strong", { text: answer.title, dir: "auto" }), make("span", { class: "muted" }, answer.section, " · ", moment(answer.at), answer.private ? " · private" : "")),
    became(answer),
    make("span", { class: "buttons" }, ...buttons),
  );
}

/** The answers, page by page; what was shown stays when more come. */
function history(app) {
  const list = make("ul", { class: "lines" });
  const more = make("button", { type: "button", "data-key": "more", text: "Show earlier answers", hidden: true });
  let last = 0;
  const load = async () => {
    const page = await app.get("answers", { before: last });
    const lines = page.answers.map((answer) => line(answer, app));
    list.append(...lines);
    last = page.answers.at(-1)?.id ?? 0;
    more.hidden = !page.more;
    return lines;
  };
  more.addEventListener("click", async () => {
    try {
      const lines = await load();
      lines[0]?.querySelector("button, a")?.focus();
    } catch (problem) {
      app.toast(problem.message, true);
    }
  });
  return { load, element: card("Your answers", list, more) };
}

async function content(app) {
  const [me, answers] = [await app.get("me", {}), history(app)];
  const first = await answers.load();
  if (!first.length) {
    const ask = make("a", { class: "button primary", href: "#/chat", text: "Go to the question" });
    return [figures(me), empty("No answers yet", "Answer a question in its thread: your grade, your points and your progress are shown here.", ask)];
  }
  const drawn = chart("Your points over time", [{ label: "you", own: true, points: me.course }]);
  return [figures(me), drawn && make("section", { class: "card" }, drawn), sections(me.sections), answers.element, privacy(app, me)];
}

function privacy(app, { hidden, own_wish: ownWish }) {
  const button = (label, args) => make("button", { type: "button", "data-key": label, text: label, onclick: () => app.run({ verb: "privacy", args }) });
  return card(
    "Your data",
    make("p", { class: "muted", text: `${hidden ? "You are on no board. " : ""}Everything that is stored about you can be taken along, and deleted for good.` }),
    make("p", { class: "buttons" }, button("Export my data", { what: "export" }), ownWish ? button("Put me on boards", { what: "show" }) : button("Leave me off boards", { what: "hide" }), button("Delete my data", { what: "delete" })),
  );
}

export const me = {
  title: "Me",

  async open(element, route, app) {
    const body = make("div", { class: "stack" });
    element.replaceChildren(heading(app.person.name, "Your points, your progress, your answers. Only you see this page."), body);
    const update = () => filled(body, () => content(app));
    await update();
    return update;
  },
};
