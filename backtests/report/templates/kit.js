"use strict";
// What pages with plots share: colours, words, layout, labels at lines, the variants drawn.
const kit = (() => {
  const MANY = 30; // variants above which the rest are listed, and hovered over together, on demand
  const DASHES = { solid: "", dash: "6 4", dot: "2 3", dashdot: "6 3 2 3" };
  const config = { responsive: true, displaylogo: false, displayModeBar: false };

  // A token of the style sheet, asked for once a theme: to ask is to have the whole page's style worked out.
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
  let tokens = new Map(), tokensOf;
  function css(name) {
    const theme = root.dataset.theme ?? dark.matches;
    if (theme !== tokensOf) [tokens, tokensOf] = [new Map(), theme];
    if (!tokens.has(name)) tokens.set(name, getComputedStyle(root).getPropertyValue(name).trim());
    return tokens.get(name);
  }
  const ink = () => css("--ink");
  const wide = () => window.innerWidth >= 800;
  const text = (s) => String(s).replace(/&/g, "&amp;").replace(/</g, "&lt;");
  // A figure of so many decimals; to make what formats it takes longer than to format.
  const formats = [];
  function figure(value, digits) {
    formats[digits] ??= new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return formats[digits].format(value).replace("-", "−");
  }
  const shorter = (s, most = 24) => (s.length > most ? s.slice(0, most - 1) + "…" : s);
  // A hue as the theme has it, lighter on dark paper; of words, darker on white, where yellow and its like cannot be read.
  const toned = (kind, hue) => css(`--${kind}-${hue.slice(1).toLowerCase()}`) || hue;
  const hue = (colour) => (colour[0] === "#" ? toned("hue", colour) : colour);
  const colour = (style) => (style.colour === "ink" ? ink() : hue(style.colour));
  const stroke = (style) => ({ color: colour(style), dash: style.dash, width: style.colour === "ink" ? 1.5 : 2 });

  // A plot in sight is drawn at once, one near the window soon, any other when nothing else is to be done; what changes
  // later out of sight is drawn when it comes near. Paper has all.
  const AHEAD = 600; // pixels
  const REST = 50; // milliseconds after the last that was near
  const seen = new Set(), near = new Set(); // ids of plots in sight, and of those near
  const known = new Map(), late = new Map(); // how each plot was drawn last; what is to be done of those that wait
  let every = false, soon = 0;
  function watcher(ids, margin) {
    return new IntersectionObserver((changes) => {
      for (const { target: { id }, isIntersecting } of changes) isIntersecting ? ids.add(id) : ids.delete(id);
      next();
    }, { rootMargin: `${margin}px 0px` });
  }
  let watchers;
  function watch() {
    if (watchers) return;
    watchers = [watcher(seen, 0), watcher(near, AHEAD)];
    for (const plot of document.querySelectorAll(".plot")) {
      const { top, bottom, width } = plot.getBoundingClientRect();
      if (width && top < innerHeight + AHEAD && bottom > -AHEAD) near.add(plot.id);
      if (width && top < innerHeight && bottom > 0) seen.add(plot.id);
      watchers.forEach((watcher) => watcher.observe(plot));
    }
  }
  function catchUp(id) {
    const how = late.get(id);
    if (!late.delete(id)) return;
    delete document.getElementById(id).dataset.late;
    how();
  }
  // What came near is drawn between frames, one plot at a time, so that it holds up nothing that is asked for.
  const due = () => [...seen, ...near].find((id) => late.has(id));
  const unseen = () => [...late.keys()].find((id) => {
    const plot = document.getElementById(id);
    return !plot.querySelector(".main-svg") && plot.checkVisibility();
  });
  let idle = 0;
  function rest() {
    clearTimeout(idle);
    if (unseen()) idle = setTimeout(() => requestIdleCallback(() => {
      const id = unseen();
      if (id) catchUp(id);
      rest();
    }), REST);
  }
  function next() {
    if (soon) return;
    if (!due()) return rest();
    soon = requestAnimationFrame(() => setTimeout(() => {
      soon = 0;
      const id = due();
      if (id) catchUp(id);
      next();
    }));
  }
  function put(id, how) {
    watch();
    late.set(id, how);
    document.getElementById(id).dataset.late = "true";
    if (every || seen.has(id)) catchUp(id);
    else next();
  }
  function draw(id, how) {
    known.set(id, how);
    put(id, how);
  }
  // A change to what is drawn: of a plot that is to be drawn anew, nothing.
  function move(id, how) { if (!late.has(id)) put(id, how); }
  // All plots as they were drawn, in what colours and at what width the page has now.
  function again() {
    for (const [id, how] of known) if (document.getElementById(id).checkVisibility()) put(id, how);
  }
  // Paper has every plot, wherever it is.
  function paper(whether) {
    every = whether;
    again();
  }

  function layout(extra) {
    const axis = { gridcolor: css("--line"), zerolinecolor: css("--soft"), linecolor: css("--line"), tickfont: { size: 12 }, automargin: true };
    const result = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, hovermode: "x unified",
      hoversort: "value descending", font: { family: "system-ui, sans-serif", size: 12, color: ink() },
      hoverlabel: { bgcolor: css("--panel"), bordercolor: css("--line"), font: { color: ink(), size: 12 } },
      margin: { l: 56, r: 16, t: 8, b: 32 }, dragmode: wide() ? "zoom" : false, ...extra,
    };
    for (const key of Object.keys(result)) if (/^[xy]axis\d?$/.test(key)) {
      result[key] = { ...axis, ...result[key] };
      if (result[key].title) result[key].title = { font: { size: 12 }, ...result[key].title };
    }
    return result;
  }

  // Of so many lines, what stands under the mouse: all at its date, or above MANY the nearest.
  const hover = (lines) => (lines > MANY ? "closest" : "x unified");
  const labelled = (lines) => wide() && lines > 0 && lines <= 6;
  const vertical = (day) => ({ type: "line", xref: "x", yref: "paper", x0: day, x1: day, y0: 0, y1: 1, line: { color: css("--soft"), width: 1, dash: "dash" } });

  // Labels at the right ends of lines { name, colour, end, said }, pushed apart so that none covers another.
  const label = ({ name, said }) => `${shorter(name, 28)}${said ? ` ${said}` : ""}`;
  const labelWidth = (lines) => 16 + 7.4 * Math.max(...lines.map((line) => label(line).length));
  function endLabels(lines, [low, high], height) {
    const labels = lines.map((line) => ({ ...line, at: (line.end - low) / (high - low) * height })).sort((a, b) => a.at - b.at);
    for (let i = 1; i < labels.length; i++) labels[i].at = Math.max(labels[i].at, labels[i - 1].at + 16);
    const over = labels.length ? Math.max(0, labels[labels.length - 1].at - height) : 0;
    return labels.map((line) => ({
      xref: "paper", x: 1, xanchor: "left", xshift: 6, yref: "y domain", yanchor: "middle", y: Math.min(1, Math.max(0, (line.at - over) / height)),
      text: text(label(line)), showarrow: false, font: { size: 12, color: toned("label", line.colour) },
    }));
  }

  function press(button, on) { button.setAttribute("aria-pressed", on); }

  // A button for each variant, which draws its line or not; of many the first, those drawn, and the rest on demand.
  function chips(holder, variants, styles, drawn, change) {
    const listed = variants.filter((v, i) => i < MANY || drawn.has(v.name) || holder.dataset.whole);
    const buttons = listed.map((v) => {
      const button = document.createElement("button"), style = styles[v.name];
      button.type = "button";
      button.className = "chip";
      press(button, drawn.has(v.name));
      button.innerHTML = `<svg width="24" height="8" aria-hidden="true"><line x1="0" y1="4" x2="24" y2="4" stroke="${colour(style)}" stroke-width="3" stroke-dasharray="${DASHES[style.dash]}"/></svg>`;
      button.append(v.name);
      button.addEventListener("click", () => {
        if (!drawn.delete(v.name)) drawn.add(v.name);
        press(button, drawn.has(v.name));
        change();
      });
      return button;
    });
    if (listed.length < variants.length) {
      const more = document.createElement("button");
      more.type = "button";
      more.textContent = `${variants.length - listed.length} more variants`;
      more.addEventListener("click", () => {
        holder.dataset.whole = "true";
        chips(holder, variants, styles, drawn, change);
        holder.children[listed.length].focus();
      });
      buttons.push(more);
    }
    holder.replaceChildren(...buttons);
  }

  return { config, css, ink, wide, text, figure, hue, shorter, colour, stroke, layout, hover, labelled, vertical, endLabels, labelWidth, press, chips, draw, move, again, paper };
})();
