import { expect } from "chai";
import type { ServiceKey } from "../shared/domain/ids.ts";
import { describeSplit, splitOf } from "../shared/domain/traffic.ts";
import { runCli } from "../test/support/cli-harness.ts";
import {
  type LocalRun,
  newService,
  servicePair,
  snapshotOf,
  startLocalRun,
} from "../test/support/local-run.ts";

describe("gantry rollback --direct, against the local Cloud Run and nothing else", () => {
  let local: LocalRun;

  before(async () => {
    local = await startLocalRun();
  });
  after(() => local.close());

  const direct = (service: string, ...rest: readonly string[]) => {
    const { host, port } = local.cloud.grpc;
    const argv = ["rollback", service, "--direct", "--endpoint", `${host}:${port}`, ...rest];
    return runCli(argv);
  };

  async function served(service: ServiceKey): Promise<string> {
    const { effective, latestReadyRevision: latest } = await snapshotOf(local, service);
    return describeSplit(splitOf({ shares: effective, latest }));
  }

  it("gives the traffic to the revision that the label of the serving one names", async () => {
    const { service, stable, candidate, tag } = await servicePair(local);
    await local.run.setTraffic({
      service,
      target: [
        { revision: stable, percent: 75 },
        { revision: candidate, percent: 25 },
      ],
      tags: [{ revision: candidate, tag }],
      expected: null,
      deadlineMs: 5_000,
      signal: new AbortController().signal,
    });
    const { exitCode, stdout, stderr } = await direct(service);
    expect(stdout).to.equal(`${stable} serves 100 % of ${service}.\n`);
    expect(exitCode).to.equal(0);
    expect(stderr).to.include("a release that runs is ended or held");
    expect(await served(service)).to.equal(`100 % ${stable}`);
    const { desired } = await snapshotOf(local, service);
    expect(desired.map((share) => share.tag)).to.include(tag);
  });

  it("refuses to guess where no label tells the way, and goes where --to says", async () => {
    const { service, stable, candidate } = await servicePair(local);
    const guess = await direct(service);
    expect(guess.exitCode).to.equal(1);
    expect(guess.stderr).to.include("(no-way-back)").and.to.include(`It serves 100 % ${stable}`);
    expect(guess.stderr).to.include("gcloud run revisions list");
    const json = await direct(service, "--to", candidate, "--json");
    expect(JSON.parse(json.stdout)).to.deep.equal({
      service,
      from: [{ revision: stable, percent: 100 }],
      to: candidate,
      outcome: "effective",
    });
    expect(await served(service)).to.equal(`100 % ${candidate}`);
  });

  it("refuses a revision and a service that are not there", async () => {
    const { service } = await servicePair(local);
    expect((await direct(service, "--to", "other-00001")).stderr).to.include(
      'There is no revision "other-00001".',
    );
    expect((await direct(newService())).stderr).to.include("Cloud Run has no such service.");
  });
});
