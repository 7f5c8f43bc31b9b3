import type { ServiceEvent } from "../../../shared/domain/events.ts";
import type { ReleaseId } from "../../../shared/domain/ids.ts";
import { refusalsShape } from "../../api-shapes.ts";
import { pushEditedTag } from "../edited-tag.ts";
import { changeByHand, withOtherLimits } from "../hand.ts";
import { gpuGuardrails, verifyWithin } from "../rehearsal-config.ts";
import type { Scenario } from "../scenario.ts";
import { repository, type Stage } from "../stage.ts";

/** Asks for a tag through the API and waits until Gantry has taken it. */
async function deploy(
  stage: Stage,
  body: Readonly<{ tag: string; allowChange?: object }>,
): Promise<ReleaseId> {
  const known = new Set(stage.trail.events);
  await stage.command("/releases", { repository, ...body });
  const isIt = (event: ServiceEvent): boolean =>
    event.type === "release-requested" && event.release.tag === body.tag && !known.has(event);
  return (await stage.trail.until(isIt)).releaseId;
}

/** That a release ended for this reason before anything was built, and that the finding says this. */
function stoppedBefore(
  stage: Stage,
  id: ReleaseId | undefined,
  { code, words }: Readonly<{ code: string; words: RegExp }>,
): readonly string[] {
  const events = id === undefined ? [] : stage.trail.of(id);
  const failed = events.find((event) => event.type === "release-failed");
  const isBuilt = events.some(({ type }) => type === "build-started");
  return [
    ...(failed?.failure.code === code
      ? []
      : [`the release should have ended with ${code}, not ${failed?.failure.code}`]),
    ...(words.test(failed?.failure.message ?? "")
      ? []
      : [`its message should say ${words.source}: ${failed?.failure.message}`]),
    ...(isBuilt ? ["it was built before it was stopped"] : []),
  ];
}

/** That the release went on with this finding, and that it is told. */
function wentOnWith(stage: Stage, id: ReleaseId | undefined, code: string): readonly string[] {
  const found = (id === undefined ? [] : stage.trail.of(id)).flatMap((event) =>
    event.type === "preflight-passed" ? event.findings : [],
  );
  return found.some((finding) => finding.code === code) ? [] : [`the preflight did not find ${code}`];
}

function acceptChanges(stage: Stage, reason: string): Promise<void> {
  return stage.command(`/services/${stage.service}/accept`, { reason });
}

const drifted = (event: ServiceEvent): boolean => event.type === "drift-found";

/** What is found before a build costs anything, and what somebody changed meanwhile. */
export const guardRailScenarios: readonly Scenario[] = [
  {
    name: "gpu-setting-changed",
    story:
      "A tag changes the memory beside the GPU in its guard rails: it is stopped before its build; a person lets it differ once, with a reason, and it goes live.",
    expected: "failed+live",
    live: "candidate",
    setting: { config: { guardrails: gpuGuardrails } },
    play: async (stage) => {
      const [stopped] = await pushEditedTag(stage, {
        tag: "v1.20.0",
        of: "v1.1.0",
        file: "../../gantry.yaml",
        from: "memory: 32Gi",
        to: "memory: 16Gi",
      });
      if (stopped === undefined) return [];
      await stage.ended(stopped, "release-failed");
      const allowChange = { settings: ["memory"], reason: "the smaller model needs no more" };
      const allowed = await deploy(stage, { tag: "v1.20.0", allowChange });
      await stage.ended(allowed, "release-live");
      return [stopped, allowed];
    },
    check: (stage, [stopped, allowed]) => {
      const isAudited = (allowed === undefined ? [] : stage.trail.of(allowed)).some(
        (event) => event.type === "change-allowed" && event.reason.includes("smaller model"),
      );
      return [
        ...stoppedBefore(stage, stopped, { code: "guardrail-broken", words: /memory is 32Gi, not 16Gi/ }),
        ...(isAudited ? [] : ["who allowed the change, and why, is not on record"]),
      ];
    },
  },
  {
    name: "probe-ready-too-early",
    story:
      "The startup probe only waits for an open port, so an instance counts as ready before its model is loaded: the release says so and how to set a better probe, and goes on.",
    expected: "live",
    live: "candidate",
    setting: { config: { verify: { ...verifyWithin("4s"), coldStart: { within: "20s" } } } },
    play: async (stage) => {
      const [id] = await stage.push("v1.1.0");
      if (id === undefined) return [];
      await stage.ended(id, "release-live");
      return [id];
    },
    check: (stage, [id]) => wentOnWith(stage, id, "probe-ready-too-early"),
  },
  {
    name: "gpu-quota-full",
    story:
      "The region's GPU quota is lowered after the service went live: the preflight asks Cloud Run, says which quota is short by how much, and nothing is built.",
    expected: "failed",
    live: "stable",
    setting: { config: { guardrails: gpuGuardrails } },
    play: async (stage) => {
      stage.cloud.run.faults.set({ name: "gpu-quota-lowered" });
      const [id] = await stage.push("v1.1.0");
      if (id === undefined) return [];
      await stage.ended(id, "release-failed");
      return [id];
    },
    check: (stage, [id]) =>
      stoppedBefore(stage, id, { code: "preflight-stopped", words: /quota .* allows 0 .* ask for 1/ }),
  },
  {
    name: "traffic-was-pinned",
    story:
      "Somebody pinned traffic to the revision before by hand. Gantry leaves it so and holds the service; once a person accepts it, the next release takes its traffic from that revision, where a plain deploy would have got 0 %.",
    expected: "live+live",
    live: "candidate",
    play: async (stage) => {
      const [first] = await stage.push("v1.1.0");
      if (first === undefined || stage.stable === null) return [];
      await stage.ended(first, "release-live");
      await stage.humanSetsTraffic([{ revision: stage.stable, percent: 100 }]);
      await stage.trail.until(drifted);
      await acceptChanges(stage, "v1.1.0 was too slow");
      const [second] = await stage.push("v1.8.0");
      if (second === undefined) return [first];
      await stage.ended(second, "release-live");
      return [first, second];
    },
    check: async (stage, [, second]) => {
      if (second === undefined) return ["there is no second release"];
      const { stable } = await stage.trail.first("candidate-deployed", second);
      return [
        ...wentOnWith(stage, second, "traffic-was-pinned"),
        ...(stable === stage.stable
          ? []
          : [`it should take its traffic from ${stage.stable}, not ${stable}`]),
      ];
    },
  },
  {
    name: "drift-by-hand",
    story:
      "Somebody halves the CPU in the Cloud console: Gantry finds it, says what changed, undoes nothing and refuses what is new, until a person accepts it; the next release keeps the change.",
    expected: "live",
    live: "candidate",
    play: async (stage) => {
      stage.trouble();
      await changeByHand(stage, withOtherLimits({ cpu: "500m" }));
      await stage.trail.until(drifted);
      const taken = stage.push("v1.1.0"); // once Gantry takes it
      taken.catch(() => undefined); // where the rehearsal ends before
      await refusedAs(stage, "service-drifted");
      await acceptChanges(stage, "half a CPU is enough at night");
      const allowChange = { settings: ["cpu"], reason: "half a CPU is enough at night" };
      await stage.command("/releases", { repository, tag: "v1.1.0", allowChange });
      const [id] = await taken;
      if (id === undefined) return [];
      await stage.ended(id, "release-live");
      return [id];
    },
    check: async (stage) => {
      const reading = await stage.run.readSettings(stage.service);
      const cpu = reading?.settings.template.cpu;
      return cpu === 0.5 ? [] : [`the CPU should be as the person left it, 0.5, and is ${cpu}`];
    },
  },
];

/** Waits until the newest request was refused for this reason. */
async function refusedAs(stage: Stage, code: string): Promise<void> {
  for (;;) {
    const { refusals } = refusalsShape.parse(await stage.read("/refusals?limit=1"));
    if (refusals.some((refusal) => refusal.code === code)) return;
    stage.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
