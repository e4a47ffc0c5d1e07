"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byName = new Map(data.variants.map((v) => [v.name, v]));
  const dates = [...new Set(data.calendars.flat())].sort();
  const state = {
    drawn: new Set(data.variants.filter((v) => data.styles[v.name].shown).map((v) => v.name)),
    from: 0, to: dates.length - 1, only: false,
  };
  const byId = (id) => document.getElementById(id);
  const { config, css, ink, wide, text, shorter, layout } = kit;
  const colour = (name) => kit.colour(data.styles[name]);

  // ---- arithmetic: the definitions of docs/conventions.md, on the bars of the window; its first row is where it starts

  const SMALL = 1e-12, DAILY = 52.5, DAY = 86400000;
  const mean = (x) => x.reduce((a, b) => a + b, 0) / x.length;
  function deviation(x) {
    const m = mean(x);
    return Math.sqrt(x.reduce((a, b) => a + (b - m) * (b - m), 0) / (x.length - 1));
  }
  // The part of a variant inside the window: its days, and the returns of the bars that end on all but the first.
  function inside(v) {
    const days = data.calendars[v.calendar], first = dates[state.from], last = dates[state.to];
    let a = 0, b = days.length - 1;
    while (a < days.length && days[a] < first) a++;
    while (b >= 0 && days[b] > last) b--;
    if (b < a) return { days: [], x: [], r: [] };
    return { days: days.slice(a, b + 1), x: v.x.slice(a, b), r: v.r.slice(a, b) };
  }
  function perYear(v, days) {
    if (v.ppy <= DAILY || days.length < 2) return v.ppy;
    return (days.length - 1) / ((Date.parse(days[days.length - 1]) - Date.parse(days[0])) / DAY / 365.25);
  }
  function paths(x) {
    const growth = [1], under = [0];
    let level = 1, peak = 1;
    for (const change of x) {
      level *= 1 + change;
      peak = Math.max(peak, level);
      growth.push(level);
      under.push(level / peak - 1);
    }
    return { growth, under };
  }
  function deepest(under, days) {
    let worst = 0, from = null, to = null, peak = 0;
    under.forEach((drawdown, t) => {
      if (-drawdown <= SMALL) peak = t;
      else if (-drawdown > worst) [worst, from, to] = [-drawdown, peak, t];
    });
    return { depth: worst, peak: from === null ? null : days[from], trough: to === null ? null : days[to] };
  }
  function figures(v) {
    const { days, x, r } = inside(v);
    const ppy = perYear(v, days), some = x.length > 0, two = x.length > 1;
    const drawdown = deepest(paths(x).under, days);
    const spread = two ? deviation(x) : 0;
    return {
      excess_return: some ? mean(x) * ppy : null,
      volatility: two ? deviation(r) * Math.sqrt(ppy) : null,
      sharpe: two && spread >= SMALL ? mean(x) / spread * Math.sqrt(ppy) : null,
      excess_drawdown: days.length ? drawdown.depth : null,
      excess_drawdown_peak: drawdown.peak, excess_drawdown_trough: drawdown.trough,
      worst_bar: some ? r.reduce((a, b) => Math.min(a, b)) : null,
      best_bar: some ? r.reduce((a, b) => Math.max(a, b)) : null,
      bars: days.length,
    };
  }

  // ---- figures as people read them

  function number(value, digits, scale = 1) {
    if (value === null) return "–";
    const shown = (value * scale).toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ",");
    if (!shown.startsWith("-")) return shown;
    return /[1-9]/.test(shown) ? "−" + shown.slice(1) : shown.slice(1);
  }
  const shown = {
    excess_return: (v) => number(v, 2, 100), volatility: (v) => number(v, 1, 100), sharpe: (v) => number(v, 2),
    excess_drawdown: (v) => number(v, 1, 100), worst_bar: (v) => number(v, 1, 100), best_bar: (v) => number(v, 1, 100),
    excess_drawdown_peak: (v) => v ?? "–", excess_drawdown_trough: (v) => v ?? "–", bars: (v) => number(v, 0),
  };

  // ---- tables

  function fillSummary() {
    for (const row of tables.rows(byId("summary"))) {
      const current = figures(byName.get(row.dataset.name));
      for (const cell of row.querySelectorAll("td")) {
        const value = current[cell.dataset.key];
        cell.dataset.value = value ?? "";
        cell.textContent = shown[cell.dataset.key](value);
      }
    }
    tables.draw(byId("summary"));
    byId("window").textContent = `Window ${dates[state.from]} to ${dates[state.to]}` + (state.from === 0 && state.to === dates.length - 1 ? ", the whole" : "");
  }

  // The tables of variants show all, or only those drawn; the matrices have a column of each too.
  function filter() {
    const hidden = (name) => state.only && name !== undefined && !state.drawn.has(name);
    for (const table of document.querySelectorAll("table[data-variants]")) {
      const columns = [...table.tHead.rows[0].cells].map((cell) => { cell.hidden = hidden(cell.dataset.name); return cell.hidden; });
      for (const row of tables.rows(table)) [...row.cells].forEach((cell, i) => { cell.hidden = columns[i]; });
      tables.keep(table, (row) => !hidden(row.dataset.name));
    }
  }

  // ---- plots

  const drawn = () => data.variants.filter((v) => state.drawn.has(v.name));
  const thesisDays = () => [...new Set(data.variants.map((v) => v.thesis).filter(Boolean))].filter((day) => day >= dates[state.from] && day <= dates[state.to]);

  function drawGrowth() {
    const curves = drawn().map((v) => ({ v, days: inside(v).days, ...paths(inside(v).x) })).filter((curve) => curve.days.length);
    const line = ({ v, days }, y, axis, format) => ({
      x: days, y, type: "scatter", mode: "lines", name: text(v.name), yaxis: axis, hovertemplate: `%{y:${format}}`,
      line: kit.stroke(data.styles[v.name]),
    });
    const labelled = kit.labelled(curves.length);
    let low = Infinity, high = -Infinity;
    for (const { growth } of curves) for (const y of growth) [low, high] = [Math.min(low, y), Math.max(high, y)];
    const pad = (high - low || 0.1) * 0.05, range = curves.length ? [low - pad, high + pad] : undefined;
    const ends = curves.map(({ v, growth }) => ({ name: v.name, colour: colour(v.name), end: growth[growth.length - 1] }));
    Plotly.react("growth", [
      ...curves.map((curve) => line(curve, curve.growth, "y", ".3f")),
      ...curves.map((curve) => line(curve, curve.under.map((y) => y * 100), "y2", ".1f")),
    ], layout({
      hovermode: kit.hover(curves.length), margin: { l: 56, r: labelled ? kit.labelWidth(ends) : 16, t: 8, b: 40 },
      xaxis: { type: "date", showgrid: false, hoverformat: "%Y-%m-%d", range: [dates[state.from], dates[state.to]], anchor: "y2" },
      yaxis: { domain: [0.42, 1], fixedrange: true, title: { text: "growth of 1 over cash", standoff: 8 }, range },
      yaxis2: { domain: [0, 0.36], fixedrange: true, title: { text: "drawdown, %", standoff: 8 }, rangemode: "tozero" },
      shapes: thesisDays().map(kit.vertical),
      annotations: labelled ? kit.endLabels(ends, range, (byId("growth").clientHeight - 48) * 0.58) : [],
    }), config);
  }

  function drawRisk() {
    const points = data.variants.map((v) => ({ v, f: figures(v) })).filter(({ f }) => f.volatility !== null);
    const right = Math.max(0.001, ...points.map(({ f }) => f.volatility)) * 108;
    const group = (chosen, on) => ({
      x: chosen.map(({ f }) => f.volatility * 100), y: chosen.map(({ f }) => f.excess_return * 100), type: "scatter",
      mode: "markers",
      text: chosen.map(({ v }) => text(shorter(v.name))), customdata: chosen.map(({ f }) => number(f.sharpe, 2)),
      marker: { size: on ? 10 : 6, color: chosen.map(({ v }) => (on ? colour(v.name) : css("--soft"))), symbol: chosen.map(({ v }) => (v.benchmark ? "diamond" : "circle")), opacity: on ? 1 : 0.5 },
      hovertemplate: "%{text}<br>%{y:.2f} % at %{x:.1f} %<br>Sharpe %{customdata}<extra></extra>",
    });
    const on = points.filter(({ v }) => state.drawn.has(v.name)), off = points.filter(({ v }) => !state.drawn.has(v.name));
    const tops = points.map(({ f }) => f.excess_return * 100), pad = (Math.max(...tops) - Math.min(...tops) || 1) * 0.12;
    const range = points.length ? [Math.min(0, ...tops) - pad, Math.max(0, ...tops) + pad] : [0, 1];
    Plotly.react("risk", [group(off, false), group(on, true)], layout({
      hovermode: "closest", dragmode: false, margin: { l: 56, r: 16, t: 8, b: 40 },
      xaxis: { title: { text: "volatility, % a year", standoff: 8 }, range: [0, right], showgrid: false, zeroline: false },
      yaxis: { title: { text: "excess return, % a year", standoff: 8 }, range, zeroline: true },
      annotations: names(on, right, range),
      shapes: [0.5, 1].map((slope) => ({ type: "line", x0: 0, y0: 0, x1: Math.min(right, range[1] / slope), y1: Math.min(range[1], slope * right), layer: "below", line: { color: css("--soft"), width: 1, dash: "dot" } })),
    }), config);
  }

  // A name above or below its point, where it covers no other name; else hovering tells.
  function names(points, right, range) {
    const box = byId("risk"), w = box.clientWidth - 72, h = box.clientHeight - 48, taken = [], labels = [];
    for (const { v, f } of points) {
      const label = shorter(v.name), half = label.length * 3.1;
      const x = f.volatility * 100 / right * w, y = (f.excess_return * 100 - range[0]) / (range[1] - range[0]) * h;
      for (const shift of [14, -14]) {
        const here = [x - half, y + shift - 7, x + half, y + shift + 7];
        if (here[0] < 0 || here[2] > w || taken.some((t) => here[0] < t[2] && t[0] < here[2] && here[1] < t[3] && t[1] < here[3])) continue;
        taken.push(here);
        labels.push({ x: f.volatility * 100, y: f.excess_return * 100, yshift: shift, text: text(label), showarrow: false, font: { size: 11, color: ink() } });
        break;
      }
    }
    return labels;
  }

  function drawPair() {
    const v = byName.get(byId("pair-variant").value), benchmark = byName.get(byId("pair-against").value);
    const part = inside(v), benchmarkPart = inside(benchmark);
    const at = new Map(benchmarkPart.days.slice(1).map((day, i) => [day, benchmarkPart.x[i]]));
    const bars = part.days.slice(1).map((day, i) => [day, at.get(day), part.x[i]]).filter(([, p]) => p !== undefined);
    const x = bars.map(([, p]) => p), y = bars.map(([, , q]) => q), n = bars.length;
    const mx = n ? mean(x) : 0, my = n ? mean(y) : 0;
    const sum = (f) => bars.reduce((a, [, p, q]) => a + f(p - mx, q - my), 0);
    const sxx = sum((p) => p * p), sxy = sum((p, q) => p * q), syy = sum((p, q) => q * q);
    const beta = n > 2 && sxx / (n - 1) >= SMALL ? sxy / sxx : null;
    const ppy = perYear(v, bars.map(([day]) => day)), alpha = beta === null ? null : (my - beta * mx) * ppy;
    const spread = Math.sqrt(sxx * syy);
    const edge = n ? [Math.min(...x), Math.max(...x)] : [0, 0];
    Plotly.react("pair", [
      { x: x.map((p) => p * 100), y: y.map((q) => q * 100), text: bars.map(([day]) => day), type: "scatter", mode: "markers", marker: { size: 6, color: colour(v.name), opacity: 0.6 }, hovertemplate: "%{text}: %{y:.2f} against %{x:.2f}<extra></extra>" },
      ...(beta === null ? [] : [{ x: edge.map((p) => p * 100), y: edge.map((p) => (my + beta * (p - mx)) * 100), type: "scatter", mode: "lines", line: { color: ink(), width: 1.5 }, hoverinfo: "skip" }]),
    ], layout({
      hovermode: "closest", dragmode: false, margin: { l: 56, r: 16, t: 8, b: 40 },
      xaxis: { title: { text: `${text(shorter(benchmark.name))}, % a bar`, standoff: 8 }, zeroline: true },
      yaxis: { title: { text: `${text(shorter(v.name))}, % a bar`, standoff: 8 }, zeroline: true },
    }), config);
    const fit = byId("fit");
    fit.dataset.beta = beta ?? "";
    fit.dataset.alpha = alpha ?? "";
    fit.textContent = beta === null ? "" : `On the right: beta ${number(beta, 2)}, alpha ${number(alpha, 2, 100)} % a year, correlation ${number(spread >= SMALL ? sxy / spread : null, 2)}, ${n} bars.`;
  }

  // ---- what is chosen

  function chips() { kit.chips(byId("chips"), data.variants, data.styles, state.drawn, picked); }
  function picked() {
    kit.press(byId("all"), state.drawn.size === data.variants.length);
    filter(); drawGrowth(); drawRisk();
  }
  byId("all").addEventListener("click", () => { data.variants.forEach((v) => state.drawn.add(v.name)); chips(); picked(); });
  byId("none").addEventListener("click", () => { state.drawn.clear(); chips(); picked(); });
  byId("only").addEventListener("click", (event) => { state.only = !state.only; kit.press(event.currentTarget, state.only); filter(); });

  function choose(from, to) {
    state.from = Math.max(0, Math.min(from, dates.length - 2));
    state.to = Math.min(dates.length - 1, Math.max(to, state.from + 1));
    for (const id of ["from", "to"]) {
      byId(id).value = state[id];
      byId(id).setAttribute("aria-valuetext", dates[state[id]]);
    }
    fillSummary(); drawGrowth(); drawRisk(); drawPair();
  }
  for (const id of ["from", "to"]) Object.assign(byId(id), { min: 0, max: dates.length - 1, step: 1 });
  byId("from").addEventListener("input", () => choose(Math.min(+byId("from").value, state.to - 1), state.to));
  byId("to").addEventListener("input", () => choose(state.from, Math.max(+byId("to").value, state.from + 1)));
  const lastBefore = (day) => dates.reduce((last, date, i) => (date <= day ? i : last), 0);
  const thesis = data.variants.map((v) => v.thesis).filter(Boolean).sort().pop();
  byId("since").hidden = !thesis || thesis <= dates[0] || thesis > dates[dates.length - 1];
  for (const button of document.querySelectorAll("[data-years]")) {
    button.addEventListener("click", () => {
      const last = dates[dates.length - 1], years = button.dataset.years;
      if (years === "0") return choose(0, dates.length - 1);
      if (years === "thesis") return choose(dates.findIndex((day) => day >= thesis) - 1, dates.length - 1);  // bars that end on or after it
      return choose(lastBefore(`${+last.slice(0, 4) - years}${last.slice(4)}`), dates.length - 1);
    });
  }
  for (const id of ["pair-variant", "pair-against"]) byId(id).addEventListener("change", drawPair);

  function drawAll() { drawGrowth(); drawRisk(); drawPair(); }
  page.theme(() => { chips(); drawAll(); });

  tables.set();
  chips();
  choose(0, dates.length - 1);
  picked();
  byId("growth").on("plotly_relayout", (change) => {
    const range = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (change["xaxis.autorange"]) return choose(0, dates.length - 1);
    if (!range[0]) return;
    const [first, last] = range.map((day) => String(day).slice(0, 10));
    choose(dates.findIndex((day) => day >= first), lastBefore(last));
  });
  let before = wide();
  window.addEventListener("resize", () => { if (before !== wide()) drawAll(); before = wide(); });
  page.ready();
})();
