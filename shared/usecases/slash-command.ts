import { type ChatContent, content, section } from "../domain/chat-blocks.ts";
import { escaped } from "../domain/chat-escape.ts";
import { parseTagName } from "../domain/ids.ts";
import type { Actor, ServiceState } from "../domain/service-state.ts";
import { statusWords } from "../domain/words.ts";
import { mayAct } from "./approver-groups.ts";
import type { Deps } from "./deps.ts";
import { freezeOver } from "./freeze.ts";
import { createDesk } from "./gantry-desk.ts";

type Typed = Readonly<{ deps: Deps; by: Actor; cause: string; words: readonly string[] }>;
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

/**
 * Answers `/gantry …`; only the asker sees it. What changes anything asks for the same rights as a click. The same `cause`
 * any number of times is one command.
 */
export async function slashCommand(
  deps: Deps,
  { text, by, cause }: Readonly<{ text: string; by: Actor; cause: string }>,
): Promise<Reply> {
  const [typed = "status", ...words] = text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
  const verb = typed.toLowerCase();
  const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  return run === undefined ? plainReply(`Gantry knows ${help}`) : run({ deps, by, cause, words });
}

async function status({ deps, words: [name] }: Typed): Promise<Reply> {
  const services = await deps.store.services();
  if (services.length === 0) return plainReply("Gantry has released nothing yet.");
  const asked = services.filter(({ key }) => name === undefined || isNamed(key, name));
  return asked.length === 0
    ? plainReply("Gantry has no service of that name; `/gantry status` names them all.")
    : plainList(deps, asked.map(statusLine));
}

function isNamed(key: string, name: string): boolean {
  return key === name || key.endsWith(`/${name}`);
}

/** Slack takes 3,000 characters in a section (docs.slack.dev/reference/block-kit/blocks/section-block). */
const mostCharacters = 2_800;

/** As many lines as one section takes, and how many more there are. */
function plainList(deps: Deps, lines: readonly string[]): Reply {
  const shown: string[] = [];
  let length = 0;
  for (const line of lines) {
    length += line.length + 1;
    if (length > mostCharacters) break;
    shown.push(line);
  }
  const more = lines.length - shown.length;
  const rest = more === 0 ? [] : [`… and ${more} more: ${deps.consoleUrl()}`];
  return plainReply([...shown, ...rest].join("\n"));
}

function statusLine({ key, live, active }: ServiceState): string {
  const now = active
    ? `${escaped(active.tag, 60)} ${statusWords[active.status].sentence}`
    : "nothing is being released";
  return `*${escaped(key, 120)}*: ${live ? escaped(live.tag, 60) : "nothing of Gantry's"} is live; ${now}`;
}

const mayNot = "The policy names you in no group and not among its people, so you may look but not act.";

async function deploy({ deps, by, cause, words }: Typed): Promise<Reply> {
  const [name = "", repository = onlyRepository(deps)] = words;
  const tag = parseTagName(name);
  if (tag === null || !repository) return plainReply("Type `/gantry deploy TAG [OWNER/REPOSITORY]`.");
  if (!(await mayAct(deps, by))) {
    deps.log.warn(
      { by: by.name, user: by.id ?? null, tag, repository },
      "Refused to release for somebody in chat",
    );
    return plainReply(mayNot);
  }
  const { releaseId } = await createDesk(deps).requestRelease({
    requestId: cause.slice(0, 200),
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

async function rollback({ deps, by, cause, words }: Typed): Promise<Reply> {
  const [name = "", ...reason] = words;
  const services = (await deps.store.services()).filter(({ key }) => isNamed(key, name));
  const [service] = services;
  if (service === undefined || services.length > 1)
    return plainReply("Type `/gantry rollback SERVICE [REASON]`; `/gantry status` names the services.");
  if (!(await mayAct(deps, by))) {
    const releaseId = (service.active ?? service.live)?.id;
    if (releaseId !== undefined)
      await createDesk(deps).noteRefused({ releaseId, by, wanted: "roll-back", code: "not-allowed", cause });
    return plainReply(mayNot);
  }
  const answer = await createDesk(deps).rollBack({
    service: service.key,
    to: null,
    by,
    reason: reason.join(" ").slice(0, 500),
    cause,
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
  return frozen.length > 0
    ? plainList(deps, frozen)
    : plainReply("No service is frozen now. Freezes stand in the operator's policy.");
}
