import type { Capability, Permission } from "../../shared/domain/capabilities.ts";
import { scopeInside } from "../../shared/domain/freeze-words.ts";
import type { TrafficReading } from "../api/traffic-reading.ts";
import type { RefusalView, ReleaseView, ServiceView } from "../api/views.ts";
import { paths } from "../paths.ts";
import type { Identity } from "../service-deps.ts";
import { ApprovalBox } from "./approval-box.tsx";
import { Layout } from "./layout.tsx";
import { ActionButton, Moment, Status, Traffic } from "./parts.tsx";
import { forPerson } from "./permissions.ts";

export type HomeView = Readonly<{
  services: readonly Readonly<{ service: ServiceView; traffic: TrafficReading; warmth: string }>[];
  approvals: number; // releases that wait for one
  givenUp: number; // dead letters that nobody replayed
  page: number; // 1-based
  pages: number;
  releases: readonly ReleaseView[];
  refusals: readonly RefusalView[];
  position: number;
  identity: Identity | null;
}>;

/** What runs where, what happens now, and the one button that is needed. */
export function HomePage(view: HomeView) {
  const { services, releases, refusals, position, identity } = view;
  return (
    <Layout title="Services" json={paths.api.services()} position={position} identity={identity}>
      <Strips approvals={view.approvals} givenUp={view.givenUp} />
      <section id="services">
        <h1>Services</h1>
        {services.length === 0 && <p class="quiet">No service yet. Push a tag, and it shows here.</p>}
        {services.map(({ service, traffic, warmth }) => (
          <ServiceCard service={service} traffic={traffic} warmth={warmth} identity={identity} />
        ))}
        <Pages page={view.page} pages={view.pages} />
      </section>
      <RecentReleases releases={releases} />
      <RecentRefusals refusals={refusals} />
    </Layout>
  );
}

/** What waits for a person, wherever on the pages its service is. */
function Strips({ approvals, givenUp }: Pick<HomeView, "approvals" | "givenUp">) {
  return (
    <div id="strips" data-live>
      {approvals > 0 && (
        <p class="strip">{approvals === 1 ? "1 approval waits" : `${approvals} approvals wait`}</p>
      )}
      {givenUp > 0 && (
        <p class="strip">
          {givenUp === 1 ? "1 message was given up" : `${givenUp} messages were given up`}:{" "}
          <a href={paths.api.deadLetters()}>which and why</a>, then <code>gantry deadletter replay ID</code>
        </p>
      )}
    </div>
  );
}

function Pages({ page, pages }: Pick<HomeView, "page" | "pages">) {
  if (pages === 1) return null;
  return (
    <nav aria-label="Pages">
      {page > 1 && <a href={paths.homePage(page - 1)}>Earlier</a>} {`Page ${page} of ${pages}`}{" "}
      {page < pages && <a href={paths.homePage(page + 1)}>More</a>}
    </nav>
  );
}

type Card = Readonly<{
  service: ServiceView;
  traffic: TrafficReading;
  warmth: string;
  identity: Identity | null;
}>;

function ServiceCard({ service, traffic, warmth, identity }: Card) {
  const { key, name, project, region, live, active, now } = service;
  return (
    <article class="card" id={`service-${key.replaceAll(/[/:.]/g, "-")}`} data-live>
      <h2>
        {name} <small>{`${project} · ${region}`}</small>
      </h2>
      <p class="live">
        {live === null ? (
          "No release is live"
        ) : (
          <>
            <a href={paths.release(live.id)}>{live.tag}</a> live since <Moment at={live.since} />
          </>
        )}
      </p>
      <Traffic reading={traffic} />
      {live !== null && <p class="quiet">{warmth}</p>}
      <p class="now">
        {active !== null && (
          <a href={paths.release(active.id)}>
            <Status words={active.words} />
          </a>
        )}{" "}
        {now}
      </p>
      <Frozen service={service} identity={identity} />
      {active?.status === "awaiting-approval" && <ApprovalBox release={active} {...active} />}
      <NeededButton service={service} identity={identity} />
      <FreezeButton service={service} identity={identity} />
      <Quarantine service={service} identity={identity} />
      <p>
        <a href={paths.cost(key, 30)}>What it costs</a>
      </p>
    </article>
  );
}

/** What is frozen, by whom, until when and why; a window of the policy is lifted nowhere but there. */
function Frozen({ service: { key, frozen }, identity }: Pick<Card, "service" | "identity">) {
  return (
    <>
      {frozen.map(({ id, words, services }) => (
        <div class="frozen">
          <p class="strip">{`${words}. A rollback always may run.`}</p>
          {id !== null && (
            <ActionButton
              id={`lift-${id}-${key.replaceAll(/[/:.]/g, "-")}`}
              label={services === key ? "Lift the freeze" : `Lift the freeze of ${scopeInside({ services })}`}
              path={paths.liftFreeze(id)}
              permission={forPerson({ permission: { allowed: true }, identity })}
              asksReason
            />
          )}
        </div>
      ))}
    </>
  );
}

function FreezeButton({ service: { key, frozen }, identity }: Pick<Card, "service" | "identity">) {
  if (frozen.length > 0) return null;
  return (
    <ActionButton
      id={`freeze-${key.replaceAll(/[/:.]/g, "-")}`}
      label="Freeze"
      path={paths.freeze(key)}
      permission={forPerson({ permission: { allowed: true }, identity })}
      asksReason
    />
  );
}

/** Images that were rolled back, newest first, each with the way out. */
function Quarantine({ service, identity }: Pick<Card, "service" | "identity">) {
  if (service.quarantine.length === 0) return null;
  return (
    <div class="quarantine">
      <h3>In quarantine</h3>
      <ul class="rows">
        {[...service.quarantine].reverse().map(({ digest, tag, releaseId, at, why }) => (
          <li>
            <a href={paths.release(releaseId)}>{tag}</a> <code title={digest}>{digest.slice(0, 19)}</code>{" "}
            <Moment at={at} />
            <p class="reason">{why}</p>
            <ActionButton
              id={`free-${service.key.replaceAll(/[/:.]/g, "-")}-${digest.slice(7, 19)}`}
              label="Free"
              path={paths.freeDigest(service.key, digest)}
              permission={forPerson({ permission: { allowed: true }, identity })}
              asksReason={false}
            />
          </li>
        ))}
      </ul>
    </div>
  );
}

const buttonLabels: Readonly<Record<Capability, string>> = {
  approve: "Approve",
  cancel: "Cancel",
  reject: "Reject",
  rollBack: "Roll back",
};

function NeededButton({ service, identity }: Readonly<{ service: ServiceView; identity: Identity | null }>) {
  const { key, needed, can, active } = service;
  const capability = needed?.capability ?? "rollBack";
  const path =
    needed === null || needed.capability === "rollBack"
      ? paths.rollBack(key)
      : paths.releaseAction(needed.releaseId, needed.capability);
  const possible: Permission = needed === null ? can.rollBack : { allowed: true };
  return (
    <ActionButton
      id={`act-${key.replaceAll(/[/:.]/g, "-")}`}
      label={buttonLabels[capability]}
      path={path}
      permission={forPerson({ permission: possible, identity })}
      asksReason={capability !== "approve"}
      approvalId={active?.status === "awaiting-approval" ? active.approvalId : null}
    />
  );
}

function RecentReleases({ releases }: Readonly<{ releases: readonly ReleaseView[] }>) {
  return (
    <section id="releases" data-live>
      <h2>Recent releases</h2>
      {releases.length === 0 && <p class="quiet">None yet.</p>}
      <ul class="rows">
        {releases.map((release) => (
          <li>
            <Status words={release.words} /> <a href={paths.release(release.id)}>{release.tag}</a>{" "}
            <span>{release.service}</span> <Moment at={release.requestedAt} />
            {release.failure !== null && <p class="reason">{release.failure.message}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function RecentRefusals({ refusals }: Readonly<{ refusals: readonly RefusalView[] }>) {
  return (
    <section id="refusals" data-live>
      <h2>Refused requests</h2>
      {refusals.length === 0 && <p class="quiet">None.</p>}
      <ul class="rows">
        {refusals.map((refusal) => (
          <li>
            <a href={paths.refusal(refusal.id)}>{`${refusal.tag} of ${refusal.repository}`}</a>{" "}
            <Moment at={refusal.at} />
            <p class="reason">{refusal.message}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
