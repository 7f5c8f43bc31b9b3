import { readFileSync } from "node:fs";
import { expect } from "chai";
import { build } from "../../functions/build.ts";
import { sweep } from "../../functions/sweep.ts";
import { functionHarness, pubSubEvent, releaseRequest } from "../../test/support/function-harness.ts";
import { startedRelease } from "../../test/support/function-story.ts";
import { AppError } from "../ports/app-error.ts";
import { topics } from "../ports/bus.ts";

const alerts = readFileSync(new URL("../../infra/alerts.tf", import.meta.url), "utf8");

/** The lines of the log that an alert waits for. */
const awaited = [...alerts.matchAll(/jsonPayload\.message=\\"([^"\\]+)\\"/g)].map(([, message]) => message);

/** The lines at which somebody has to act, of releases that do not get on. */
async function written(): Promise<readonly string[]> {
  const overdue = functionHarness();
  await startedRelease(overdue);
  await overdue.clock.advance(30 * 60_000);
  await sweep(overdue.deps)(pubSubEvent(topics.sweep, {}));
  const givenUp = functionHarness();
  givenUp.world.start = async () => {
    throw new AppError({ code: "build-denied", message: "no right", transient: false });
  };
  await givenUp.finished(build(givenUp.deps)(pubSubEvent(topics.releases, releaseRequest())));
  return [...overdue.lines, ...givenUp.lines].flatMap(({ level, message }) =>
    level === "error" ? [message] : [],
  );
}

describe("the alerts of an installation", () => {
  it("wait for the very lines that are written when a release does not get on", async () => {
    const lines = await written();
    expect(lines).to.have.length(2);
    expect(awaited).to.have.members([...lines]);
  });

  // https://cloud.google.com/logging/docs/alerting/log-based-alerts
  it("are made by whoever has the roles that the page names: one that waits for a line of the log needs a role of its own", () => {
    expect(alerts).to.include("condition_matched_log {");
    const page = readFileSync(new URL("../../docs/how-to/google-cloud.md", import.meta.url), "utf8");
    const [, roles = ""] = /these roles are\s+enough:(.*?)\n\n/s.exec(page) ?? [];
    expect(roles).to.include("`roles/monitoring.editor`").and.include("`roles/logging.configWriter`");
  });

  it("know a function by the name that it is installed under", () => {
    const [, pattern = ""] = /service_name=~\\"([^"\\]+)\\"/.exec(alerts) ?? [];
    for (const name of ["gantry", "gantry-sweep", "gantry-build"]) expect(name).to.match(new RegExp(pattern));
    for (const name of ["gantry-sweep-2", "my-gantry", "gantryman"])
      expect(name).to.not.match(new RegExp(pattern));
  });

  it("watch the sweep by the name that it is installed under", () => {
    expect(alerts).to.include('resource.labels.service_name = \\"gantry-sweep\\"');
  });
});
