import type { MetricDescriptor } from "./metric-catalogue.ts";

/** What was measured from `from` to `to`: all values of a distribution, or one number. Milliseconds since 1970 UTC. */
export type Sample = Readonly<{ from: number; to: number; values: readonly number[] }>;

/** One line of samples with the labels that tell it from others, oldest first. */
export type SampledSeries = Readonly<{
  metric: MetricDescriptor;
  project: string;
  metricLabels: Readonly<Record<string, string>>;
  resourceLabels: Readonly<Record<string, string>>;
  samples: readonly Sample[];
}>;

export type NewSample = Omit<SampledSeries, "samples"> & Readonly<{ sample: Sample }>;

/** About an hour at one sample a second. */
const KEPT_SAMPLES = 4_000;

/** Every sample that was taken, in memory: what a restarted local cloud measured before is gone. */
export class SampleStore {
  readonly #series = new Map<string, SampledSeries & { samples: Sample[] }>();

  add({ sample, ...about }: NewSample): void {
    const { metric, project, metricLabels, resourceLabels } = about;
    const key = JSON.stringify([metric.type, project, metricLabels, resourceLabels]);
    const known = this.#series.get(key) ?? { ...about, samples: [] };
    known.samples.push(sample);
    if (known.samples.length > KEPT_SAMPLES * 2) known.samples.splice(0, KEPT_SAMPLES);
    this.#series.set(key, known);
  }

  /** The series of one metric in one project. */
  find(project: string, type: string): readonly SampledSeries[] {
    return [...this.#series.values()].filter(
      (series) => series.project === project && series.metric.type === type,
    );
  }
}
