import { z } from "zod";
import type { AppDelivery, Delivery } from "./app-delivery.ts";
import type { InputBlock } from "./block-kit.ts";
import { checkModal } from "./block-rules.ts";
import { identityFields, NoSuchAction } from "./interaction.ts";
import type { ModalViews, OpenView } from "./modal-views.ts";
import type { SlackCore } from "./slack-core.ts";
import { wireView } from "./wire.ts";
import type { Person } from "./workspace.ts";

/** What somebody put into a modal: by action id, the text or the value chosen. */
export type Inputs = Readonly<Record<string, string>>;

const answerSchema = z.discriminatedUnion("response_action", [
  z.object({ response_action: z.literal("errors"), errors: z.record(z.string(), z.string()) }),
  z.object({ response_action: z.literal("update"), view: z.unknown() }),
  z.object({ response_action: z.literal("push"), view: z.unknown() }),
  z.object({ response_action: z.literal("clear") }),
]);

type Submission = Readonly<{ person: Person; view: OpenView; inputs: Inputs }>;

/**
 * Sends the `view_submission` of a modal and does what the app answers. Inputs that are required and empty, too short or too
 * long are told to the person and nothing is sent; null then.
 */
export async function submitView(
  core: SlackCore,
  delivery: AppDelivery,
  { person, view, inputs }: Submission,
): Promise<Delivery | null> {
  const blocks = view.modal.blocks.filter((block) => block.type === "input");
  const errors = Object.fromEntries(blocks.flatMap((block) => complaint(block, inputs)));
  if (Object.keys(errors).length > 0) {
    core.views.showErrors(view, errors);
    return null;
  }
  const values = Object.fromEntries(blocks.map((block) => [block.block_id, stateOf(block, inputs)]));
  const payload = {
    type: "view_submission",
    ...identityFields(core, person),
    trigger_id: core.triggers.issue(person.id),
    view: wireView(core, view, values),
    response_urls: [],
  };
  const sent = await delivery.send("interactivity", { payload: JSON.stringify(payload) });
  if (sent.error === null) carryOut(core, view, sent.body);
  else trouble(core.views, view);
  return sent;
}

/** Closes a modal, and tells the app when it wanted to know. */
export async function closeView(
  core: SlackCore,
  delivery: AppDelivery,
  { person, view }: Omit<Submission, "inputs">,
): Promise<void> {
  core.views.close(view);
  if (view.modal.clear_on_close === true) core.views.closeAll(person.id);
  if (view.modal.notify_on_close !== true) return;
  const payload = {
    type: "view_closed",
    ...identityFields(core, person),
    view: wireView(core, view),
    is_cleared: false,
  };
  await delivery.send("interactivity", { payload: JSON.stringify(payload) });
}

function carryOut({ views }: SlackCore, view: OpenView, body: string): void {
  const answer = body.trim() === "" ? null : answerSchema.safeParse(parsed(body));
  if (answer === null) views.close(view);
  else if (!answer.success) trouble(views, view);
  else if (answer.data.response_action === "errors") views.showErrors(view, answer.data.errors);
  else if (answer.data.response_action === "clear") views.closeAll(view.user);
  else showNext(views, view, answer.data);
}

type Next = Readonly<{ response_action: "update" | "push"; view?: unknown }>;

function showNext(views: ModalViews, view: OpenView, next: Next): void {
  const modal = checkModal(next.view);
  if (!modal.ok) trouble(views, view);
  else if (next.response_action === "push") views.open(view.user, modal.value);
  else views.replace(view, modal.value);
}

function trouble(views: ModalViews, view: OpenView): void {
  views.showErrors(view, { "": "We had some trouble connecting. Try again?" });
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function complaint(block: InputBlock, inputs: Inputs): readonly (readonly [string, string])[] {
  const { element, block_id = "" } = block;
  const value = inputs[element.action_id ?? ""] ?? "";
  if (value === "")
    return block.optional === true ? [] : [[block_id, "Please complete this required field."]];
  if (element.type !== "plain_text_input") return [];
  const { min_length: min = 0, max_length: max = 3000 } = element;
  if (value.length < min) return [[block_id, `Please enter at least ${min} characters.`]];
  return value.length > max ? [[block_id, `Please enter at most ${max} characters.`]] : [];
}

function stateOf({ element }: InputBlock, inputs: Inputs): Readonly<Record<string, unknown>> {
  const actionId = element.action_id ?? "";
  const value = inputs[actionId] ?? "";
  if (element.type === "plain_text_input")
    return { [actionId]: { type: element.type, value: value === "" ? null : value } };
  const selected = element.options.find((option) => option.value === value) ?? null;
  if (selected === null && value !== "") throw new NoSuchAction(`the menu has no option ${value}`);
  return { [actionId]: { type: element.type, selected_option: selected } };
}
