import { Argument, type Command } from "commander";
import { exitCodes } from "./exit-code.ts";
import { createOutput } from "./output.ts";
import { type Verb, withExample } from "./verb.ts";

/** `gantry schema [gantry|policy]` */
export function addSchema(parent: Command, { io, finish }: Verb): void {
  const file = new Argument("[file]", "of gantry.yaml, or of gantry.policy.yaml").choices([
    "gantry",
    "policy",
  ]);
  const command = parent
    .command("schema")
    .description("Print the JSON Schema of a configuration file, for editors.")
    .addArgument(file.default("gantry"))
    .option("--json", "has no effect: the schema is JSON")
    .action(async (name: string) => {
      const { gantrySchema, policySchema } = await import("../shared/config/json-schema.ts");
      createOutput(io, { isJson: true }).json(name === "policy" ? policySchema() : gantrySchema());
      finish(exitCodes.done);
    });
  withExample(command, "gantry schema policy > gantry.policy.schema.json");
}
