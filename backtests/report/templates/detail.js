"use strict";
(() => {
  const data = JSON.parse(document.getElementById("detail").textContent);
  const table = document.getElementById("trades");
  const select = document.getElementById("trades-of");
  const order = { key: "day", direction: -1 };

  const figure = (value, digits) => value === null ? "–" : value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−");
  const side = (units) => (units < 0 ? "sold" : "bought");

  function trades(name) {
    const columns = data.trades[name];
    return columns.day.map((day, i) => ({
      variant: name, day: data.days[day], leg: data.instruments[columns.leg[i]], side: side(columns.units[i]),
      units: columns.units[i], price: columns.price[i], fx: columns.fx[i], notional_usd: columns.notional_usd[i], cost_usd: columns.cost_usd[i],
    }));
  }

  function list() {
    const all = trades(select.value);
    const { key, direction } = order;
    all.sort((a, b) => direction * (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0));
    table.tBodies[0].replaceChildren(...all.slice(0, data.shown).map((trade) => {
      const row = document.createElement("tr");
      const cells = [trade.day, trade.leg, trade.side, figure(trade.units, 0), figure(trade.price, 2), figure(trade.notional_usd, 0), figure(trade.cost_usd, 0)];
      row.append(...cells.map((text, i) => {
        const cell = document.createElement(i ? "td" : "th");
        if (!i) cell.scope = "row";
        if (i && i < 3) cell.className = "text";
        cell.textContent = text;
        return cell;
      }));
      return row;
    }));
    document.getElementById("trades-caption").textContent = `Trades of ${select.value}`;
    document.getElementById("trades-note").textContent =
      all.length > data.shown ? `The first ${data.shown} of ${all.length.toLocaleString("en-US")} trades in this order; the CSV holds all.` : `${all.length} trade${all.length === 1 ? "" : "s"}.`;
  }

  const quoted = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  const csv = (rows) => rows.map((row) => row.map(quoted).join(",") + "\r\n").join("");

  const content = {
    trades() {
      const keys = ["day", "variant", "leg", "side", "units", "price", "fx", "notional_usd", "cost_usd"];
      const rows = Object.keys(data.trades).flatMap(trades).map((trade) => keys.map((key) => trade[key]));
      return [["date", "variant", "instrument", "side", "units", "price", "fx", "notional_usd", "cost_usd"], ...rows];
    },
    months() {
      const rows = Object.entries(data.months).flatMap(([name, list]) => list.map(([year, month, value]) => [name, `${year}-${String(month).padStart(2, "0")}`, value]));
      return [["variant", "month", "excess_return"], ...rows];
    },
    summary() {
      const keys = [...new Set(Object.values(data.figures).flatMap(Object.keys))];
      return [["variant", ...keys], ...Object.entries(data.figures).map(([name, figures]) => [name, ...keys.map((key) => figures[key])])];
    },
  };

  for (const button of document.querySelectorAll("[data-csv]")) {
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      const address = URL.createObjectURL(new Blob([csv(content[button.dataset.csv]())], { type: "text/csv;charset=utf-8" }));
      link.href = address;
      link.download = `${data.name}-${button.dataset.csv}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 1000);
    });
  }

  for (const picker of document.querySelectorAll("select.pick")) {
    picker.addEventListener("change", () => { select.value = picker.value; list(); });
  }
  sortable(table, (heading, direction) => { order.key = heading.dataset.key; order.direction = direction; list(); });
  table.tHead.querySelector("[data-key=day]").setAttribute("aria-sort", "descending");
  list();
})();
