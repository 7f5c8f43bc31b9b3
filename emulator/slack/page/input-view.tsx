import type { InputBlock } from "../block-kit.ts";

/** A field of a modal with its label, its hint, and what is wrong with what was put in. */
export function InputView({ block, error }: Readonly<{ block: InputBlock; error: string | null }>) {
  const name = block.element.action_id ?? "";
  const isOptional = block.optional === true;
  return (
    <p class="input">
      <label for={`i-${name}`}>
        {block.label.text}
        {isOptional && <small> (optional)</small>}
      </label>
      <Field element={block.element} />
      {block.hint !== undefined && <small>{block.hint.text}</small>}
      {error !== null && (
        <small class="error" role="alert">
          {error}
        </small>
      )}
    </p>
  );
}

function Field({ element }: Readonly<{ element: InputBlock["element"] }>) {
  const name = element.action_id ?? "";
  const common = { id: `i-${name}`, name, autofocus: element.focus_on_load === true };
  if (element.type === "static_select")
    return (
      <select {...common}>
        <option value="">{element.placeholder?.text ?? "Choose an option"}</option>
        {element.options.map(({ text, value }) => (
          <option value={value} selected={value === element.initial_option?.value}>
            {text.text}
          </option>
        ))}
      </select>
    );
  const { placeholder, initial_value: value = "" } = element;
  if (element.multiline === true)
    return (
      <textarea {...common} rows={4} placeholder={placeholder?.text}>
        {value}
      </textarea>
    );
  return <input {...common} type="text" placeholder={placeholder?.text} value={value} autocomplete="off" />;
}
