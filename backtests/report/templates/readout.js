"use strict";
// Many lines at one day: their figures in a list under the plot, sorted, in place of a box that covers half of it.
const readout = (() => {
  const FEW = 6; // lines that a box beside the mouse holds

  // What stands under the mouse: in a box of a few lines, of more in the list, of very many the nearest.
  function hover(lines) {
    return lines > FEW && lines <= 30 ? "x" : kit.hover(lines);
  }

  function attach(plot, list, digits) {
    plot.on("plotly_hover", ({ points }) => {
      const shown = points.filter((point) => point.data.yaxis === "y" || !point.data.yaxis).sort((a, b) => b.y - a.y);
      list.hidden = shown.length <= FEW;
      if (list.hidden) return;
      const day = document.createElement("strong");
      day.textContent = String(shown[0].x).slice(0, 10);
      list.replaceChildren(day, ...shown.map((point) => {
        const item = document.createElement("span"), mark = document.createElement("i");
        mark.style.background = point.data.line.color;
        item.append(mark, `${point.data.meta} ${point.y.toFixed(digits)}`.replace("-", "−"));
        return item;
      }));
    });
    plot.on("plotly_unhover", () => { list.hidden = true; });
  }

  const quiet = (lines) => (lines > FEW && lines <= 30 ? { hoverinfo: "none", hovertemplate: null } : {});

  return { hover, attach, quiet };
})();
