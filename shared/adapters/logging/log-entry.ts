import { z } from "zod";
import { type LogLine, type Severity, severities } from "../../ports/logs.ts";

const maxText = 4_000;

/** `LogEntry` as far as it is read: https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry */
const entrySchema = z.object({
  timestamp: z.iso.datetime({ offset: true }),
  severity: z.string().default("DEFAULT"),
  textPayload: z.string().optional(),
  jsonPayload: z.record(z.string(), z.unknown()).optional(),
  protoPayload: z.record(z.string(), z.unknown()).optional(),
});

/** One page of `entries.list`. An empty page with a token means: go on. */
export const pageSchema = z.object({
  entries: z.array(z.unknown()).default([]),
  nextPageToken: z.string().default(""),
});

/** The entry as a line; null when it is none that can be read. */
export function lineOf(raw: unknown): LogLine | null {
  const parsed = entrySchema.safeParse(raw);
  if (!parsed.success) return null;
  const { timestamp, severity } = parsed.data;
  return { at: Date.parse(timestamp), severity: severityOf(severity), text: cleaned(textOf(parsed.data)) };
}

function severityOf(word: string): Severity {
  return severities.find((known) => known === word) ?? "DEFAULT";
}

function textOf({ textPayload, jsonPayload, protoPayload }: z.output<typeof entrySchema>): string {
  if (textPayload !== undefined) return textPayload;
  const payload = jsonPayload ?? protoPayload ?? {};
  const { message } = payload;
  return typeof message === "string" ? message : JSON.stringify(payload);
}

/** Control characters but tab and line feed would move a terminal's cursor. */
function cleaned(text: string): string {
  const plain = text.replace(/\p{Cc}/gu, (character) => (/[\t\n]/.test(character) ? character : ""));
  return plain.length > maxText ? `${plain.slice(0, maxText - 1)}…` : plain;
}
