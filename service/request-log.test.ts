import { expect } from "chai";
import { createJsonLog } from "../shared/adapters/system/json-log.ts";
import { githubDelivery, serviceHarness } from "../test/support/service-harness.ts";

const trace = "0af7651916cd43dd8448eb211c80319c";

/** The line about one request, as Cloud Logging reads it. */
async function lineOf(headers: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>> {
  const lines: string[] = [];
  const log = createJsonLog({ write: (line) => void lines.push(line) }, "acme-ops");
  await serviceHarness({ log }).app.request("/login?token=never-logged", { headers });
  expect(lines).to.have.length(1);
  expect(lines[0]).to.not.include("never-logged");
  return JSON.parse(lines[0] ?? "");
}

describe("the log of requests", () => {
  for (const [name, value] of [
    ["traceparent", `00-${trace}-b7ad6b7169203331-01`],
    ["x-cloud-trace-context", `${trace}/1;o=1`],
  ] as const)
    it(`stands under the trace of ${name}`, async () => {
      const line = await lineOf({ [name]: value });
      expect(line["logging.googleapis.com/trace"]).to.equal(`projects/acme-ops/traces/${trace}`);
    });

  for (const value of [undefined, "nonsense", `${trace}0/1`])
    it(`stands under none when the request says ${value ?? "nothing"}`, async () => {
      const line = await lineOf(value === undefined ? {} : { "x-cloud-trace-context": value });
      expect(line).to.not.have.any.keys("requestTrace", "logging.googleapis.com/trace");
    });
});

describe("an address in an answer", () => {
  it("has the scheme by which the front was reached, where no address is set", async () => {
    const body = JSON.stringify({
      ref: "refs/tags/v1.0.0",
      before: "0".repeat(40),
      repository: { full_name: "acme/api" },
      pusher: { name: "maya" },
    });
    const delivery = githubDelivery({ event: "push", body, headers: { "x-forwarded-proto": "https" } });
    const answer = await serviceHarness().app.request("http://gantry.example/hooks/github", delivery);
    expect(await answer.json())
      .to.have.property("follow")
      .that.matches(/^https:\/\/gantry\.example\/api\//);
  });
});
