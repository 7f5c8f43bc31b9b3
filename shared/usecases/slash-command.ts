import { type ChatContent, content, section } from "../domain/chat-blocks.ts";
import { escaped } from "../domain/chat-escape.ts";
import { parseTagName } from "../domain/ids.ts";
import type { Actor, ServiceState } from "../domain/service-state.ts";
import { statusWords } from "../domain/words.ts";
import { groupsOf } from "./approver-groups.ts";
import type { Click } from "./click.ts";
import type { Deps } from "./deps.ts";
import { freezeOver } from "./freeze.ts";
import { createDesk } from "./gantry-desk.ts";

type Typed = Readonly<{ deps: Deps; by: Actor; words: readonly string[] }>;
type Reply = ChatContent;

/** A sentence or a few as a message; the caller has escaped what somebody typed. */
export function plainReply(text: string): ChatContent {
  return content(text.replaceAll("`", ""), [section([text])]);
}

const help =
  "`/gantry status` · `/gantry deploy TAG` · `/gantry rollback SERVICE [REASON]` · `/gantry freeze`";

const verbs: Readonly<Record<string, (typed: Typed) => Promise<Reply>>> = {
  status,
  deploy,
  rollback,
  freeze,
};

/** Answers `/gantry …`; only the asker sees it. What changes anything asks for the same rights as a click. */
export async function slashCommand(
  deps: Deps,
  click: Extract<Click, { kind: "command" }>,
  by: Actor,
): Promise<Reply> {
  const [verb = "status", ...words] = click.text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
  const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  return run === undefined ? plainReply(`Gantry knows ${help}`) : run({ deps, by, words });
}

async function status({ deps }: Typed): Promise<Reply> {
  const services = await deps.store.services();
  if (services.length === 0) return plainReply("Gantry has released nothing yet.");
  return plainReply(services.slice(0, 30).map(statusLine).join("\n"));
}

function statusLine({ key, live, active }: ServiceState): string {
  const now = active
    ? `${escaped(active.tag, 60)} ${statusWords[active.status].sentence}`
    : "nothing is being released";
  return `*${escaped(key, 120)}*: ${live ? escaped(live.tag, 60) : "nothing of Gantry's"} is live; ${now}`;
}

/** Who stands in the policy may act; anybody else in the workspace may look. */
async function mayAct({ deps, by }: Typed): Promise<boolean> {
  const groups = await groupsOf(deps, by);
  return (
    Object.hasOwn(deps.policy.people, by.name) ||
    groups.some((group) => Object.hasOwn(deps.policy.approvers, group))
  );
}

const mayNot = "The policy names you in no group and not among its people, so you may look but not act.";

async function deploy(typed: Typed): Promise<Reply> {
  const { deps, by, words } = typed;
  const [name = "", repository = onlyRepository(deps)] = words;
  const tag = parseTagName(name);
  if (tag === null || !repository) return plainReply("Type `/gantry deploy TAG [OWNER/REPOSITORY]`.");
  if (!(await mayAct(typed))) return plainReply(mayNot);
  const { releaseId } = await createDesk(deps).requestRelease({
    requestId: `slack/${deps.ids.short()}`,
    repository,
    tag,
    commit: null,
    requestedBy: by,
    explicit: true,
  });
  return plainReply(`${escaped(tag, 60)} is asked for: ${deps.consoleUrl()}/releases/${releaseId}`);
}

function onlyRepository({ policy }: Deps): string | null {
  const named = policy.repositories
    .map(({ repository }) => repository)
    .filter((repository) => !repository.includes("*"));
  return named.length === 1 ? (named[0] ?? null) : null;
}

async function rollback(typed: Typed): Promise<Reply> {
  const { deps, by, words } = typed;
  const [name = "", ...reason] = words;
  const services = (await deps.store.services()).filter(
    ({ key }) => key === name || key.endsWith(`/${name}`),
  );
  const [service] = services;
  if (service === undefined || services.length > 1)
    return plainReply("Type `/gantry rollback SERVICE [REASON]`; `/gantry status` names the services.");
  if (!(await mayAct(typed))) return plainReply(mayNot);
  const answer = await createDesk(deps).rollBack({
    service: service.key,
    to: null,
    by,
    reason: reason.join(" "),
  });
  return plainReply(
    answer.ok ? escaped(answer.message, 300) : `${escaped(answer.message, 300)} Next: \`${answer.next}\``,
  );
}

async function freeze({ deps }: Typed): Promise<Reply> {
  const now = deps.clock.now();
  const frozen = (await deps.store.services()).flatMap(({ key }) => {
    const window = freezeOver({ policy: deps.policy, service: key, at: now });
    return window ? [`*${escaped(key, 120)}* is frozen: ${escaped(window.name, 100)}`] : [];
  });
  return plainReply(
    frozen.length > 0
      ? frozen.join("\n")
      : "No service is frozen now. Freezes stand in the operator's policy.",
  );
}
