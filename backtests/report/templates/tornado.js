// The picked variant under every disputable convention: a bar from the lowest Sharpe ratio to the highest.
(() => {
  const { data, state } = report, { css, text, layout, config } = kit;
  const box = document.getElementById("tornado");
  if (!box) return;

  function drawTornado() {
    const { variants } = data.tornado, variant = variants?.[state.picked];
    box.hidden = !variant || variant.base === null || !variant.bars.length;
    if (!box.hidden) kit.draw("tornado", () => tornado(data.tornado.words, variant));
  }

  function tornado(words, variant) {
    const bars = [...variant.bars].reverse();
    const side = (key, name, colour) => ({
      type: "bar", orientation: "h", y: bars.map((b) => words[b.label]), base: variant.base, name,
      x: bars.map((b) => b[key] - variant.base), hovertemplate: bars.map((b) => `${text(words[b[`${key}Label`]] || "as run")}: ${b[key].toFixed(2)}<extra></extra>`),
      marker: { color: colour, opacity: bars.map((b) => (b.world ? 1 : 0.55)), pattern: { shape: bars.map((b) => (b.world ? "" : "/")), solidity: 0.25 } },
    });
    Plotly.react("tornado", [side("low", "lower", kit.hue("#D55E00")), side("high", "higher", kit.hue("#0072B2"))], layout({
      barmode: "overlay", hovermode: "closest", bargap: 0.35, margin: { l: 150, r: 16, t: 8, b: 44 },
      xaxis: { title: { text: "Sharpe ratio", standoff: 8 }, zeroline: true, automargin: false },
      yaxis: { showgrid: false, automargin: false, ticksuffix: " " },
      shapes: [{ type: "line", xref: "x", yref: "paper", x0: variant.base, x1: variant.base, y0: 0, y1: 1, line: { color: css("--ink"), width: 1.5 } }],
    }), config);
  }

  report.picked.push(drawTornado);
  drawTornado();
})();
