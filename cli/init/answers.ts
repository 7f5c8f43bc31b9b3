import type { z } from "zod";
import {
  pathField,
  projectField,
  regionField,
  repositoryField,
  serviceNameField,
  textOf,
} from "../../shared/config/names.ts";
import type { InitOptions } from "../init.ts";
import { repositoryOf, type Surroundings } from "./surroundings.ts";

/** What the two files are written from. An empty text stands for "none". */
export type Answers = Readonly<{
  project: string;
  region: string;
  service: string;
  repository: string;
  tags: string;
  directory: string;
  health: string;
  approvers: string;
  slack: string;
}>;

type Asked = keyof Answers;

/** One question: its words, what is offered, and what is taken. */
export type Question = Readonly<{
  key: Asked;
  words: string;
  flag: string;
  offered: string | null;
  field: z.ZodType<string>;
  /** `-` stands for none. */
  mayBeNone: boolean;
}>;

const pathOfUrl = () => textOf(/^\/[A-Za-z0-9._~/-]*$/, "a path like `/health`");
const tagPattern = () => textOf(/^[A-Za-z0-9._+/*-]{1,128}$/, "a pattern like `v*.*.*`");
const channel = () => textOf(/^#?[a-z0-9._-]{1,80}$|^[CG][A-Z0-9]{4,20}$/, "a channel like `#deploys`");
const people = () =>
  textOf(/^[UW][A-Z0-9]{1,30}(?:,[UW][A-Z0-9]{1,30})*$/, "Slack user ids like `U024BE7LH,U0G9QF9C6`");

/** The questions, in their order, with what the surroundings offer. */
export function questionsFor(
  found: Surroundings,
  env: Readonly<Record<string, string | undefined>>,
): readonly Question[] {
  const project = env["GOOGLE_CLOUD_PROJECT"] ?? env["CLOUDSDK_CORE_PROJECT"] ?? null;
  const name =
    found.repository
      ?.split("/")[1]
      ?.toLowerCase()
      .replaceAll(/[^a-z0-9-]/g, "-") ?? null;
  const need = (key: Asked, words: string, offered: string | null, field: z.ZodType<string>): Question => ({
    key,
    words,
    offered,
    field,
    flag: `--${key}`,
    mayBeNone: false,
  });
  const may = (key: Asked, words: string, offered: string, field: z.ZodType<string>): Question => ({
    ...need(key, words, offered, field),
    mayBeNone: true,
  });
  return [
    need("project", "Google Cloud project of the service", project, projectField()),
    need("region", "Region", "us-central1", regionField()),
    need("service", "Name of the service on Cloud Run", name, serviceNameField()),
    need(
      "repository",
      "Repository on GitHub, owner/name or its address",
      found.repository,
      repositoryField(),
    ),
    need("tags", "Tags that start a release", "v*.*.*", tagPattern()),
    need("directory", "Folder with the Dockerfile", found.directories[0] ?? ".", pathField("a folder")),
    may("health", "Path that answers 200 when the service is well (- for none)", "/health", pathOfUrl()),
    may("approvers", "Slack user ids of those who approve, with commas (- for nobody)", "-", people()),
    may("slack", "Slack channel that hears of releases (- for none)", "-", channel()),
  ];
}

/** What a flag or an answer says: the text to take, or what is wrong with it. */
export function taken(
  { key, field, mayBeNone }: Question,
  text: string,
): Readonly<{ ok: true; value: string } | { ok: false; why: string }> {
  const typed = text.trim();
  const trimmed = key === "repository" ? (repositoryOf(typed) ?? typed) : typed; // its address does too
  if (mayBeNone && trimmed === "-") return { ok: true, value: "" };
  const parsed = field.safeParse(trimmed);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, why: parsed.error.issues.map(({ message }) => message).join("; ") };
}

/** What was said on the command line. */
export function flagFor(options: InitOptions, { key }: Question): string | null {
  return options[key] ?? null;
}
