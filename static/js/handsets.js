// Keeps the phones up to date. Without it, reloading the page does the same.
"use strict";

const EVERY_MS = 2000;

function atBottom(box) {
  return box.scrollHeight - box.scrollTop - box.clientHeight < 40;
}

function scrollToEnd() {
  const screen = document.querySelector("[data-refresh=thread]");
  if (screen) screen.scrollTop = screen.scrollHeight;
}

async function refresh() {
  const shown = document.querySelector("[data-refresh]");
  if (!shown || document.hidden || shown.contains(document.activeElement) && document.activeElement !== shown) return;
  const answer = await fetch(location.pathname, { credentials: "same-origin" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-refresh]");
  if (!fresh || fresh.innerHTML === shown.innerHTML) return;
  const follow = atBottom(shown);
  shown.replaceChildren(...fresh.childNodes);
  if (follow) scrollToEnd();
}

async function refreshForEver() {
  try {
    await refresh();
  } catch {
    // The next round tries again.
  }
  setTimeout(refreshForEver, EVERY_MS);
}

// After a reply was refused the address only takes POST.
if (!location.pathname.endsWith("/reply/") && !location.pathname.endsWith("/open/")) {
  setTimeout(refreshForEver, EVERY_MS);
}
scrollToEnd();
