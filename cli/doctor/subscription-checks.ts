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
      oidcToken: z.object({ serviceAccountEmail: z.string() }).optional(),
    })
    .prefault({}),
  deadLetterPolicy: z.object({ deadLetterTopic: z.string() }).optional(),
  retryPolicy: z.object({ minimumBackoff: z.string().optional() }).optional(),
  expirationPolicy: z.object({ ttl: z.string().optional() }).optional(),
});

type Subscribed = z.output<typeof subscriptionShape>;

const subscriptionsShape = z.object({ subscriptions: z.array(subscriptionShape).default([]) });

/** Every push subscription, held against the list that the functions themselves subscribe by. */
export async function checkSubscriptions(api: GoogleApi, target: Target): Promise<readonly Finding[]> {
  const { project, hasSlack, reportsToGitHub } = target;
  const url = `pubsub.googleapis.com/v1/projects/${project}/subscriptions?pageSize=1000`;
  const answer = await api.get(url, subscriptionsShape);
  if (!answer.ok) return [unanswered("subscriptions", "the subscriptions", answer, project)];
  const byName = new Map(answer.value.subscriptions.map((one) => [one.name.split("/").at(-1) ?? "", one]));
  const isTold = hasSlack || reportsToGitHub;
  const wanted = pushSubscriptions
    .filter(({ onlyWhereTold }) => isTold || !onlyWhereTold)
    .flatMap((one) => (one.topic === topics.builds ? inEachProject(one, target) : [one]));
  const wrong = wanted.flatMap((want) => {
    const found = byName.get(want.name);
    return found === undefined ? [missing(want, target)] : judged(want, found, project);
  });
  const well = findings("subscriptions").ok(`all ${wanted.length} push subscriptions are as they should be`);
  return [...(wrong.length > 0 ? wrong : [well]), deadLetters(byName.has(deadLetterTopic), project)];
}

/** Cloud Build tells of builds in the project where they run: the module subscribes to each under a name of its own. */
function inEachProject(one: PushSubscription, { project, services }: Target): readonly PushSubscription[] {
  const builders = [...new Set(services.map((service) => service.project))];
  if (builders.length === 0) return [one];
  return builders.map((of) => (of === project ? one : { ...one, name: `${one.name}-${of}` }));
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
      "GitHub is told of no release, unless Gantry has neither token nor app; then say so: github: { report: false }.",
      apply,
    );
  return broken(what, `${hearer} hears nothing of ${topic}.`, apply);
}

function judged(want: PushSubscription, found: Subscribed, project: string): readonly Finding[] {
  const update = `gcloud pubsub subscriptions update ${want.name} --project ${project}`;
  return rules.map((rule) => rule({ want, found, project, update })).filter((one) => one !== null);
}

type Judged = Readonly<{ want: PushSubscription; found: Subscribed; project: string; update: string }>;

const rules: readonly ((judged: Judged) => Finding | null)[] = [
  hearsItsTopic,
  reachesItsFunction,
  saysWhoItIs,
  laysAside,
  waitsLongEnough,
  ({ want, found, update }) =>
    found.retryPolicy !== undefined
      ? null
      : warning(
          `${want.name} tries again at once`,
          "A failure is repeated as fast as Pub/Sub can.",
          `${update} --min-retry-delay=1s --max-retry-delay=30s`,
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

function hearsItsTopic({ want, found }: Judged): Finding | null {
  if (found.topic.split("/").at(-1) === want.topic) return null;
  const means = `${want.function} waits for ${want.topic}; a topic that is deleted leaves its subscriptions behind.`;
  return broken(`${want.name} hears ${found.topic}`, means, apply);
}

function reachesItsFunction({ want, found }: Judged): Finding | null {
  const { pushEndpoint } = found.pushConfig;
  const host = URL.canParse(pushEndpoint) ? new URL(pushEndpoint).hostname : "";
  const name = `gantry-${want.function}`;
  if (host.startsWith(`${name}-`) && host.endsWith(".run.app")) return null;
  return broken(
    `${want.name} pushes to ${pushEndpoint === "" ? "nobody" : pushEndpoint}`,
    `Its messages do not reach ${name}.`,
    apply,
  );
}

function saysWhoItIs({ want, found, project, update }: Judged): Finding | null {
  const account = accountOf("push", project);
  if (found.pushConfig.oidcToken?.serviceAccountEmail === account) return null;
  return broken(
    `${want.name} pushes without the token of gantry-push`,
    "The function turns every push away.",
    `${update} --push-endpoint=${found.pushConfig.pushEndpoint} --push-auth-service-account=${account}`,
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

function deadLetters(isThere: boolean, project: string): Finding {
  const { ok, broken: lost } = findings("dead-letters");
  if (isThere) return ok("what is laid aside is kept");
  return lost(
    `the topic ${deadLetterTopic} has no subscription of that name`,
    "Messages that are given up are lost.",
    `gcloud pubsub subscriptions create ${deadLetterTopic} --topic=${deadLetterTopic} --expiration-period=never --project ${project}`,
  );
}
