import { type ApiArguments, ApiError } from "./api-call.ts";
import type { Block } from "./block-kit.ts";
import { checkBlocks, maxBlocksBytes } from "./block-rules.ts";

/** What a call says of a message; null = it says nothing, an update then leaves it as it is. */
export type MessageContent = Readonly<{
  text: string | null;
  blocks: readonly Block[] | null;
  metadata: Readonly<Record<string, unknown>> | null;
}>;

/** Text, blocks and metadata of a call. @throws ApiError as Slack refuses them. */
export function messageContent(args: ApiArguments, longestText: number): MessageContent {
  const text = args.text("text");
  const sent = args.json("blocks", "invalid_blocks_format");
  if (sent !== undefined && !Array.isArray(sent)) throw new ApiError("invalid_blocks_format");
  if (text === null && (sent === undefined || sent.length === 0)) throw new ApiError("no_text");
  if (text !== null && text.length > longestText) throw new ApiError("msg_too_long");
  return { text, blocks: sent === undefined ? null : readBlocks(sent), metadata: readMetadata(args) };
}

/** @throws ApiError `invalid_blocks` with the places, or `msg_blocks_too_long`. */
export function readBlocks(sent: readonly unknown[]): readonly Block[] {
  const checked = checkBlocks(sent);
  if (!checked.ok) throw ApiError.withProblems("invalid_blocks", checked.problems);
  if (Buffer.byteLength(JSON.stringify(sent)) > maxBlocksBytes) throw new ApiError("msg_blocks_too_long");
  return checked.value;
}

function readMetadata(args: ApiArguments): MessageContent["metadata"] {
  const metadata = args.json("metadata", "invalid_metadata_format");
  if (metadata === undefined) return null;
  const fields = typeof metadata === "object" && metadata !== null ? Object.entries(metadata) : [];
  const read: Readonly<Record<string, unknown>> = Object.fromEntries(fields);
  const payload = read["event_payload"];
  if (typeof read["event_type"] !== "string" || typeof payload !== "object" || payload === null)
    throw new ApiError("invalid_metadata_format");
  return { event_type: read["event_type"], event_payload: payload };
}
