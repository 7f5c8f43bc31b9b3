import { verify } from "../../functions/verify.ts";
import type { Policy } from "../../shared/domain/policy.ts";
import { topics } from "../../shared/ports/bus.ts";
import { actOnClick } from "../../shared/usecases/act-on-click.ts";
import type { Click } from "../../shared/usecases/click.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { functionHarness, gantryYaml, openPolicy, pubSubEvent } from "./function-harness.ts";
import { deployedRelease, firstRelease, handOver } from "./function-story.ts";
import { RecordingChat } from "./recording-chat.ts";

/** What the ids of the harness make of the request for approval. */
export const approvalId = "abcdefghabcdefgh";

type Decided = Extract<Click, { kind: "decision" }>;
type Clicked = Partial<Pick<Decided, "approval" | "reason" | "release">> & Readonly<{ key?: string }>;

/**
 * A workspace in which Ada pushes and Maya, Lee and Ada are on call: Maya by her id in the policy, Lee and Ada as members
 * of a user group. Joe is in another group of the policy, Zoe in none. The rest are no members.
 */
function workspace(): RecordingChat {
  const chat = new RecordingChat();
  for (const id of ["U0ADA", "U0MAYA", "U0LEE", "U0JOE", "U0ZOE"]) chat.member(id);
  chat.member("U0GUEST", "guest");
  chat.member("U0GONE", "deactivated");
  chat.member("U0BOT", "bot");
  chat.groups.set("oncall", ["U0LEE", "U0ADA", "U0GUEST", "U0GONE", "U0BOT"]);
  return chat;
}

/** Clicks on the release of `firstRelease`, by people of the workspace. */
export async function approvalStory(
  approval = 'required: true, from: ["@ml-oncall"], expires: 1h',
  changes: Partial<Policy> = {},
) {
  const policy = openPolicy({
    approvers: { "@ml-oncall": ["U0MAYA", "@oncall"], "@others": ["U0JOE"] },
    people: {
      ada: { github: ["ada-codes", "ada"], slack: ["U0ADA"], google: [] },
      maya: { github: [], slack: ["U0MAYA"], google: [] },
    },
    ...changes,
  });
  const harness = functionHarness({ policy });
  harness.world.files.set("gantry.yaml", gantryYaml(`approval: { ${approval} }`));
  await deployedRelease(harness);
  await handOver(harness, verify, topics.work.verify);
  const chat = workspace();
  const deps: Deps = { ...harness.deps, chat };
  let made = 0;

  const hear = (key: string, click: Click) => actOnClick(deps, pubSubEvent(topics.commands, { key, click }));
  const place = (id: string) => ({
    user: { id, name: id.toLowerCase(), team: "T0GANTRY" },
    channel: "C0DEPLOYS",
    thread: null,
  });

  /** Somebody clicks; a key makes it the same click as one before. */
  const click = (id: string, decision: Decided["decision"], clicked: Clicked = {}) => {
    made += 1;
    const { key = `slack/T0GANTRY/${id}/${made}/${decision}`, ...rest } = clicked;
    const asked = { approval: approvalId, reason: "", release: firstRelease, ...rest };
    return hear(key, { kind: "decision", decision, ...asked, ...place(id) });
  };

  /** Somebody types `/gantry …`; the answer is the last thing that was said to them alone. */
  const type = async (id: string, text: string, key?: string) => {
    made += 1;
    await hear(key ?? `slack/T0GANTRY/${id}/${made}/gantry`, { kind: "command", text, ...place(id) });
    return chat.whispers.at(-1)?.text ?? "";
  };

  const status = async () => (await deps.store.release(firstRelease))?.status;
  /** Every refused decision of the record, in order: who, through what, what, why. */
  const refusals = async () =>
    (await deps.store.releaseEvents(firstRelease)).flatMap(({ event }) =>
      event.type === "decision-refused"
        ? [`${event.by.name} ${event.by.id} ${event.by.via} ${event.wanted} ${event.code}`]
        : [],
    );
  return { ...harness, deps, chat, hear, place, click, type, status, refusals };
}

export type ApprovalStory = Awaited<ReturnType<typeof approvalStory>>;
