import { Counter, Histogram, Registry } from "prom-client";
import type { Meters } from "../../ports/meters.ts";
import type { Readings } from "../../ports/readings.ts";
import { createGauges } from "./gauges.ts";

export type Prometheus = Readonly<{
  meters: Meters;
  /** Everything in the text format that Prometheus reads (https://prometheus.io/docs/instrumenting/exposition_formats/). */
  text: (readings: Readings) => Promise<string>;
  contentType: string;
}>;

/** From a hand-off that finds nothing to a step that is held for ten minutes. */
const secondsBuckets = [0.01, 0.05, 0.25, 1, 5, 30, 120, 600];

/** Counts what this process does, and shows it with how Gantry stands. */
export function createPrometheus(): Prometheus {
  const registry = new Registry();
  const registers = [registry];
  const gauges = createGauges(registry);
  const deliveries = new Counter({
    name: "gantry_delivery_attempts_total",
    help: "Deliveries of messages to handlers of this process, by how they ended; what failed comes again.",
    labelNames: ["subscription", "end"],
    registers,
  });
  const handling = new Histogram({
    name: "gantry_handler_duration_seconds",
    help: "How long a handler of this process took for a message.",
    labelNames: ["subscription"],
    buckets: secondsBuckets,
    registers,
  });
  const working = new Histogram({
    name: "gantry_work_duration_seconds",
    help: "How long a piece of owed work took in this process, by its kind and how it ended.",
    labelNames: ["kind", "end"],
    buckets: secondsBuckets,
    registers,
  });
  const events = new Counter({
    name: "gantry_events_total",
    help: "Facts that this process recorded, by service and type; release-live and release-rolled-back are among them.",
    labelNames: ["service", "type"],
    registers,
  });
  const meters: Meters = {
    delivered: ({ subscription, end, ms }) => {
      deliveries.inc({ subscription, end });
      handling.observe({ subscription }, ms / 1000);
    },
    worked: ({ kind, end, ms }) => working.observe({ kind, end }, ms / 1000),
    recorded: ({ service, type }) => events.inc({ service, type }),
  };
  const text = (readings: Readings): Promise<string> => {
    gauges.show(readings);
    return registry.metrics();
  };
  return { meters, text, contentType: registry.contentType };
}
