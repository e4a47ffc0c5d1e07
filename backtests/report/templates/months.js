// The picked variant's years by month, as dark as a return is large: its months and its years by a measure each.
(() => {
  const { state, picked } = report, { months, parts } = report.detail();
  const table = document.getElementById("months");

  function words(value) {
    const text = kit.figure(100 * value / parts, 1);
    return /[1-9]/.test(text) ? text : text.replace("−", "");
  }

  function cell(value, darkest, total) {
    const made = document.createElement("td");
    if (value === null) return made;
    made.className = `${value < 0 ? "d" : "u"}${Math.round(9 * Math.min(1, Math.abs(value) / darkest))}${total}`;
    made.textContent = words(value);
    return made;
  }

  function row([year, whole], { first, values, darkest: [month, total] }) {
    const made = document.createElement("tr"), head = document.createElement("th"), before = (year - first[0]) * 12 - first[1] + 1;
    head.scope = "row";
    head.textContent = year;
    made.append(head, ...Array.from({ length: 12 }, (_, i) => cell(values[before + i] ?? null, month, "")), cell(whole, total, " total"));
    return made;
  }

  function draw() {
    const own = months[state.picked];
    table.closest(".table").dataset.of = state.picked;
    document.getElementById("months-caption").textContent = `${state.picked}: return in excess of cash by the month a bar ends in, %. Blue is a gain, vermilion a loss, as dark either way; months and years have scales of their own.`;
    tables.fill(table, own.years.map((year) => row(year, own)));
  }
  picked.push(draw);
  draw();
})();
