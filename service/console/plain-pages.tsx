import type { RefusalView } from "../api/views.ts";
import type { Identity } from "../service-deps.ts";
import { Layout } from "./layout.tsx";
import { Moment } from "./parts.tsx";

/** Why a request never became a release, place by place. */
export function RefusalPage({
  refusal,
  identity,
}: Readonly<{ refusal: RefusalView; identity: Identity | null }>) {
  return (
    <Layout title={`${refusal.tag} refused`} json={refusal.links.self} position={null} identity={identity}>
      <h1>{`${refusal.tag} was refused`}</h1>
      <p class="reason">{refusal.message}</p>
      {refusal.problems.length > 0 && <pre>{refusal.problems.join("\n")}</pre>}
      <p>Nothing was built, and the traffic is unchanged.</p>
      <dl>
        <dt>Repository</dt>
        <dd>{refusal.repository}</dd>
        <dt>Commit</dt>
        <dd>{refusal.commit ?? "not known"}</dd>
        <dt>Asked for by</dt>
        <dd>{refusal.requestedBy}</dd>
        <dt>At</dt>
        <dd>
          <Moment at={refusal.at} />
        </dd>
        <dt>Code</dt>
        <dd>
          <code>{refusal.code}</code>
        </dd>
      </dl>
    </Layout>
  );
}

/** Asks for a token; `next` is where the person wanted to go. */
export function LoginPage({ next, failed }: Readonly<{ next: string; failed: boolean }>) {
  return (
    <Layout title="Sign in" json={null} position={null} identity={null}>
      <h1>Sign in</h1>
      {failed && <p class="bad">This token is not known.</p>}
      <form method="post" action="/login">
        <label>
          Token <input type="password" name="token" autocomplete="current-password" required />
        </label>
        <input type="hidden" name="next" value={next} />
        <button type="submit">Sign in</button>
      </form>
    </Layout>
  );
}

type Message = Readonly<{ title: string; detail: string; next: string; identity: Identity | null }>;

/** Something that a person asked for and did not get. */
export function MessagePage({ title, detail, next, identity }: Message) {
  return (
    <Layout title={title} json={null} position={null} identity={identity}>
      <h1>{title}</h1>
      <p class="reason">{detail}</p>
      {next !== "" && <pre>{next}</pre>}
    </Layout>
  );
}

/** Goes on to a path of this site by itself. */
export function ComeInPage({ to }: Readonly<{ to: string }>) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Gantry</title>
        <meta http-equiv="refresh" content={`0;url=${to}`} />
      </head>
      <body>
        <a href={to}>Go on</a>
      </body>
    </html>
  );
}
