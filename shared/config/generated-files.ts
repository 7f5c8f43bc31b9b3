import { readFileSync } from "node:fs";
import { terraformMap } from "../install/terraform-map.ts";
import { gantrySchema, type JsonSchema, policySchema } from "./json-schema.ts";
import { referencePage } from "./reference-page.ts";

export type GeneratedFile = Readonly<{ path: string; text: string }>; // path from the top of the repository

const units =
  "Durations, percentages and sizes carry their unit: `30s`, `10m`, `1h30m`, `5%`, `32Gi`. Unknown keys are errors, save " +
  "`x-…` keys, which are yours. All problems are reported at once as `file:line:column path: what is wrong`.";

/** Everything in the repository that is written from the schemas of this folder and from shared/install. A test holds them to be current. */
export function generatedFiles(): readonly GeneratedFile[] {
  return [
    { path: "schema/gantry.v1.json", text: jsonText(gantrySchema()) },
    { path: "schema/gantry.policy.v1.json", text: jsonText(policySchema()) },
    { path: "infra/gantry.json", text: terraformMap() },
    {
      path: "docs/reference/gantry-yaml.md",
      text: referencePage({
        file: "gantry.yaml",
        introduction: `It stands at the root of a service's repository and is read at the commit that the tag names; a release keeps the file that it began with. ${units} \`gantry validate\` checks a file.`,
        example: exampleOf("gantry.example.yaml"),
        schema: gantrySchema(),
      }),
    },
    {
      path: "docs/reference/gantry-policy-yaml.md",
      text: referencePage({
        file: "gantry.policy.yaml",
        introduction: `It belongs to whoever operates Gantry, holds no secrets, and no \`gantry.yaml\` can loosen what it says. ${units}`,
        example: exampleOf("gantry.policy.example.yaml"),
        schema: policySchema(),
      }),
    },
  ];
}

function jsonText(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function exampleOf(name: string): string {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}
