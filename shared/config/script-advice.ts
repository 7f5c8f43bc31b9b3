type Advice = Readonly<{ severity: "error" | "warning"; meaning: string; repair: string }>;

/**
 * What can be found in the commands of a hand-made deploy: what it means for traffic, image or cost, and what to type
 * instead. An error sends traffic, money or a wrong image somewhere; a warning may.
 */
export const scriptAdvice = {
  "submit-empty-substitution": {
    severity: "error",
    meaning: `Only a trigger fills it: a build that is submitted by hand gets an empty text, and \`image:\` is no image name.`,
    repair: `Type \`--substitutions=SHORT_SHA=$(git rev-parse --short=7 HEAD)\`; \`gantry deploy TAG\` passes the commit itself.`,
  },
  "submit-missing-substitution": {
    severity: "error",
    meaning: "Cloud Build refuses the request, and nothing is built.",
    repair:
      "Type it under `--substitutions`; with Gantry it stands under `build.substitutions` of gantry.yaml.",
  },
  "tag-needs-trigger": {
    severity: "warning",
    meaning: "Only a trigger fills it: submitted by hand, the build ends with `invalid reference format`.",
    repair: `Write \`\${_IMAGE}:\${_TAG}\`, which \`gantry deploy TAG\` fills for every release.`,
  },
  "submit-working-directory": {
    severity: "error",
    meaning:
      "It uploads the folder as it is, uncommitted edits included and `.git` not: the image is of no commit.",
    repair:
      "Type `git tag v1.2.3 && git push origin v1.2.3`, or `gantry deploy v1.2.3`: the commit of the tag is built.",
  },
  "edits-source": {
    severity: "error",
    meaning: "The image no longer holds what the commit says, and `--no-cache` needs no such line.",
    repair: "Remove the line; build with `--no-cache --pull`, as Gantry's cloudbuild-nocache.yaml does.",
  },
  "built-by-hand": {
    severity: "warning",
    meaning:
      "The image holds the folder and the architecture of one machine, and nothing says which commit it is.",
    repair: "Type `gantry deploy TAG`; when Cloud Build itself is down, `gantry deploy --image REFERENCE`.",
  },
  "pushed-by-hand": {
    severity: "warning",
    meaning: "Nobody keeps the digest, and the tag may name another image tomorrow.",
    repair: "Name the image under `images:` of the build, or hand it to `gantry deploy --image REFERENCE`.",
  },
  "no-lock": {
    severity: "warning",
    meaning:
      "Two runs at once write the same tag and the same service; who comes last wins, with either image.",
    repair: "Type `gantry deploy TAG`: one release a service, the next one waits.",
  },
  "mutable-image": {
    severity: "error",
    meaning:
      "Cloud Run reads the digest once. A tag that moves is not deployed again, and a rollback by it means nothing.",
    repair: "Deploy `IMAGE@sha256:…`, the digest that the build answers with; Gantry always does.",
  },
  "takes-all-traffic": {
    severity: "error",
    meaning:
      "The new revision takes all traffic before anything is checked; or, once traffic was pinned to a revision, none at all.",
    repair:
      "Type `--no-traffic --tag=candidate`; with Gantry a candidate starts at 0 % and `verify` comes first.",
  },
  "checks-main-url": {
    severity: "error",
    meaning:
      "The address answers with whatever revision has traffic: the check may pass on the old one, and comes after users saw the new one.",
    repair:
      "Ask the tag's own URL, `https://candidate---SERVICE-….run.app`; Gantry's `verify.checks` do, and see which revision answered.",
  },
  "asserts-nothing": {
    severity: "warning",
    meaning:
      "curl ends with 0 whatever the status is, and waits as long as it likes: nothing stops a bad release.",
    repair:
      "Type `curl --fail --max-time 120 --retry 3`; with Gantry `verify.checks: [{ name: health, get: /health, status: 200 }]`.",
  },
  "one-request-an-instance": {
    severity: "warning",
    meaning:
      "Each parallel request needs an instance of its own, cold from zero; beyond the maximum requests wait, then get 429. A check beside a user is two cold starts.",
    repair:
      "Keep checks one at a time (`verify` does where `guardrails.concurrency` is 1), and warm business hours with `warmup`.",
  },
  "minimum-in-revision": {
    severity: "warning",
    meaning:
      "The minimum belongs to the revision: each change of it makes a new one, and one with a tag or an entry at 0 % costs money while nobody uses it.",
    repair:
      "Type `--min=0`, the minimum of the service; Gantry's `warmup: { mode: minInstances }` raises and lowers that one.",
  },
  "zonal-redundancy-unsaid": {
    severity: "warning",
    meaning:
      "Zonal redundancy is on unless refused: it needs a quota of its own, often 0, and costs about a quarter more.",
    repair: "Type `--no-gpu-zonal-redundancy`; `gantry plan TAG` looks at the quota before it builds.",
  },
  "cpu-throttling-unsaid": {
    severity: "warning",
    meaning: "A GPU needs CPU that is always allocated; whether Cloud Run assumes it is not promised.",
    repair: "Type `--no-cpu-throttling`.",
  },
  "cpu-quota": {
    severity: "warning",
    meaning:
      "Many projects have a quota of 20 vCPU in a region: the deploy is refused at once when the maximum needs more.",
    repair:
      "Lower `--max-instances`, or ask for quota: g.co/cloudrun/gpu-quota. `gantry plan TAG` says it before it builds.",
  },
  "gpu-quota-shared": {
    severity: "warning",
    meaning:
      "Old and new revision share one GPU quota, usually 3: while both live, the new one may take GPUs from users, who get 429.",
    repair:
      "Ask for room for both: g.co/cloudrun/gpu-quota. `gantry plan TAG` reckons stable and candidate side by side.",
  },
  "replaces-environment": {
    severity: "error",
    meaning:
      "The whole list is replaced: a variable that somebody else set is gone, and a secret in it stands in plain text in every revision.",
    repair:
      "Type `--update-env-vars`, and `--update-secrets` for secrets; with Gantry `runtime.env` of gantry.yaml.",
  },
  "open-to-everybody": {
    severity: "error",
    meaning:
      "Anyone who knows the address starts instances at your cost, and every deploy opens the service again.",
    repair:
      "Type `--no-allow-unauthenticated` and give callers `roles/run.invoker`; Gantry leaves who may call as it is.",
  },
  "platform-is-default": {
    severity: "warning",
    meaning: "It says nothing: managed is what Cloud Run is unless told otherwise.",
    repair: "Remove the flag.",
  },
  "timeout-is-of-requests": {
    severity: "warning",
    meaning:
      "It limits one request, not the start: a container has 240 s to start, however long a request may take.",
    repair:
      "Add `--startup-probe=httpGet.path=/health,periodSeconds=10,failureThreshold=24`, which answers once the model is loaded.",
  },
  "no-health-definition": {
    severity: "warning",
    meaning:
      "Ready means only that a port is open, and a GPU out of memory shows as restarts, not as errors; nothing decides that a revision is bad.",
    repair:
      "Add `--startup-probe` and `--liveness-probe`; with Gantry `verify.memory`, `verify.gpu` and `rollout.watch` judge it.",
  },
  "traffic-by-hand": {
    severity: "error",
    meaning:
      "No record, no lock, no look whether that revision is ready or its image still exists; tags stay, and later deploys get 0 % because traffic is pinned.",
    repair:
      "Type `gantry rollback SERVICE`; without store and network to Gantry `gantry rollback SERVICE --direct`.",
  },
  "deletes-way-back": {
    severity: "error",
    meaning: "A revision whose image is gone cannot start again: the rollback to it fails.",
    repair: "Build with `--no-cache --pull` instead; an image that a revision names stays.",
  },
  "pings-to-stay-warm": {
    severity: "warning",
    meaning:
      "An idle GPU instance is kept 10 minutes at most, without promise; a ping warms one instance, may take it from a user, and costs what a minimum of 1 costs.",
    repair: `Write \`warmup: { days: mon..fri, hours: "09:00..21:00", zone: America/New_York, mode: minInstances }\` in gantry.yaml and delete the job.`,
  },
  "never-closes": {
    severity: "warning",
    meaning: "The shell would wait for its end, and what follows was not read as commands.",
    repair: "Close it.",
  },
} as const satisfies Readonly<Record<string, Advice>>;

/** The name of a finding in a script, stable for whoever reads `--json`. */
export type ScriptFindingCode = keyof typeof scriptAdvice;
