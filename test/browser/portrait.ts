import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright-core";

const folder = fileURLToPath(new URL("../../docs/images/", import.meta.url));

/** The names of the pictures that this run asked for. */
export const portrayed = new Set<string>();

/**
 * Keeps what a message or a page looks like as `docs/images/slack-NAME.png`. A picture that is there already stays, so that
 * a test run leaves the tree as it was; `GANTRY_IMAGES=1` takes all of them anew.
 */
export async function portrait(name: string, of: Locator | Page): Promise<void> {
  const path = picturePath(name);
  portrayed.add(name);
  if (existsSync(path) && process.env["GANTRY_IMAGES"] !== "1") return;
  const page = isPage(of) ? of : of.page();
  await page.evaluate(bars("hidden"));
  let place = await placeOf(of);
  for (let moved = true; moved; ) {
    await page.screenshot({ path, clip: place, fullPage: !isPage(of) });
    const after = await placeOf(of);
    moved = JSON.stringify(after) !== JSON.stringify(place); // a message came or went above it meanwhile
    place = after;
  }
  await page.evaluate(bars("visible"));
}

async function placeOf(of: Locator | Page) {
  if (isPage(of)) return around(of.getByRole("dialog"));
  const box = await boxOf(of);
  return { ...box, y: box.y + (await of.page().evaluate<number>("scrollY")) };
}

/** Where the picture of this name is, whether or not it was taken. */
export function picturePath(name: string): string {
  return `${folder}slack-${name}.png`;
}

/** The bars that stay where they are would cover what is longer than the window. */
function bars(visibility: "hidden" | "visible"): string {
  return `for (const bar of document.querySelectorAll("header, #composer")) bar.style.visibility = "${visibility}"`;
}

const marginPx = 70;

function isPage(of: Locator | Page): of is Page {
  return "goto" in of;
}

/** A dialog and a little of the page around it. */
async function around(dialog: Locator) {
  const { x, y, width, height } = await boxOf(dialog);
  const twice = 2 * marginPx;
  return { x: x - marginPx, y: y - marginPx, width: width + twice, height: height + twice };
}

/** Where something is in the window; it may be drawn anew in just that moment. */
async function boxOf(of: Locator) {
  let box = await of.boundingBox();
  for (let tries = 0; box === null && tries < 5; tries += 1) box = await of.boundingBox();
  if (box === null) throw new Error("what is to be drawn cannot be seen");
  return box;
}
