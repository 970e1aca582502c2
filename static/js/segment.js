// Keeps the count of a segment fresh while it is written. The page works without it.
"use strict";

const form = document.getElementById("segment-form");
const count = document.getElementById("segment-count");
let waiting;
let asked = 0;

async function recount() {
  const question = ++asked;
  const response = await fetch(form.dataset.countUrl, {
    method: "POST",
    body: new FormData(form),
    credentials: "same-origin",
  });
  const words = await response.text();
  if (!response.ok || question !== asked) return;
  count.replaceChildren(
    ...words.split("\n").map((line) => {
      const paragraph = document.createElement("p");
      paragraph.textContent = line;
      return paragraph;
    }),
  );
}

function redraw(event) {
  const button = document.createElement("button");
  button.name = "press";
  button.value = event.target.dataset.redraw;
  button.hidden = true;
  form.append(button);
  form.requestSubmit(button);
}

document.documentElement.classList.add("scripted");
form.addEventListener("change", (event) => {
  if (event.target.dataset.redraw) redraw(event);
});
form.addEventListener("input", (event) => {
  if (event.target.dataset.redraw) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => recount().catch(() => {}), 400);
});
