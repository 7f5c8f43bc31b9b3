import type { Capability, Permission } from "../../shared/domain/capabilities.ts";
import type { TrafficReading } from "../api/traffic-reading.ts";
import type { RefusalView, ReleaseView, ServiceView } from "../api/views.ts";
import { paths } from "../paths.ts";
import type { Identity } from "../service-deps.ts";
import { Layout } from "./layout.tsx";
import { ActionButton, Moment, Status, Traffic } from "./parts.tsx";
import { forPerson } from "./permissions.ts";

export type HomeView = Readonly<{
  services: readonly Readonly<{ service: ServiceView; traffic: TrafficReading }>[];
  releases: readonly ReleaseView[];
  refusals: readonly RefusalView[];
  position: number;
  identity: Identity | null;
}>;

/** What runs where, what happens now, and the one button that is needed. */
export function HomePage({ services, releases, refusals, position, identity }: HomeView) {
  return (
    <Layout title="Services" json={paths.api.services()} position={position} identity={identity}>
      <Approvals services={services.map(({ service }) => service)} />
      <section id="services">
        <h1>Services</h1>
        {services.length === 0 && <p class="quiet">No service yet. Push a tag, and it shows here.</p>}
        {services.map(({ service, traffic }) => (
          <ServiceCard service={service} traffic={traffic} identity={identity} />
        ))}
      </section>
      <RecentReleases releases={releases} />
      <RecentRefusals refusals={refusals} />
    </Layout>
  );
}

function Approvals({ services }: Readonly<{ services: readonly ServiceView[] }>) {
  const { length } = services.filter((service) => service.active?.status === "awaiting-approval");
  return (
    <p id="approvals" data-live class={length === 0 ? "hidden" : "strip"}>
      {length === 1 ? "1 approval waits" : `${length} approvals wait`}
    </p>
  );
}

type Card = Readonly<{ service: ServiceView; traffic: TrafficReading; identity: Identity | null }>;

function ServiceCard({ service, traffic, identity }: Card) {
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
      <p class="now">
        {active !== null && (
          <a href={paths.release(active.id)}>
            <Status status={active.status} />
          </a>
        )}{" "}
        {now}
      </p>
      <NeededButton service={service} identity={identity} />
    </article>
  );
}

const buttonLabels: Readonly<Record<Capability, string>> = {
  approve: "Approve",
  cancel: "Cancel",
  reject: "Reject",
  rollBack: "Roll back",
};

function NeededButton({ service, identity }: Readonly<{ service: ServiceView; identity: Identity | null }>) {
  const { key, needed, can } = service;
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
            <Status status={release.status} /> <a href={paths.release(release.id)}>{release.tag}</a>{" "}
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
