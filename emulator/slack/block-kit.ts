import { z } from "zod";

const optional = <Schema extends z.ZodType>(schema: Schema) => z.exactOptional(schema);
const id = z.string().max(255);

/** A text object of either kind, of 1 to `max` characters. */
const text = (max: number) =>
  z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("mrkdwn"),
      text: z.string().min(1).max(max),
      verbatim: optional(z.boolean()),
    }),
    z.strictObject({
      type: z.literal("plain_text"),
      text: z.string().min(1).max(max),
      emoji: optional(z.boolean()),
    }),
  ]);

const plain = (max: number) =>
  z.strictObject({
    type: z.literal("plain_text"),
    text: z.string().min(1).max(max),
    emoji: optional(z.boolean()),
  });

const confirm = z.strictObject({
  title: plain(100),
  text: text(300),
  confirm: plain(30),
  deny: plain(30),
  style: optional(z.enum(["primary", "danger"])),
});

const option = z.strictObject({
  text: text(75),
  value: z.string().max(150),
  description: optional(plain(75)),
  url: optional(z.string().max(3000)),
});

const button = z.strictObject({
  type: z.literal("button"),
  text: plain(75),
  action_id: optional(id),
  value: optional(z.string().max(2000)),
  url: optional(z.string().max(3000)),
  style: optional(z.enum(["primary", "danger"])),
  confirm: optional(confirm),
  accessibility_label: optional(z.string().max(75)),
});

const staticSelect = z.strictObject({
  type: z.literal("static_select"),
  action_id: optional(id),
  placeholder: optional(plain(150)),
  options: z.array(option).min(1).max(100),
  initial_option: optional(option),
  confirm: optional(confirm),
  focus_on_load: optional(z.boolean()),
});

const plainTextInput = z.strictObject({
  type: z.literal("plain_text_input"),
  action_id: optional(id),
  placeholder: optional(plain(150)),
  initial_value: optional(z.string().max(3000)),
  multiline: optional(z.boolean()),
  min_length: optional(z.int().min(0).max(3000)),
  max_length: optional(z.int().min(1).max(3000)),
  focus_on_load: optional(z.boolean()),
});

const imageElement = z.strictObject({
  type: z.literal("image"),
  image_url: z.string().max(3000),
  alt_text: z.string().min(1).max(2000),
});

const section = z.strictObject({
  type: z.literal("section"),
  block_id: optional(id),
  text: optional(text(3000)),
  fields: optional(z.array(text(2000)).min(1).max(10)),
  accessory: optional(z.discriminatedUnion("type", [button, staticSelect, imageElement])),
  expand: optional(z.boolean()),
});

const header = z.strictObject({
  type: z.literal("header"),
  block_id: optional(id),
  text: plain(150),
  level: optional(z.int().min(1).max(4)),
});

const context = z.strictObject({
  type: z.literal("context"),
  block_id: optional(id),
  elements: z
    .array(z.discriminatedUnion("type", [imageElement, text(3000)]))
    .min(1)
    .max(10),
});

const divider = z.strictObject({ type: z.literal("divider"), block_id: optional(id) });

const actions = z.strictObject({
  type: z.literal("actions"),
  block_id: optional(id),
  elements: z
    .array(z.discriminatedUnion("type", [button, staticSelect]))
    .min(1)
    .max(25),
});

const image = z.strictObject({
  type: z.literal("image"),
  block_id: optional(id),
  image_url: z.string().max(3000),
  alt_text: z.string().min(1).max(2000),
  title: optional(plain(2000)),
});

const input = z.strictObject({
  type: z.literal("input"),
  block_id: optional(id),
  label: plain(2000),
  element: z.discriminatedUnion("type", [plainTextInput, staticSelect]),
  hint: optional(plain(2000)),
  optional: optional(z.boolean()),
  dispatch_action: optional(z.boolean()),
});

const block = z.discriminatedUnion("type", [section, header, context, divider, actions, image, input]);

/** Blocks of a message: docs.slack.dev/reference/block-kit/blocks. Inputs are allowed there too, though nobody can submit them. */
export const messageBlocks = z.array(block).max(50);

/** A modal: docs.slack.dev/reference/views/modal-views. */
export const modalView = z.strictObject({
  type: z.literal("modal"),
  title: plain(24),
  submit: optional(plain(24)),
  close: optional(plain(24)),
  blocks: z.array(block).max(100),
  private_metadata: optional(z.string().max(3000)),
  callback_id: optional(z.string().max(255)),
  external_id: optional(z.string().max(255)),
  clear_on_close: optional(z.boolean()),
  notify_on_close: optional(z.boolean()),
});

export type Block = z.infer<typeof block>;
export type InputBlock = z.infer<typeof input>;
export type TextObject = z.infer<ReturnType<typeof text>>;
export type Confirm = z.infer<typeof confirm>;
export type ButtonElement = z.infer<typeof button>;
export type SelectElement = z.infer<typeof staticSelect>;
export type ImageElement = z.infer<typeof imageElement>;
export type Modal = z.infer<typeof modalView>;
/** What a person can set in motion from a block. */
export type ActiveElement = ButtonElement | SelectElement;

/** The buttons and menus of a block. */
export function activeElements(of: Block): readonly ActiveElement[] {
  if (of.type === "actions") return of.elements;
  if (of.type !== "section" || of.accessory === undefined || of.accessory.type === "image") return [];
  return [of.accessory];
}
