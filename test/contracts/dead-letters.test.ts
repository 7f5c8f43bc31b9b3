import { memoryDeadLetters } from "../../shared/adapters/memory/memory-dead-letters.ts";
import { deadLettersContract } from "./dead-letters.contract.ts";

deadLettersContract({
  name: "memory",
  open: async () => ({ deadLetters: memoryDeadLetters(), close: async () => undefined }),
});
