import type { ServiceEvent } from "../../shared/domain/events.ts";
import type { ReleaseRecord } from "../../shared/domain/release-record.ts";
import { wordsOf } from "../../shared/domain/release-words.ts";

type StageState = "done" | "now" | "failed" | "stopped" | "todo" | "skipped";

/** One stage of the way from tag to live, and how far the release came with it. */
export type StepperStage = Readonly<{ label: string; state: StageState }>;

type Way = Readonly<{ label: string; done: boolean; skipped: boolean }>;

/** The whole way of the release, with the place where it stands or ended. */
export function stepsOf(record: ReleaseRecord, events: readonly ServiceEvent[]): readonly StepperStage[] {
  const way = wayOf(record, events);
  const here = way.findIndex((stage) => !stage.done && !stage.skipped);
  const stages = way.map(({ label, done, skipped }, index): StepperStage => {
    if (skipped) return { label, state: "skipped" };
    if (done) return { label, state: "done" };
    return { label, state: index === here ? stateHere(record) : "todo" };
  });
  return [...stages, ...wayBack(record)];
}

function wayOf(record: ReleaseRecord, events: readonly ServiceEvent[]): readonly Way[] {
  const has = (type: ServiceEvent["type"]) => events.some((event) => event.type === type);
  const steps = events.flatMap((event) => (event.type === "step-began" ? [event.step] : []));
  const first = Math.min(...steps);
  const last = Math.max(...steps);
  const past = has("bake-began") || has("release-live");
  const stage = (label: string, done: boolean, skipped = false): Way => ({ label, done, skipped });
  return [
    stage("tag", record.status !== "queued"),
    stage("build", has("build-succeeded"), has("image-given")),
    stage("deploy 0 %", has("candidate-deployed")),
    stage("verify", has("gate-passed")),
    ...(record.plan.approval.required ? [stage("approve", steps.length > 0)] : []),
    ...record.plan.steps.map(({ percent }, index) =>
      stage(`${percent} %`, past || index < last, steps.length > 0 && index < first),
    ),
    stage("bake", has("release-live")),
    stage("live", has("release-live")),
  ];
}

function stateHere(record: ReleaseRecord): StageState {
  const { tone } = wordsOf(record);
  if (tone === "bad") return "failed";
  return tone === "quiet" ? "stopped" : "now";
}

function wayBack({ status }: ReleaseRecord): readonly StepperStage[] {
  if (status === "rolling-back") return [{ label: "back to stable", state: "now" }];
  return status === "rolled-back" ? [{ label: "back to stable", state: "done" }] : [];
}
