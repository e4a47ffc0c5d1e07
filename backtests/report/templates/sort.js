"use strict";
// Headings of a table as buttons that sort it. `sort(heading, direction)` does the sorting; 1 is ascending.
function sortable(table, sort) {
  const headings = [...table.tHead.rows[0].cells];
  for (const heading of headings) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      sort(heading, up ? 1 : -1);
    });
  }
}

// A table whose rows are already there: by the number in a cell, else by its text. What is absent comes last.
function sortRows(table) {
  const value = (row, column) => {
    const text = row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
    if (text === "–" || text === "") return null;
    const number = Number(text.replace(/−/g, "-").replace(/,/g, ""));
    return Number.isNaN(number) ? text.toLowerCase() : number;
  };
  sortable(table, (heading, direction) => {
    const column = heading.cellIndex;
    const rows = [...table.tBodies[0].rows].map((row) => [value(row, column), row]);
    rows.sort(([a], [b]) => (a === null ? 1 : b === null ? -1 : direction * (a < b ? -1 : a > b ? 1 : 0)));
    table.tBodies[0].append(...rows.map(([, row]) => row));
  });
}
