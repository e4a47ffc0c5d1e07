"use strict";
// What every page does.
const page = (() => {
  // Dark or light by the button, else by the system; what is drawn is drawn again.
  function theme(redraw) {
    const dark = matchMedia("(prefers-color-scheme: dark)"), root = document.documentElement;
    document.getElementById("theme").addEventListener("click", () => {
      root.dataset.theme = (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark" ? "light" : "dark";
      redraw();
    });
    dark.addEventListener("change", redraw);
  }

  function ready() {
    tables.set();
    tables.reveal();
    document.documentElement.dataset.ready = "true";
  }

  return { theme, ready };
})();
