// Runs before anything is drawn, so that a page of the chosen colours doesn't flash in the others first.
"use strict";

{
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") {
    document.documentElement.dataset.theme = chosen;
  }
}
