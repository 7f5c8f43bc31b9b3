/**
 * The one script of the page: follows the events, asks for the page again and swaps what changed; sends what the person does; shows
 * the confirm dialog and modals as native dialogs.
 */
export const pageScript = `"use strict";
(() => {
  const { user, channel } = document.body.dataset;
  const state = document.getElementById("link-state");
  const confirmDialog = document.getElementById("confirm");
  const slot = document.getElementById("modal-slot");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  let running = false;
  let again = false;

  async function post(path, body) {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user, ...body }),
    }).catch(() => null);
    if (answer === null || !answer.ok) state.textContent = answer === null ? "not connected" : (await answer.json()).error;
  }

  function swap(next) {
    const atBottom = innerHeight + scrollY >= document.documentElement.scrollHeight - 40;
    const focused = document.activeElement?.id;
    for (const one of next.querySelectorAll("[data-live]")) {
      const old = document.getElementById(one.id);
      if (old && old.outerHTML !== one.outerHTML) old.replaceWith(one);
    }
    for (const one of next.querySelectorAll("[data-fault]"))
      document.querySelector('[data-fault="' + one.dataset.fault + '"]').checked = one.checked;
    if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
    if (atBottom) scrollTo(0, document.documentElement.scrollHeight);
    showModal(next.getElementById("modal"));
  }

  function showModal(next) {
    const old = document.getElementById("modal");
    if (old && next && old.dataset.hash === next.dataset.hash) return;
    const typed = old && next && old.dataset.view === next.dataset.view ? inputs(old) : {};
    old?.remove();
    if (!next) return;
    slot.append(next);
    for (const [name, value] of Object.entries(typed)) {
      const field = next.querySelector("form").elements.namedItem(name);
      if (field) field.value = value;
    }
    openModal(next);
  }

  function openModal(dialog) {
    const view = dialog.dataset.view;
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      void post("/page/submit", { view, inputs: inputs(dialog) });
    });
    dialog.querySelector("button[value=close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => void post("/page/close", { view }));
    dialog.showModal();
  }

  function inputs(dialog) {
    return Object.fromEntries(new FormData(dialog.querySelector("form")));
  }

  async function refresh() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      const address = new URL(location.href);
      address.searchParams.set("user", user);
      address.searchParams.set("tz", zone);
      const answer = await fetch(address);
      if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      state.textContent = "not connected";
    } finally {
      running = false;
      if (again) {
        again = false;
        void refresh();
      }
    }
  }

  function confirmed(template) {
    confirmDialog.replaceChildren(template.content.cloneNode(true));
    confirmDialog.returnValue = "";
    for (const button of confirmDialog.querySelectorAll("button"))
      button.addEventListener("click", () => confirmDialog.close(button.value));
    confirmDialog.showModal();
    return new Promise((resolve) =>
      confirmDialog.addEventListener("close", () => resolve(confirmDialog.returnValue === "confirm"), { once: true }),
    );
  }

  async function act(element) {
    const { ts, block, action, url } = element.dataset;
    const template = element.parentElement.querySelector("template.confirm");
    if (template !== null && !(await confirmed(template))) return;
    if (url) open(url, "_blank", "noopener,noreferrer");
    const value = element.tagName === "SELECT" ? { value: element.value } : {};
    await post("/page/click", { channel, ts, actionId: action, blockId: block, ...value });
  }

  function switchFault({ checked, dataset: { fault } }) {
    const path = "/_cloud/slack/faults";
    return checked ? post(path, { name: fault }) : fetch(path + "?name=" + fault, { method: "DELETE" });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-action]");
    if (button) void act(button);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("select[data-action]")) void act(event.target);
    if (event.target.matches("[data-fault]")) void switchFault(event.target);
    if (event.target.closest("#person-switch")) event.target.form.submit();
  });
  document.getElementById("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = event.target.elements.namedItem("text");
    const text = field.value;
    if (text.trim() === "") return;
    field.value = "";
    void post("/page/say", { channel, text });
  });

  const first = document.getElementById("modal");
  if (first) openModal(first);
  const source = new EventSource("/events");
  source.onopen = () => {
    state.textContent = "live";
    void refresh();
  };
  source.onerror = () => {
    state.textContent = "connecting again";
  };
  source.onmessage = () => void refresh();
  if (!location.hash) scrollTo(0, document.documentElement.scrollHeight);
})();
`;
