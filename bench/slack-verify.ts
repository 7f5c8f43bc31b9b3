import { readSlack } from "../service/hooks/slack-payload.ts";
import { verifySlack } from "../service/hooks/slack-signature.ts";
import { releaseIdFor } from "../shared/usecases/release-id.ts";
import type { Benchmark } from "./benchmark.ts";
import { single, spread } from "./figures.ts";
import { benchApp, benchTeam, slackClick, slackSecret } from "./slack-click.ts";

const clicks = 5_000;
const warmUps = 500;

/** What a click costs before it is handed on: the signature over the raw bytes, and reading what it means. */
export const slackVerify: Benchmark = {
  about: "the signature of a click in Slack, and reading it",
  limitMs: 60_000,
  run: async () => {
    const now = Date.now();
    const release = releaseIdFor("bench");
    const { body, headers } = slackClick({
      release,
      approval: "approval-1",
      user: "U0BENCH",
      number: 1,
      now,
    });
    const rawBody = new TextEncoder().encode(body);
    const told = { signature: headers["x-slack-signature"], timestamp: headers["x-slack-request-timestamp"] };
    const signatures: number[] = [];
    const readings: number[] = [];
    for (let run = 0; run < warmUps + clicks; run += 1) {
      const began = performance.now();
      const verdict = verifySlack({ secrets: [slackSecret], headers: told, rawBody, now });
      const verified = performance.now();
      const expected = { teamIds: [benchTeam], appId: benchApp };
      const request = readSlack({ contentType: headers["content-type"], rawBody, expected });
      const read = performance.now();
      if (!verdict.ok || request.kind !== "action") throw new Error(`the click was ${request.kind}`);
      if (run < warmUps) continue;
      signatures.push((verified - began) * 1_000);
      readings.push((read - verified) * 1_000);
    }
    const both = spread(
      { name: "a click verified and read", unit: "µs" },
      signatures.map((took, index) => took + (readings[index] ?? 0)),
    );
    return [
      spread({ name: `signature over ${rawBody.byteLength} bytes`, unit: "µs" }, signatures),
      spread({ name: "reading what was clicked", unit: "µs" }, readings),
      both,
      single({ name: "clicks per second and core", unit: "/s" }, 1e6 / both.p50),
    ];
  },
};
