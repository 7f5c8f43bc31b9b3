import { isReadable, markOf, schema, withMark, withoutOwnMark } from "../domain/schema.ts";
import type { ServiceState } from "../domain/service-state.ts";
import { AppError } from "./app-error.ts";
import type { Commit, Versioned } from "./store.ts";

/** The state of a commit as every store keeps it: with the mark that says which versions may go on with it. */
export function stateToStore({ state, owed }: Commit): ServiceState {
  return withMark({ state, owed });
}

/** A stored state for people: also one that this version may not decide on. */
export function stateToShow(stored: ServiceState): ServiceState {
  return withoutOwnMark(stored);
}

/**
 * What was read, for whoever decides, does work or writes. Throws `state-newer` where only a newer version may: it passes
 * once such a version has the message, and until then nothing is done and nothing is lost.
 */
export function toDecideOn(read: Versioned): Versioned {
  if (isReadable(read.state)) return read;
  const { writer, reader } = markOf(read.state);
  const { key } = read.state;
  throw new AppError({
    code: "state-newer",
    transient: true,
    message: `A newer Gantry wrote the state of ${key} (schema ${writer}, to be read from schema ${reader} on), and this one knows schema ${schema}. It decides and writes nothing there; traffic stays as it is. Run the newer version, which goes on with it; traffic itself goes back at any time: gantry rollback ${key} --direct`,
    context: { service: key, writer, reader, known: schema },
  });
}
