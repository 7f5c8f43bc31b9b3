import { randomBytes } from "node:crypto";
import { ApiError } from "./api-call.ts";
import type { Modal } from "./block-kit.ts";

/** A modal that stands open before one person. */
export type OpenView = Readonly<{
  id: string;
  rootId: string;
  hash: string;
  user: string;
  modal: Modal;
  /** What the app found wrong with the last submission, by block id. */
  errors: Readonly<Record<string, string>>;
}>;

/** The modals that are open: a stack of at most three for each person. */
export class ModalViews {
  #open: readonly OpenView[] = [];
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Opens a modal above those that the person has open. @throws ApiError `push_limit_reached`. */
  open(user: string, modal: Modal): OpenView {
    const below = this.of(user);
    if (below.length >= 3) throw new ApiError("push_limit_reached");
    const id = `V${randomBytes(6).toString("hex").toUpperCase()}`;
    const view = { id, rootId: below[0]?.rootId ?? id, hash: newHash(), user, modal, errors: {} };
    this.#set([...this.#open, view]);
    return view;
  }

  find(id: string): OpenView | null {
    return this.#open.find((view) => view.id === id) ?? null;
  }

  findExternal(externalId: string): OpenView | null {
    return this.#open.find(({ modal }) => modal.external_id === externalId) ?? null;
  }

  /** The modals of a person, the topmost last. */
  of(user: string): readonly OpenView[] {
    return this.#open.filter((view) => view.user === user);
  }

  replace(view: OpenView, modal: Modal): OpenView {
    return this.#swap({ ...view, modal, hash: newHash(), errors: {} });
  }

  showErrors(view: OpenView, errors: Readonly<Record<string, string>>): void {
    this.#swap({ ...view, errors, hash: newHash() });
  }

  close({ id }: OpenView): void {
    this.#set(this.#open.filter((view) => view.id !== id));
  }

  closeAll(user: string): void {
    this.#set(this.#open.filter((view) => view.user !== user));
  }

  #swap(view: OpenView): OpenView {
    this.#set(this.#open.map((each) => (each.id === view.id ? view : each)));
    return view;
  }

  #set(open: readonly OpenView[]): void {
    this.#open = open;
    this.#changed();
  }
}

function newHash(): string {
  return `${Math.floor(Date.now() / 1000)}.${randomBytes(4).toString("hex")}`;
}
