import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";

/** Where Debian and others put it; null = there is none on this machine. */
export const chromiumPath =
  ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
    existsSync(path),
  ) ?? null;

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser with an empty profile; `close` ends it and removes the profile. */
export async function openBrowser(
  executablePath: string,
  options: Readonly<{ timezoneId?: string; viewport?: { width: number; height: number } }> = {},
): Promise<Readonly<{ context: BrowserContext; close: () => Promise<void> }>> {
  const profile = await mkdtemp(join(tmpdir(), "gantry-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: flags,
    ...options,
  });
  const close = async (): Promise<void> => {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
  };
  return { context, close };
}
