import { eventWords } from "../shared/domain/event-words.ts";
import type { ShownEvent } from "./api-shapes.ts";

/** What happened, without a subject. What a newer server tells in a form unknown here is told by its name. */
export function eventSentence({ event }: ShownEvent): string {
  try {
    return eventWords(event);
  } catch {
    return event.type;
  }
}
