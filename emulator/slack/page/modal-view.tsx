import type { OpenView } from "../modal-views.ts";
import { BlockView } from "./block-view.tsx";
import { InputView } from "./input-view.tsx";
import type { Reading } from "./reading.ts";

/** The topmost modal of a person; the script shows it as a dialog. */
export function ModalView({ view, reading }: Readonly<{ view: OpenView; reading: Reading }>) {
  const { modal, errors } = view;
  const general = errors[""];
  return (
    <dialog id="modal" data-view={view.id} data-hash={view.hash} aria-labelledby="modal-title">
      <form method="dialog">
        <h2 id="modal-title">{modal.title.text}</h2>
        {modal.blocks.map((block) =>
          block.type === "input" ? (
            <InputView block={block} error={errors[block.block_id ?? ""] ?? null} />
          ) : (
            <BlockView block={block} reading={reading} within={view.id} place="modal" />
          ),
        )}
        {general !== undefined && (
          <p class="error" role="alert">
            {general}
          </p>
        )}
        <div class="actions">
          <button type="button" value="close">
            {modal.close?.text ?? "Cancel"}
          </button>
          {modal.submit !== undefined && (
            <button type="submit" class="primary">
              {modal.submit.text}
            </button>
          )}
        </div>
      </form>
    </dialog>
  );
}
