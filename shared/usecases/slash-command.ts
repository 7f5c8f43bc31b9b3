import type { ChatContent } from "../domain/chat-blocks.ts";
import { escaped } from "../domain/chat-escape.ts";
import type { ServiceKey } from "../domain/ids.ts";
import { wordsOf } from "../domain/release-words.ts";
import type { Actor, ServiceState } from "../domain/service-state.ts";
import { type MayAct, mayAct } from "./approver-groups.ts";
import { listReply, plainReply } from "./chat-reply.ts";
import type { Deps } from "./deps.ts";
import { createDesk } from "./gantry-desk.ts";
import { type SlashAsk, slashUsage } from "./slash-ask.ts";
import { freezeOff, freezeOn, listFreezes } from "./slash-freeze.ts";

/** One command: what was asked, by whom, and the id of the message that it came with. */
export type Slash<V extends SlashAsk["verb"]> = Readonly<{
  ask: Extract<SlashAsk, { verb: V }>;
  by: Actor;
  cause: string;
}>;

type Verbs = { readonly [V in SlashAsk["verb"]]: (deps: Deps, slash: Slash<V>) => Promise<ChatContent> };

const verbs: Verbs = {
  status,
  deploy,
  rollback,
  "freeze-list": (deps, { ask }) => listFreezes(deps, ask),
  "freeze-on": (deps, slash) => ifAllowed(deps, slash, () => freezeOn(deps, slash)),
  "freeze-off": (deps, slash) => ifAllowed(deps, slash, () => freezeOff(deps, slash)),
  help: async (_deps, { ask }) => help(ask),
};

/**
 * Answers `/gantry …`; only the asker sees it. What changes anything asks for the same rights as a click. The same `cause`
 * any number of times is one command.
 */
export function slashCommand<V extends SlashAsk["verb"]>(
  deps: Deps,
  slash: Slash<V> & Readonly<{ ask: Readonly<{ verb: V }> }>,
): Promise<ChatContent> {
  return verbs[slash.ask.verb](deps, slash);
}

function help({ problem, usage }: Slash<"help">["ask"]): ChatContent {
  if (problem !== null && usage !== null) return plainReply(`${problem} Type \`${usage}\`.`);
  const known = Object.values(slashUsage).map((line) => `\`${line}\``);
  const said = problem === null ? "" : `${problem} `;
  return plainReply(`${said}Gantry knows ${known.join(" · ")}`);
}

async function status(deps: Deps, { ask: { service: name } }: Slash<"status">): Promise<ChatContent> {
  const services = await deps.store.services();
  if (services.length === 0) return plainReply("Gantry has released nothing yet.");
  const asked = services.filter(({ key }) => name === null || isNamed(key, name));
  return asked.length === 0
    ? plainReply("Gantry has no service of that name; `/gantry status` names them all.")
    : listReply(asked.map(statusLine), deps.consoleUrl());
}

/** Whether a service is meant: by its whole key, or by its name. */
export function isNamed(key: ServiceKey, name: string): boolean {
  return key === name || key.endsWith(`/${name}`);
}

function statusLine({ key, live, active }: ServiceState): string {
  const now = active ? `${escaped(active.tag, 60)} ${wordsOf(active).sentence}` : "nothing is being released";
  return `*${escaped(key, 120)}*: ${live ? escaped(live.tag, 60) : "nothing of Gantry's"} is live; ${now}`;
}

/** Why somebody may not act, in their words: the policy does not know them, or nobody can tell now. */
function mayNot({ unasked }: Extract<MayAct, { ok: false }>): ChatContent {
  if (unasked.length === 0)
    return plainReply(
      "The policy names you in no group and not among its people, so you may look but not act.",
    );
  const groups = unasked.map((group) => escaped(group, 60)).join(", ");
  return plainReply(
    `Slack could not be asked just now who is in ${groups}, so Gantry does not know whether you may. Nothing was done, and nothing changed. Type it again in a minute, or use the \`gantry\` command line.`,
  );
}

/** Does what changes something where the policy lets this person, and says why not where it does not. */
async function ifAllowed<V extends SlashAsk["verb"]>(
  deps: Deps,
  { ask, by }: Slash<V>,
  act: () => Promise<ChatContent>,
): Promise<ChatContent> {
  const may = await mayAct(deps, by);
  if (may.ok) return act();
  deps.log.warn({ by: by.name, user: by.id ?? null, ...ask }, "Refused to act for somebody in chat");
  return mayNot(may);
}

async function deploy(deps: Deps, slash: Slash<"deploy">): Promise<ChatContent> {
  const { ask, by, cause } = slash;
  const { tag, image } = ask;
  const repository = ask.repository ?? onlyRepository(deps);
  if (repository === null)
    return plainReply(`Gantry looks after several repositories. Type \`${slashUsage.deploy}\`.`);
  return ifAllowed(deps, slash, async () => {
    const { releaseId } = await createDesk(deps).requestRelease({
      requestId: cause,
      repository,
      tag,
      commit: null,
      requestedBy: by,
      explicit: true,
      ...(image === null ? {} : { image }),
    });
    const what = [tag, image].filter((name) => name !== null).map((name) => escaped(name, 200));
    return plainReply(`${what.join(" with ")} is asked for: ${deps.consoleUrl()}/releases/${releaseId}`);
  });
}

function onlyRepository({ policy }: Deps): string | null {
  const named = policy.repositories
    .map(({ repository }) => repository)
    .filter((repository) => !repository.includes("*"));
  return named.length === 1 ? (named[0] ?? null) : null;
}

async function rollback(deps: Deps, { ask, by, cause }: Slash<"rollback">): Promise<ChatContent> {
  const services = (await deps.store.services()).filter(({ key }) => isNamed(key, ask.service));
  const [service] = services;
  if (service === undefined || services.length > 1)
    return plainReply(
      `${service === undefined ? "Gantry has no service of that name" : "Several services have that name"}. Type \`${slashUsage.rollback}\`; \`/gantry status\` names the services.`,
    );
  const may = await mayAct(deps, by);
  if (!may.ok) {
    const releaseId = (service.active ?? service.live)?.id;
    const code = may.unasked.length === 0 ? "not-allowed" : "group-not-askable";
    if (releaseId !== undefined)
      await createDesk(deps).noteRefused({ releaseId, by, wanted: "roll-back", code, cause });
    return mayNot(may);
  }
  const answer = await createDesk(deps).rollBack({
    service: service.key,
    to: null,
    by,
    reason: ask.reason,
    cause,
  });
  return plainReply(
    answer.ok ? escaped(answer.message, 300) : `${escaped(answer.message, 300)} Next: \`${answer.next}\``,
  );
}
