import type { ChatBlock } from "./chat-blocks.ts";
import { chatActionOf } from "./chat-buttons.ts";

/** The `action_id` of each button of a message that changes something. */
export function offersIn(blocks: readonly ChatBlock[]): readonly string[] {
  return blocks
    .flatMap(({ elements }) => (Array.isArray(elements) ? elements : []))
    .flatMap((element) =>
      typeof element === "object" && element !== null && "action_id" in element ? [element.action_id] : [],
    )
    .filter((id) => typeof id === "string")
    .filter((id) => !["console", null].includes(chatActionOf(id)));
}
