import type {
  ActiveElement,
  Block,
  ButtonElement,
  Confirm,
  ImageElement,
  SelectElement,
} from "../block-kit.ts";
import { InputView } from "./input-view.tsx";
import { isSafe } from "./mrkdwn.ts";
import type { Reading } from "./reading.ts";
import { RichText } from "./rich-text.tsx";

type In = Readonly<{
  reading: Reading;
  /** The message, or the modal, in which it stands. */
  within: string;
  /** Tells apart two pictures of the same message on one page. */
  place: string;
}>;

/** One block of a message or of a modal. */
export function BlockView({ block, ...rest }: In & Readonly<{ block: Block }>) {
  const { reading } = rest;
  switch (block.type) {
    case "divider":
      return <hr />;
    case "header":
      return (
        <h3>
          <RichText of={block.text} reading={reading} />
        </h3>
      );
    case "image":
      return (
        <figure>
          {block.title !== undefined && <figcaption>{block.title.text}</figcaption>}
          <Picture image={block} />
        </figure>
      );
    case "context":
      return <ContextView block={block} reading={reading} />;
    case "section":
      return <SectionView block={block} {...rest} />;
    case "actions":
      return (
        <div class="actions">
          {block.elements.map((element) => (
            <ActionView element={element} blockId={block.block_id ?? ""} {...rest} />
          ))}
        </div>
      );
    case "input":
      return <InputView block={block} error={null} />;
  }
}

type Of<Type extends Block["type"]> = Extract<Block, Readonly<{ type: Type }>>;

function ContextView({ block, reading }: Readonly<{ block: Of<"context">; reading: Reading }>) {
  return (
    <div class="context">
      {block.elements.map((element) =>
        element.type === "image" ? (
          <Picture image={element} />
        ) : (
          <span>
            <RichText of={element} reading={reading} />
          </span>
        ),
      )}
    </div>
  );
}

function SectionView({ block, ...rest }: In & Readonly<{ block: Of<"section"> }>) {
  const { reading } = rest;
  const { text, fields, accessory } = block;
  return (
    <div class="section">
      <div>
        {text !== undefined && (
          <div>
            <RichText of={text} reading={reading} />
          </div>
        )}
        {fields !== undefined && (
          <div class="fields">
            {fields.map((field) => (
              <div>
                <RichText of={field} reading={reading} />
              </div>
            ))}
          </div>
        )}
      </div>
      {accessory?.type === "image" && <Picture image={accessory} />}
      {accessory !== undefined && accessory.type !== "image" && (
        <ActionView element={accessory} blockId={block.block_id ?? ""} {...rest} />
      )}
    </div>
  );
}

function Picture({ image }: Readonly<{ image: Pick<ImageElement, "image_url" | "alt_text"> }>) {
  if (!isSafe(image.image_url)) return <span>{image.alt_text}</span>;
  return <img src={image.image_url} alt={image.alt_text} referrerpolicy="no-referrer" loading="lazy" />;
}

type Action = In & Readonly<{ blockId: string }>;

function ActionView({ element, ...rest }: Action & Readonly<{ element: ActiveElement }>) {
  const { confirm } = element;
  return (
    <span>
      {element.type === "button" ? (
        <ButtonView button={element} {...rest} />
      ) : (
        <MenuView menu={element} {...rest} />
      )}
      {confirm !== undefined && <ConfirmTemplate confirm={confirm} reading={rest.reading} />}
    </span>
  );
}

function actionData({ within, blockId, place }: Action, actionId: string) {
  return {
    id: `${place}-${within}-${blockId}-${actionId}`,
    "data-ts": within,
    "data-block": blockId,
    "data-action": actionId,
  };
}

function ButtonView({ button, ...action }: Action & Readonly<{ button: ButtonElement }>) {
  const { text, action_id = "", style = "", accessibility_label, url } = button;
  return (
    <button
      type="button"
      class={`action ${style}`}
      aria-label={accessibility_label}
      data-url={url !== undefined && isSafe(url) ? url : undefined}
      {...actionData(action, action_id)}
    >
      <RichText of={text} reading={action.reading} />
    </button>
  );
}

function MenuView({ menu, ...action }: Action & Readonly<{ menu: SelectElement }>) {
  const initial = menu.initial_option?.value ?? "";
  return (
    <select
      class="action"
      aria-label={menu.placeholder?.text ?? "Choose"}
      {...actionData(action, menu.action_id ?? "")}
    >
      <option value="" disabled selected={initial === ""}>
        {menu.placeholder?.text ?? "Choose an option"}
      </option>
      {menu.options.map(({ text, value }) => (
        <option value={value} selected={value === initial}>
          {text.text}
        </option>
      ))}
    </select>
  );
}

/** What the one dialog of the page shows before such an action is sent. */
function ConfirmTemplate({ confirm, reading }: Readonly<{ confirm: Confirm; reading: Reading }>) {
  return (
    <template class="confirm">
      <h2>
        <RichText of={confirm.title} reading={reading} />
      </h2>
      <p>
        <RichText of={confirm.text} reading={reading} />
      </p>
      <div class="actions">
        <button type="button" value="deny">
          <RichText of={confirm.deny} reading={reading} />
        </button>
        <button type="button" value="confirm" class={confirm.style ?? "primary"}>
          <RichText of={confirm.confirm} reading={reading} />
        </button>
      </div>
    </template>
  );
}
