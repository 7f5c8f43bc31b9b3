import { type ApiAnswer, type ApiArguments, ApiError } from "./api-call.ts";
import type { Modal } from "./block-kit.ts";
import { checkModal } from "./block-rules.ts";
import type { SlackCore } from "./slack-core.ts";
import { wireView } from "./wire.ts";

/** views.open: a modal before the person whose action the trigger id came with. */
export function openView(core: SlackCore, args: ApiArguments): ApiAnswer {
  const trigger = args.required("trigger_id", "invalid_trigger_id");
  const modal = readModal(args.json("view", "invalid_arguments"));
  const user = core.triggers.exchange(trigger);
  return { view: wireView(core, core.views.open(user, modal)) };
}

/** views.update, by id or by external id; `hash` guards against a view that has changed meanwhile. */
export function updateView(core: SlackCore, args: ApiArguments): ApiAnswer {
  const modal = readModal(args.json("view", "invalid_arguments"));
  const id = args.text("view_id");
  const externalId = args.text("external_id");
  const view = id !== null ? core.views.find(id) : core.views.findExternal(externalId ?? "");
  if (view === null) throw new ApiError("not_found");
  const hash = args.text("hash");
  if (hash !== null && hash !== view.hash) throw new ApiError("hash_conflict");
  return { view: wireView(core, core.views.replace(view, modal)) };
}

/** @throws ApiError `invalid_arguments` with the places. */
export function readModal(view: unknown): Modal {
  const checked = checkModal(view);
  if (!checked.ok) throw ApiError.withProblems("invalid_arguments", checked.problems);
  return checked.value;
}
