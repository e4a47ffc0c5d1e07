"use strict";
// A ticket's own buttons: its words, its positions as a file that goes in again, and paper.
(() => {
  const ticket = JSON.parse(document.getElementById("data").textContent);
  const status = document.getElementById("status");
  document.getElementById("copy").addEventListener("click", async () => {
    await tables.copy(ticket.text);
    status.textContent = "Copied";
  });
  document.getElementById("csv").addEventListener("click", () => tables.save(ticket.name, ticket.rows));
  document.getElementById("print").addEventListener("click", () => print());
  page.theme(() => {});
  page.ready();
})();
