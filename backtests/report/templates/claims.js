"use strict";
// A claim that a link leads to is opened, and all of them for print.
const claims = (() => {
  const every = () => document.querySelectorAll(".claims details");

  function follow() {
    const article = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = article && article.querySelector(":scope > details");
    if (!details) return;
    details.open = true;
    article.scrollIntoView();
  }

  function ready() {
    const opened = [];
    addEventListener("hashchange", follow);
    addEventListener("beforeprint", () => every().forEach((details) => { if (!details.open) { details.open = true; opened.push(details); } }));
    addEventListener("afterprint", () => opened.splice(0).forEach((details) => { details.open = false; }));
    follow();
  }

  return { ready };
})();
