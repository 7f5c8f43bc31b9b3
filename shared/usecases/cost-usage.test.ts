import { expect } from "chai";
import { monday, revisionName, serviceKey } from "../../test/support/fixtures.ts";
import { fakeMetrics } from "../../test/support/watched-cloud.ts";
import { AppError } from "../ports/app-error.ts";
import type { MetricQuery, MetricSeries } from "../ports/metrics.ts";
import { readUsage } from "./cost-usage.ts";

const day = 86_400_000;

/** Asks of a Cloud Monitoring that answers so, for these days, and notes what it was asked. */
async function read(
  days: number,
  answer: (query: MetricQuery) => Promise<readonly MetricSeries[]>,
  signal = new AbortController().signal,
) {
  const asked: MetricQuery[] = [];
  const metrics = fakeMetrics(async (query) => {
    asked.push(query);
    return answer(query);
  });
  const period = { from: monday - days * day, until: monday };
  return { asked, ...(await readUsage({ metrics }, { service: serviceKey(), period, signal })) };
}

/** One point of a stretch, of two revisions. */
const onePoint = async ({ from }: MetricQuery): Promise<readonly MetricSeries[]> =>
  ["api-1", "api-2"].map((name) => ({
    revision: revisionName(name),
    labels: {},
    points: [{ from, to: from + 60_000, value: 30 }],
  }));

describe("what a bill reads of Cloud Monitoring", () => {
  it("covers the whole period without a gap, a day at a time, by the minute for a week", async () => {
    const { asked, usage } = await read(7, onePoint);
    const requests = asked.filter(({ metric }) => metric === "request-count").sort((a, b) => a.from - b.from);
    expect(requests.map(({ from, to, everyMs }) => [from, to, everyMs])).to.deep.equal(
      Array.from({ length: 7 }, (_, index) => [
        monday - (7 - index) * day,
        monday - (6 - index) * day,
        60_000,
      ]),
    );
    expect(usage.requests).to.have.length(14);
    expect(usage.billableSeconds).to.equal(14 * 30);
  });

  it("looks at every fifth minute of a longer time, up to its end", async () => {
    const { asked } = await read(31, onePoint);
    expect(new Set(asked.map(({ everyMs }) => everyMs))).to.deep.equal(new Set([300_000]));
    expect(Math.max(...asked.map(({ to }) => to))).to.equal(monday);
    expect(asked).to.have.length(4 * 16);
  });

  it("knows nothing where there is not a single point", async () => {
    const { usage, unread } = await read(1, async () => []);
    expect(usage).to.deep.equal({ requests: null, starts: null, instances: null, billableSeconds: null });
    expect(unread).to.deep.equal([]);
  });

  it("takes half a sum for no sum, and says why", async () => {
    const refused = new AppError({
      code: "metrics-denied",
      message: "No right to read.",
      transient: false,
      context: {},
    });
    const { usage, unread } = await read(2, async (query) => {
      if (query.metric === "billable-instance-time" && query.to === monday) throw refused;
      return onePoint(query);
    });
    expect(usage.billableSeconds).to.equal(null);
    expect(usage.requests).to.have.length(4);
    expect(unread).to.deep.equal(["No right to read."]);
  });

  it("says that there was no answer in time, and hides no other error", async () => {
    const late = await read(1, async () => Promise.reject(new Error("aborted")), AbortSignal.abort());
    expect(late.unread).to.deep.equal(["Cloud Monitoring did not answer in time."]);
    const failed = await read(1, async () => Promise.reject(new TypeError("a bug"))).catch(String);
    expect(failed).to.equal("TypeError: a bug");
  });
});
