"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byName = new Map(data.variants.map((v) => [v.name, v]));
  const dates = [...new Set(data.calendars.flat())].sort();
  const state = {
    drawn: new Set(data.variants.filter((v) => data.styles[v.name].shown).map((v) => v.name)),
    from: 0, to: dates.length - 1, only: false,
  };
  const config = { responsive: true, displaylogo: false, displayModeBar: false, doubleClick: "autosize" };
  const byId = (id) => document.getElementById(id);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const ink = () => css("--ink");
  const colour = (name) => (data.styles[name].colour === "ink" ? ink() : data.styles[name].colour);
  const wide = () => window.innerWidth >= 800;
  const text = (s) => String(s).replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const shorter = (s) => (s.length > 24 ? s.slice(0, 23) + "…" : s);

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

  const rowsOf = (table) => [...table.tBodies].flatMap((body) => [...body.rows]);

  function fillSummary() {
    for (const row of rowsOf(byId("summary"))) {
      const current = figures(byName.get(row.dataset.name));
      for (const cell of row.querySelectorAll("td")) {
        const value = current[cell.dataset.key];
        cell.dataset.value = value ?? "";
        cell.textContent = shown[cell.dataset.key](value);
      }
    }
    resort(byId("summary"));
    byId("window").textContent = `Window ${dates[state.from]} to ${dates[state.to]}` + (state.from === 0 && state.to === dates.length - 1 ? ", the whole" : "");
  }

  const key = (row, column) => {
    const cell = row.cells[column];
    const value = column === 0 ? row.dataset.name : cell.dataset.value;
    if (value === "") return null;
    return Number.isNaN(Number(value)) ? value.toLowerCase() : Number(value);
  };
  function resort(table) {
    const heading = table.tHead.querySelector("th[aria-sort]");
    if (!heading) return;
    const up = heading.getAttribute("aria-sort") === "ascending" ? 1 : -1;
    for (const body of table.tBodies) {
      const rows = [...body.rows].map((row) => [key(row, heading.cellIndex), row]);
      rows.sort(([a], [b]) => (a === null ? (b === null ? 0 : 1) : b === null ? -1 : up * (a < b ? -1 : a > b ? 1 : 0)));
      body.append(...rows.map(([, row]) => row));
    }
  }
  for (const table of document.querySelectorAll("table.sorted")) {
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const before = heading.getAttribute("aria-sort");
        const next = before ? (before === "descending" ? "ascending" : "descending") : heading.cellIndex === 0 ? "ascending" : "descending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", next);
        resort(table);
      });
    }
  }

  function filter() {
    for (const element of document.querySelectorAll("tr[data-name], th[data-name]")) {
      element.hidden = state.only && !state.drawn.has(element.dataset.name);
    }
    for (const table of document.querySelectorAll("#correlation, #overlap")) {
      const hidden = [...table.tHead.rows[0].cells].map((cell) => cell.hidden);
      for (const row of rowsOf(table)) [...row.cells].forEach((cell, i) => { cell.hidden = hidden[i]; });
    }
  }

  // What a table shows now, in its order; figures unrounded, words guarded against a spreadsheet that runs them.
  const quoted = (s) => {
    const safe = /^[=+@\t\r-]/.test(s) && Number.isNaN(Number(s)) ? `'${s}` : s;
    return /[",\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  function csv(table) {
    const read = (cell) => cell.querySelector("small")?.textContent ? `${[...(cell.querySelector("button") ?? cell).childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent).join("")} (${cell.querySelector("small").textContent})` : cell.textContent;
    const head = [...table.tHead.rows[0].cells].filter((cell) => !cell.hidden).map((cell) => read(cell).trim());
    const body = rowsOf(table).filter((row) => !row.hidden).map((row) => [...row.cells].filter((cell) => !cell.hidden).map((cell) => (cell.tagName === "TH" ? row.dataset.name : cell.dataset.value)));
    return [head, ...body].map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
  }
  for (const button of document.querySelectorAll("button.csv")) {
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([csv(byId(button.dataset.of))], { type: "text/csv" }));
      link.download = `${button.dataset.of}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  // ---- plots

  function layout(extra) {
    const axis = { gridcolor: css("--line"), zerolinecolor: css("--soft"), linecolor: css("--line"), tickfont: { size: 12 }, automargin: true };
    const result = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, hovermode: "closest",
      font: { family: "system-ui, sans-serif", size: 12, color: ink() },
      hoverlabel: { bgcolor: css("--panel"), bordercolor: css("--line"), font: { color: ink(), size: 12 } },
      margin: { l: 56, r: 16, t: 8, b: 40 }, dragmode: false, ...extra,
    };
    for (const name of Object.keys(result)) if (/^[xy]axis\d?$/.test(name)) result[name] = { ...axis, ...result[name] };
    return result;
  }
  const drawn = () => data.variants.filter((v) => state.drawn.has(v.name));
  const thesisDays = () => [...new Set(data.variants.map((v) => v.thesis).filter(Boolean))].filter((day) => day >= dates[state.from] && day <= dates[state.to]);

  function drawGrowth() {
    const curves = drawn().map((v) => ({ v, days: inside(v).days, ...paths(inside(v).x) })).filter((curve) => curve.days.length);
    const line = ({ v, days }, y, axis, format) => ({
      x: days, y, type: "scatter", mode: "lines", name: text(v.name), yaxis: axis, hovertemplate: `%{y:${format}}`,
      line: { color: colour(v.name), dash: data.styles[v.name].dash, width: data.styles[v.name].colour === "ink" ? 1.5 : 2 },
    });
    const labelled = wide() && curves.length > 0 && curves.length <= 6;
    const ends = curves.map((curve) => curve.growth[curve.growth.length - 1]);
    const order = ends.map((_, i) => i).sort((a, b) => ends[a] - ends[b]);
    const all = curves.flatMap((curve) => curve.growth), low = Math.min(...all), high = Math.max(...all), pad = (high - low || 0.1) * 0.05;
    const height = (byId("growth").clientHeight - 48) * 0.58;
    let free = -Infinity;
    const labels = order.map((i) => { free = Math.max(free + 15, (ends[i] - low + pad) / (high - low + 2 * pad) * height); return { i, at: free }; });
    const over = labels.length ? Math.max(0, free - height) : 0;
    Plotly.react("growth", [
      ...curves.map((curve) => line(curve, curve.growth, "y", ".3f")),
      ...curves.map((curve) => line(curve, curve.under.map((y) => y * 100), "y2", ".1f")),
    ], layout({
      hovermode: "x unified", hoversort: "value descending", dragmode: wide() ? "zoom" : false, margin: { l: 56, r: labelled ? 184 : 16, t: 8, b: 40 },
      xaxis: { type: "date", showgrid: false, hoverformat: "%Y-%m-%d", range: [dates[state.from], dates[state.to]], anchor: "y2" },
      yaxis: { domain: [0.42, 1], fixedrange: true, title: { text: "growth of 1 over cash", standoff: 8 }, range: all.length ? [low - pad, high + pad] : undefined },
      yaxis2: { domain: [0, 0.36], fixedrange: true, title: { text: "drawdown, %", standoff: 8 }, rangemode: "tozero" },
      shapes: thesisDays().map((day) => ({ type: "line", xref: "x", yref: "paper", x0: day, x1: day, y0: 0, y1: 1, line: { color: css("--soft"), width: 1, dash: "dash" } })),
      annotations: labelled ? labels.map(({ i, at }) => ({
        xref: "paper", x: 1, xanchor: "left", xshift: 6, yref: "y domain", yanchor: "middle", y: Math.min(1, Math.max(0, (at - over) / height)), showarrow: false,
        text: text(shorter(curves[i].v.name)), font: { size: 12, color: colour(curves[i].v.name) },
      })) : [],
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
      xaxis: { title: { text: `${text(shorter(benchmark.name))}, % a bar`, standoff: 8 }, zeroline: true },
      yaxis: { title: { text: `${text(shorter(v.name))}, % a bar`, standoff: 8 }, zeroline: true },
    }), config);
    const fit = byId("fit");
    fit.dataset.beta = beta ?? "";
    fit.dataset.alpha = alpha ?? "";
    fit.textContent = beta === null ? "" : `On the right: beta ${number(beta, 2)}, alpha ${number(alpha, 2, 100)} % a year, correlation ${number(spread >= SMALL ? sxy / spread : null, 2)}, ${n} bars.`;
  }

  // ---- what is chosen

  function chips() {
    byId("chips").replaceChildren(...data.variants.map((v) => {
      const button = document.createElement("button");
      const dash = { solid: "", dash: "6 4", dot: "2 3", dashdot: "6 3 2 3" }[data.styles[v.name].dash];
      button.type = "button";
      button.className = "chip";
      button.setAttribute("aria-pressed", state.drawn.has(v.name));
      button.innerHTML = `<svg width="24" height="8" aria-hidden="true"><line x1="0" y1="4" x2="24" y2="4" stroke="${colour(v.name)}" stroke-width="3" stroke-dasharray="${dash}"/></svg>`;
      button.append(v.name);
      button.addEventListener("click", () => {
        if (!state.drawn.delete(v.name)) state.drawn.add(v.name);
        button.setAttribute("aria-pressed", state.drawn.has(v.name));
        picked();
      });
      return button;
    }));
  }
  function picked() {
    byId("all").setAttribute("aria-pressed", state.drawn.size === data.variants.length);
    filter(); drawGrowth(); drawRisk();
  }
  byId("all").addEventListener("click", () => { state.drawn = new Set(data.variants.map((v) => v.name)); chips(); picked(); });
  byId("none").addEventListener("click", () => { state.drawn.clear(); chips(); picked(); });
  byId("only").addEventListener("click", (event) => { state.only = !state.only; event.currentTarget.setAttribute("aria-pressed", state.only); filter(); });

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
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    chips(); drawAll();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { chips(); drawAll(); });

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
  document.documentElement.dataset.ready = "true";
})();
