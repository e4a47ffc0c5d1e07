"use strict";
// The contents of a page beside it, the section in sight marked; and its keys.
(() => {
  const KEYS = [["j", "next section"], ["k", "previous section"], ["/", "filter the first table"], ["d", "dark or light"], ["?", "these keys"]];
  const heads = [...document.querySelectorAll("main h2[id]")];
  if (heads.length < 3) return;

  const nav = document.createElement("nav");
  nav.className = "rail controls";
  nav.setAttribute("aria-label", "On this page");
  const list = document.createElement("ol");
  const links = heads.map((head) => {
    const link = document.createElement("a"), item = document.createElement("li");
    link.href = `#${head.id}`;
    link.textContent = head.dataset.short ?? head.textContent;
    if (head.dataset.count) {
      const count = document.createElement("span");
      count.textContent = head.dataset.count;
      link.append(" ", count);
    }
    item.append(link);
    list.append(item);
    return link;
  });
  const keys = document.createElement("details"), title = document.createElement("summary"), rows = document.createElement("dl");
  title.textContent = "Keys";
  for (const [key, what] of KEYS) {
    const [term, meaning] = ["dt", "dd"].map((tag) => document.createElement(tag)), cap = document.createElement("kbd");
    cap.textContent = key;
    term.append(cap);
    meaning.textContent = what;
    rows.append(term, meaning);
  }
  keys.append(title, rows);
  const open = document.createElement("details"), name = document.createElement("summary");
  name.textContent = "On this page";
  open.append(name, list, keys);
  nav.append(open);
  document.body.prepend(nav);
  document.body.classList.add("railed");
  document.querySelector(".skip")?.after(nav);
  const beside = matchMedia("(min-width: 1320px)");
  const fold = () => { open.open = beside.matches; };
  beside.addEventListener("change", fold);
  fold();

  // The last section whose heading is above the upper third of the window.
  const now = () => {
    const bottom = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
    if (bottom) return heads.length - 1;
    return Math.max(0, heads.findLastIndex((head) => head.getBoundingClientRect().top < innerHeight / 3));
  };
  let waiting = false;
  function mark() {
    waiting = false;
    const at = now();
    links.forEach((link, i) => (i === at ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current")));
  }
  addEventListener("scroll", () => { if (!waiting) requestAnimationFrame(mark); waiting = true; }, { passive: true });
  requestAnimationFrame(mark);

  function go(by) {
    const at = now(), reached = heads[at].getBoundingClientRect().top;
    const to = by < 0 && reached < -24 ? at : at + by;
    const head = heads[Math.min(heads.length - 1, Math.max(0, to))];
    head.scrollIntoView();
    head.tabIndex = -1;
    head.focus({ preventScroll: true });
  }
  const act = {
    j: () => go(1),
    k: () => go(-1),
    d: () => document.getElementById("theme")?.click(),
    "/": () => [...document.querySelectorAll(".tools input")].find((input) => input.checkVisibility())?.focus(),
    "?": () => { open.open = keys.open = true; title.focus(); },
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, [contenteditable]")) return;
    if (!Object.hasOwn(act, event.key)) return;
    event.preventDefault();
    act[event.key]();
  });
})();
