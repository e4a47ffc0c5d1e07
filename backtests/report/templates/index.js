"use strict";
// Ticked runs become the command that compares them, as it is typed in the folder above this one.
(() => {
  const table = document.getElementById("runs"), line = document.getElementById("compare");
  const code = line.querySelector("code"), button = line.querySelector("button");
  const ticked = new Set();
  const typed = (folder) => (/^[\w.-]+$/.test(folder) ? `runs/${folder}` : `'runs/${folder.replace(/'/g, "'\\''")}'`);

  function show() {
    line.hidden = ticked.size === 0;
    code.textContent = `divergence compare ${[...ticked].map(typed).join(" ")}${ticked.size === 1 ? " ANOTHER" : " --out compared"}`;
    for (const row of tables.rows(table)) row.querySelector("input").checked = ticked.has(row.dataset.folder);
  }
  table.addEventListener("change", ({ target }) => {
    if (!ticked.delete(target.value)) ticked.add(target.value);
    show();
  });
  button.addEventListener("click", async () => {
    await tables.copy(code.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
})();
