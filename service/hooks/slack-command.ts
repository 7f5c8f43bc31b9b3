import { parseTagName, type TagName } from "../../shared/domain/ids.ts";

/** What somebody asked for with a slash command. `problem` null = they asked for help. */
export type SlackAsk =
  | Readonly<{ verb: "status"; service: string | null }>
  | Readonly<{ verb: "deploy"; tag: TagName; repository: string | null }>
  | Readonly<{ verb: "rollback"; service: string; reason: string }>
  | Readonly<{ verb: "freeze"; rest: string }>
  | Readonly<{ verb: "help"; problem: string | null }>;

const servicePattern = /^[a-z0-9][a-z0-9:./-]{0,199}$/; // project/region/name, or the name alone
const repositoryPattern = /^[A-Za-z0-9._-]{1,100}\/[A-Za-z0-9._-]{1,100}$/;
const maxReason = 500;

type Reader = (words: readonly string[], rest: string) => SlackAsk;

const readers: Readonly<Record<string, Reader>> = {
  status: readStatus,
  deploy: readDeploy,
  rollback: readRollback,
  freeze: (_words, rest) => ({ verb: "freeze", rest: rest.slice(0, maxReason) }),
  help: () => ({ verb: "help", problem: null }),
};

/**
 * Reads the text after `/gantry`: `status [SERVICE]`, `deploy TAG [OWNER/NAME]`, `rollback SERVICE [REASON]`, `freeze …`.
 * Never throws: what cannot be read is a `help` that says why.
 */
export function readSlackCommand(text: string): SlackAsk {
  const trimmed = text.trim();
  const verb = /^\S*/.exec(trimmed)?.[0].toLowerCase() ?? "";
  if (verb === "") return { verb: "help", problem: null };
  const rest = trimmed.slice(verb.length).trim();
  const reader = Object.hasOwn(readers, verb) ? readers[verb] : undefined;
  if (reader === undefined) return problem(`There is no "${verb.slice(0, 40)}".`);
  return reader(rest === "" ? [] : rest.split(/\s+/), rest);
}

function readStatus(words: readonly string[]): SlackAsk {
  const [service = null, ...more] = words;
  if (more.length > 0) return problem("`status` takes one service, or none.");
  if (service === null || servicePattern.test(service)) return { verb: "status", service };
  return problem("That is no name of a service.");
}

function readDeploy(words: readonly string[]): SlackAsk {
  const [text, repository = null, ...more] = words;
  if (text === undefined || more.length > 0) {
    return problem("`deploy` takes a tag, and after it the repository where Gantry looks after several.");
  }
  const tag = parseTagName(text);
  if (tag === null) return problem("That is no tag that Gantry releases.");
  if (repository !== null && !repositoryPattern.test(repository)) {
    return problem("Write the repository as owner/name.");
  }
  return { verb: "deploy", tag, repository };
}

function readRollback(words: readonly string[], rest: string): SlackAsk {
  const [service] = words;
  if (service === undefined) return problem("`rollback` takes a service, and after it the reason.");
  if (!servicePattern.test(service)) return problem("That is no name of a service.");
  return { verb: "rollback", service, reason: rest.slice(service.length).trim().slice(0, maxReason) };
}

function problem(words: string): SlackAsk {
  return { verb: "help", problem: words };
}
