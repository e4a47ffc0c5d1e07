// The picked variant: what it traded, and what was at risk in it.
(() => {
  const { data, state, byName, path, said, timeAxis, thesis, colour, link } = report, { config, css, text, layout } = kit;
  const gap = 26; // pixels above a panel, for its heading

  const wrapped = (label, width) => {
    const lines = [""];
    for (const word of label.split(" ")) {
      const last = lines[lines.length - 1];
      if (last && (last.length + word.length + 1) * 6.4 > width) lines.push(word);
      else lines[lines.length - 1] = last ? `${last} ${word}` : word;
    }
    return lines;
  };

  const thousands = (values) => ({ tickformat: Math.max(...values.map(Math.abs)) < 1e4 ? ",~r" : "~s" });

  // Panels one over the other on one time axis, each under its own heading. A panel: heading, share, traces, axis.
  // The legend, of entries so high, stands above them; all margins are reckoned here, so that nothing moves.
  const stack = (id, panels, entry) => kit.draw(id, () => stacked(id, panels(), entry));

  function stacked(id, panels, entry) {
    const box = document.getElementById(id);
    const left = 64, right = 16, bottom = 32;
    const named = panels.flatMap((p) => p.traces).filter((t) => t.showlegend).map((t) => t.name);
    const letters = 7 * Math.max(0, ...named.map((name) => name.length)), widest = letters + 56;
    const columns = Math.max(1, Math.floor((box.clientWidth - left - right) / widest));
    const top = named.length ? 8 + entry * Math.ceil(named.length / columns) : 0;
    const headings = panels.map((p) => wrapped(p.heading, box.clientWidth - 16));
    const above = headings.map((lines) => gap + (lines.length - 1) * 15);
    const first = above[0] + top;
    const inner = box.clientHeight - first - bottom;
    const free = inner - above.slice(1).reduce((a, b) => a + b, 0);
    const shares = panels.reduce((a, p) => a + p.share, 0);
    const extra = {}, annotations = [], traces = [];
    let high = 1;
    panels.forEach((p, i) => {
      const low = Math.max(0, high - p.share / shares * free / inner);
      const axis = i ? `y${i + 1}` : "y";
      extra[`yaxis${i ? i + 1 : ""}`] = { domain: [low, high], zeroline: true, automargin: false, ...p.axis };
      annotations.push({ text: headings[i].map(text).join("<br>"), x: 0, xref: "paper", xanchor: "left", align: "left", xshift: 4 - left, y: high, yref: "paper", yanchor: "bottom", yshift: 4, showarrow: false, font: { size: 12, color: css("--ink") } });
      traces.push(...p.traces.map((t) => ({ ...t, yaxis: axis, mode: "lines" })));
      high = Math.max(0, low - (above[i + 1] || 0) / inner);
    });
    Plotly.react(id, traces, layout({
      hoversubplots: "axis", hoversort: "trace", xaxis: timeAxis({ anchor: panels.length > 1 ? `y${panels.length}` : "y", automargin: false, tickangle: 0, nticks: Math.floor(box.clientWidth / 90) }), ...extra,
      annotations, shapes: thesis(), margin: { l: left, r: right, t: first, b: bottom, autoexpand: false },
      showlegend: top > 0, legend: { orientation: "h", entrywidth: letters, x: 0, xanchor: "left", y: 1 + (above[0] + 4) / inner, yanchor: "bottom", font: { size: 12 } },
    }), config);
    link(id);
  }

  const line = ({ x, y }, name, format, extra) => ({ x, y, type: "scatter", name, showlegend: false, hovertemplate: said(format), ...extra });

  function drawTraded() {
    const v = byName.get(state.picked), t = v.traded, box = document.getElementById("traded");
    box.hidden = !t || !t.spread || t.spread.steps.length < 2; // a single row is in the words
    if (!box.hidden) stack("traded", () => spreadOf(v, t), 20);
  }

  function spreadOf(v, t) {
    const own = { color: colour(v.name), width: 2 }, thin = { color: css("--ink"), width: 1.5 }, position = path(t.position);
    const panels = [
      { heading: `${t.label}, bp`, share: 4, axis: {}, traces: [line(path(t.spread), text(t.label), ".0f", { line: own })] },
      { heading: "z-score: standard deviations from its mean until then", share: 2, axis: { nticks: 4 }, traces: [line(path(t.score), "z-score", ".1f", { line: thin })] },
      { heading: `Position, USD a bp: + gains as the ${t.what} ${t.gains}`, share: 3, axis: thousands(position.y), traces: [line(position, "position", ",.0f", { line: { ...own, width: 1.5, shape: "hv" }, fill: "tozeroy" })] },
    ];
    const names = Object.keys(t.signals);
    if (names.length) {
      const colours = names.length > 1 ? ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442"] : [css("--ink")];
      const dashes = ["solid", "dash", "dot"];
      panels.push({ heading: names.length > 1 ? "Signals" : "Signal", share: 2, axis: { nticks: 4 }, traces: names.map((name, i) => line(path(t.signals[name]), text(name), ".2f", { showlegend: names.length > 1, line: { color: kit.hue(colours[i % colours.length]), dash: dashes[i % 3], width: 1.5 } })) });
    }
    return panels;
  }

  // Longs stand on zero and shorts hang from it, so a bucket has a part in each stack; the hover says it once.
  function areas(buckets) {
    return buckets.flatMap(({ x, y, ...series }) => {
      const fill = data.buckets[series.curve][series.bucket]; // a shade of its country's colour; the pattern says the country too
      const part = (usd, group, extra) => line({ x, y: usd }, series.name, ",.0f", {
        stackgroup: group, legendgroup: series.name, line: { color: fill, width: 0.5, shape: "hv" }, fillcolor: fill,
        fillpattern: { shape: data.buckets[series.curve].pattern, size: 6, solidity: 0.25, fgcolor: css("--paper"), fgopacity: 0.8, bgcolor: fill }, ...extra,
      });
      return [
        part(y.map((usd) => Math.max(0, usd)), "long", { showlegend: true, customdata: y, hovertemplate: said(",.0f").replace("{y", "{customdata") }),
        part(y.map((usd) => Math.min(0, usd)), "short", { hoverinfo: "skip", hovertemplate: undefined }),
      ];
    });
  }

  function drawExposure() {
    const v = byName.get(state.picked), t = v.traded, box = document.getElementById("exposure"), held = t && path(t.gross);
    box.hidden = !t || held.y.length < 2 || !held.y.some((x) => x);
    if (!box.hidden) stack("exposure", () => exposureOf(v, t, held), 28);
  }

  function exposureOf(v, t, held) {
    const own = { color: colour(v.name), width: 2 }, beta = path(t.beta);
    const buckets = t.buckets.map((bucket, i) => ({ ...bucket, ...path(t.dv01[i]) }));
    const gross = [line(held, "gross", ".2f", { line: { ...own, shape: "hv" } })];
    if (t.margin) gross.push(line(path(t.margin), "listed longs above equity", ".2f", { line: { color: css("--ink"), width: 1.5, dash: "dot", shape: "hv" } }));
    return [
      ...(buckets.length ? [{ heading: "DV01, USD a bp: + gains as yields fall", share: 5, axis: thousands(buckets.flatMap((series) => series.y)), traces: areas(buckets) }] : []),
      ...(beta.y.some((y) => y !== null) ? [{ heading: `Beta to the level of rates, ${data.window}, years of duration`, share: 3, axis: {}, traces: [line(beta, "beta", ".1f", { line: own })] }] : []),
      { heading: "Carry and roll-down ex ante, bp of equity a year", share: 3, axis: {}, traces: [line(path(t.carry), "carry and roll-down", ".0f", { line: own })] },
      { heading: "Gross, × equity", share: 2, axis: { rangemode: "tozero", nticks: 4 }, traces: gross },
      ...(t.tied ? [{ heading: "Initial margin, % of equity", share: 2, axis: { rangemode: "tozero", nticks: 4 }, traces: [line(path(t.tied), "initial margin", ".1f", { line: { ...own, shape: "hv" } })] }] : []),
    ];
  }

  function draw() { drawTraded(); drawExposure(); }
  report.picked.push(draw);
  draw();
})();
