import type { z } from "zod";
import type { SlackApi, SlackCall } from "./slack-api.ts";

const limit = 200; // what Slack's documentation recommends at most

type Paged = Readonly<{ response_metadata?: Readonly<{ next_cursor?: string | undefined }> | undefined }>;

/** The pages of a list, one call each, until `maxPages`; `isCut` on the last one tells that there were more. */
export async function* slackPages<T extends Paged>(
  api: SlackApi,
  params: Readonly<{
    call: Pick<SlackCall<T>, "method" | "args" | "signal">;
    answer: z.ZodType<T>;
    maxPages: number;
  }>,
): AsyncGenerator<Readonly<{ page: T; isCut: boolean }>> {
  const { call, answer, maxPages } = params;
  let cursor: string | undefined;
  for (let count = 1; count <= maxPages; count += 1) {
    const args = { ...call.args, limit, cursor };
    const page: T = await api.call({ ...call, args, answer, repeatable: true });
    cursor = page.response_metadata?.next_cursor || undefined;
    yield { page, isCut: cursor !== undefined && count === maxPages };
    if (cursor === undefined) return;
  }
}
