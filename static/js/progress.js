// Redraws figures that change: a running campaign's progress, or what leaves now. Without it a
// link does the same.
"use strict";

const progress = document.getElementById("progress");

async function redraw() {
  if (!progress.querySelector("[data-live]")) return;
  if (!document.hidden && !progress.contains(document.activeElement)) {
    const response = await fetch(progress.dataset.address, { credentials: "same-origin" });
    if (response.redirected || !response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    progress.replaceChildren(...page.body.childNodes);
  }
  wait();
}

function wait() {
  setTimeout(() => redraw().catch(wait), Number(progress.dataset.seconds || 2) * 1000);
}

if (progress) wait();
