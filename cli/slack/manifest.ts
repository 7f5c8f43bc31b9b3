import { type Command, InvalidArgumentError } from "commander";
import { exitCodes } from "../exit-code.ts";
import { createOutput } from "../output.ts";
import { type Verb, withExample } from "../verb.ts";
import { appManifest, creationLink } from "./app-manifest.ts";

type Options = Readonly<{ url: string; json?: true }>;

/** `gantry slack manifest` */
export function addManifest(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("manifest")
    .description("Print the manifest of the Slack app as YAML, below a link that creates the app from it.")
    .requiredOption("--url <URL>", "where Gantry answers, as Slack reaches it: https://…", publicAddress)
    .option("--json", "one JSON document with the link and the manifest")
    .action(async ({ url, json }: Options) => {
      const out = createOutput(io, { isJson: json === true });
      const manifest = appManifest({ url });
      const link = creationLink(manifest);
      if (out.isJson) {
        const { parse } = await import("yaml");
        out.json({ link, manifest: parse(manifest) });
      } else out.line(`# Create the app: ${link}\n${manifest.trimEnd()}`);
      out.note(
        "Open the link, choose the workspace, install the app, and give its token and signing secret to Gantry.",
      );
      finish(exitCodes.done);
    });
  withExample(command, "gantry slack manifest --url https://gantry.example.com > slack-app.yaml");
}

/** Slack calls nothing but https; what is behind the path is Gantry's to say. */
function publicAddress(text: string): string {
  const address = URL.canParse(text) ? new URL(text) : null;
  if (
    address?.protocol !== "https:" ||
    address.username !== "" ||
    address.search !== "" ||
    address.hash !== ""
  ) {
    throw new InvalidArgumentError(
      "It is an address like https://gantry.example.com: Slack calls https alone.",
    );
  }
  return `${address.origin}${address.pathname.replace(/\/+$/, "")}`;
}
