import { dockerFindings } from "./build-rules.ts";
import { buildSubmitFindings, type SubmittedBuild, submittedFile } from "./build-submit-rules.ts";
import { type GcloudCall, gcloudCall } from "./gcloud-call.ts";
import { runDeployFindings } from "./run-deploy-rules.ts";
import type { RawScriptFinding } from "./script-finding.ts";
import type { ShellCommand } from "./shell-script.ts";

/** Finds the Cloud Build file of a name; null = nobody knows it. */
export type BuildLookup = (name: string) => SubmittedBuild | null;

/** What a command of a script, or of a step of a build, does to traffic, image or cost. */
export function commandFindings(command: ShellCommand, lookup: BuildLookup): readonly RawScriptFinding[] {
  const call = gcloudCall(command);
  if (call !== null) return gcloudFindings(call, lookup);
  return [...curlFindings(command), ...editFindings(command)];
}

/** What docker does on somebody's machine. Within a build the rules of the build file look at it. */
export function localDockerFindings({ words }: ShellCommand): readonly RawScriptFinding[] {
  const [place] = words;
  if (place === undefined) return [];
  const texts = words.map(({ text }) => text);
  const numbered = texts.map((text, index) => ({ text, path: [index] }));
  const known = dockerFindings({ words: numbered, path: [0] }).map(({ code, message, path: [at] }) => {
    return { code, message, place: words[Number(at)] ?? place };
  });
  const [tool, verb] = texts;
  if (tool !== "docker") return known;
  const built: RawScriptFinding = { code: "built-by-hand", place, message: "builds on this machine" };
  const pushed: RawScriptFinding = { code: "pushed-by-hand", place, message: "pushes by a tag" };
  return [...known, ...(verb === "build" ? [built] : []), ...(verb === "push" ? [pushed] : [])];
}

function gcloudFindings(call: GcloudCall, lookup: BuildLookup): readonly RawScriptFinding[] {
  const { verb, word: place, flags } = call;
  switch (verb) {
    case "builds submit": {
      const file = submittedFile(call);
      return buildSubmitFindings(call, file === null ? null : lookup(file));
    }
    case "run deploy":
    case "run services update":
      return runDeployFindings(call);
    case "run services update-traffic": {
      const to = flags.get("to-revisions")?.value ?? flags.get("to-tags")?.value ?? "the latest revision";
      return [{ code: "traffic-by-hand", place, message: `moves traffic to ${to} by hand` }];
    }
    case "run services replace":
      return [{ code: "takes-all-traffic", place, message: "replaces the service with what a file says" }];
    case "artifacts docker images delete":
    case "container images delete":
      return [{ code: "deletes-way-back", place, message: "deletes an image" }];
    default:
      return scheduleFindings(call);
  }
}

function scheduleFindings({ word: place, flags }: GcloudCall): readonly RawScriptFinding[] {
  const schedule = flags.get("schedule")?.value ?? "";
  const zone = flags.get("time-zone")?.value;
  const message = `asks the service at \`${schedule}\` in ${zone ?? "UTC"}`;
  const warm = `warmup: { days: mon..fri, hours: "09:00..21:00", zone: ${zone ?? "America/New_York"}, mode: minInstances }`;
  const repair = `Write \`${warm}\` in gantry.yaml and delete the job.`;
  return [{ code: "pings-to-stay-warm", place: flags.get("schedule")?.word ?? place, message, repair }];
}

const serviceHost = /^(?:https?:\/\/)?([a-z0-9-]+)\.(?:[a-z0-9-]+\.)*run\.app(?:[/:?#]|$)/i;

function curlFindings({ words }: ShellCommand): readonly RawScriptFinding[] {
  const [place, ...args] = words;
  if (place === undefined || !/(?:^|\/)(?:curl|wget)$/.test(place.text)) return [];
  const url = args.find(({ text }) => serviceHost.test(text));
  if (url === undefined) return [];
  const [, host = ""] = serviceHost.exec(url.text) ?? [];
  const fails = args.some(({ text }) => /^(?:--fail\b.*|-[a-zA-Z]*f[a-zA-Z]*|--write-out|-w)$/.test(text));
  const quiet = place.text.endsWith("wget") || fails;
  return [
    ...(host.includes("---")
      ? []
      : [{ code: "checks-main-url", place: url, message: "asks the service, not a revision" } as const]),
    ...(quiet ? [] : [{ code: "asserts-nothing", place, message: "looks at no status" } as const]),
  ];
}

const sourceFile = /(?:^|\/)(?:Dockerfile[\w.-]*|[\w-]+\.dockerfile|requirements\.txt|package\.json)$/;

function editFindings({ words, redirects }: ShellCommand): readonly RawScriptFinding[] {
  const [tool, ...args] = words;
  if (tool === undefined) return [];
  const written = redirects.find(
    ({ operator, target }) => /^&?>/.test(operator) && sourceFile.test(target.text),
  );
  const edits =
    /^(?:sed|tee|perl)$/.test(tool.text) &&
    (tool.text === "tee" || args.some(({ text }) => /^-\w*i/.test(text)));
  const file = written?.target ?? (edits ? args.find(({ text }) => sourceFile.test(text)) : undefined);
  return file === undefined
    ? []
    : [{ code: "edits-source", place: tool, message: `writes to \`${file.text}\`` }];
}
