import { z } from "zod";
import { deadLetterTopic } from "../../shared/install/google-parts.ts";
import { accountOf } from "../../shared/install/grants.ts";
import { type PushSubscription, pushSubscriptions } from "../../shared/install/push-subscriptions.ts";
import { topics } from "../../shared/ports/bus.ts";
import { type Finding, findings, unanswered } from "./finding.ts";
import type { GoogleApi } from "./google-api.ts";
import type { Target } from "./target.ts";

const subscriptionShape = z.object({
  name: z.string(),
  topic: z.string(),
  ackDeadlineSeconds: z.number().default(10),
  pushConfig: z
    .object({
      pushEndpoint: z.string().default(""),
      oidcToken: z.object({ serviceAccountEmail: z.string(), audience: z.string().default("") }).optional(),
    })
    .prefault({}),
  deadLetterPolicy: z.object({ deadLetterTopic: z.string() }).optional(),
  retryPolicy: z.object({ minimumBackoff: z.string().optional() }).optional(),
  expirationPolicy: z.object({ ttl: z.string().optional() }).optional(),
});

type Subscribed = z.output<typeof subscriptionShape>;

const subscriptionsShape = z.object({ subscriptions: z.array(subscriptionShape).default([]) });

const projectShape = z.object({ projectNumber: z.string().regex(/^[0-9]+$/) });

/** Every push subscription, held against the list that the functions themselves subscribe by. */
export async function checkSubscriptions(api: GoogleApi, target: Target): Promise<readonly Finding[]> {
  const { project, hasSlack, github, reportsToGitHub } = target;
  const url = `pubsub.googleapis.com/v1/projects/${project}/subscriptions?pageSize=1000`;
  const [answer, numbered] = await Promise.all([
    api.get(url, subscriptionsShape),
    api.get(`cloudresourcemanager.googleapis.com/v1/projects/${project}`, projectShape),
  ]);
  if (!answer.ok) return [unanswered("subscriptions", "the subscriptions", answer, project)];
  const byName = new Map(answer.value.subscriptions.map((one) => [one.name.split("/").at(-1) ?? "", one]));
  const isTold = hasSlack || (reportsToGitHub && github !== "none");
  const wanted = pushSubscriptions
    .filter(({ onlyWhereTold }) => isTold || !onlyWhereTold)
    .map((one) => ({ ...one, topicIn: project }))
    .flatMap((one) => (one.topic === topics.builds ? inEachProject(one, target) : [one]));
  const of = { ...target, number: numbered.ok ? numbered.value.projectNumber : null };
  const wrong = wanted.flatMap((want) => {
    const found = byName.get(want.name);
    return found === undefined ? [missing(want, target)] : judged(want, found, of, rules);
  });
  const unseen = numbered.ok ? [] : [unanswered("subscriptions", "the project's number", numbered, project)];
  const well = findings("subscriptions").ok(`all ${wanted.length} push subscriptions are as they should be`);
  return [...unseen, ...(wrong.length > 0 ? wrong : [well]), ...deadLetters(byName.get(deadLetterTopic), of)];
}

/** `topicIn`: the project of its topic. */
type Wanted = PushSubscription & Readonly<{ topicIn: string }>;

/** Cloud Build tells of builds in the project where they run: the module subscribes to each under a name of its own. */
function inEachProject(one: Wanted, { project, services }: Target): readonly Wanted[] {
  const builders = [...new Set(services.map((service) => service.project))];
  if (builders.length === 0) return [one];
  return builders.map((of) => (of === project ? one : { ...one, name: `${one.name}-${of}`, topicIn: of }));
}

const { broken, warning } = findings("subscriptions");
const apply = "terraform apply";

/** Without Slack nobody but GitHub is told of releases, and that may be on purpose. */
function missing(
  { name, function: hearer, topic, onlyWhereTold }: PushSubscription,
  { hasSlack }: Target,
): Finding {
  const what = `the subscription ${name} is missing`;
  if (onlyWhereTold && !hasSlack)
    return warning(
      what,
      "GitHub is told of no release; where that is meant, say so in gantry.server.yaml: github: { report: false }.",
      apply,
    );
  return broken(what, `${hearer} hears nothing of ${topic}.`, apply);
}

/** `number`: of the project; null = nobody told it. */
type Numbered = Pick<Target, "project" | "region"> & Readonly<{ number: string | null }>;

type Judged = Readonly<{ want: Wanted; found: Subscribed; of: Numbered; update: string }>;

type Rule = (judged: Judged) => Finding | null;

function judged(want: Wanted, found: Subscribed, of: Numbered, by: readonly Rule[]): readonly Finding[] {
  const update = `gcloud pubsub subscriptions update ${want.name} --project ${of.project}`;
  return by.map((rule) => rule({ want, found, of, update })).filter((one) => one !== null);
}

/** What holds for dead letters too, which are laid aside nowhere else. */
const rulesOfAll: readonly Rule[] = [
  hearsItsTopic,
  reachesItsFunction,
  saysWhoItIs,
  waitsLongEnough,
  ({ want, found, update }) =>
    found.retryPolicy !== undefined
      ? null
      : warning(
          `${want.name} tries again at once`,
          "A failure is repeated as fast as Pub/Sub can.",
          `${update} --min-retry-delay=${Math.ceil(want.minBackoffMs / 1000)}s --max-retry-delay=${want.maxBackoffMs / 1000}s`,
        ),
  ({ want, found, update }) =>
    found.expirationPolicy?.ttl === undefined
      ? null
      : warning(
          `${want.name} goes when nothing is released for long`,
          "A subscription without deliveries is deleted.",
          `${update} --expiration-period=never`,
        ),
];

const rules: readonly Rule[] = [...rulesOfAll, laysAside];

function hearsItsTopic({ want, found }: Judged): Finding | null {
  if (found.topic.split("/").at(-1) === want.topic) return null;
  const means = `${want.function} waits for ${want.topic}; a topic that is deleted leaves its subscriptions behind.`;
  return broken(`${want.name} hears ${found.topic}`, means, apply);
}

/** The address that a function is given before it is there, and the audience that it believes: `local.addresses` of the module. */
function addressOf({ function: name }: Wanted, { project, region, number }: Numbered): string {
  const asked = number ?? `$(gcloud projects describe ${project} --format='value(projectNumber)')`;
  return `https://gantry-${name}-${asked}.${region}.run.app`;
}

/** With a project's number that nobody told, any number is taken for it. */
function isAddress(origin: string, { want, of }: Judged): boolean {
  if (of.number !== null) return origin === addressOf(want, of);
  const [before, after] = [`https://gantry-${want.function}-`, `.${of.region}.run.app`];
  const number = origin.slice(before.length, -after.length);
  return origin.startsWith(before) && origin.endsWith(after) && /^[0-9]+$/.test(number);
}

/** A path that names another topic than the one that is heard leads to no handler; one that names none is no fault. */
function isReached(judged: Judged): boolean {
  const { pushEndpoint } = judged.found.pushConfig;
  if (!URL.canParse(pushEndpoint)) return false;
  const { origin, pathname } = new URL(pushEndpoint);
  const [, topic = judged.want.topic] = /\/topics\/([^/]+)/.exec(pathname) ?? [];
  return isAddress(origin, judged) && topic === judged.want.topic;
}

function reachesItsFunction(judged: Judged): Finding | null {
  const { want, found, of } = judged;
  const { pushEndpoint } = found.pushConfig;
  if (isReached(judged)) return null;
  return broken(
    `${want.name} pushes to ${pushEndpoint === "" ? "nobody" : pushEndpoint}`,
    `Its messages do not reach gantry-${want.function} at ${addressOf(want, { ...of, number: of.number ?? "NUMBER" })}, with its topic in the path.`,
    apply,
  );
}

/** Where no audience is set, Pub/Sub takes the whole endpoint: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions */
function saysWhoItIs(judged: Judged): Finding | null {
  const { want, found, of } = judged;
  const { pushEndpoint, oidcToken } = found.pushConfig;
  if (!isReached(judged)) return null; // the endpoint's own repair sets both
  const account = accountOf("push", of.project);
  const audience = oidcToken?.audience || pushEndpoint;
  const isItself = oidcToken?.serviceAccountEmail === account;
  if (isItself && audience === new URL(pushEndpoint).origin) return null;
  const address = addressOf(want, of);
  return broken(
    `${want.name} pushes ${isItself ? `with a token for ${audience}` : "without the token of gantry-push"}`,
    `gantry-${want.function} turns every push away: it believes ${account} alone, for its own address without a path.`,
    `gcloud pubsub subscriptions modify-push-config ${want.name} --project ${of.project} --push-endpoint="${address}/projects/${want.topicIn}/topics/${want.topic}" --push-auth-service-account=${account} --push-auth-token-audience="${address}"`,
  );
}

function laysAside({ want, found, update }: Judged): Finding | null {
  if (found.deadLetterPolicy?.deadLetterTopic.split("/").at(-1) === deadLetterTopic) return null;
  return broken(
    `${want.name} has no dead letter`,
    "A message that can never succeed is delivered again until it expires.",
    `${update} --dead-letter-topic=${deadLetterTopic} --max-delivery-attempts=${want.maxAttempts}`,
  );
}

function waitsLongEnough({ want, found, update }: Judged): Finding | null {
  const { ackDeadlineSeconds: seconds } = found;
  if (seconds >= want.ackDeadlineSeconds) return null;
  return broken(
    `${want.name} waits only ${seconds} s`,
    "Work that takes longer is begun a second time while it runs.",
    `${update} --ack-deadline=${want.ackDeadlineSeconds}`,
  );
}

/** The sweep keeps each letter; Pub/Sub tries until it does. */
const deadLetterPush: PushSubscription = {
  name: deadLetterTopic,
  function: "sweep",
  topic: deadLetterTopic,
  maxAttempts: Number.POSITIVE_INFINITY,
  minBackoffMs: 10_000,
  maxBackoffMs: 600_000,
  ackDeadlineSeconds: 600,
  onlyWhereTold: false,
};

function deadLetters(found: Subscribed | undefined, of: Numbered): readonly Finding[] {
  const check = "dead-letters";
  const { ok, broken: lost } = findings(check);
  const want = { ...deadLetterPush, topicIn: of.project };
  if (found === undefined)
    return [
      lost(`the subscription ${deadLetterTopic} is missing`, "Messages that are given up are lost.", apply),
    ];
  const wrong = judged(want, found, of, rulesOfAll).map((finding) => ({ ...finding, check }));
  return wrong.length > 0 ? wrong : [ok("what is laid aside is kept")];
}
