import type { Meters } from "../../ports/meters.ts";
import type { Prometheus } from "./prometheus.ts";

/** As `createPrometheus`, which is loaded when something is counted or read first: most processes do neither for a while. */
export function prometheusOnDemand(): Pick<Prometheus, "meters"> &
  Readonly<{ open: () => Promise<Prometheus> }> {
  let opening: Promise<Prometheus> | null = null;
  let opened: Prometheus | null = null;
  const open = (): Promise<Prometheus> => {
    opening ??= import("./prometheus.ts").then(({ createPrometheus }) => {
      opened = createPrometheus();
      return opened;
    });
    return opening;
  };
  const count = (note: (meters: Meters) => void): void => {
    if (opened !== null) note(opened.meters);
    else void open().then(({ meters }) => note(meters));
  };
  return {
    open,
    meters: {
      delivered: (params) => count((meters) => meters.delivered(params)),
      worked: (params) => count((meters) => meters.worked(params)),
      recorded: (params) => count((meters) => meters.recorded(params)),
    },
  };
}
