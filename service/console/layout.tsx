import type { Child } from "hono/jsx";
import { paths } from "../paths.ts";
import type { Identity } from "../service-deps.ts";

type Page = Readonly<{
  title: string;
  /** The same in JSON; null = the page shows nothing that the API has. */
  json: string | null;
  /** Position of the last event that the page shows; null = the page does not live. */
  position: number | null;
  identity: Identity | null;
  children: Child;
}>;

/** The frame of every page: one stylesheet, one script, and nothing else from anywhere. */
export function Layout({ title, json, position, identity, children }: Page) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${title} · Gantry`}</title>
        <link rel="stylesheet" href={paths.asset("console.css")} />
        {json !== null && <link rel="alternate" type="application/json" href={json} />}
        {position !== null && <script src={paths.asset("console.js")} defer />}
        {position !== null && (
          <noscript>
            <meta http-equiv="refresh" content="10" />
          </noscript>
        )}
      </head>
      <body>
        <header>
          <a class="brand" href={paths.home()}>
            Gantry
          </a>
          {position !== null && <span id="link-state">not live without JavaScript: reloads every 10 s</span>}
          <nav>
            {json !== null && <a href={json}>JSON</a>}
            {identity !== null && <SignedIn identity={identity} />}
          </nav>
        </header>
        <main data-position={position === null ? undefined : String(position)}>{children}</main>
      </body>
    </html>
  );
}

/** Whom Google signed in signs out there: https://cloud.google.com/iap/docs/special-urls-and-headers-howto */
function SignedIn({ identity }: Readonly<{ identity: Identity }>) {
  if (identity.via === "google")
    return (
      <span>
        {identity.name} <a href="/?gcp-iap-mode=CLEAR_LOGIN_COOKIE">Sign out</a>
      </span>
    );
  return (
    <form method="post" action="/logout">
      {identity.name} <button type="submit">Sign out</button>
    </form>
  );
}
