"use strict";
// What pages with plots share: colours, words, layout, labels at lines, the variants drawn.
const kit = (() => {
  const MANY = 30; // variants above which the rest are listed, and hovered over together, on demand
  const DASHES = { solid: "", dash: "6 4", dot: "2 3", dashdot: "6 3 2 3" };
  const config = { responsive: true, displaylogo: false, displayModeBar: false };

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const ink = () => css("--ink");
  const wide = () => window.innerWidth >= 800;
  const text = (s) => String(s).replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const shorter = (s) => (s.length > 24 ? s.slice(0, 23) + "…" : s);
  const colour = (style) => (style.colour === "ink" ? ink() : style.colour);
  const stroke = (style) => ({ color: colour(style), dash: style.dash, width: style.colour === "ink" ? 1.5 : 2 });

  function layout(extra) {
    const axis = { gridcolor: css("--line"), zerolinecolor: css("--soft"), linecolor: css("--line"), tickfont: { size: 12 }, automargin: true };
    const result = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, hovermode: "x unified",
      hoversort: "value descending", font: { family: "system-ui, sans-serif", size: 12, color: ink() },
      hoverlabel: { bgcolor: css("--panel"), bordercolor: css("--line"), font: { color: ink(), size: 12 } },
      margin: { l: 56, r: 16, t: 8, b: 32 }, dragmode: wide() ? "zoom" : false, ...extra,
    };
    for (const key of Object.keys(result)) if (/^[xy]axis\d?$/.test(key)) result[key] = { ...axis, ...result[key] };
    return result;
  }

  // Of so many lines, what stands under the mouse: all at its date, or above MANY the nearest.
  const hover = (lines) => (lines > MANY ? "closest" : "x unified");
  const labelled = (lines) => wide() && lines > 0 && lines <= 6;
  const vertical = (day) => ({ type: "line", xref: "x", yref: "paper", x0: day, x1: day, y0: 0, y1: 1, line: { color: css("--soft"), width: 1, dash: "dash" } });

  // Labels at the right ends of lines { name, colour, end }, pushed apart so that none covers another.
  function endLabels(lines, [low, high], height) {
    const labels = lines.map((line) => ({ ...line, at: (line.end - low) / (high - low) * height })).sort((a, b) => a.at - b.at);
    for (let i = 1; i < labels.length; i++) labels[i].at = Math.max(labels[i].at, labels[i - 1].at + 15);
    const over = labels.length ? Math.max(0, labels[labels.length - 1].at - height) : 0;
    return labels.map((label) => ({
      xref: "paper", x: 1, xanchor: "left", xshift: 6, yref: "y domain", yanchor: "middle", y: Math.min(1, Math.max(0, (label.at - over) / height)),
      text: text(shorter(label.name)), showarrow: false, font: { size: 12, color: label.colour },
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

  return { config, css, ink, wide, text, shorter, colour, stroke, layout, hover, labelled, vertical, endLabels, press, chips };
})();
