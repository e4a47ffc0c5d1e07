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
  const config = { responsive: true, displaylogo: false, displayModeBar: false };
  const timePlots = ["equity", "traded", "rolling", "exposure", "legs", "components"];
  const picked = []; // what else is drawn of the picked variant, by the scripts after this one
  const day = 86400000;

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const ink = () => css("--ink");
  const colour = (name) => (data.styles[name].colour === "ink" ? ink() : data.styles[name].colour);
  const wide = () => window.innerWidth >= 800;
  const datesOf = (v, n, skip = 0) => data.dates.slice(v.start + skip, v.start + skip + n);
  const text = (s) => String(s).replace(/&/g, "&amp;").replace(/</g, "&lt;");

  function layout(extra) {
    const axis = { gridcolor: css("--line"), zerolinecolor: css("--soft"), linecolor: css("--line"), tickfont: { size: 12 }, automargin: true };
    const base = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, hovermode: "x unified",
      font: { family: "system-ui, sans-serif", size: 12, color: ink() },
      hoverlabel: { bgcolor: css("--panel"), bordercolor: css("--line"), font: { color: ink(), size: 12 } },
      margin: { l: 56, r: 16, t: 8, b: 32 }, dragmode: wide() ? "zoom" : false,
    };
    const result = { ...base, ...extra };
    for (const key of Object.keys(result)) if (/^[xy]axis\d?$/.test(key)) result[key] = { ...axis, ...result[key] };
    return result;
  }

  const whole = [data.dates[0], data.dates[data.dates.length - 1]];
  const span = () => (state.range || whole).map((day) => String(day).slice(0, 10));
  const timeAxis = (extra) => ({ type: "date", showgrid: false, hoverformat: "%Y-%m-%d", range: state.range || whole, ...extra });
  const thesis = () => (data.thesis ? [{ type: "line", xref: "x", yref: "paper", x0: data.thesis, x1: data.thesis, y0: 0, y1: 1, line: { color: css("--soft"), width: 1, dash: "dash" } }] : []);

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

  function line(v, y, axis, skip, format) {
    const style = data.styles[v.name];
    return {
      x: datesOf(v, y.length, skip), y, type: "scatter", mode: "lines", name: text(v.name), yaxis: axis, meta: v.name,
      line: { color: colour(v.name), dash: style.dash, width: style.colour === "ink" ? 1.5 : 2 },
      hovertemplate: `%{y:${format}}`,
    };
  }

  // Labels at the right ends of lines, pushed apart so that none covers another.
  function endLabels(traces, low, high, height, transform) {
    const labels = traces.map((t) => {
      const last = t.y.reduce((a, y, i) => (y === null ? a : i), 0);
      return { name: t.meta, colour: t.line.color, x: t.x[last], at: (transform(t.y[last]) - low) / (high - low) * height };
    }).sort((a, b) => a.at - b.at);
    for (let i = 1; i < labels.length; i++) labels[i].at = Math.max(labels[i].at, labels[i - 1].at + 15);
    const over = labels.length ? Math.max(0, labels[labels.length - 1].at - height) : 0;
    return labels.map((l) => ({
      xref: "paper", x: 1, xanchor: "left", xshift: 6, yref: "y domain", y: Math.min(1, Math.max(0, (l.at - over) / height)),
      text: text(l.name.length > 24 ? l.name.slice(0, 23) + "…" : l.name), showarrow: false, font: { size: 12, color: l.colour },
    }));
  }

  const shown = () => data.variants.filter((v) => state.shown.has(v.name));

  // Growth as a multiple of what it is where the window starts, or where the variant does.
  function rebased(v, path) {
    const first = data.dates.findIndex((day) => day >= span()[0]);
    const base = path[Math.min(Math.max(0, first - v.start), path.length - 1)];
    return state.range && base > 0 ? path.map((y) => (y === null ? null : y / base)) : path;
  }

  function drawEquity() {
    const top = shown().map((v) => line(v, rebased(v, v[state.view]), "y", 0, ".3f"));
    const bottom = shown().map((v) => line(v, v.underwater.map((y) => y * 100), "y2", 0, ".1f"));
    const labelled = wide() && top.length > 0 && top.length <= 6;
    const transform = state.log ? Math.log10 : (y) => y;
    const positive = (y) => y !== null && (!state.log || y > 0);
    const [from, to] = span();
    const values = top.flatMap((t) => t.y.filter((y, i) => positive(y) && t.x[i] >= from && t.x[i] <= to).map(transform));
    const low = Math.min(...values), high = Math.max(...values), pad = (high - low || 0.1) * 0.05;
    const range = values.length ? [low - pad, high + pad] : undefined;
    const right = labelled ? 184 : 16, box = document.getElementById("equity");
    Plotly.react("equity", [...top, ...bottom], layout({
      xaxis: timeAxis({ anchor: "y2" }),
      yaxis: { domain: [0.42, 1], title: { text: state.view === "excess" ? "growth of 1 over cash" : "growth of 1", standoff: 8 }, type: state.log ? "log" : "linear", range },
      yaxis2: { domain: [0, 0.36], title: { text: "drawdown, %", standoff: 8 }, rangemode: "tozero" },
      shapes: [...bands(), ...thesis()],
      margin: { l: 56, r: right, t: 36, b: 32 },
      annotations: [
        ...bandLabels(box.clientWidth - 56 - right),
        ...(labelled && range ? endLabels(top, range[0], range[1], (box.clientHeight - 68) * 0.58, transform) : []),
      ],
    }), config);
  }

  function drawRolling() {
    const skip = 1;
    const top = shown().map((v) => line(v, v.sharpe, "y", skip, ".2f"));
    const bottom = shown().map((v) => line(v, v.volatility.map((y) => y === null ? null : y * 100), "y2", skip, ".1f"));
    Plotly.react("rolling", [...top, ...bottom], layout({
      xaxis: timeAxis({ anchor: "y2" }),
      yaxis: { domain: [0.54, 1], title: { text: `Sharpe, ${data.window}`, standoff: 8 }, zeroline: true },
      yaxis2: { domain: [0, 0.46], title: { text: "volatility, % a year", standoff: 8 }, rangemode: "tozero" },
      shapes: thesis(),
    }), config);
  }

  function drawWaterfall() {
    const v = byName.get(state.picked);
    const keys = Object.keys(v.lines);
    const values = keys.map((k) => v.lines[k] / 1e6);
    Plotly.react("waterfall", [{
      type: "waterfall", orientation: "v", x: [...keys.map((k) => data.lines[k]), "P&L"], y: [...values, 0],
      measure: [...keys.map(() => "relative"), "total"],
      increasing: { marker: { color: "#0072B2" } }, decreasing: { marker: { color: "#D55E00" } }, totals: { marker: { color: css("--soft") } },
      connector: { line: { color: css("--line"), width: 1 } }, hovertemplate: "%{x}: %{delta:.2f}<extra></extra>",
    }], layout({ hovermode: "closest", xaxis: { showgrid: false, tickangle: -40 }, yaxis: { title: { text: "USD m", standoff: 8 }, zeroline: true } }), config);
  }

  function drawLegs() {
    const v = byName.get(state.picked);
    const seen = {};
    const dashes = ["solid", "dash", "dot", "dashdot"];
    const traces = Object.entries(v.legs).map(([leg, y]) => {
      const where = leg === "book" ? ink() : data.countries[leg]; // the colour of its country
      seen[where] = (seen[where] ?? -1) + 1;
      return { x: datesOf(v, y.length), y: y.map((d) => d / 1e6), type: "scatter", mode: "lines", name: leg === "book" ? "cash and margin" : text(leg), line: { color: where, dash: dashes[seen[where] % 4], width: leg === "book" ? 1.5 : 2 }, hovertemplate: "%{y:.2f}" };
    });
    Plotly.react("legs", traces, layout({
      showlegend: true, legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 }, margin: { l: 56, r: 16, t: 32, b: 32 },
      xaxis: timeAxis({ automargin: false }), yaxis: { title: { text: "USD m", standoff: 8 }, automargin: false, zeroline: true }, shapes: thesis(),
    }), config);
  }

  function drawPicked() { drawWaterfall(); drawLegs(); drawComponents(); picked.forEach((draw) => draw()); }

  function drawComponents() {
    const holder = document.getElementById("by-signal");
    if (!holder) return;
    const paths = Object.entries(byName.get(state.picked).components);
    holder.hidden = paths.length === 0;
    if (holder.hidden) return;
    const colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442"];
    const dashes = ["solid", "dash", "dot"];
    const v = byName.get(state.picked);
    const traces = paths.map(([name, y], i) => ({
      x: datesOf(v, y.length), y: y.map((d) => d / 1e6), type: "scatter", mode: "lines", hovertemplate: "%{y:.2f}",
      name: name === "book" ? "cash and margin" : text(name),
      line: name === "book" ? { color: ink(), width: 1.5 } : { color: colours[i % 7], dash: dashes[Math.floor(i / 7) % 3], width: 2 },
    }));
    Plotly.react("components", traces, layout({
      showlegend: true, legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 }, margin: { l: 56, r: 16, t: 56, b: 32 },
      xaxis: timeAxis({ automargin: false }), yaxis: { title: { text: "USD m", standoff: 8 }, automargin: false, zeroline: true }, shapes: thesis(),
    }), config);
    link("components");
  }

  function drawAll() { drawEquity(); drawRolling(); drawPicked(); }

  function chips() {
    const holder = document.getElementById("chips");
    holder.replaceChildren(...data.variants.map((v) => {
      const button = document.createElement("button");
      const dash = { solid: "", dash: "6 4", dot: "2 3", dashdot: "6 3 2 3" }[data.styles[v.name].dash];
      button.type = "button";
      button.className = "chip";
      button.setAttribute("aria-pressed", state.shown.has(v.name));
      button.innerHTML = `<svg width="24" height="8" aria-hidden="true"><line x1="0" y1="4" x2="24" y2="4" stroke="${colour(v.name)}" stroke-width="3" stroke-dasharray="${dash}"/></svg>`;
      button.append(v.name);
      button.addEventListener("click", () => {
        if (!state.shown.delete(v.name)) state.shown.add(v.name);
        chips(); drawEquity(); drawRolling();
        holder.children[data.variants.indexOf(v)].focus();
      });
      return button;
    }));
    document.getElementById("all").setAttribute("aria-pressed", state.shown.size === data.variants.length);
  }

  function press(button, on) { button.setAttribute("aria-pressed", on); }

  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => {
      state.view = button.dataset.view;
      document.querySelectorAll("[data-view]").forEach((b) => press(b, b === button));
      drawEquity();
    });
  }
  document.getElementById("log").addEventListener("click", (event) => { state.log = !state.log; press(event.currentTarget, state.log); drawEquity(); });
  document.getElementById("all").addEventListener("click", () => {
    const every = state.shown.size === data.variants.length;
    state.shown = new Set(data.variants.filter((v) => !every || data.styles[v.name].shown).map((v) => v.name));
    chips(); drawEquity(); drawRolling();
  });
  function pick(name) {
    state.picked = name;
    for (const select of document.querySelectorAll("select.pick")) select.value = name;
    for (const block of document.querySelectorAll("[data-of]")) block.hidden = block.dataset.of !== name;
  }
  for (const select of document.querySelectorAll("select.pick")) {
    select.addEventListener("change", () => { pick(select.value); drawPicked(); });
  }
  document.getElementById("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    chips(); drawAll();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { chips(); drawAll(); });

  for (const table of document.querySelectorAll("table.years")) table.parentElement.scrollLeft = table.parentElement.scrollWidth;
  pick(state.picked);
  chips();
  drawAll();

  // One time axis: a zoom on any plot is a zoom on all of them.
  let busy = false;
  const drawn = (id) => document.getElementById(id)?.data;
  function link(id) {
    const plot = document.getElementById(id);
    if (!plot || plot.dataset.linked) return;
    plot.dataset.linked = "true";
    plot.on("plotly_relayout", (change) => {
      const range = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      const reset = change["xaxis.autorange"];
      if (!busy && (range[0] || reset)) setWindow(reset ? undefined : range);
    });
  }
  const from = document.getElementById("from"), to = document.getElementById("to"), note = document.getElementById("window-note");
  function setWindow(range) {
    busy = true;
    state.range = range;
    [from.value, to.value] = span();
    note.textContent = "";
    drawEquity();
    const others = timePlots.filter((other) => other !== "equity" && drawn(other));
    Promise.all(others.map((other) => Plotly.relayout(other, { "xaxis.range": range || whole }))).finally(() => { busy = false; });
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
  timePlots.filter(drawn).forEach(link);

  // Paper is light, and narrower than the screen.
  const size = (of) => document.querySelectorAll(".plot").forEach((plot) => { if (plot.data) Plotly.relayout(plot, of(plot)); });
  let theme;
  window.addEventListener("beforeprint", () => {
    const root = document.documentElement;
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    root.dataset.printing = "true";
    drawAll();
    size((plot) => ({ width: plot.clientWidth, height: plot.clientHeight }));
  });
  window.addEventListener("afterprint", () => {
    const root = document.documentElement;
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    delete root.dataset.printing;
    drawAll();
    size(() => ({ width: null, height: null, autosize: true }));
  });

  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if ((width >= 800) !== wide()) drawAll();
    width = window.innerWidth;
  });
  document.documentElement.dataset.ready = "true";
  return { data, state, byName, config, css, colour, text, layout, timeAxis, thesis, datesOf, link, picked };
})();
