import { parseMoment } from "../config/moment.ts";
import { parseDuration } from "../config/units.ts";
import { escaped } from "../domain/chat-escape.ts";
import { everyService } from "../domain/freeze.ts";
import { parseTagName, type TagName, type Timestamp } from "../domain/ids.ts";
import { parseImageReference } from "../domain/image-reference.ts";

/** When a freeze that is asked for ends; null = when somebody lifts it. */
export type AskedEnd = Readonly<{ forMs: number }> | Readonly<{ at: Timestamp }> | null;

/** What somebody asked for with `/gantry`. `problem` null = they asked for help; `usage` = the one line that helps. */
export type SlashAsk =
  | Readonly<{ verb: "status"; service: string | null }>
  | Readonly<{ verb: "deploy"; tag: TagName | null; repository: string | null; image: string | null }>
  | Readonly<{ verb: "rollback"; service: string; reason: string }>
  | Readonly<{ verb: "freeze-list"; all: boolean }>
  | Readonly<{ verb: "freeze-on"; services: string; end: AskedEnd; reason: string }>
  | Readonly<{ verb: "freeze-off"; what: string; reason: string }> // an id, a service, or `**`
  | Readonly<{ verb: "help"; problem: string | null; usage: string | null }>;

/** What to type, by verb. */
export const slashUsage = {
  status: "/gantry status [SERVICE]",
  deploy: "/gantry deploy TAG [OWNER/REPOSITORY] [image IMAGE]",
  rollback: "/gantry rollback SERVICE [REASON]",
  freeze: "/gantry freeze [on SERVICE|all [for 4h] REASON | off ID|SERVICE|all | list]",
} as const;

const servicePattern = /^[a-z0-9][a-z0-9:./-]{0,199}$/; // project/region/name, or the name alone
const scopePattern = /^[a-z0-9*][a-z0-9:./*-]{0,199}$/;
const repositoryPattern = /^[A-Za-z0-9._-]{1,100}\/[A-Za-z0-9._-]{1,100}$/;
const maxReason = 500;

type Reader = (words: readonly string[]) => SlashAsk;

const readers: Readonly<Record<string, Reader>> = {
  status: readStatus,
  deploy: readDeploy,
  rollback: readRollback,
  freeze: readFreeze,
  help: () => ({ verb: "help", problem: null, usage: null }),
};

/** Reads the text after `/gantry`; nothing = `status`. Never throws: what cannot be read is a `help` that says why. */
export function readSlashAsk(text: string): SlashAsk {
  const [verb = "status", ...words] = text.split(/\s+/).filter((word) => word !== "");
  const name = verb.toLowerCase();
  const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
  return reader === undefined ? problem(`There is no "${escaped(verb, 40)}".`, null) : reader(words);
}

function problem(what: string, usage: string | null): SlashAsk {
  return { verb: "help", problem: what, usage };
}

function readStatus(words: readonly string[]): SlashAsk {
  const [service = null, ...more] = words;
  if (more.length > 0) return problem("`status` takes one service, or none.", slashUsage.status);
  if (service === null || servicePattern.test(service)) return { verb: "status", service };
  return problem("That is no name of a service.", slashUsage.status);
}

/** The image stands last, after its word; without a tag it is the one that is live. */
function readDeploy(words: readonly string[]): SlashAsk {
  const no = (what: string): SlashAsk => problem(what, slashUsage.deploy);
  const at = words.findIndex((word) => /^(?:--)?image$/i.test(word));
  const image = at < 0 ? null : words.slice(at + 1).join(" ");
  if (image !== null && parseImageReference(image) === null) return no("That is no name of an image.");
  const [text, repository = null, ...more] = at < 0 ? words : words.slice(0, at);
  if ((text === undefined && image === null) || more.length > 0)
    return no("`deploy` takes a tag, and after it the repository where Gantry looks after several.");
  const tag = text === undefined ? null : parseTagName(text);
  if (tag === null && text !== undefined) return no("That is no tag that Gantry releases.");
  if (repository !== null && !repositoryPattern.test(repository))
    return no("Write the repository as owner/name.");
  return { verb: "deploy", tag, repository, image };
}

function readRollback([service, ...reason]: readonly string[]): SlashAsk {
  if (service === undefined)
    return problem("`rollback` takes a service, and after it the reason.", slashUsage.rollback);
  if (!servicePattern.test(service)) return problem("That is no name of a service.", slashUsage.rollback);
  return { verb: "rollback", service, reason: reasonIn(reason) };
}

function readFreeze([typed = "list", ...words]: readonly string[]): SlashAsk {
  switch (typed.toLowerCase()) {
    case "list":
      return { verb: "freeze-list", all: words.includes("all") || words.includes("--all") };
    case "on":
      return readFreezeOn(words);
    case "off":
      return readFreezeOff(words);
    default:
      return problem("`freeze` takes `on`, `off` or `list`.", slashUsage.freeze);
  }
}

/** `all`, as on the command line, stands for every service. */
function scopeIn(word: string): string | null {
  if (/^(?:--)?all$/i.test(word)) return everyService;
  return scopePattern.test(word) ? word : null;
}

function readFreezeOn([scope = "", ...words]: readonly string[]): SlashAsk {
  const no = (what: string): SlashAsk => problem(what, slashUsage.freeze);
  const services = scopeIn(scope);
  if (services === null) return no("`freeze on` takes a service, or `all`, and after it the reason.");
  const read = readEnd(words);
  if ("problem" in read) return no(read.problem);
  const reason = reasonIn(read.rest);
  if (reason === "") return no("A freeze says why: everybody whose release it refuses reads it.");
  return { verb: "freeze-on", services, end: read.end, reason };
}

type ReadEnd = Readonly<{ end: AskedEnd; rest: readonly string[] }> | Readonly<{ problem: string }>;

/** `for 4h` or `until 2026-12-24T18:00Z` at the beginning; words that only look alike belong to the reason. */
function readEnd(words: readonly string[]): ReadEnd {
  const [option = "", value = "", ...rest] = words;
  const isOption = option.startsWith("--");
  const name = option.replace(/^--/, "").toLowerCase();
  if (name === "for") {
    const forMs = parseDuration(value);
    if (forMs !== null && forMs > 0) return { end: { forMs }, rest };
    if (isOption || /^\d/.test(value)) return { problem: "Write how long as `30m`, `4h` or `2d`." };
  }
  if (name === "until") {
    const at = parseMoment(value, null);
    if (at !== null) return { end: { at }, rest };
    if (isOption || /^\d/.test(value))
      return { problem: "Write the end with its zone, as `2026-12-24T18:00Z` or `2026-12-24T18:00+01:00`." };
  }
  return { end: null, rest: words };
}

function readFreezeOff([typed = "", ...reason]: readonly string[]): SlashAsk {
  const what = scopeIn(typed);
  if (what === null) return problem("`freeze off` takes an id, a service, or `all`.", slashUsage.freeze);
  return { verb: "freeze-off", what, reason: reasonIn(reason) };
}

/** The rest of the line, without the `--reason` and the quotes that a command line would need. */
function reasonIn(words: readonly string[]): string {
  const text = words.join(" ").replace(/^--reason[ =]/i, "");
  const bare = /^["'“‘„](.*)["'”’“]$/.exec(text)?.[1] ?? text;
  return bare.trim().slice(0, maxReason);
}
