import { html } from "hono/html";

type Element = Parameters<typeof html>[1];

/** A whole document: without the doctype a browser would fall back to its quirks mode. */
export function withDoctype(page: Element) {
  return html`<!doctype html>${page}`;
}
