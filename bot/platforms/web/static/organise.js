// What organisers look after: channels and their schedules, replies that wait or failed, what grading costs, drafts.

import { make } from "./dom.js";
import { askDialog } from "./dialogs.js";
import { card, count, filled, heading, moment, table } from "./parts.js";

const KINDS = { question: "Question", grade: "Grade", reveal: "Reveal", pending: "Notice", paced: "Notice" };

function button(app, label, what, more = {}) {
  return make("button", { type: "button", class: "small", "data-key": `${label}-${JSON.stringify(what)}`, text: label, onclick: () => app.run(what), ...more });
}

function channel(found, app) {
  const where = { channel: found.id };
  const at = (label, verb) => button(app, label, { verb, ...where }, { "aria-label": `${label}: #${found.id}` });
  const posts = found.next.map((iso) => make("li", {}, moment(iso)));
  return make(
    "li",
    { class: "channel-line" },
    make(
      "div",
      {},
      make("strong", { text: `# ${found.id}` }),
      make("span", { class: "muted", text: found.schedule || "no daily question" }),
      found.rule ? make("span", { class: "muted", text: `the ${found.rule} attempt counts` }) : null,
    ),
    posts.length ? make("div", {}, make("span", { class: "muted", text: "Next posts" }), make("ul", { class: "plain" }, ...posts)) : null,
    make("span", { class: "buttons" }, at("Set up", "config setup"), ...(found.schedule ? [at("Post one now", "post-now"), at("Leave out the next", "skip")] : [])),
  );
}

function channels(found, app, again) {
  const add = async () => {
    await askDialog({
      title: "Add a channel",
      text: "It is there for everybody at once. Set its daily question up afterwards.",
      label: "Name, such as system-design",
      submit: "Add",
      work: async (name) => {
        const { channel: made } = await app.post("channels", { name });
        app.toast(`#${made} is there.`);
        await app.again();
      },
    });
    await again();
  };
  return card(
    "Channels",
    make("ul", { class: "lines" }, ...found.map((one) => channel(one, app))),
    make("p", { class: "buttons" }, make("button", { type: "button", "data-key": "add", text: "Add a channel", onclick: add })),
  );
}

function notices(found) {
  return found.length ? card("To know", ...found.map(({ text, since }) => make("p", { class: "notice" }, make("strong", { text }), " Since ", moment(since), "."))) : null;
}

function regrade(app, id, title) {
  return button(app, "Grade again", { verb: "regrade", args: { id: String(id) } }, { "aria-label": `Grade again: ${title}` });
}

function failed(found, app) {
  if (!found.length) {
    return card("Not graded", make("p", { class: "fine", text: "Nothing failed." }));
  }
  const rows = found.map((reply) => [reply.name || "somebody", reply.title, reply.why, regrade(app, reply.id, `${reply.name}, ${reply.title}`)]);
  return card(
    "Not graded",
    table("Replies that couldn't be graded", ["Who", "Question", "Why", ""], rows, { className: "wide" }),
    make("p", { class: "buttons" }, button(app, "Grade all again", { verb: "regrade" })),
  );
}

function waiting(found, number) {
  if (!number) {
    return card("Waiting for a grade", make("p", { class: "fine", text: "Nothing waits." }));
  }
  const rows = found.map((reply) => [reply.name || "somebody", reply.title, moment(reply.since), reply.why || "in turn"]);
  const more = number > found.length ? make("p", { class: "muted", text: `and ${count(number - found.length, "more")}`.replace("mores", "more") }) : null;
  return card("Waiting for a grade", table("Replies that wait for a grade", ["Who", "Question", "Since", "Why"], rows, { className: "wide" }), more);
}

function dropped(found) {
  if (!found.length) {
    return null;
  }
  const rows = found.map(({ kind, why }) => [KINDS[kind] ?? kind, why]);
  return card("Not posted, or not as it was meant to be", table("Messages that weren't posted", ["What", "Why"], rows));
}

function disputed(found, app) {
  if (!found.length) {
    return null;
  }
  const rows = found.map((reply) => [reply.name || "somebody", reply.scores.join(", "), regrade(app, reply.id, reply.name)]);
  return card("Graders disagree", table("Answers on which graders disagree", ["Who", "Scores", ""], rows));
}

function budget(spent, limits) {
  if (!spent) {
    return card("Spent on grading today", make("p", { text: "Nothing: answers are graded on this machine, without a model that costs." }));
  }
  const tokens = limits.tokens ? ` of ${limits.tokens.toLocaleString()}` : "";
  const money = limits.money ? ` of ${limits.money.toFixed(2)}` : "";
  const none = tokens || money ? "What is beyond a limit is graded the next day." : "No limit is set.";
  return card(
    "Spent on grading today",
    make("p", { text: `${count(spent.tokens, "token")}${tokens}, cost ${spent.cost.toFixed(2)}${money}.` }),
    make("p", { class: "fine", text: `${none} Days are in UTC.` }),
  );
}

function bank(found) {
  const drafts = found.drafts.map((one) => make("li", {}, make("strong", { text: one.title, dir: "auto" }), make("span", { class: "muted", text: ` ${one.section}` })));
  return card(
    "Bank",
    make("p", { text: `${count(found.ready, "question")} can be asked.` }),
    drafts.length
      ? make("details", {}, make("summary", { text: `${count(drafts.length, "draft")} without a sample answer: listed, never posted` }), make("ul", {}, ...drafts))
      : make("p", { class: "fine", text: "No drafts: every question has a sample answer." }),
  );
}

/** Commands that show more, each with what it shows. */
function more(found, app) {
  const lines = found.map(({ verb, help }) =>
    make("li", {}, make("span", {}, make("strong", { text: verb[0].toUpperCase() + verb.slice(1) }), make("span", { class: "muted", text: help })), button(app, "Show", { verb }, { "aria-label": `Show: ${verb}` })),
  );
  return lines.length ? card("More to look at", make("ul", { class: "lines" }, ...lines)) : null;
}

async function content(app, again) {
  const found = await app.get("organise", {});
  const cards = [
    failed(found.failed, app),
    dropped(found.dropped),
    waiting(found.waiting, found.waiting_count),
    disputed(found.disputed, app),
    budget(found.spent, found.limits),
    bank(found),
    more(found.more, app),
  ].filter(Boolean);
  return [notices(found.notices), channels(found.channels, app, again), make("div", { class: "cards" }, ...cards)].filter(Boolean);
}

export const organise = {
  title: "Organise",

  async open(element, route, app) {
    const body = make("div", { class: "stack" });
    element.replaceChildren(heading("Organise", "What is scheduled, what needs a look, what it costs."), body);
    const update = () => filled(body, () => content(app, update));
    await update();
    return update;
  },
};
