import { packageFinding } from "./build-package.ts";
import type { BuildDiagnosis, BuildEvidence, StepReport } from "./build-report.ts";
import {
  dependencySigns,
  type Finding,
  fileSigns,
  imageSigns,
  permissionSigns,
  pushDenied,
  pushSigns,
  resourceSigns,
  type Sign,
  transientSigns,
} from "./build-signs.ts";
import { plainLine, shownLine, stepOfLine, withoutSecrets } from "./log-line.ts";

/** How many lines of the log are shown, and how many at its end are shown when none of them says the cause. */
const mostShown = 3;

/** Noise that ends every failed log. */
const noise =
  /^(?:ERROR|TIMEOUT|CANCELLED|DONE|BUILD|PUSH|-+|=+|Finished .*|Starting .*|Already have image.*|\s*)$|^(?:ERROR: )?build step \d+ .* failed: |returned a non-zero code: \d+$|^ERROR: .*did not complete successfully: exit code: \d+$/;

type Found = Readonly<{ finding: Finding; evidence: readonly string[]; isTransient?: boolean }>;

/**
 * Why a build failed, from what Cloud Build says of it and the end of its log. Where no sign is known it says what Cloud
 * Build says, with the last lines that mean something; a log that could not be read is said to be so.
 */
export function diagnoseBuild(evidence: BuildEvidence): BuildDiagnosis {
  const lines = linesOf(evidence);
  const {
    finding,
    evidence: shown,
    isTransient = false,
  } = byState(evidence) ?? byLog(lines, evidence) ?? byType(lines, evidence) ?? byStep(lines, evidence);
  const unread =
    evidence.log === null && evidence.report.state !== "refused"
      ? " The log of the build could not be read."
      : "";
  return {
    cause: finding.cause,
    sentence: withoutSecrets(finding.sentence) + unread,
    repair: withoutSecrets(finding.repair),
    command: finding.command ?? null,
    evidence: shown.map(shownLine).filter((line) => line !== ""),
    isTransient,
  };
}

/** The lines of the step that failed and those of no step, plain; and what Cloud Build says itself. */
function linesOf({ log, report }: BuildEvidence): readonly string[] {
  const failed = new Set(report.steps.filter(isFailed).map(({ index }) => index));
  const own = (log ?? []).filter((line) => {
    const step = stepOfLine(line);
    return step === null || failed.size === 0 || failed.has(step);
  });
  return [...own, ...report.detail.split("\n")].map(plainLine);
}

function isFailed({ state }: StepReport): boolean {
  return state === "failed" || state === "timed-out";
}

function byState({ report, timeoutMs, buildFile }: BuildEvidence): Found | null {
  const own: Found = { finding: cancelled, evidence: [] };
  if (report.state === "cancelled") return own;
  if (report.state === "expired") return { ...own, finding: queueExpired };
  if (report.state === "internal-error") {
    return { finding: platformFailed(shownLine(report.detail)), evidence: [], isTransient: true };
  }
  const late = report.steps.find(({ state }) => state === "timed-out");
  if (late !== undefined && report.state !== "timed-out")
    return { ...own, finding: stepTimedOut(late, buildFile) };
  if (report.state !== "timed-out") return null;
  return { ...own, finding: buildTimedOut({ report, timeoutMs, buildFile }) };
}

const cancelled: Finding = {
  cause: "build-cancelled-outside",
  sentence: "Somebody cancelled the build in Cloud Build.",
  repair: "Release the tag again when it shall be built after all.",
};

const queueExpired: Finding = {
  cause: "queue-expired",
  sentence: "The build waited in Cloud Build's queue until its time there ran out; it never began.",
  repair:
    "Other builds of the project hold its quota of concurrent builds. Wait for them, or ask for a higher quota; then release the tag again.",
};

function platformFailed(detail: string): Finding {
  return {
    cause: "platform-failed",
    sentence: `Cloud Build itself failed${detail === "" ? "" : `: ${detail}`}`.replace(/([^.!?])$/, "$1."),
    repair:
      "Look at https://status.cloud.google.com and release the tag again; or give an image that exists.",
    command: "gantry deploy TAG --image IMAGE",
  };
}

function stepTimedOut(step: StepReport, buildFile: string): Finding {
  return {
    cause: "step-timed-out",
    sentence: `${nameOf(step)} took longer than its own timeout.`,
    repair: `Raise the timeout of this step in ${buildFile}, or let it do less.`,
  };
}

function buildTimedOut({
  report,
  timeoutMs,
  buildFile,
}: Pick<BuildEvidence, "report" | "timeoutMs" | "buildFile">): Finding {
  const limitMs = report.timeoutMs ?? timeoutMs;
  const running = report.steps.find(({ state }) => state !== "succeeded" && state !== "waiting");
  const where =
    running === undefined ? "no step had begun" : `${nameOf(running)} was still running`.replace(/^S/, "s");
  const setting = limitMs < timeoutMs ? `timeout in ${buildFile}` : "build.timeout in gantry.yaml";
  return {
    cause: "build-time-limit",
    sentence: `The build took longer than its limit of ${span(limitMs)}: ${where}.`,
    repair: `Raise ${setting}, which is ${span(limitMs)} now, choose a larger options.machineType in the build file, or let the build do less.`,
  };
}

function nameOf({ index, id, image }: StepReport): string {
  return `Step ${index} (${id ?? image})`;
}

function span(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000}m` : `${ms / 1000}s`;
}

const ofUsers: readonly (readonly Sign[])[] = [
  resourceSigns,
  imageSigns,
  fileSigns,
  dependencySigns,
  pushSigns,
  permissionSigns,
];

/** Root causes before what follows from them: a server that is away makes packages look gone. */
function byLog(lines: readonly string[], evidence: BuildEvidence): Found | null {
  const passing = passingTrouble(lines, evidence);
  if (passing !== null) return { ...passing, isTransient: true };
  const missing = packageFinding(lines, evidence);
  if (missing !== null) return { finding: missing.finding, evidence: [lines[missing.line] ?? ""] };
  for (const signs of ofUsers) {
    const found = lastSign(lines, signs, evidence);
    if (found !== null) return found;
  }
  return null;
}

/** How far from the end a trouble of the platform may stand to be what ended the build: programs try again by themselves. */
const nearTheEnd = 20;

/** Trouble of the platform at the end of the log, with nothing after it that is of the user's making. */
function passingTrouble(lines: readonly string[], evidence: BuildEvidence): Found | null {
  const last = lines.filter((line) => !noise.test(line.trim())).slice(-nearTheEnd);
  const at = last.findLastIndex((line) => isShown(line, transientSigns));
  // What a server that is away would have served looks gone, so what depends on it proves nothing.
  const others = ofUsers.filter((signs) => signs !== dependencySigns);
  const isOwn = last.slice(at + 1).some((line) => others.some((signs) => isShown(line, signs)));
  return at < 0 || isOwn ? null : lastSign(last.slice(0, at + 1), transientSigns, evidence);
}

function isShown(line: string, signs: readonly Sign[]): boolean {
  return signs.some(({ pattern }) => pattern.test(line));
}

/** The last line that shows one of these signs. */
function lastSign(lines: readonly string[], signs: readonly Sign[], evidence: BuildEvidence): Found | null {
  for (const line of lines.toReversed()) {
    for (const { pattern, say } of signs) {
      const match = pattern.exec(line);
      if (match) return { finding: say(match.groups ?? {}, evidence), evidence: [line] };
    }
  }
  return null;
}

function byType(lines: readonly string[], evidence: BuildEvidence): Found | null {
  const { report } = evidence;
  const shown = lastLines(lines);
  const said = (finding: Finding, isTransient = false): Found => ({ finding, evidence: shown, isTransient });
  switch (report.failureType) {
    case "logging-failure":
      return said(platformFailed("it could not write the log of the build"), true);
    case "push-not-authorized":
      return said(pushDenied({}, evidence));
    case "push-failed":
      return said(pushFailed);
    case "push-image-not-found":
      return said(imageNotBuilt(evidence.buildFile));
    case "fetch-source-failed":
      return said(sourceNotFetched);
    default:
      return null;
  }
}

const pushFailed: Finding = {
  cause: "push-failed",
  sentence: "The image was built, and the registry did not take it.",
  repair: "Release the tag again; if it fails again, the log says what the registry answered.",
};

function imageNotBuilt(buildFile: string): Finding {
  return {
    cause: "image-not-built",
    sentence: `${buildFile} lists an image under images: that none of its steps built.`,
    repair: "Use the same name under images: and after -t of docker build.",
    command: "gantry validate",
  };
}

const sourceNotFetched: Finding = {
  cause: "source-not-fetched",
  sentence: "Cloud Build could not fetch the commit from the git host.",
  repair:
    "Check that the commit is still there and that Cloud Build may read the repository (a private one needs source.connection in gantry.yaml, and the build's account roles/cloudbuild.readTokenAccessor); then release the tag again.",
};

function byStep(lines: readonly string[], { report }: BuildEvidence): Found {
  const step = report.steps.find(isFailed);
  const code = step?.exitCode == null ? "" : ` with exit code ${step.exitCode}`;
  const detail = shownLine(report.detail) || "Cloud Build gave no reason";
  const sentence =
    step === undefined ? `The build failed: ${detail}.` : `${nameOf(step)} of the build failed${code}.`;
  return {
    finding: {
      cause: "step-failed",
      sentence: sentence.replace(/\.\.$/, "."),
      repair: "The log says what it wrote. Repair it and push a new tag.",
    },
    evidence: lastLines(lines),
  };
}

function lastLines(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !noise.test(line.trim())).slice(-mostShown);
}
