/**
 * The one script: follows the events, asks for the same page again, and swaps the fragments that changed. It leaves a
 * fragment alone while a person has a form open in it. Without it every page works and reloads by itself.
 */
export const liveScript = `"use strict";
(() => {
  const main = document.querySelector("main[data-position]");
  const state = document.getElementById("link-state");
  if (!main || !state || !window.EventSource) return;
  let running = false;
  let again = false;
  let timer = 0;

  const inUse = (fragment) =>
    fragment.querySelector("details[open]") !== null ||
    (fragment.contains(document.activeElement) && document.activeElement.matches("input"));

  function swap(next) {
    const known = document.querySelectorAll("[data-live]");
    const fresh = next.querySelectorAll("[data-live]");
    const same = known.length === fresh.length && [...fresh].every((one) => document.getElementById(one.id));
    if (!same && ![...known].some(inUse)) {
      main.replaceChildren(...next.querySelector("main").childNodes);
      return;
    }
    for (const one of fresh) {
      const old = document.getElementById(one.id);
      if (old && old.outerHTML !== one.outerHTML && !inUse(old)) old.replaceWith(one);
    }
  }

  async function refresh() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.redirected) return location.reload();
      if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      state.textContent = "Gantry does not answer";
    } finally {
      running = false;
      if (again) {
        again = false;
        soon();
      }
    }
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(refresh, 150);
  }

  const source = new EventSource("/api/v1/events?after=" + main.dataset.position);
  source.onopen = () => { state.textContent = "live"; soon(); };
  source.onerror = () => { state.textContent = "connecting again"; };
  source.onmessage = soon;
  setInterval(() => { if (!document.hidden) soon(); }, 5000);
  state.textContent = "connecting";
})();
`;
