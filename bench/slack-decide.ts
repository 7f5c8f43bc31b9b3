import { join } from "node:path";
import { parse, stringify } from "yaml";
import { startEngine } from "../cli/runtime/engine.ts";
import { localPolicy } from "../cli/runtime/local-gantry.ts";
import { startSlack } from "../emulator/slack/start-slack.ts";
import { slackDefaults } from "../shared/adapters/slack/slack-api.ts";
import { createSlackChat } from "../shared/adapters/slack/slack-chat.ts";
import { systemClock } from "../shared/adapters/system/system-clock.ts";
import type { EventType } from "../shared/domain/events.ts";
import type { ReleaseId } from "../shared/domain/ids.ts";
import type { SourcePort } from "../shared/ports/source.ts";
import { releaseIdFor } from "../shared/usecases/release-id.ts";
import { bareCommits } from "./bare-sqlite.ts";
import { requestFor } from "./bench-engine.ts";
import type { Benchmark } from "./benchmark.ts";
import { ratio, spread } from "./figures.ts";
import { startHookServer } from "./hook-server.ts";
import { InstantCloud } from "./instant-cloud.ts";
import { benchApp, benchTeam, slackClick, slackSecret } from "./slack-click.ts";

const warmUps = 20;
const clicks = 200;
const approver = "U0MAYA000"; // of the local workspace
const botToken = "xoxb-bench";

/** One click after the other on releases that wait: who clicked is asked of the local Slack over HTTP, each time. */
export const slackDecide: Benchmark = {
  about: "a click in Slack until the decision is durable, the person looked up in the local Slack",
  limitMs: 120_000,
  run: async ({ directory }) => {
    const slack = await startSlack({
      targets: () => null,
      signingSecret: slackSecret,
      botToken,
      teamId: benchTeam,
      appId: benchApp,
    });
    const moments = new Moments();
    const cloud = new InstantCloud();
    const chat = createSlackChat({
      apiUrl: slack.apiUrl,
      token: () => botToken,
      clock: systemClock,
      settings: slackDefaults,
    });
    const engine = await startEngine({
      file: join(directory, "gantry.db"),
      cloud: { ...cloud.ports, source: asking(cloud.ports.source) },
      chat,
      consoleUrl: () => "",
      sourceSite: null,
      policy: { ...localPolicy, approvers: { "@bench": [approver] } },
      log: moments.log,
    });
    cloud.connect(engine.deps.bus);
    const { teamId, appId } = slack.installation;
    const server = await startHookServer(engine, "unused", {
      signingSecrets: [slackSecret],
      teamIds: [teamId],
      appId,
      openView: (view) => chat.openView(view),
    });
    try {
      const answered: number[] = [];
      const decided: number[] = [];
      for (let number = 0; number < warmUps + clicks; number += 1) {
        const request = requestFor(number, "v1.0.0");
        const release = releaseIdFor(request.requestId);
        const asked = moments.of(release, "approval-requested");
        await engine.desk.requestRelease(request);
        await asked;
        const approval = (await engine.deps.store.release(release))?.approval?.id ?? "";
        const click = slackClick({ release, approval, user: approver, number, now: Date.now() });
        const given = moments.of(release, "approval-given");
        const live = moments.of(release, "release-live");
        const began = performance.now();
        const answer = await fetch(`${server.url}/hooks/slack`, { method: "POST", ...click });
        const answeredAt = performance.now();
        if (answer.status !== 200) throw new Error(`the click was answered ${answer.status}`);
        const decidedAt = await given;
        await live; // so that nothing of this release runs beside the next one
        if (number < warmUps) continue;
        answered.push(answeredAt - began);
        decided.push(decidedAt - began);
      }
      const bare = bareCommits(directory, 1_000);
      const durable = spread({ name: "click until the decision is durable", unit: "ms" }, decided);
      return [
        spread({ name: "click until answered", unit: "ms", aim: "3,000 ms" }, answered),
        durable,
        bare,
        ratio("decision against bare commit, p50", durable, bare),
      ];
    } finally {
      await server.close();
      await engine.close({ graceMs: 0 });
      await slack.close();
    }
  },
};

/** The same services with a config that asks for approval. Nothing is said in a channel: that is not on the way. */
function asking(source: SourcePort): SourcePort {
  const approval = { required: true, from: ["@bench"], count: 1, expires: "1h" };
  return {
    ...source,
    readFile: async (file) => {
      const text = await source.readFile(file);
      return text === null ? null : stringify({ ...parse(text), approval });
    },
  };
}

/** When Gantry says that it recorded an event, which it does right after the commit. */
class Moments {
  readonly #waiting = new Map<string, (at: number) => void>();
  readonly log = {
    info: ({ releaseId, event }: Readonly<Record<string, unknown>>): void => {
      const at = performance.now();
      const key = `${releaseId} ${event}`;
      this.#waiting.get(key)?.(at);
      this.#waiting.delete(key);
    },
    warn: (fields: Readonly<Record<string, unknown>>, message: string): void => {
      console.error(`    ${message}: ${JSON.stringify(fields)}`);
    },
    error: (fields: Readonly<Record<string, unknown>>, message: string): void => {
      console.error(`    ${message}: ${JSON.stringify(fields)}`);
    },
  };

  of(release: ReleaseId, event: EventType): Promise<number> {
    return new Promise((resolve) => this.#waiting.set(`${release} ${event}`, resolve));
  }
}
