import type { JsonSchema } from "./json-schema.ts";

type Row = Readonly<{ path: string; schema: JsonSchema; required: boolean }>;

/** A page that lists every key of a file: what it means, its form, and its default. All of it comes from the schema. */
export function referencePage({
  file,
  introduction,
  example,
  schema,
}: Readonly<{ file: string; introduction: string; example: string; schema: JsonSchema }>): string {
  const rows = rowsOf(schema, "");
  return [
    "---",
    "purpose: reference",
    "---",
    "",
    "<!-- Written from the schema in shared/config by `node --import tsx shared/config/write-generated-files.ts`. -->",
    "",
    `# ${file}`,
    "",
    introduction,
    "",
    "| key | meaning | form | default |",
    "| --- | --- | --- | --- |",
    ...rows.map(rowText),
    "",
    "## An example with every section",
    "",
    "```yaml",
    example.trimEnd(),
    "```",
    "",
  ].join("\n");
}

function rowsOf(schema: JsonSchema, prefix: string): readonly Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    if (typeof value === "boolean") return [];
    const path = prefix === "" ? key : `${prefix}.${key}`;
    const required = schema.required?.includes(key) ?? false;
    return [{ path, schema: value, required }, ...rowsOf(value, path), ...itemRows(value, `${path}[]`)];
  });
}

function itemRows({ items }: JsonSchema, path: string): readonly Row[] {
  return typeof items === "object" && !Array.isArray(items) ? rowsOf(items, path) : [];
}

function rowText({ path, schema, required }: Row): string {
  const cells = [`\`${path}\``, schema.description ?? "", formOf(schema), defaultOf(schema, required)];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function defaultOf(schema: JsonSchema, required: boolean): string {
  if (required) return "required";
  return schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``;
}

function formOf(schema: JsonSchema): string {
  const { title, const: only, enum: values, type, items } = schema;
  if (title !== undefined) return title;
  if (only !== undefined) return `\`${String(only)}\``;
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(", ");
  if (type === "integer" || type === "number") return numberForm(schema);
  if (type === "array")
    return typeof items === "object" && !Array.isArray(items) ? `list of ${plural(items)}` : "list";
  if (type === "object") return schema.properties === undefined ? "names with their values" : "section";
  return { string: "text", boolean: "`true`, `false`" }[String(type)] ?? "any value";
}

function plural(item: JsonSchema): string {
  return item.type === "object" ? "sections" : "texts";
}

function numberForm({ type, minimum, maximum }: JsonSchema): string {
  const word = type === "integer" ? "whole number" : "number";
  return `${word} from ${minimum} to ${maximum}`;
}
