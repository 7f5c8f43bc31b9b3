import type { CliIo } from "../cli-io.ts";
import { eventSentence } from "../event-sentence.ts";
import type { Engine } from "../runtime/engine.ts";

/** Tells each thing that happens to a release as one line, from now on. */
export function followReleases(
  params: Readonly<{ engine: Engine; io: CliIo; quiet: boolean }>,
): Readonly<{ stop: () => void }> {
  const { engine, io, quiet } = params;
  if (quiet) return { stop: () => undefined };
  const { store } = engine.deps;
  let position: number | null = null;
  let reading = Promise.resolve();
  const read = async (): Promise<void> => {
    position ??= await store.lastPosition();
    for (const stored of await store.eventsAfter({ after: position, limit: 200 })) {
      position = stored.position;
      const tag = (await store.release(stored.event.releaseId))?.tag ?? stored.event.releaseId;
      const time = new Date(stored.event.at).toLocaleTimeString("en-GB", { timeZone: io.zone });
      io.stderr.write(` ${time}  ${tag}  ${eventSentence(stored)}\n`);
    }
  };
  const next = (): void => {
    reading = reading.then(read).catch((error: unknown) => {
      engine.deps.log.error({ err: String(error) }, "Could not tell what happened");
    });
  };
  next();
  return { stop: engine.onCommit?.(next) ?? (() => undefined) };
}
