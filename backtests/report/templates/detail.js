"use strict";
// The picked variant's trades, and what can be downloaded whole.
(() => {
  const data = report.detail();
  const { figure } = kit;
  const table = document.getElementById("trades"), select = document.getElementById("trades-of");

  // A quote is a day and an instrument, its price, the exchange rate, and what a dollar of it costs to trade.
  function trades(name) {
    let quote = 0;
    return data.trades[name].quote.map((step, i) => {
      const [day, leg, price, fx, rate] = data.quotes[quote += step], units = data.trades[name].units[i];
      const contracts = data.trades[name].contracts?.[i] ?? null;
      const notional = Math.abs(units) * price * fx;
      return { day: data.days[day], leg: data.instruments[leg], side: (contracts ?? units) < 0 ? "sold" : "bought", units, contracts, price, fx, notional, cost: notional * rate };
    });
  }

  function row({ day, leg, side, units, contracts, price, notional, cost }) {
    const row = document.createElement("tr");
    const amount = contracts === null ? [figure(units, 0), units] : [`${figure(contracts, 0)} contract${Math.abs(contracts) === 1 ? "" : "s"}`, contracts];
    const cells = [[day], [leg], [side], amount, [figure(price, 2), price], [figure(notional, 0), notional], [figure(cost, 0), cost]];
    row.append(...cells.map(([text, value], i) => {
      const cell = document.createElement(i ? "td" : "th");
      if (!i) cell.scope = "row";
      if (i && i < 3) cell.className = "text";
      if (value !== undefined) cell.dataset.value = value;
      cell.textContent = text;
      return cell;
    }));
    return row;
  }

  table.addEventListener("drawn", () => {
    const { rows, of } = tables.shown(table), all = of.toLocaleString("en-US");
    document.getElementById("trades-note").textContent =
      rows < of ? `The first ${rows} of ${all} trades in this order; the CSV holds all.` : `${all} trade${of === 1 ? "" : "s"}.`;
  });
  function list() {
    document.getElementById("trades-caption").textContent = `Trades of ${select.value}`;
    tables.fill(table, trades(select.value).map(row));
  }

  function month([year, first], at) {
    const months = year * 12 + first - 1 + at;
    return `${Math.floor(months / 12)}-${String(months % 12 + 1).padStart(2, "0")}`;
  }
  const content = {
    trades() {
      const rows = Object.keys(data.trades).flatMap((name) => trades(name).map((t) => [t.day, name, t.leg, t.side, t.units, t.contracts, t.price, t.fx, t.notional, t.cost]));
      return [["date", "variant", "instrument", "side", "units", "contracts", "price", "fx", "notional_usd", "cost_usd"], ...rows];
    },
    months() {
      const rows = Object.entries(data.months).flatMap(([name, { first, values }]) => values.map((value, i) => [name, month(first, i), value]));
      return [["variant", "month", "excess_return"], ...rows.filter(([, , value]) => value !== null).map(([name, of, value]) => [name, of, value / data.parts])];
    },
    summary() {
      return [["variant", ...data.figures.keys], ...Object.entries(data.figures.rows).map(([name, figures]) => [name, ...figures])];
    },
  };
  for (const button of document.querySelectorAll("[data-csv]")) {
    button.addEventListener("click", () => tables.save(`${data.name}-${button.dataset.csv}.csv`, content[button.dataset.csv]()));
  }

  report.picked.push(list);
  list();
})();
