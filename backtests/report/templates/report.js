"use strict";
const report = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byName = new Map(data.variants.map((v) => [v.name, v]));
  const state = {
    shown: new Set(data.variants.filter((v) => data.styles[v.name].shown).map((v) => v.name)),
    view: "excess",
    log: false,
    picked: data.variants[0].name,
  };
  let busy = 0; // plots that follow another
  const timePlots = ["equity", "traded", "rolling", "exposure", "legs", "components"];
  const changed = []; // what else follows a change of the view
  const picked = []; // what else is drawn of the picked variant, by the scripts after this one
  const { config, css, ink, wide, text, layout, press } = kit;
  const colour = (name) => kit.colour(data.styles[name]), sign = (value) => kit.hue(value < 0 ? "#D55E00" : "#0072B2");

  // A path of the page, its days and values: steps in so many units to 1; where thinned, rows of the calendar between.
  function path({ start, unit, steps, rows }) {
    const x = [], y = [];
    let row = start, sum = 0;
    steps.forEach((step, i) => {
      row = rows ? row + rows[i] : start + i;
      x.push(data.dates[row]);
      y.push(step === null ? null : (sum += step) / unit);
    });
    return { x, y };
  }
  // What a hover says of a point; of a thinned path it says the day too, which may be another than its neighbours'.
  const said = (format) => `%{y:${format}}${data.thinned ? " (%{x|%Y-%m-%d})" : ""}`;

  const whole = [data.dates[0], data.dates[data.dates.length - 1]];
  const span = () => (state.range || whole).map((day) => String(day).slice(0, 10));
  const timeAxis = (extra) => ({ type: "date", showgrid: false, hoverformat: "%Y-%m-%d", range: state.range || whole, ...extra });
  const thesis = () => (data.thesis ? [kit.vertical(data.thesis)] : []);

  // Events: a pale band each, at least a pixel wide, and a label above, in two rows, where it covers no other.
  const bands = () => data.bands.map((b) => ({ type: "rect", layer: "below", xref: "x", yref: "paper", x0: b.first, x1: b.last, y0: 0, y1: 1, fillcolor: css("--band"), line: { color: css("--band"), width: 1 } }));
  function bandLabels(width) {
    const [from, to] = (state.range || whole).map((d) => Date.parse(d));
    const labels = [];
    const free = [-Infinity, -Infinity];
    for (const b of data.bands) {
      const middle = (Date.parse(b.first) + Date.parse(b.last)) / 2;
      const at = (middle - from) / (to - from) * width, half = b.label.length * 3.2 + 3;
      const row = free.findIndex((end) => at - half >= end);
      if (row < 0 || at < 0 || at > width) continue;
      free[row] = at + half;
      labels.push({ x: new Date(middle).toISOString().slice(0, 10), xref: "x", y: 1, yref: "paper", yanchor: "bottom", yshift: row * 13, text: text(b.label), showarrow: false, font: { size: 11, color: css("--soft") } });
    }
    return labels;
  }

  function line(v, { x, y }, axis, format) {
    return { x, y, type: "scatter", mode: "lines", name: text(v.name), yaxis: axis, meta: v.name, line: kit.stroke(data.styles[v.name]), hovertemplate: said(format) };
  }

  const shown = () => data.variants.filter((v) => state.shown.has(v.name));

  // Growth as a multiple of what it is where the window starts, or where the variant does.
  function rebased({ x, y }) {
    const first = x.findIndex((day) => day >= span()[0]);
    const base = y[first < 0 ? y.length - 1 : first];
    return { x, y: state.range && base > 0 ? y.map((value) => (value === null ? null : value / base)) : y };
  }

  const drawEquity = () => kit.draw("equity", growth), drawRolling = () => kit.draw("rolling", rolling);

  function growth() {
    const quiet = readout.quiet(shown().length);
    const top = shown().map((v) => ({ ...line(v, rebased(path(v[state.view])), "y", ".3f"), ...quiet }));
    const bottom = shown().map((v) => ({ ...line(v, path(v.underwater), "y2", ".1f"), ...quiet }));
    const transform = state.log ? Math.log10 : (y) => y;
    const positive = (y) => y !== null && (!state.log || y > 0);
    const [from, to] = span();
    let low = Infinity, high = -Infinity;
    for (const { x, y } of top) y.forEach((value, i) => {
      if (!positive(value) || x[i] < from || x[i] > to) return;
      low = Math.min(low, transform(value));
      high = Math.max(high, transform(value));
    });
    const pad = (high - low || 0.1) * 0.05, range = low <= high ? [low - pad, high + pad] : undefined;
    const ends = top.map(({ meta, line: { color }, y }) => ({ name: meta, colour: color, last: y.findLast((value) => value !== null) }))
      .map((end) => ({ ...end, end: transform(end.last), said: end.last.toFixed(2).replace("-", "−") }));
    const labelled = kit.labelled(top.length) && range, right = labelled ? kit.labelWidth(ends) : 16, box = document.getElementById("equity");
    Plotly.react("equity", [...top, ...bottom], layout({
      hovermode: readout.hover(top.length), xaxis: timeAxis({ anchor: "y2", ...spike(top.length) }),
      yaxis: { domain: [0.42, 1], title: { text: state.view === "excess" ? "growth of 1 over cash" : "growth of 1", standoff: 8 }, type: state.log ? "log" : "linear", range },
      yaxis2: { domain: [0, 0.36], title: { text: "drawdown, %", standoff: 8 }, rangemode: "tozero" },
      shapes: [...bands(), ...thesis()],
      margin: { l: 56, r: right, t: 36, b: 32 },
      annotations: [
        ...bandLabels(box.clientWidth - 56 - right),
        ...(labelled ? kit.endLabels(ends, range, (box.clientHeight - 68) * 0.58) : []),
      ],
    }), config);
    link("equity", 3);
  }

  const spike = (lines) => (readout.quiet(lines).hoverinfo ? { showspikes: true, spikemode: "across", spikesnap: "cursor", spikethickness: 1, spikedash: "solid", spikecolor: css("--soft") } : {});

  function rolling() {
    const to = document.getElementById("beta-to")?.value ?? Object.keys(data.variants[0].betas)[0] ?? Object.keys(data.variants[1]?.betas ?? {})[0];
    const quiet = readout.quiet(shown().length);
    const drawn = (key, axis, format) => shown().map((v) => ({ ...line(v, path(v[key]), axis, format), ...quiet }));
    const betas = shown().filter((v) => v.betas[to]).map((v) => ({ ...line(v, path(v.betas[to]), "y3", ".2f"), ...quiet }));
    const [top, middle] = to ? [[0.7, 1], [0.36, 0.64]] : [[0.54, 1], [0, 0.46]];
    const traces = [...drawn("sharpe", "y", ".2f"), ...drawn("volatility", "y2", ".1f"), ...betas];
    Plotly.react("rolling", traces, layout({
      hovermode: readout.hover(shown().length), xaxis: timeAxis({ anchor: to ? "y3" : "y2", ...spike(shown().length) }),
      yaxis: { domain: top, title: { text: `Sharpe, ${data.window}`, standoff: 8 }, zeroline: true },
      yaxis2: { domain: middle, title: { text: "volatility, % a year", standoff: 8 }, rangemode: "tozero" },
      ...(to ? { yaxis3: { domain: [0, 0.3], title: { text: `beta to<br>${text(kit.shorter(to))}`, standoff: 8 }, zeroline: true } } : {}),
      shapes: thesis(),
    }), config);
    link("rolling", 2);
  }

  function spread() {
    const { width, counts } = byName.get(state.picked).spread, middle = (counts.length - 1) / 2;
    const x = counts.map((_, i) => (i - middle) * width), at = (value) => `${(value - width / 2).toFixed(2)} to ${(value + width / 2).toFixed(2)} %`.replace(/-/g, "−");
    Plotly.react("spread", [{ type: "bar", x, y: counts, customdata: x.map(at), marker: { color: x.map((value) => sign(value + width / 4)) }, hovertemplate: "%{customdata}: %{y} bars<extra></extra>" }],
      layout({ hovermode: "closest", bargap: 0.06, xaxis: { title: { text: "return of a bar over cash, %", standoff: 8 }, showgrid: false }, yaxis: { title: { text: "bars", standoff: 8 } } }), config);
  }

  function waterfall() {
    const v = byName.get(state.picked);
    const keys = Object.keys(v.lines);
    const values = keys.map((k) => v.lines[k] / 1e6);
    const starts = values.map((_, i) => values.slice(0, i).reduce((a, b) => a + b, 0)), total = values.reduce((a, b) => a + b, 0);
    Plotly.react("waterfall", [{
      type: "bar", x: [...keys.map((k) => data.lines[k]), "trading P&L"], base: [...starts, 0], y: [...values, total], width: 0.7,
      marker: { color: [...values.map(sign), css("--soft")] },
      customdata: [...values, total], hovertemplate: "%{x}: %{customdata:.2f}<extra></extra>",
    }], layout({ hovermode: "closest", xaxis: { showgrid: false, tickangle: -40 }, yaxis: { title: { text: "USD m", standoff: 8 }, zeroline: true } }), config);
  }

  // Cumulative P&L, a line each, under a legend so high.
  function drawSums(id, traces, top) {
    Plotly.react(id, traces.map((trace) => ({ type: "scatter", mode: "lines", hovertemplate: said(".2f"), ...trace })), layout({
      showlegend: true, legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 }, margin: { l: 56, r: 16, t: top, b: 32 },
      xaxis: timeAxis({ automargin: false }), yaxis: { title: { text: "USD m", standoff: 8 }, automargin: false, zeroline: true }, shapes: thesis(),
    }), config);
    link(id);
  }

  function legs() {
    const seen = {};
    const dashes = ["solid", "dash", "dot", "dashdot"];
    drawSums("legs", Object.entries(byName.get(state.picked).legs).map(([leg, coded]) => {
      const where = leg === "book" ? ink() : kit.hue(data.countries[leg]); // the colour of its country
      seen[where] = (seen[where] ?? -1) + 1;
      return { ...path(coded), name: leg === "book" ? "margin" : text(leg), line: { color: where, dash: dashes[seen[where] % 4], width: leg === "book" ? 1.5 : 2 } };
    }), 32);
  }

  function components() {
    const paths = Object.entries(byName.get(state.picked).components);
    const colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442"];
    const dashes = ["solid", "dash", "dot"];
    drawSums("components", paths.map(([name, coded], i) => ({
      ...path(coded), name: name === "book" ? "margin" : text(name),
      line: name === "book" ? { color: ink(), width: 1.5 } : { color: kit.hue(colours[i % 7]), dash: dashes[Math.floor(i / 7) % 3], width: 2 },
    })), 56);
  }

  function drawPicked() {
    Object.entries({ spread, waterfall, legs }).forEach(([id, how]) => kit.draw(id, how));
    const holder = document.getElementById("by-signal");
    if (holder) holder.hidden = Object.keys(byName.get(state.picked).components).length === 0;
    if (holder && !holder.hidden) kit.draw("components", components);
    picked.forEach((draw) => draw());
  }
  function drawShown() { drawEquity(); drawRolling(); }
  function drawAll() { drawShown(); drawPicked(); }

  function chips() {
    kit.chips(document.getElementById("chips"), data.variants, data.styles, state.shown, () => { drawShown(); pressAll(); tell(); });
    pressAll();
  }
  function pressAll() { press(document.getElementById("all"), state.shown.size === data.variants.length); }

  function tell() { changed.forEach((follow) => follow()); }
  function toggles() {
    document.querySelectorAll("[data-view]").forEach((button) => press(button, button.dataset.view === state.view));
    press(document.getElementById("log"), state.log);
  }
  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => { state.view = button.dataset.view; toggles(); drawEquity(); tell(); });
  }
  document.getElementById("log").addEventListener("click", () => { state.log = !state.log; toggles(); drawEquity(); tell(); });
  document.getElementById("beta-to")?.addEventListener("change", drawRolling);
  // One of a few panels by its button; paper has them all.
  const tabs = [...document.querySelectorAll("[data-tab]")];
  function tab(name) {
    tabs.forEach((button) => press(button, button.dataset.tab === name));
    document.querySelectorAll("[data-panel]").forEach((panel) => { panel.classList.toggle("aside", panel.dataset.panel !== name); });
  }
  for (const button of tabs) button.addEventListener("click", () => tab(button.dataset.tab));
  document.getElementById("all").addEventListener("click", () => {
    const every = state.shown.size === data.variants.length;
    state.shown = new Set(data.variants.filter((v) => !every || data.styles[v.name].shown).map((v) => v.name));
    chips(); drawShown(); tell();
  });
  // The picked variant's words and tables, of which the page keeps those of all variants folded away.
  function pick(name) {
    state.picked = name;
    for (const select of document.querySelectorAll("select.pick")) select.value = name;
    for (const holder of document.querySelectorAll(".picked")) {
      holder.querySelector(":scope > [data-of]")?.remove();
      holder.previousElementSibling?.classList.remove("beside");
      const folded = [...holder.children].find((child) => child.dataset.for === name);
      if (!folded) continue;
      const block = document.createElement("div");
      block.dataset.of = name;
      block.innerHTML = folded.textContent;
      holder.append(block);
    }
    tables.set();
  }
  for (const select of document.querySelectorAll("select.pick")) {
    select.append(...data.variants.map((v) => new Option(v.name)));
    select.addEventListener("change", () => { pick(select.value); drawPicked(); tell(); });
  }
  page.theme(() => { chips(); kit.again(); });

  pick(state.picked);
  chips();

  // One time axis: a zoom on any plot is a zoom on all of them.
  const drawn = (id) => document.getElementById(id)?.data;
  function link(id, digits) {
    const plot = document.getElementById(id);
    if (plot.dataset.linked) return;
    plot.dataset.linked = "true";
    if (digits) readout.attach(plot, document.getElementById(`${id}-readout`), digits);
    plot.on("plotly_relayout", (change) => {
      const range = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      const reset = change["xaxis.autorange"];
      if (!busy && (range[0] || reset)) setWindow(reset ? undefined : range);
    });
  }
  const from = document.getElementById("from"), to = document.getElementById("to"), note = document.getElementById("window-note");
  function setWindow(range) {
    state.range = range;
    [from.value, to.value] = span();
    note.textContent = "";
    drawEquity();
    tell();
    timePlots.filter((other) => other !== "equity" && drawn(other)).forEach((other) => kit.move(other, () => follow(other)));
  }
  function follow(id) {
    busy += 1;
    Plotly.relayout(id, { "xaxis.range": state.range || whole }).finally(() => { busy -= 1; });
  }
  for (const input of [from, to]) {
    [input.min, input.max] = whole;
    input.addEventListener("change", () => {
      if (from.validity.valid && to.validity.valid && from.value && from.value < to.value) setWindow([from.value, to.value]);
      else note.textContent = `Dates from ${whole[0]} to ${whole[1]}, the first before the second.`;
    });
  }
  document.getElementById("whole").addEventListener("click", () => setWindow());
  [from.value, to.value] = whole;
  drawAll();
  tab("figures");

  // Everything as the state has it.
  function show() {
    pick(state.picked);
    toggles();
    chips();
    [from.value, to.value] = span();
    drawAll();
  }

  // Paper is light, and narrower than the screen.
  const size = (of) => document.querySelectorAll(".plot").forEach((plot) => { if (plot.data) Plotly.relayout(plot, of(plot)); });
  let theme;
  window.addEventListener("beforeprint", () => {
    const root = document.documentElement;
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    root.dataset.printing = "true";
    document.querySelectorAll(".notices").forEach((notices) => { notices.open = true; });
    kit.paper(true);
    size((plot) => ({ width: plot.clientWidth, height: plot.clientHeight }));
  });
  window.addEventListener("afterprint", () => {
    const root = document.documentElement;
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    delete root.dataset.printing;
    kit.paper(false);
    size(() => ({ width: null, height: null, autosize: true }));
  });

  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if ((width >= 800) !== wide()) kit.again();
    width = window.innerWidth;
  });
  // What the tables of the picked variant are made of, and what can be downloaded.
  let details;
  const detail = () => (details ??= JSON.parse(document.getElementById("detail").textContent));

  return { data, detail, state, byName, colour, path, said, span, timeAxis, thesis, link, picked, changed, show };
})();
