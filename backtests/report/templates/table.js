"use strict";
// Every table of a page: sorts, filters, shows its first rows, copies and downloads, and says what is scrolled away.
const tables = (() => {
  const LONG = 12; // rows above which a table has a filter
  const known = new WeakMap(); // what is known of a table, by its element
  const listed = new Set(); // tables on the page

  // ---- reading cells

  // A cell's own words, without the small ones beside them.
  const words = (cell) => [...(cell.querySelector(":scope > button.sort") ?? cell).childNodes].filter((node) => !["SMALL", "I"].includes(node.nodeName)).map((node) => node.textContent).join("").trim();
  const plain = (text) => (text === "–" ? "" : text.replace(/−/g, "-").replace(/(\d),(?=\d{3})/g, "$1"));
  const raw = (cell) => cell.dataset.value ?? plain(words(cell));
  const figure = (text) => (/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?(?=$|[ *])/i.test(text) ? parseFloat(text) : null);

  // The headings over single columns, whatever rows and groups they stand in.
  function headingsOf(table) {
    const grid = [...table.tHead.rows].map(() => []);
    [...table.tHead.rows].forEach((row, y) => {
      for (const cell of row.cells) {
        const x = [...grid[y], undefined].findIndex((taken) => !taken);
        for (let i = 0; i < cell.rowSpan; i++) for (let j = 0; j < cell.colSpan; j++) grid[y + i][x + j] = cell;
      }
    });
    return grid[grid.length - 1].map((cell, column) => ({ cell, column, groups: grid.map((row) => row[column]).filter((above) => above !== cell) }));
  }

  // Rows in the order of the page, each with those that belong under it.
  function units(rows) {
    const result = [];
    for (const row of rows) row.classList.contains("later") && result.length ? result[result.length - 1].push(row) : result.push([row]);
    return result;
  }

  // ---- order and rows shown

  function sorted(rows, { column, up }) {
    const keys = rows.map(([row]) => raw(row.cells[column]));
    const numeric = keys.every((key) => key === "" || figure(key) !== null);
    const compare = numeric ? (a, b) => figure(a) - figure(b) : (a, b) => a.localeCompare(b, "en");
    const absent = (key) => key === "";
    return rows.map((row, i) => [keys[i], row]).sort(([a], [b]) => absent(a) - absent(b) || (absent(a) ? 0 : (up ? 1 : -1) * compare(a, b))).map(([, row]) => row);
  }

  function draw(table) {
    const t = known.get(table), every = t.bodies.flatMap((body) => body.units).length;
    t.passed = t.bodies.map((body) => {
      const rows = body.units.filter((unit) => t.keep(unit[0]) && (!t.query || unit.some((row) => row.textContent.toLowerCase().includes(t.query))));
      return t.order ? sorted(rows, t.order) : rows;
    });
    const limit = t.whole ? Infinity : t.first, cut = t.passed[0].length > t.first;
    t.bodies.forEach((body, i) => {
      const rows = (i ? t.passed[i] : t.passed[i].slice(0, limit)).flat(), there = body.element.rows;
      if (rows.length !== there.length || rows.some((row, at) => row !== there[at])) body.element.replaceChildren(...rows);
    });
    t.box.classList.toggle("long", t.bodies.some((body) => body.element.rows.length > 28));
    t.all.hidden = !cut;
    t.all.textContent = t.whole ? `Show the first ${t.first}` : `Show all ${t.passed[0].length.toLocaleString("en-US")}`;
    t.filter.hidden = every <= LONG && !t.query;
    t.count.textContent = t.query ? `${t.passed.flat().length} of ${every}` : "";
    t.shown = { rows: Math.min(t.passed[0].length, limit), of: t.passed[0].length };
    table.dispatchEvent(new Event("drawn"));
    look(table);
  }

  // What is scrolled away of tables that changed: all are measured at once, then all are marked.
  const changed = new Set();
  function look(table) {
    if (!changed.size) requestAnimationFrame(() => { [...changed].map(measure).forEach((mark) => mark()); changed.clear(); });
    changed.add(table);
  }

  function measure(table) {
    const t = known.get(table), { left, right, bottom } = t.box.getBoundingClientRect();
    if (right === left) return () => {}; // not on the screen
    const columns = t.headings.filter(({ cell }) => cell.getBoundingClientRect().right > right + 4).length;
    const last = [...table.rows].reverse(), rows = last.findIndex((row) => row.getBoundingClientRect().bottom <= bottom + 4);
    const more = [columns ? `${columns} more column${columns > 1 ? "s" : ""} →` : "", rows > 0 ? `${rows} more row${rows > 1 ? "s" : ""} ↓` : ""];
    const moved = t.box.scrollLeft > 0;
    return () => {
      t.cue.textContent = more.filter(Boolean).join("   ");
      t.box.classList.toggle("cut-right", columns > 0);
      t.box.classList.toggle("cut-below", rows > 0);
      t.box.classList.toggle("moved", moved);
      t.foot.hidden = !t.cue.textContent && t.all.hidden;
    };
  }

  // ---- what leaves the page: words guarded against a spreadsheet that runs them

  const guarded = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /^[=+@\t\r\n＝＋－＠-]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  };
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
  const csv = (rows) => rows.map((row) => row.map((value) => quoted(guarded(value))).join(",") + "\r\n").join("");
  const tabbed = (rows) => rows.map((row) => row.map((value) => guarded(value).replace(/\s+/g, " ")).join("\t") + "\n").join("");

  // What passes the filter, in its order; `read` says how a cell is read.
  function content(table, read) {
    const t = known.get(table), columns = t.headings.filter(({ cell }) => !cell.hidden);
    const head = columns.map(({ cell, groups }) => {
      const unit = [...cell.querySelectorAll("small")].map((small) => small.textContent).filter(Boolean).join(" ");
      return [...new Set([...groups, cell])].map(words).join(": ") + (unit ? ` (${unit})` : "");
    });
    const name = (row, cell) => (cell.tagName === "TH" && row.dataset.name) || read(cell);
    return [head, ...t.passed.flat(2).map((row) => columns.map(({ column }) => name(row, row.cells[column])))];
  }

  function save(name, rows) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv(rows)], { type: "text/csv;charset=utf-8" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // a browser that gives a file no clipboard
      const area = element("textarea", { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  // ---- setting up

  function element(tag, properties, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  function heading(table, { cell, column }) {
    const button = element("button", { type: "button", className: "sort" }, ...cell.childNodes);
    cell.append(button);
    if (cell.dataset.name) button.setAttribute("aria-label", `Sort by ${cell.dataset.name}`); // the name alone is a button elsewhere
    button.addEventListener("click", () => {
      const t = known.get(table), before = cell.getAttribute("aria-sort");
      const figures = t.bodies.some((body) => body.units.some(([row]) => figure(raw(row.cells[column])) !== null));
      const up = before ? before === "descending" : !figures; // the largest figure first, words from the letter A
      for (const other of t.headings) other.cell.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", up ? "ascending" : "descending");
      t.order = { column, up };
      draw(table);
    });
  }

  // The heading or the choice of variant that a table stands right under: its tools are beside it.
  function overhead(holder) {
    const block = holder.previousElementSibling ? holder : holder.closest(".picked > div")?.parentElement;
    const above = block?.previousElementSibling;
    return above?.matches("h2, h3, .picker") ? above : null;
  }

  function make(table) {
    const box = table.parentElement, holder = box.parentElement, headings = headingsOf(table);
    const bodies = [...table.tBodies].map((body) => ({ element: body, units: units(body.rows) }));
    const rows = bodies.flatMap((body) => body.units).length, first = Number(table.dataset.first) || Infinity;
    const query = element("input", { type: "search" }), count = element("span", { className: "soft" });
    const filter = element("label", {}, "Filter ", query, " ", count);
    const [copyButton, csvButton, all] = ["Copy", "CSV", ""].map((label) => element("button", { type: "button", textContent: label }));
    const status = element("span", { className: "soft" }), cues = element("span", { className: "cue" });
    const tools = element("div", { className: "tools controls" }, filter, status, copyButton, csvButton);
    const foot = element("div", { className: "foot controls" }, all, cues);
    tools.setAttribute("role", "group");
    tools.setAttribute("aria-label", `Tools: ${box.getAttribute("aria-label") ?? table.caption.textContent.split(/[.:,;]/)[0]}`);
    [count, status].forEach((said) => said.setAttribute("role", "status"));
    box.before(tools);
    box.after(foot);
    const start = headings.find(({ cell }) => cell.hasAttribute("aria-sort"));
    const order = start ? { column: start.column, up: start.cell.getAttribute("aria-sort") === "ascending" } : null;
    known.set(table, { box, foot, headings, bodies, first, order, filter, count, all, cue: cues, keep: () => true, query: "", whole: false });
    listed.add(table);
    if (rows > 1 || table.dataset.first) headings.forEach((each) => heading(table, each));
    query.addEventListener("input", () => { known.get(table).query = query.value.trim().toLowerCase(); draw(table); });
    all.addEventListener("click", () => { known.get(table).whole = !known.get(table).whole; draw(table); });
    copyButton.addEventListener("click", async () => {
      const text = content(table, (cell) => plain(words(cell)));
      await copy(tabbed(text));
      status.textContent = `${text.length - 1} row${text.length === 2 ? "" : "s"} copied`;
    });
    csvButton.addEventListener("click", () => {
      const of = holder.closest("[data-of]")?.dataset.of;
      save(`${of ? `${of}-` : ""}${table.id}.csv`, content(table, raw));
    });
    box.addEventListener("scroll", () => look(table), { passive: true });
    new ResizeObserver(() => look(table)).observe(box);
    overhead(holder)?.classList.add("beside");
    draw(table);
  }

  // Set up the tables of the page that are new, and forget those that have left it.
  function set() {
    for (const table of listed) if (!table.isConnected) listed.delete(table);
    for (const table of document.querySelectorAll(".table table")) if (!known.has(table)) make(table);
  }

  const rows = (table) => known.get(table).bodies.flatMap((body) => body.units.flat());
  function fill(table, fresh) { known.get(table).bodies[0].units = units(fresh); draw(table); }
  function keep(table, test) { known.get(table).keep = test; draw(table); }

  // A link to a row that is not shown shows it.
  function reveal() {
    const id = location.hash.slice(1);
    const table = id && !document.getElementById(id) && [...listed].find((each) => rows(each).some((row) => row.id === id));
    if (!table) return;
    known.get(table).whole = true;
    draw(table);
    document.getElementById(id)?.scrollIntoView({ block: "center" });
  }
  addEventListener("hashchange", reveal);

  return { set, rows, fill, keep, draw, reveal, save, copy, shown: (table) => known.get(table).shown, listed };
})();
