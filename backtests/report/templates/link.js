"use strict";
// The view in the address, so that a link shows what was seen: variants, picked variant, window, toggles.
(() => {
  const { state, byName, data } = report;
  const day = /^\d{4}-\d{2}-\d{2}$/;
  const first = JSON.stringify(read());

  function read() {
    return {
      shown: data.variants.map((v) => v.name).filter((name) => state.shown.has(name)),
      picked: state.picked,
      view: state.view,
      log: state.log,
      range: state.range ? report.span() : null,
    };
  }

  function written() {
    const now = read(), start = JSON.parse(first), query = new URLSearchParams();
    if (String(now.shown) !== String(start.shown)) query.set("variants", now.shown.join(","));
    if (now.picked !== start.picked) query.set("variant", now.picked);
    if (now.view !== start.view) query.set("growth", now.view);
    if (now.log) query.set("log", "1");
    if (now.range) query.set("from", now.range[0]), query.set("to", now.range[1]);
    return String(query);
  }

  // What an address asks for, of what there is: the rest is left as it was.
  function restore() {
    const query = new URLSearchParams(location.hash.slice(1));
    if (query.has("variants")) {
      const names = query.get("variants").split(",").filter((name) => byName.has(name));
      if (names.length) state.shown = new Set(names);
    }
    if (byName.has(query.get("variant"))) state.picked = query.get("variant");
    if (document.querySelector(`[data-view="${CSS.escape(query.get("growth") ?? "")}"]`)) state.view = query.get("growth");
    if (query.has("log")) state.log = query.get("log") === "1";
    const [from, to] = [query.get("from") ?? "", query.get("to") ?? ""];
    if (day.test(from) && day.test(to) && from < to) state.range = [from, to];
    return [...query.keys()].some((key) => ["variants", "variant", "growth", "log", "from", "to"].includes(key));
  }

  function store() {
    const text = written();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  if (restore()) report.show();
  report.changed.push(store);
  addEventListener("hashchange", () => { if (restore()) report.show(); });

  const button = document.getElementById("link");
  button?.addEventListener("click", async () => {
    store();
    await tables.copy(location.href);
    button.textContent = "Link copied";
    setTimeout(() => { button.textContent = "Copy a link to this view"; }, 2000);
  });
})();
