import { buildByHandFindings, isCloudBuild, submittedBuild } from "./build-by-hand.ts";
import type { SubmittedBuild } from "./build-submit-rules.ts";
import { type MarkdownBlock, markdownParts } from "./markdown-blocks.ts";
import type { ConfigText } from "./parse-config.ts";
import { inFileOrder } from "./problem.ts";
import type { ScriptFindingCode } from "./script-advice.ts";
import { checkScript } from "./script-check.ts";
import { advisedScriptFinding, type ScriptFinding } from "./script-finding.ts";
import type { BuildLookup } from "./script-rules.ts";

const shells: readonly string[] = ["bash", "sh", "shell", "console", "zsh"];
const yamls: readonly string[] = ["yaml", "yml"];

type NamedBuild = Readonly<{ name: string | null; text: ConfigText; build: SubmittedBuild }>;

/**
 * The Cloud Build files that a Markdown document shows, each as a text whose lines have the numbers of the document.
 * `name` is what the document calls the file; null = it does not say.
 */
export function buildsOfPlan({ text, file }: ConfigText): readonly NamedBuild[] {
  return markdownParts(text)
    .blocks.filter(({ language }) => yamls.includes(language))
    .map((block) => ({ name: block.name, text: inDocument(block, file) }))
    .filter((one) => isCloudBuild(one.text))
    .flatMap(({ name, text: shown }) => {
      const build = submittedBuild(shown);
      return build === null ? [] : [{ name, text: shown, build }];
    });
}

/** What the shell blocks, the Cloud Build blocks and the words of a written plan do, in the order of the document. */
export function checkPlan(input: ConfigText, lookup: BuildLookup): readonly ScriptFinding[] {
  const { blocks, prose } = markdownParts(input.text);
  const scripts = blocks
    .filter(({ language }) => shells.includes(language))
    .flatMap(({ text, line }) => checkScript({ text, line, file: input.file, lookup }));
  const builds = buildsOfPlan(input).flatMap((build) => buildByHandFindings(build.text));
  const said = prose.flatMap(({ text, line }) =>
    proseRules
      .filter(({ pattern }) => pattern.test(text))
      .map(({ code, message, pattern }) => {
        const place = { line, column: text.search(pattern) + 1 };
        return advisedScriptFinding({ code, place, message }, input.file);
      }),
  );
  return inFileOrder([...scripts, ...builds, ...said]);
}

type ProseRule = Readonly<{ pattern: RegExp; code: ScriptFindingCode; message: string }>;

/** What a plan only tells in words, with no command to look at. */
const proseRules: readonly ProseRule[] = [
  {
    pattern: /scheduler\b.*\bwarm|\bwarm.*\bscheduler/i,
    code: "pings-to-stay-warm",
    message: "keeps instances warm by a schedule",
  },
  {
    pattern: /\bdelet\w* (?:the |an |old )*(?:artifact registry |registry |docker |container )?images?\b/i,
    code: "deletes-way-back",
    message: "deletes an image",
  },
];

function inDocument({ text, line }: MarkdownBlock, file: string): ConfigText {
  return { text: "\n".repeat(line - 1) + text, file };
}
