import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { topics } from "../../shared/ports/bus.ts";
import type { RecordedCommit } from "./history-play.ts";
import { played, stories } from "./history-stories.ts";

/** A story as one version of Gantry wrote it into its store, commit by commit. */
export type History = Readonly<{ schema: number; story: string; commits: readonly RecordedCommit[] }>;

/** A version that people run. `histories`: the digest of what its schema wrote, which stays as it is for ever. */
export type ReleasedVersion = Readonly<{
  version: string;
  commit: string;
  schema: number;
  histories: string;
}>;

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));
const folder = join(fixtures, "histories");

function folderOf(schema: number): string {
  return join(folder, String(schema));
}

export function releasedVersions(): readonly ReleasedVersion[] {
  return JSON.parse(readFileSync(join(fixtures, "released-versions.json"), "utf8"));
}

/** The schemas that have histories, the newest last. */
export function recordedSchemas(): readonly number[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.map(Number).sort((a, b) => a - b);
}

export function historiesOf(schema: number): readonly History[] {
  return filesOf(schema).map((name) => {
    const commits = JSON.parse(readFileSync(join(folderOf(schema), name), "utf8"));
    return { schema, story: name.replace(/\.json$/, ""), commits };
  });
}

function filesOf(schema: number): readonly string[] {
  return existsSync(folderOf(schema)) ? readdirSync(folderOf(schema)).sort() : [];
}

/** Of all histories of a schema, names and bytes. */
export function digestOf(schema: number): string {
  const hash = createHash("sha256");
  for (const name of filesOf(schema))
    hash.update(`${name}\n`).update(readFileSync(join(folderOf(schema), name)));
  return `sha256:${hash.digest("hex")}`;
}

/** What this tree writes when it plays the stories. Facts are left out of the messages: they are the events. */
export async function playedHistories(schema: number): Promise<readonly History[]> {
  const histories: History[] = [];
  for (const [story, playing] of Object.entries(stories)) {
    const commits = (await played(playing)).map((commit) => ({ ...commit, messages: withoutFacts(commit) }));
    histories.push({ schema, story, commits });
  }
  return histories;
}

function withoutFacts({ messages }: RecordedCommit): RecordedCommit["messages"] {
  return messages.filter(({ topic }) => topic !== topics.events);
}

/** Writes the histories of a schema that no released version wrote. One commit is a line. */
export function writeHistories(schema: number, histories: readonly History[]): void {
  if (releasedVersions().some((version) => version.schema === schema))
    throw new Error(`schema ${schema} is released, and what it wrote stays as it is`);
  rmSync(folderOf(schema), { recursive: true, force: true });
  mkdirSync(folderOf(schema), { recursive: true });
  for (const { story, commits } of histories) {
    const lines = commits.map((commit) => JSON.stringify(commit));
    writeFileSync(join(folderOf(schema), `${story}.json`), `[\n${lines.join(",\n")}\n]\n`);
  }
}

/** Every place in what is stored, with what is there: `state(rolling-out).active.step: number`. */
export function shapeOf(histories: readonly History[]): ReadonlySet<string> {
  const shape = new Set<string>();
  for (const { events, state, releases, owed, messages, configs } of histories.flatMap(
    ({ commits }) => commits,
  )) {
    for (const { type, ...event } of events) addShape(shape, `event(${type})`, event);
    const { active, ...rest } = state;
    addShape(shape, "state", rest);
    if (active !== null) addShape(shape, `state.active(${active.status})`, active);
    for (const release of releases) addShape(shape, "release", release);
    for (const { kind, ...work } of owed) addShape(shape, `work(${kind})`, work);
    for (const { topic, ...message } of messages) addShape(shape, `message(${topic})`, message);
    for (const config of configs) addShape(shape, "config", config);
  }
  return shape;
}

function addShape(shape: Set<string>, path: string, value: unknown): void {
  if (Array.isArray(value)) for (const item of value) addShape(shape, `${path}[]`, item);
  else if (typeof value === "object" && value !== null)
    for (const [key, field] of Object.entries(value)) addShape(shape, `${path}.${key}`, field);
  else shape.add(`${path}: ${value === null ? "null" : typeof value}`);
}
