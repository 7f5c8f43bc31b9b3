import { invalidArgument } from "../../grpc/rpc-error.ts";

const DEFAULT_PAGE_SIZE = 100;

export type PageRequest = Readonly<{ pageSize?: number; pageToken?: string }>;
export type Page<Item> = Readonly<{ items: readonly Item[]; nextPageToken: string }>;

function offsetOf(token: string): number {
  if (token === "") return 0;
  const offset = Number(Buffer.from(token, "base64url").toString("utf8"));
  if (Number.isInteger(offset) && offset > 0) return offset;
  throw invalidArgument([{ field: "page_token", description: "is not a token of this list" }]);
}

/** One page of a list that is already in order; an empty token says that it is the last. @throws RpcError for a bad token. */
export function pageOf<Item>(items: readonly Item[], { pageSize, pageToken }: PageRequest): Page<Item> {
  const offset = offsetOf(pageToken ?? "");
  const end = offset + (pageSize && pageSize > 0 ? pageSize : DEFAULT_PAGE_SIZE);
  const nextPageToken = end < items.length ? Buffer.from(String(end)).toString("base64url") : "";
  return { items: items.slice(offset, end), nextPageToken };
}
