import { expect } from "chai";
import { eventWords } from "../../shared/domain/event-words.ts";
import type { EventType } from "../../shared/domain/events.ts";
import { evolveAll } from "../../shared/domain/evolve.ts";
import { explainRelease } from "../../shared/domain/explain.ts";
import { forgeStatus } from "../../shared/domain/forge-status.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import { owed } from "../../shared/domain/owed.ts";
import { newRecord, project } from "../../shared/domain/project.ts";
import { rootMessage } from "../../shared/domain/release-message.ts";
import type { ReleaseRecord } from "../../shared/domain/release-record.ts";
import { storyOf } from "../../shared/domain/release-story.ts";
import { schema, withoutOwnMark } from "../../shared/domain/schema.ts";
import { newService } from "../../shared/domain/service-state.ts";
import { releaseStatuses } from "../../shared/domain/words.ts";
import { workKinds } from "../../shared/domain/work.ts";
import {
  digestOf,
  type History,
  historiesOf,
  playedHistories,
  recordedSchemas,
  releasedVersions,
  shapeOf,
  writeHistories,
} from "../support/golden-histories.ts";
import { goOn, takeovers } from "../support/takeover.ts";

const everyEvent: Readonly<Record<EventType, true>> = {
  "approval-given": true,
  "approval-requested": true,
  "bake-began": true,
  "build-lost": true,
  "build-polled": true,
  "build-started": true,
  "build-succeeded": true,
  "candidate-deployed": true,
  "change-allowed": true,
  "decision-refused": true,
  "digest-freed": true,
  "digest-quarantined": true,
  "drift-accepted": true,
  "drift-found": true,
  "drift-gone": true,
  "gate-failed": true,
  "gate-passed": true,
  "guardrail-broken": true,
  "image-given": true,
  "leftovers-found": true,
  "leftovers-tidied": true,
  "preflight-failed": true,
  "preflight-passed": true,
  "preflight-warned": true,
  "release-began": true,
  "release-cancelled": true,
  "release-failed": true,
  "release-held": true,
  "release-live": true,
  "release-queued": true,
  "release-reinstated": true,
  "release-rejected": true,
  "release-replaced": true,
  "release-requested": true,
  "release-rolled-back": true,
  "release-superseded": true,
  "rollback-began": true,
  "rollout-paused": true,
  "rollout-promoted": true,
  "rollout-resumed": true,
  "settings-left": true,
  "stable-restored": true,
  "step-began": true,
  "traffic-moved": true,
  "warmup-asked": true,
  "warmup-backed-off": true,
  "warmup-called-off": true,
  "warmup-due": true,
  "warmup-left-alone": true,
  "warmup-lowered": true,
  "warmup-pings-began": true,
  "warmup-raised": true,
  "watch-failed": true,
  "watch-went-on": true,
};

const howTo =
  "Raise `schema` in shared/domain/schema.ts (and say there from which schema on a new status or kind of work can be read), then: UPDATE_HISTORIES=1 npx mocha test/histories/histories.test.ts";

/** Where what was stored is not what is there now. A later schema may have more, and nothing less or else. */
function lost(stored: unknown, found: unknown, path = ""): readonly string[] {
  const told = `${path}: ${JSON.stringify(stored)} is ${JSON.stringify(found)}`;
  if (typeof stored !== "object" || stored === null) return stored === found ? [] : [told];
  if (typeof found !== "object" || found === null) return [told];
  if (Array.isArray(stored) && (!Array.isArray(found) || found.length !== stored.length)) return [told];
  return Object.entries(stored).flatMap(([key, value]) =>
    lost(value, Reflect.get(found, key), `${path}.${key}`),
  );
}

/** Folds a history as a store does, and holds what comes of it against what was stored. */
function replay({ story, commits }: History): readonly ReleaseRecord[] {
  const service = commits[0]?.state.key;
  if (service === undefined) throw new Error(`${story} is empty`);
  let state = newService(service);
  const records = new Map<ReleaseId, ReleaseRecord>();
  for (const [index, commit] of commits.entries()) {
    const where = `${story}, commit ${index + 1}`;
    state = evolveAll(state, commit.events);
    for (const event of commit.events) {
      const { releaseId } = event;
      const before =
        event.type === "release-requested" ? newRecord(service, event.release) : records.get(releaseId);
      if (before === undefined) throw new Error(`${where} is about an unknown release`);
      records.set(releaseId, project(before, event));
    }
    expect(lost(withoutOwnMark(commit.state), state), where).to.deep.equal([]);
    for (const record of commit.releases)
      expect(lost(record, records.get(record.id)), where).to.deep.equal([]);
    const kinds = owed(state).map(({ id }) => id);
    expect(kinds, where).to.have.members(commit.owed.map(({ id }) => id));
  }
  return [...records.values()];
}

function rendered({ commits }: History, records: readonly ReleaseRecord[]): string {
  const events = commits.flatMap((commit) => commit.events);
  const people = new Map<string, string>();
  const told = records.flatMap((record) => {
    const own = events.filter(({ releaseId }) => releaseId === record.id);
    const { text } = rootMessage({ record, consoleUrl: "https://gantry.test", people });
    const lines = own.map((event) => storyOf(event, { record, people })?.content.text ?? "");
    return [text, ...lines, JSON.stringify([explainRelease(record, own), forgeStatus(record)])];
  });
  return [...events.map((event) => eventWords(event)), ...told].join("\n");
}

describe("the histories that every released version left", () => {
  let today: readonly History[] = [];
  before(async () => {
    today = await playedHistories(schema);
    const isReleased = releasedVersions().some((version) => version.schema === schema);
    if (process.env["UPDATE_HISTORIES"] === "1" && !isReleased) writeHistories(schema, today);
  });

  it("are as they were released", () => {
    for (const { version, schema: of, histories } of releasedVersions())
      expect(
        digestOf(of),
        `what Gantry ${version} wrote was changed: restore test/fixtures/histories/${of}`,
      ).to.equal(histories);
  });

  it("have the shape of what this tree writes, in its schema's folder", () => {
    expect(recordedSchemas().at(-1), howTo).to.equal(schema);
    const golden = shapeOf(historiesOf(schema));
    const found = shapeOf(today);
    const added = [...found].filter((place) => !golden.has(place)).map((place) => `+ ${place}`);
    const gone = [...golden].filter((place) => !found.has(place)).map((place) => `- ${place}`);
    const changes = [...added, ...gone].join("\n");
    expect(changes, `what is stored differs from schema ${schema}. ${howTo}\n${changes}\n`).to.equal("");
  });

  it("come through every event, every status and every kind of work", () => {
    const commits = historiesOf(schema).flatMap((history) => history.commits);
    const types = new Set<string>(commits.flatMap(({ events }) => events.map(({ type }) => type)));
    const statuses = new Set<string>(commits.flatMap(({ releases }) => releases.map(({ status }) => status)));
    const kinds = new Set<string>(commits.flatMap((commit) => commit.owed.map(({ kind }) => kind)));
    const missing = [
      ...Object.keys(everyEvent).filter((type) => !types.has(type)),
      ...releaseStatuses.filter((status) => !statuses.has(status)),
      ...workKinds.filter((kind) => !kinds.has(kind)),
    ];
    expect(missing, `play them in test/support/history-stories.ts. ${howTo}`).to.deep.equal([]);
  });

  for (const of of recordedSchemas())
    describe(`in schema ${of}`, () => {
      const histories = historiesOf(of);

      it("fold to what was stored, and every word of them can be told", () => {
        for (const history of histories)
          expect(rendered(history, replay(history))).to.not.match(/undefined|\[object|NaN|newer Gantry/);
      });

      it("are gone on with from every point to an end, and nothing is done twice", async function () {
        this.timeout(60_000);
        for (const takeover of takeovers(histories)) await goOn(takeover);
      });
    });
});
