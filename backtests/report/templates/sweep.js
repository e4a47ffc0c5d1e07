"use strict";
// The page of a sweep: a map of any two settings, plateau against spike, and the settings side by side.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const { axes, places, measures } = data;
  const NONE = -1, MOST = 60, DARKEST = 0.98; // squares beside each other; the share of figures that the darkest shade leaves below
  const many = data.byEffect.filter((axis) => axes[axis].values.length > 1);
  const state = { measure: "sharpe", x: data.byEffect[0], y: many[1] ?? NONE, z: many[2] ?? NONE, rest: axes.map(() => NONE) };
  const shown = (value, digits = 2) => {
    if (value === null) return "–";
    const text = value.toFixed(digits);
    return !text.startsWith("-") ? text : /[1-9]/.test(text) ? "−" + text.slice(1) : text.slice(1);
  };
  const settings = (cell) => axes.map((axis, i) => `${axis.name} ${axis.values[places[i][cell]]}`);
  const limitOf = (values) => {
    const sizes = values.filter((value) => value !== null).map(Math.abs).sort((a, b) => a - b);
    return sizes[Math.floor(DARKEST * (sizes.length - 1))] || 1;
  };
  const element = (tag, text, attributes = {}) => {
    const node = document.createElement(tag);
    node.textContent = text;
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const drawn = (tag, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };

  // ---- the map

  const KEYS = { across: "x", down: "y", third: "z" };
  const free = () => axes.map((_, i) => i).filter((i) => ![state.x, state.y, state.z].includes(i) && axes[i].values.length > 1);

  function choices() {
    for (const [id, key] of Object.entries(KEYS)) {
      const options = axes.map((axis, i) => new Option(axis.name, i, false, state[key] === i));
      byId(id).replaceChildren(...(key === "x" ? [] : [new Option("–", NONE, false, state[key] === NONE)]), ...options);
    }
    byId("rest").replaceChildren(...free().map((i) => {
      const label = element("label", `${axes[i].name} `), select = document.createElement("select");
      select.append(new Option("all", NONE), ...axes[i].values.map((value, k) => new Option(value, k, false, state.rest[i] === k)));
      select.addEventListener("change", () => { state.rest[i] = +select.value; heat(); });
      label.append(select);
      return label;
    }));
    byId("sliding").hidden = state.z === NONE;
    if (state.z === NONE) return;
    const best = data.best[0];
    byId("slider").max = axes[state.z].values.length - 1;
    if (state.rest[state.z] === NONE) state.rest[state.z] = best === undefined ? 0 : places[state.z][best];
    byId("slider").value = state.rest[state.z];
    byId("slid").textContent = axes[state.z].name;
  }

  // Of a setting with more values than squares, so many that stand together share one.
  const together = (axis) => Math.ceil(axes[axis].values.length / MOST);
  const labels = (axis) => axes[axis].values.filter((_, k) => k % together(axis) === 0).map((value) => (together(axis) > 1 ? `${value}…` : value));

  // Figures of the cells behind every square, by row and column.
  function squares() {
    const columns = labels(state.x).length, rows = state.y === NONE ? 1 : labels(state.y).length;
    const held = [...free(), ...(state.z === NONE ? [] : [state.z])].filter((i) => state.rest[i] !== NONE);
    const within = (cell) => held.every((i) => places[i][cell] === state.rest[i]);
    const line = (axis, cell) => (axis === NONE ? 0 : Math.floor(places[axis][cell] / together(axis)));
    const square = (cell) => line(state.y, cell) * columns + line(state.x, cell);
    const behind = Array.from({ length: rows * columns }, () => []);
    measures[state.measure].forEach((value, cell) => { if (value !== null && within(cell)) behind[square(cell)].push(value); });
    const best = data.best[0];
    return { rows, columns, behind, marked: best !== undefined && within(best) ? square(best) : NONE };
  }

  function median(values) {
    if (!values.length) return null;
    const sorted = [...values].sort((a, b) => a - b), half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  function heat() {
    const { rows, columns, behind, marked } = squares(), limit = limitOf(measures[state.measure]);
    const x = axes[state.x], y = state.y === NONE ? null : axes[state.y];
    if (state.z !== NONE) {
      const value = axes[state.z].values[state.rest[state.z]];
      byId("at").textContent = value;
      byId("slider").setAttribute("aria-valuetext", value);
    }
    const head = document.createElement("tr"), body = document.createElement("tbody"), top = document.createElement("thead");
    head.append(element("th", y ? `${y.name} ↓ ${x.name} →` : `${x.name} →`), ...labels(state.x).map((value) => element("th", value, { scope: "col" })));
    top.append(head);
    const beside = y ? labels(state.y) : [""];
    for (let row = 0; row < rows; row++) {
      const line = document.createElement("tr");
      line.append(element("th", beside[row], { scope: "row" }));
      for (let column = 0; column < columns; column++) {
        const values = behind[row * columns + column], value = median(values), cell = element("td", shown(value));
        if (value !== null) {
          const step = Math.round(Math.min(1, Math.abs(value) / limit) * 9);
          cell.className = `${value >= 0 ? "u" : "d"}${step}`;
          cell.title = `${values.length} cell${values.length > 1 ? "s" : ""}, ${shown(Math.min(...values))} to ${shown(Math.max(...values))}`;
        }
        if (row * columns + column === marked) cell.classList.add("held");
        line.append(cell);
      }
      body.append(line);
    }
    byId("heat").replaceChildren(top, body);
  }

  for (const [id, key] of Object.entries(KEYS)) {
    byId(id).addEventListener("change", () => {
      const chosen = +byId(id).value, other = Object.values(KEYS).find((k) => k !== key && state[k] === chosen && chosen !== NONE);
      if (other === "x" && state[key] === NONE) { choices(); return; } // what goes across cannot be empty
      if (other) state[other] = state[key];
      state[key] = chosen;
      state.rest.fill(NONE);
      choices(); heat();
    });
  }
  byId("measure").addEventListener("change", () => { state.measure = byId("measure").value; heat(); });
  byId("slider").addEventListener("input", () => { state.rest[state.z] = +byId("slider").value; heat(); });

  // ---- growth over cash: the first of the ranking and the median, over the band of all

  function growth() {
    const own = data.growth;
    if (!own) return;
    const { dates } = own, [lowest, low, high, highest] = own.edges, labels = [];
    const name = (cell) => `cell ${cell.toLocaleString("en-US")}`;
    const edge = (y, more) => ({ x: dates, y, type: "scatter", mode: "lines", line: { width: 0 }, hoverinfo: "skip", ...more });
    const band = (from, to, words) => [edge(from), edge(to, {
      fill: "tonexty", fillcolor: kit.css("--band"), hoverinfo: "all", name: words, text: from.map((value, i) => `${shown(value)} to ${shown(to[i])}`), hovertemplate: "%{text}",
    })];
    const line = (path, words, style) => {
      labels.push({ name: words, colour: style.color, end: path.y[path.y.length - 1] });
      return { x: dates, y: path.y, type: "scatter", mode: "lines", name: `${words}, ${name(path.cell)}`, line: style, hovertemplate: "%{y:.2f}" };
    };
    const rest = own.best.slice(1).map((path, i) => line(path, `${i + 2}.`, { color: kit.css("--accent"), width: 1.5 })).reverse();
    const median = own.median ? [line(own.median, "median", { color: kit.css("--soft"), width: 2, dash: "dash" })] : [];
    const first = own.best.slice(0, 1).map((path) => line(path, "1.", { color: kit.ink(), width: 3 }));
    const all = [lowest, highest, ...own.best.map((path) => path.y)].flat(), pad = 0.04 * (Math.max(...all) - Math.min(...all)) || 0.1;
    const range = [Math.min(...all) - pad, Math.max(...all) + pad], wide = kit.wide();
    Plotly.react("growth", [...band(lowest, highest, "nine of ten"), ...band(low, high, "half"), ...rest, ...median, ...first], kit.layout({
      margin: { l: 56, r: wide ? 64 : 16, t: 8, b: 32 }, hovermode: wide ? "x unified" : "closest", hoversort: "trace",
      xaxis: { showgrid: false, hoverformat: "%b %Y" }, yaxis: { range, tickformat: ".2f" },
      shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: 1, y1: 1, line: { color: kit.css("--soft"), width: 1 } }],
      annotations: wide ? kit.endLabels(labels, range, byId("growth").clientHeight - 40) : [],
    }), kit.config);
  }

  // ---- plateau against spike

  function scatter() {
    if (!byId("scatter")) return;
    const top = new Set(data.best), known = data.cells.map((_, i) => i).filter((i) => measures.plateau[i] !== null && measures.spike[i] !== null);
    const group = (cells, on) => ({
      x: cells.map((i) => measures.plateau[i]), y: cells.map((i) => measures.spike[i]), type: "scatter", mode: "markers",
      text: cells.map((i) => [`cell ${data.cells[i].toLocaleString("en-US")}, Sharpe ${shown(measures.sharpe[i])}`, ...settings(i)].map(kit.text).join("<br>")),
      marker: { size: on ? 11 : 6, color: on ? kit.ink() : kit.css("--accent"), opacity: on ? 1 : 0.5, symbol: on ? "diamond" : "circle" },
      hovertemplate: "plateau %{x:.2f}, spike %{y:.1f}<br>%{text}<extra></extra>",
    });
    Plotly.react("scatter", [group(known.filter((i) => !top.has(i)), false), group(known.filter((i) => top.has(i)), true)], kit.layout({
      hovermode: "closest", dragmode: false, margin: { l: 56, r: 16, t: 8, b: 40 },
      xaxis: { title: { text: "plateau, Sharpe ratio", standoff: 8 }, showgrid: false, zeroline: true },
      yaxis: { title: { text: "spike, errors", standoff: 8 }, zeroline: true },
      shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: data.wide, y1: data.wide, line: { color: kit.css("--soft"), width: 1, dash: "dash" } }],
    }), kit.config);
  }

  // ---- all ideas, and the best of as many without skill

  function histogram() {
    const own = data.histogram;
    if (!own) return;
    const level = (x, style) => ({ type: "line", xref: "x", yref: "paper", x0: x, x1: x, y0: 0, y1: 1, line: style });
    const shapes = [];
    if (own.noise) {
      shapes.push({ type: "rect", xref: "x", yref: "paper", x0: own.noise[0], x1: own.noise[1], y0: 0, y1: 1, layer: "below", fillcolor: kit.css("--band"), line: { width: 0 } });
      shapes.push(level(own.noise[2], { color: kit.css("--soft"), width: 1, dash: "dash" }));
    }
    if (own.plateau !== null) shapes.push(level(own.plateau, { color: kit.css("--accent"), width: 3, dash: "dot" }));
    if (own.best !== null) shapes.push(level(own.best, { color: kit.ink(), width: 3 }));
    Plotly.react("histogram", [{
      type: "bar", x: own.counts.map((_, k) => (own.edges[k] + own.edges[k + 1]) / 2), y: own.counts, width: own.counts.map((_, k) => (own.edges[k + 1] - own.edges[k]) * 0.94),
      text: own.counts.map((_, k) => `${shown(own.edges[k])} to ${shown(own.edges[k + 1])}`), textposition: "none",
      marker: { color: kit.css("--soft"), opacity: 0.7 }, hovertemplate: "%{y} at %{text}<extra></extra>",
    }], kit.layout({
      hovermode: "closest", dragmode: false, margin: { l: 56, r: 16, t: 8, b: 40 }, shapes,
      xaxis: { title: { text: "Sharpe ratio", standoff: 8 }, showgrid: false, zeroline: true }, yaxis: { title: { text: "ideas", standoff: 8 } },
    }), kit.config);
  }

  // ---- settings side by side: an axis a row, a line a cell, the last axis its Sharpe ratio

  function parallel() {
    const TOP = 24, STEP = 68, PAD = 28, LETTER = 7, holder = byId("parallel"), width = holder.clientWidth;
    const sharpe = measures.sharpe, known = data.lines.filter((i) => sharpe[i] !== null), limit = limitOf(sharpe);
    let low = Infinity, high = -Infinity;
    for (const i of known) [low, high] = [Math.min(low, sharpe[i]), Math.max(high, sharpe[i])];
    const across = (share) => PAD + share * (width - 2 * PAD), span = high - low || 1;
    const place = (axis, k) => across(axes[axis].values.length > 1 ? k / (axes[axis].values.length - 1) : 0.5);
    const rows = axes.length + 1, height = TOP + (rows - 1) * STEP + 24;
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": "Settings of cells side by side, with their Sharpe ratio" });
    const lines = known.map((i) => {
      const points = [...axes.map((_, a) => `${place(a, places[a][i]).toFixed(1)},${TOP + a * STEP}`), `${across((sharpe[i] - low) / span).toFixed(1)},${TOP + axes.length * STEP}`];
      const strength = Math.min(1, Math.abs(sharpe[i]) / limit);
      const line = drawn("polyline", { points: points.join(" "), style: `stroke: rgb(var(--${sharpe[i] >= 0 ? "blue" : "vermilion"})); opacity: ${(0.08 + 0.6 * strength * strength).toFixed(2)}` });
      const tell = () => {
        svg.querySelector(".on")?.classList.remove("on");
        line.classList.add("on");
        byId("read").textContent = [`cell ${data.cells[i].toLocaleString("en-US")}`, ...settings(i), `Sharpe ${shown(sharpe[i])}`].join(" · ");
      };
      line.addEventListener("pointerenter", tell);
      line.addEventListener("pointerdown", tell);
      return line;
    });
    const rules = [], words = [];
    const label = (x, row, text) => words.push(drawn("text", { x, y: TOP + row * STEP + 16, "text-anchor": x < 2 * PAD ? "start" : x > width - 2 * PAD ? "end" : "middle", ...(x < 2 * PAD ? { dx: -PAD + 2 } : x > width - 2 * PAD ? { dx: PAD - 2 } : {}) }, text));
    for (let row = 0; row < rows; row++) {
      const y = TOP + row * STEP, axis = axes[row];
      rules.push(drawn("line", { x1: PAD, x2: width - PAD, y1: y, y2: y }));
      words.push(drawn("text", { x: 2, y: y - 8, class: "axis" }, axis ? axis.name : "Sharpe"));
      if (!axis) { [low, (low + high) / 2, high].forEach((value, k) => { if (known.length) label(across(k / 2), row, shown(value)); }); continue; }
      const most = Math.max(1, Math.floor((width - 2 * PAD) / 48)), every = Math.ceil(axis.values.length / most);
      const fits = Math.max(3, Math.floor((width - 2 * PAD) / Math.min(axis.values.length, most) / LETTER));
      axis.values.forEach((value, k) => { if (k % every === 0) label(place(row, k), row, value.length > fits ? value.slice(0, fits - 1) + "…" : value); });
    }
    svg.append(...rules, ...lines, ...words);
    holder.replaceChildren(svg);
  }

  page.theme(() => { growth(); scatter(); histogram(); });
  choices(); heat(); growth(); scatter(); parallel(); histogram();
  let width = innerWidth;
  addEventListener("resize", () => { if (width !== innerWidth) parallel(); width = innerWidth; });
  page.ready();
})();
