import { z } from "zod";

type Rule<Shape extends z.ZodRawShape> = Readonly<{
  needs: readonly (keyof Shape & string)[]; // the rule is judged only when these keys are fine by themselves
  check: (value: z.output<z.ZodObject<Shape>>) => readonly Complaint[];
}>;

export type Complaint = Readonly<{ path: readonly (string | number)[]; message: string }>;

/**
 * A section of a file: known keys only, save `x-…` keys, which belong to the reader of the file and are ignored.
 * Rules that look at several keys run even when other keys of the section are wrong, so that one reading finds all.
 */
export function section<Shape extends z.ZodRawShape>(shape: Shape, rules: readonly Rule<Shape>[] = []) {
  return z.preprocess(withoutExtensions, strictSection(shape, rules));
}

/** Like `section`, but `x-…` keys are unknown keys too: for files whose format belongs to somebody else. */
export function strictSection<Shape extends z.ZodRawShape>(shape: Shape, rules: readonly Rule<Shape>[] = []) {
  const object = z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? Object.keys(shape).join(" ") : undefined),
  });
  return rules.reduce((checked, rule) => checked.check(checkOf(rule)), object);
}

function checkOf<Shape extends z.ZodRawShape>({ needs, check }: Rule<Shape>) {
  const run = judge(check);
  run._zod.def.when = ({ value, issues }) =>
    isRecord(value) && !issues.some(({ path }) => needs.some((key) => key === path?.[0]));
  return run;
}

/** A list with a rule about its items together; it is judged when the keys that it needs are fine in every item. */
export function listWithRule<Item extends z.ZodType>(
  list: z.ZodArray<Item>,
  {
    needs,
    check,
  }: Readonly<{ needs: readonly string[]; check: (items: z.output<Item>[]) => readonly Complaint[] }>,
) {
  const run = judge(check);
  run._zod.def.when = ({ value, issues }) =>
    Array.isArray(value) &&
    !issues.some(({ path = [], code }) =>
      path.length < 2 ? code === "invalid_type" : needs.some((key) => key === path[1]),
    );
  return list.check(run);
}

function judge<Value>(check: (value: Value) => readonly Complaint[]) {
  return z.check<Value>((payload) => {
    for (const { path, message } of check(payload.value)) {
      payload.issues.push({ code: "custom", path: [...path], message, input: payload.value, continue: true });
    }
  });
}

/** The words that an unknown key could have been; `section` leaves them in the message of zod's issue. */
export function knownKeysOf(issueMessage: string): readonly string[] {
  return issueMessage.split(" ").filter((key) => key !== "");
}

function withoutExtensions(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith("x-")));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
