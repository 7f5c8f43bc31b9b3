import type { MessageLog } from "./message-log.ts";
import type { ModalViews } from "./modal-views.ts";
import type { Notices } from "./notices.ts";
import type { ResponseUrls } from "./response-urls.ts";
import type { SlackFaults } from "./slack-faults.ts";
import type { TriggerIds } from "./trigger-ids.ts";
import type { Directory, Installation } from "./workspace.ts";

/** What the Web API, the page and the sender of payloads share. */
export type SlackCore = Readonly<{
  installation: Installation;
  directory: Directory;
  messages: MessageLog;
  views: ModalViews;
  notices: Notices;
  triggers: TriggerIds;
  responseUrls: ResponseUrls;
  faults: SlackFaults;
  /** What the bot token may do. */
  scopes: readonly string[];
  /** Milliseconds since 1970. */
  clock: () => number;
  /** Where the workspace is, without a slash at the end. */
  baseUrl: () => string;
}>;
