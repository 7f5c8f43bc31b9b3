import { expect } from "chai";
import {
  changed,
  examined,
  findsEach,
  type Sickness,
  useRepository,
  wrongs,
} from "../../test/support/doctor-harness.ts";
import { googleError, project } from "../../test/support/google-project.ts";

describe("gantry doctor, of push subscriptions", () => {
  useRepository();

  const key = `GET pubsub.googleapis.com/v1/projects/${project}/subscriptions`;
  const named = (one: { name: string }, name: string) => one.name.endsWith(`/${name}`);
  const subscription = (name: string, edit: (one: Record<string, unknown>) => void) =>
    changed<{ subscriptions: { name: string }[] }>(key, ({ subscriptions }) => {
      for (const one of subscriptions) if (named(one, name)) edit(one);
    });
  const without = (name: string) =>
    changed<{ subscriptions: { name: string }[] }>(key, (body) => {
      body.subscriptions = body.subscriptions.filter((one) => !named(one, name));
    });
  const deadLetters = "gantry-dead-letters";
  const address = "https://gantry-rollout-123456789012.us-central1.run.app";
  const endpoint = `${address}/projects/acme-ops/topics/gantry-rollout`;
  const serviceAccountEmail = "gantry-push@acme-ops.iam.gserviceaccount.com";
  const pushing = (pushEndpoint: string, oidcToken?: object) =>
    subscription(
      "rollout-work",
      (one) => void Object.assign(one, { pushConfig: { pushEndpoint, oidcToken } }),
    );
  const well = { serviceAccountEmail, audience: address };
  const whole = new RegExp(
    `^gcloud pubsub subscriptions modify-push-config rollout-work --project acme-ops --push-endpoint="${endpoint}" --push-auth-service-account=${serviceAccountEmail} --push-auth-token-audience="${address}"$`,
  );

  const sicknesses: readonly Sickness[] = [
    [
      "a subscription that is missing",
      without("verify-work"),
      "broken",
      /the subscription verify-work is missing/,
      /terraform apply/,
    ],
    ["a push without a token", pushing(endpoint), "broken", /rollout-work pushes without the token/, whole],
    [
      "a push as another account",
      pushing(endpoint, { ...well, serviceAccountEmail: "else@acme-ops.iam.gserviceaccount.com" }),
      "broken",
      /rollout-work pushes without the token/,
      whole,
    ],
    [
      "a push without an audience of its own",
      pushing(endpoint, { serviceAccountEmail }),
      "broken",
      /^rollout-work pushes with a token for https:\/\/gantry-rollout-\S+\/topics\/gantry-rollout$/,
      whole,
    ],
    [
      "a push for another function",
      pushing(endpoint, { ...well, audience: address.replace("rollout", "verify") }),
      "broken",
      /^rollout-work pushes with a token for https:\/\/gantry-verify-/,
      whole,
    ],
    ...[
      ["elsewhere", "https://evil.example/gantry-rollout-"],
      ["another region", endpoint.replace("us-central1", "us-west1")],
      ["another project", endpoint.replace("123456789012", "1")],
      ["another function", endpoint.replace("rollout-1", "rollout-more-1")],
      ["another topic's path", endpoint.replace("topics/gantry-rollout", "topics/gantry-verify")],
    ].map(
      ([where = "", to = ""]): Sickness => [
        `a push to ${where}`,
        pushing(to, { ...well, audience: new URL(to).origin }),
        "broken",
        /^rollout-work pushes to https:/,
        /^terraform apply$/,
      ],
    ),
    [
      "a subscription of a deleted topic",
      subscription("build-work", (one) => void Object.assign(one, { topic: "_deleted-topic_" })),
      "broken",
      /build-work hears _deleted-topic_/,
      /terraform apply/,
    ],
    [
      "a subscription without a dead letter",
      subscription("deploy-work", (one) => void Reflect.deleteProperty(one, "deadLetterPolicy")),
      "broken",
      /deploy-work has no dead letter/,
      /--dead-letter-topic=gantry-dead-letters --max-delivery-attempts=50$/,
    ],
    [
      "an ack deadline that is too short",
      subscription("deploy-work", (one) => void Object.assign(one, { ackDeadlineSeconds: 60 })),
      "broken",
      /deploy-work waits only 60 s/,
      /--ack-deadline=600$/,
    ],
    [
      "a subscription that expires",
      subscription(
        "notify-facts",
        (one) => void Object.assign(one, { expirationPolicy: { ttl: "2678400s" } }),
      ),
      "warning",
      /notify-facts goes when nothing is released/,
      /--expiration-period=never$/,
    ],
    [
      "dead letters that are lost",
      without(deadLetters),
      "broken",
      /^the subscription gantry-dead-letters is missing$/,
      /^terraform apply$/,
    ],
    [
      "dead letters that nobody is pushed",
      subscription(deadLetters, (one) => void Object.assign(one, { pushConfig: {} })),
      "broken",
      /^gantry-dead-letters pushes to nobody$/,
      /^terraform apply$/,
    ],
    [
      "dead letters of a deleted topic",
      subscription(deadLetters, (one) => void Object.assign(one, { topic: "_deleted-topic_" })),
      "broken",
      /^gantry-dead-letters hears _deleted-topic_$/,
      /^terraform apply$/,
    ],
    [
      "dead letters that the sweep does not believe",
      subscription(
        deadLetters,
        ({ pushConfig }) => void Reflect.deleteProperty(Object(pushConfig), "oidcToken"),
      ),
      "broken",
      /^gantry-dead-letters pushes without the token/,
      /^gcloud .*\/gantry-sweep-123456789012\.\S+\/topics\/gantry-dead-letters" .* --push-auth-token-audience="https:\/\/gantry-sweep-123456789012\.us-central1\.run\.app"$/,
    ],
    [
      "dead letters that are tried again at once",
      subscription(deadLetters, (one) => void Reflect.deleteProperty(one, "retryPolicy")),
      "warning",
      /^gantry-dead-letters tries again at once$/,
      /--min-retry-delay=10s --max-retry-delay=600s$/,
    ],
  ];
  findsEach(sicknesses);

  it("takes any number for the project's own where nobody tells it, and says so", async () => {
    const number = `GET cloudresourcemanager.googleapis.com/v1/projects/${project}`;
    const untold = (to: string) =>
      examined((answers) => {
        answers.set(
          number,
          googleError(403, "PERMISSION_DENIED", "Permission 'resourcemanager.projects.get' denied"),
        );
        pushing(to, { serviceAccountEmail })(answers);
      });
    const found = wrongs(await untold(endpoint.replace("123456789012", "7")));
    expect(found.map(({ what }) => what)).to.deep.equal([
      "the project's number: you may not look",
      "rollout-work pushes with a token for https://gantry-rollout-7.us-central1.run.app/projects/acme-ops/topics/gantry-rollout",
    ]);
    expect(found[1]?.next.join()).to.include(
      `--push-auth-token-audience="https://gantry-rollout-$(gcloud projects describe acme-ops --format='value(projectNumber)').us-central1.run.app"`,
    );
    const elsewhere = wrongs(await untold(endpoint.replace("123456789012", "7-x")));
    expect(elsewhere[1]?.what).to.match(/^rollout-work pushes to https:/);
  });
});
