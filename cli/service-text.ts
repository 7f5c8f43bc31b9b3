import { driftInWords } from "../shared/domain/drift.ts";
import { wordsOf } from "../shared/domain/release-words.ts";
import type { ShownService, ShownTraffic } from "./api-shapes.ts";
import { formatTime } from "./local-time.ts";
import { harmless, type Paint, table, toned } from "./output.ts";

type Look = Readonly<{ paint: Paint; zone: string }>;

/** A service as a person reads it: one sentence, then what is live, what runs, and the traffic. */
export function serviceText(service: ShownService, { paint, zone }: Look): string {
  const { key, now, live, active, queue, drift, hold, quarantine, traffic, frozen, warmth } = service;
  const rows = [
    ["Now", harmless(now)],
    [
      "Live",
      live === null
        ? "nothing that Gantry released"
        : harmless(`${live.tag}  ${live.candidate.revision}  (${live.id})`),
    ],
    ...(active === null
      ? []
      : [
          [
            "Release",
            `${harmless(active.tag)}  ${toned(paint, ...labelOf(active))}  (${harmless(active.id)})`,
          ],
        ]),
    ...queue.map(({ tag, id }) => ["Waits", harmless(`${tag}  (${id})`)]),
    ...(drift === null
      ? []
      : [
          [
            "Changed",
            harmless(
              `since ${formatTime(drift.since, { zone })}, not by Gantry: ${driftInWords(drift.rows)}`,
            ),
          ],
          ["", `nothing new is released; put it back, or: gantry accept ${harmless(key)} --reason TEXT`],
        ]),
    ...(hold === null
      ? []
      : [["Held", harmless(`since ${formatTime(hold.since, { zone })}: ${hold.failure.message}`)]]),
    ...frozen.map(({ words }) => ["Frozen", harmless(`${words}. A rollback always may run.`)]),
    ...(warmth === undefined || live === null ? [] : [["Warmth", harmless(warmth.words)]]),
    ...quarantine.map(({ tag, digest, why }) => [
      "Quarantine",
      harmless(`${tag}  ${digest.slice(0, 19)}…  ${why}`),
    ]),
  ];
  return [paint.bold(harmless(key)), padded(rows), "", trafficText(traffic, paint)].join("\n");
}

function labelOf(active: NonNullable<ShownService["active"]>) {
  const { tone, label } = wordsOf(active);
  return [tone, label] as const;
}

/** Names and values in two columns. */
export function padded(rows: readonly (readonly string[])[]): string {
  const width = Math.max(0, ...rows.map(([name = ""]) => name.length));
  return rows.map(([name = "", value = ""]) => `  ${name.padEnd(width)}  ${value}`).join("\n");
}

function trafficText(traffic: ShownTraffic, paint: Paint): string {
  if (traffic.state === "absent") return "Traffic: Cloud Run has no such service yet.";
  if (traffic.state === "unknown") return `Traffic: not known, ${harmless(traffic.error)}`;
  const rows = traffic.effective.map(({ revision, percent, tag }) => [
    harmless(revision ?? "(latest)"),
    `${percent} %`,
    harmless(tag ?? "-"),
  ]);
  const shown =
    rows.length === 0 ? "No revision serves." : table(["REVISION", "TRAFFIC", "TAG"], rows, paint);
  const unsettled = traffic.settled ? [] : ["Cloud Run still carries out the last change."];
  const failed = traffic.ready.state === "failed" ? [`Cloud Run: ${harmless(traffic.ready.message)}`] : [];
  return [shown, `At ${harmless(traffic.url)}`, ...unsettled, ...failed].join("\n");
}
