// The picked variant's round trips: a row each with its path, what they made, and why they ended.
(() => {
  const { data, state, picked } = report, { config, css, figure, layout, press } = kit;
  const sent = JSON.parse(document.getElementById("trips-data").textContent);
  const table = document.getElementById("trips"), reasons = document.getElementById("trips-reasons");
  const box = document.getElementById("trips-shown"), left = document.getElementById("trips-left");
  const WIDE = 184, HIGH = 36, EDGE = 6; // pixels of a path
  const DAY = 86400000;
  let listed = "all";

  // Of each reason to close: its mark around 0, whether it is filled, and the same mark of a plot.
  const MARKS = {
    target: ["M3.5 0A3.5 3.5 0 1 1-3.5 0A3.5 3.5 0 1 1 3.5 0Z", true, "circle"],
    stop: ["M-3-3L3 3M-3 3L3-3", false, "x"],
    trail: ["M-4-3H4L0 4Z", true, "triangle-down"],
    horizon: ["M-3-3H3V3H-3Z", true, "square"],
    exit: ["M0-4V4M-4 0H4", false, "cross"],
    flat: ["M0-4.5L4.5 0L0 4.5L-4.5 0Z", true, "diamond"],
    turn: ["M-4 3H4L0-4Z", true, "triangle-up"],
    ruin: ["M-3-3L3 3M-3 3L3-3M0-4V4M-4 0H4", false, "star"],
    open: ["M3.5 0A3.5 3.5 0 1 1-3.5 0A3.5 3.5 0 1 1 3.5 0Z", false, "circle-open"],
  };
  const blue = () => `rgb(${css("--blue")})`, vermilion = () => `rgb(${css("--vermilion")})`;
  const colour = (trip) => (trip.pnl > 0 ? blue() : vermilion());

  function signed(value, digits = 0) {
    if (value === null) return "–";
    const text = figure(value, digits);
    return !/[1-9]/.test(text) ? text.replace("−", "") : value > 0 ? `+${text}` : text;
  }

  // Trips as the page carries them, latest first: what `_trip` of blotter.py gives.
  function trips(v) {
    return v.trips.map(([row, rows, reason, side, gain, hurdle, carry, roll, pnl, mae, mfe, steps, between]) => {
      const { x, y } = report.path({ start: row, unit: v.parts, steps, rows: between });
      const first = data.dates[row], last = data.dates[row + rows];
      const after = (day) => Math.round((Date.parse(day) - Date.parse(first)) / DAY);
      return { first, last, days: after(last), reason: sent.reasons[reason], side, gain, hurdle, carry, roll, pnl, mae, mfe, x: x.map(after), y };
    });
  }

  // ---- paths

  function svg(tag, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function mark(reason, won, x, y) {
    const [d, filled] = MARKS[reason] ?? MARKS.flat;
    return svg("path", { d, transform: `translate(${x} ${y})`, class: `mark${filled ? " filled" : ""} ${won === null ? "" : won ? "won" : "lost"}` });
  }

  // One scale for all paths of a variant: days across, gains up; gates that are drawn fit into it.
  function scaleOf(v, all) {
    const gates = [v.target, v.stop && -v.stop].filter((gate) => gate !== undefined);
    const values = all.flatMap((trip) => trip.y).concat(gates, 0);
    const low = Math.min(...values), high = Math.max(...values), longest = Math.max(1, ...all.map((trip) => trip.days));
    const round = (value) => Math.round(value * 10) / 10;
    return {
      low, high, longest, gates,
      x: (days) => round(EDGE + days / longest * (WIDE - 2 * EDGE)),
      y: (gain) => round(EDGE + (high - gain) / (high - low || 1) * (HIGH - 2 * EDGE)),
    };
  }

  function drawn(trip, scale) {
    const { x, y } = scale, end = x(trip.days);
    const level = (gain, name) => svg("path", { d: `M${x(0)} ${y(gain)}H${end}`, class: name });
    const lines = [svg("path", { d: `M${x(0)} ${y(0)}H${WIDE}`, class: "zero" }), ...scale.gates.map((gate) => level(gate, "gate"))];
    if (trip.hurdle !== null) lines.push(svg("path", { d: `M${x(0)} ${y(0)}L${end} ${y(trip.hurdle)}`, class: "hurdle" }));
    if (trip.y.length) {
      lines.push(svg("path", { d: trip.y.map((gain, i) => `${i ? "L" : "M"}${x(trip.x[i])} ${y(gain)}`).join(""), class: "path" }));
      lines.push(svg("circle", { cx: x(0), cy: y(trip.y[0]), r: 2, class: "entry" }));
      lines.push(mark(trip.reason, trip.pnl > 0, end, y(trip.y[trip.y.length - 1])));
    }
    return svg("svg", { width: WIDE, height: HIGH, class: "trip", "aria-hidden": "true" }, ...lines);
  }

  // ---- tables

  function cell(tag, text, value, className) {
    const made = document.createElement(tag);
    if (tag === "th") made.scope = "row";
    if (className) made.className = className;
    if (value !== undefined) made.dataset.value = value ?? "";
    made.append(text);
    return made;
  }

  const thousand = (usd) => signed(usd / 1e3);
  const own = (unit) => (value) => (unit === "bp" || value === null ? signed(value) : thousand(value));

  function row(trip, unit, scale, most) {
    const made = document.createElement("tr"), measured = own(unit), inUnit = (value) => (unit === "bp" || value === null ? value : value / 1e3);
    const bar = document.createElement("i");
    bar.style.width = `${Math.round(Math.abs(trip.pnl) / most * 56)}px`;
    if (trip.pnl < 0) bar.className = "minus";
    const pnl = cell("td", thousand(trip.pnl), trip.pnl / 1e3, "bar");
    pnl.append(bar);
    made.append(
      cell("th", trip.first), cell("td", trip.reason === "open" ? "" : trip.last, undefined, "text"), cell("td", trip.side < 0 ? "short" : "long", undefined, "text"),
      cell("td", drawn(trip, scale), trip.y.map((gain, i) => `${trip.x[i]}:${inUnit(gain)}`).join(" "), "text"), cell("td", trip.reason, undefined, "text"),
      cell("td", signed(trip.gain), trip.gain), cell("td", signed(trip.hurdle), trip.hurdle), cell("td", thousand(trip.carry), trip.carry / 1e3), cell("td", thousand(trip.roll), trip.roll / 1e3),
      pnl, cell("td", measured(trip.mae), inUnit(trip.mae)), cell("td", measured(trip.mfe), inUnit(trip.mfe)), cell("td", figure(trip.days, 0), trip.days),
    );
    made.dataset.won = trip.pnl > 0 ? "won" : "lost";
    if (unit !== "bp") hide(made);
    return made;
  }

  // Without yields there is nothing in the columns of the spread.
  const hide = (cells, hidden = true) => [5, 6].forEach((column) => { cells.children[column].hidden = hidden; });
  const mean = (values) => (values.length && values.every((value) => value !== null) ? values.reduce((a, b) => a + b, 0) / values.length : null);

  function total(usd) {
    const made = document.createElement("tr");
    made.append(cell("th", "all"), cell("td", figure(usd.length, 0)), cell("td", thousand(mean(usd))), cell("td", thousand(mean(usd) * usd.length)));
    return made;
  }

  function foot(closed, unit) {
    const made = document.createElement("tr"), measured = own(unit), of = (key) => mean(closed.map((trip) => trip[key]));
    const words = cell("th", `All ${figure(closed.length, 0)}, mean a trip`);
    words.colSpan = 5;
    made.append(words, ...["gain", "hurdle"].map((key) => cell("td", signed(of(key)))), ...["carry", "roll", "pnl"].map((key) => cell("td", thousand(of(key)))), ...["mae", "mfe"].map((key) => cell("td", measured(of(key)))), cell("td", figure(of("days"), 0)));
    if (unit !== "bp") [1, 2].forEach((column) => { made.children[column].hidden = true; });
    return made;
  }

  function list(v, all, closed) {
    const scale = scaleOf(v, all), most = Math.max(1, ...all.map((trip) => Math.abs(trip.pnl)));
    const unit = v.unit === "bp" ? "bp" : "USD k", part = v.unit === "bp" ? 1 : 1e3;
    document.getElementById("trips-caption").textContent = `Round trips of ${state.picked}, latest first`;
    document.getElementById("trips-scale").textContent = `${figure(scale.longest, 0)} days, ${figure(scale.low / part, 0)} to ${figure(scale.high / part, 0)} ${unit}`;
    hide(table.tHead.rows[0], v.unit !== "bp");
    for (const name of ["MAE", "MFE"]) [...table.tHead.rows[0].cells].find((th) => th.textContent.startsWith(name)).querySelector("small").textContent = unit;
    tables.fill(table, all.map((trip) => row(trip, v.unit, scale, most)));
    table.tFoot.replaceChildren(foot(closed, v.unit));
    const groups = [...new Set(closed.map((trip) => trip.reason))].map((reason) => [reason, closed.filter((trip) => trip.reason === reason).map((trip) => trip.pnl)]);
    tables.fill(reasons, groups.sort(([, a], [, b]) => b.length - a.length).map(([reason, usd]) => {
      const made = document.createElement("tr"), sum = usd.reduce((a, b) => a + b, 0);
      made.append(cell("th", reason), cell("td", figure(usd.length, 0), usd.length), cell("td", thousand(sum / usd.length), sum / usd.length / 1e3), cell("td", thousand(sum), sum / 1e3));
      return made;
    }));
    reasons.tFoot.replaceChildren(total(closed.map((trip) => trip.pnl)));
  }

  // How exits and lines are drawn, of those that there are.
  function key(v, all) {
    const item = (shape, words) => {
      const made = document.createElement("span");
      made.append(svg("svg", { width: 16, height: 12, class: "trip", "aria-hidden": "true" }, shape), ` ${words}`);
      return made;
    };
    const ends = [...new Set(all.map((trip) => trip.reason))].map((reason) => item(mark(reason, null, 8, 6), reason));
    const lines = [...(all.some((trip) => trip.hurdle !== null) ? [["hurdle", "forward hurdle"]] : []), ...(v.target === undefined && v.stop === undefined ? [] : [["gate", "target and stop"]])];
    const made = document.createElement("span");
    made.textContent = "Blue made money, vermilion lost.";
    document.getElementById("trips-key").replaceChildren(...ends, ...lines.map(([name, words]) => item(svg("path", { d: "M0 6H16", class: name }), words)), made);
  }

  // ---- plots

  function drawLow(v, all) {
    const part = v.unit === "bp" ? 1 : 1e3, unit = v.unit === "bp" ? "bp" : "USD k", known = all.filter((trip) => trip.mae !== null);
    const stop = v.stop !== undefined;
    document.getElementById("trips-mae-note").textContent = stop ? "What stands left of the stop fell through it between two closes, and was seen only then." : "";
    Plotly.react("trips-mae", [{
      type: "scatter", mode: "markers", x: known.map((trip) => trip.mae / part), y: known.map((trip) => trip.pnl / 1e3), text: known.map((trip) => `${trip.first}, ${trip.reason}`),
      marker: { size: 8, symbol: known.map((trip) => (MARKS[trip.reason] ?? MARKS.flat)[2]), color: known.map(colour) },
      hovertemplate: `%{text}<br>lowest %{x:.0f} ${unit}, P&L %{y:,.0f} USD k<extra></extra>`,
    }], layout({
      hovermode: "closest", margin: { l: 56, r: 12, t: 20, b: 40 },
      xaxis: { title: { text: v.unit === "bp" ? "MAE, bp against entry" : "MAE, USD k", standoff: 8 }, zeroline: true, showgrid: false, nticks: 5 }, yaxis: { title: { text: "P&L, USD k", standoff: 8 }, zeroline: true, nticks: 6 },
      shapes: stop ? [{ type: "line", xref: "x", yref: "paper", x0: -v.stop, x1: -v.stop, y0: 0, y1: 1, line: { color: css("--soft"), width: 1, dash: "dot" } }] : [],
      annotations: stop ? [{ x: -v.stop, y: 1, xref: "x", yref: "paper", yanchor: "bottom", text: `stop −${figure(v.stop, 0)}`, showarrow: false, font: { size: 12, color: css("--ink") } }] : [],
    }), config);
  }

  // The width of a bin, of some twelve: 1, 2 or 5 of a power of ten.
  function step(size) {
    const power = 10 ** Math.floor(Math.log10(size / 12));
    return power * [1, 2, 5, 10].find((times) => times * power >= size / 12);
  }

  function drawPnl(closed) {
    const usd = closed.map((trip) => trip.pnl / 1e3), average = mean(usd);
    const width = step(Math.max(...usd, 0) - Math.min(...usd, 0) || 12);
    const counts = new Map();
    for (const value of usd) { // a bin holds its upper end, so that 0 counts with the losers
      const at = Math.ceil(value / width) - 1;
      counts.set(at, (counts.get(at) ?? 0) + 1);
    }
    const bins = [...counts.keys()].sort((a, b) => a - b);
    Plotly.react("trips-pnl", [{
      type: "bar", x: bins.map((at) => (at + 0.5) * width), y: bins.map((at) => counts.get(at)), width: width * 0.92, text: bins.map((at) => `${figure(at * width, 0)} to ${figure((at + 1) * width, 0)}`), textposition: "none",
      marker: { color: bins.map((at) => (at < 0 ? vermilion() : blue())) }, hovertemplate: "%{text} USD k: %{y}<extra></extra>",
    }], layout({
      hovermode: "closest", margin: { l: 40, r: 12, t: 20, b: 40 },
      xaxis: { title: { text: `P&L a trip, USD k, bins of ${figure(width, width < 1 ? 2 : 0)}`, standoff: 8 }, showgrid: false, nticks: 5 }, yaxis: { title: { text: "trips", standoff: 8 }, nticks: 5, rangemode: "tozero", tickformat: "d" },
      shapes: [{ type: "line", xref: "x", yref: "paper", x0: average, x1: average, y0: 0, y1: 1, line: { color: css("--ink"), width: 1.5 } }],
      annotations: [{ x: average, y: 1, xref: "x", yref: "paper", yanchor: "bottom", text: `mean ${signed(average)}`, showarrow: false, font: { size: 12, color: css("--ink") } }],
    }), config);
  }

  function keep(which) {
    listed = which;
    for (const button of document.querySelectorAll("[data-trips]")) press(button, button.dataset.trips === listed);
    tables.keep(table, (made) => listed === "all" || made.dataset.won === listed);
  }
  for (const button of document.querySelectorAll("[data-trips]")) {
    button.addEventListener("click", () => keep(button.dataset.trips === listed ? "all" : button.dataset.trips));
  }

  function draw() {
    const v = sent.variants[state.picked];
    if (left) left.hidden = data.variants.findIndex(({ name }) => name === state.picked) < Number(left.dataset.first);
    box.hidden = !v;
    if (!v) return ["trips-mae", "trips-pnl"].forEach((id) => Plotly.purge(id));
    const all = trips(v), closed = all.filter((trip) => trip.reason !== "open");
    list(v, all, closed);
    key(v, all);
    kit.draw("trips-mae", () => drawLow(v, all));
    kit.draw("trips-pnl", () => drawPnl(closed));
  }
  picked.push(draw);
  draw();
})();
