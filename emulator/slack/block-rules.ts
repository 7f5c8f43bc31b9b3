import { randomBytes } from "node:crypto";
import type { z } from "zod";
import { activeElements, type Block, type Modal, messageBlocks, modalView } from "./block-kit.ts";

/** Either what was sent, with the ids that Slack adds, or what is wrong with it in Slack's words. */
export type Checked<Value> = Readonly<
  { ok: true; value: Value } | { ok: false; problems: readonly string[] }
>;

/** Summed size of all blocks over which Slack answers `msg_blocks_too_long`: github.com/slackapi/bolt-js/issues/2509. */
export const maxBlocksBytes = 13_200;

/** Checks the blocks of a message; problems carry the JSON pointer of the place, as `response_metadata.messages` does. */
export function checkBlocks(blocks: unknown): Checked<readonly Block[]> {
  const parsed = messageBlocks.safeParse(blocks);
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error, "/blocks", blocks) };
  return finished(parsed.data, "/blocks");
}

/** Checks a modal. */
export function checkModal(view: unknown): Checked<Modal> {
  const parsed = modalView.safeParse(view);
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error, "/view", view) };
  const inputAt = parsed.data.blocks.findIndex(({ type }) => type === "input");
  if (inputAt >= 0 && parsed.data.submit === undefined) {
    const at = `[json-pointer:/view/blocks/${inputAt}/input]`;
    return { ok: false, problems: [`must define \`submit\` to use an \`input\` block in modals ${at}`] };
  }
  const blocks = finished(parsed.data.blocks, "/view/blocks");
  return blocks.ok ? { ok: true, value: { ...parsed.data, blocks: [...blocks.value] } } : blocks;
}

function finished(blocks: readonly Block[], pointer: string): Checked<readonly Block[]> {
  const problems = [...repeatedIds(blocks, pointer), ...emptySections(blocks, pointer)];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: blocks.map(withIds) };
}

function repeatedIds(blocks: readonly Block[], pointer: string): readonly string[] {
  const blockIds = new Set<string>();
  return blocks.flatMap((block, at) => {
    const problems: string[] = [];
    if (block.block_id !== undefined && blockIds.has(block.block_id))
      problems.push(`block_id already exists: ${block.block_id} [json-pointer:${pointer}/${at}/block_id]`);
    if (block.block_id !== undefined) blockIds.add(block.block_id);
    const actionIds = activeElements(block).flatMap(({ action_id }) => action_id ?? []);
    const repeated = actionIds.findIndex((actionId, index) => actionIds.indexOf(actionId) !== index);
    if (repeated >= 0)
      problems.push(
        `action_id already exists: ${actionIds[repeated]} [json-pointer:${pointer}/${at}/elements/${repeated}/action_id]`,
      );
    return problems;
  });
}

function emptySections(blocks: readonly Block[], pointer: string): readonly string[] {
  return blocks.flatMap((block, at) =>
    block.type === "section" && block.text === undefined && block.fields === undefined
      ? [`must define either \`text\` or \`fields\` [json-pointer:${pointer}/${at}/type]`]
      : [],
  );
}

/** Slack names what the sender has not named. */
function withIds(block: Block): Block {
  const named = { ...block, block_id: block.block_id ?? shortId() };
  if (named.type === "actions") return { ...named, elements: named.elements.map(withActionId) };
  if (named.type === "input") return { ...named, element: withActionId(named.element) };
  if (named.type !== "section" || named.accessory === undefined || named.accessory.type === "image")
    return named;
  return { ...named, accessory: withActionId(named.accessory) };
}

function withActionId<Element extends Readonly<{ action_id?: string }>>(element: Element): Element {
  return { ...element, action_id: element.action_id ?? shortId() };
}

function shortId(): string {
  return randomBytes(4).toString("base64url").slice(0, 5);
}

type Issue = z.core.$ZodIssue;

function problemsOf(error: z.ZodError, root: string, sent: unknown): readonly string[] {
  return error.issues.flatMap((issue) => problem(issue, root, sent));
}

function problem(issue: Issue, root: string, sent: unknown): readonly string[] {
  const at = pointer(root, issue.path);
  const parent = pointer(root, issue.path.slice(0, -1));
  const last = String(issue.path.at(-1) ?? "");
  switch (issue.code) {
    case "too_big":
      if (issue.origin === "array") return [`no more than ${issue.maximum} items allowed ${at}`];
      if (issue.origin !== "string") return [`must be less than ${Number(issue.maximum) + 1} ${at}`];
      return [
        ...(last === "text" ? [`failed to match all allowed schemas ${parent}`] : []),
        `must be less than ${Number(issue.maximum) + 1} characters ${at}`,
      ];
    case "too_small":
      return issue.origin === "string"
        ? [`must be more than ${Number(issue.minimum) - 1} characters ${at}`]
        : [`no fewer than ${issue.minimum} items required ${at}`];
    case "unrecognized_keys":
      return issue.keys.map((key) => `invalid additional property: ${key} ${at}`);
    case "invalid_union":
      return last === "type"
        ? [`unsupported type: ${String(valueAt(sent, issue.path))} ${at}`]
        : [`failed to match all allowed schemas ${at}`];
    case "invalid_type":
      return valueAt(sent, issue.path) === undefined
        ? [`missing required field: ${last} ${parent}`]
        : [`failed to match schema ${at}`];
    default:
      return [`failed to match schema ${at}`];
  }
}

function pointer(root: string, path: readonly PropertyKey[]): string {
  return `[json-pointer:${[root, ...path.map(String)].join("/")}]`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (found, key) => (typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined),
    value,
  );
}
