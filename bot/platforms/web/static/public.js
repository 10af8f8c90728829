// The pages that everybody may read: a community's leaderboard and archive.

import { archive } from "./archive.js";
import { board } from "./board.js";
import { byId } from "./dom.js";
import { switchLook } from "./look.js";
import { request } from "./net.js";
import { readAddress } from "./route.js";
import { toast } from "./toast.js";

const PAGES = { board, archive };
const AGAIN = 60_000; // ms

const app = {
  toast,
  get: (path, query) => request(`api/${path}?${new URLSearchParams(query)}`),
  go: (address) => {
    location.hash = address;
  },
};

let shown = { page: "", update: null };

async function show(byHand) {
  const route = readAddress(location.hash);
  const page = PAGES[route.page] ? route.page : "board";
  for (const link of document.querySelectorAll("#pages a")) {
    link.toggleAttribute("aria-current", link.dataset.page === page);
    if (link.dataset.page === page) {
      link.setAttribute("aria-current", "page");
    }
  }
  if (shown.page === page) {
    await shown.update?.(route);
    return;
  }
  shown = { page, update: null };
  document.title = `${PAGES[page].title} · MLOps Coach`;
  const update = await PAGES[page].open(byId("page"), route, app);
  if (shown.page === page) {
    shown.update = update;
    if (byHand) {
      byId("page").querySelector("h2").focus();
    }
  }
}

switchLook(byId("theme"));
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("page").focus();
});
addEventListener("hashchange", () => show(true));
setInterval(() => document.hidden || shown.update?.(readAddress(location.hash)), AGAIN);
show(false);
