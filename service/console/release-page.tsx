import { eventWords } from "../../shared/domain/event-words.ts";
import type { Explanation } from "../../shared/domain/explain.ts";
import type { StoredEvent } from "../../shared/ports/store.ts";
import type { ReleaseView } from "../api/views.ts";
import { paths } from "../paths.ts";
import type { Identity } from "../service-deps.ts";
import { ApprovalBox } from "./approval-box.tsx";
import { Layout } from "./layout.tsx";
import { ActionButton, Checks, Moment, Status } from "./parts.tsx";
import { forPerson } from "./permissions.ts";
import { Findings } from "./settings-table.tsx";
import { type StepperStage, stepsOf } from "./stepper.ts";

export type ReleasePageView = Readonly<{
  release: ReleaseView;
  events: readonly StoredEvent[];
  explanation: Explanation;
  position: number;
  identity: Identity | null;
}>;

/** One release: the way it went, why it stands where it stands, and what may be done. */
export function ReleasePage({ release, events, explanation, position, identity }: ReleasePageView) {
  const stages = stepsOf(
    release,
    events.map(({ event }) => event),
  );
  return (
    <Layout
      title={`${release.tag} of ${release.service}`}
      json={release.links.self}
      position={position}
      identity={identity}
    >
      <section id="summary" data-live>
        <h1>
          {release.tag} <Status words={release.words} />
        </h1>
        <p>{release.service}</p>
        <Stepper stages={stages} />
        <Explained explanation={explanation} />
        {release.approval !== null && (
          <ApprovalBox release={release} {...release} expiresAt={release.approval.expiresAt} />
        )}
      </section>
      <Actions release={release} identity={identity} />
      <section id="findings" data-live>
        <h2>Preflight</h2>
        <Findings findings={release.findings ?? []} tag={release.tag} />
      </section>
      <section id="checks" data-live>
        <h2>Checks</h2>
        <Checks checks={release.checks} />
      </section>
      <Facts release={release} />
      <Timeline events={events} />
    </Layout>
  );
}

function Stepper({ stages }: Readonly<{ stages: readonly StepperStage[] }>) {
  return (
    <ol class="stepper">
      {stages.map(({ label, state }) => (
        <li class={state} aria-current={state === "now" ? "step" : undefined}>
          {label}
          <span class="state">{` ${state}`}</span>
        </li>
      ))}
    </ol>
  );
}

function Explained({ explanation }: Readonly<{ explanation: Explanation }>) {
  return (
    <div class="explained">
      <p>
        <strong>{explanation.happened}</strong>
      </p>
      <p>{explanation.traffic}</p>
      <p>{explanation.why}</p>
      <p>Next:</p>
      <pre>{explanation.next.join("\n")}</pre>
    </div>
  );
}

const asksReason: ReadonlySet<string> = new Set(["reject", "cancel", "roll-back"]);
const decides: ReadonlySet<string> = new Set(["approve", "reject"]);

/** Pausing and going on again share one place. */
function actionsOf({ id, service, can, paused, plan }: ReleaseView) {
  const to = (action: Parameters<typeof paths.releaseAction>[1]) => paths.releaseAction(id, action);
  const decisions = [
    { name: "approve", label: "Approve", path: to("approve"), permission: can.approve },
    { name: "reject", label: "Reject", path: to("reject"), permission: can.reject },
  ] as const;
  return [
    ...(plan.approval.required ? decisions : []),
    paused
      ? { name: "resume", label: "Resume", path: to("resume"), permission: can.resume }
      : { name: "pause", label: "Pause", path: to("pause"), permission: can.pause },
    { name: "promote", label: "Promote", path: to("promote"), permission: can.promote },
    { name: "cancel", label: "Cancel", path: to("cancel"), permission: can.cancel },
    { name: "roll-back", label: "Roll back", path: paths.rollBack(service), permission: can.rollBack },
  ] as const;
}

function Actions({ release, identity }: Readonly<{ release: ReleaseView; identity: Identity | null }>) {
  if (release.ended) return <section id="actions" data-live />;
  return (
    <section id="actions" data-live>
      {actionsOf(release).map(({ name, label, path, permission }) => (
        <ActionButton
          id={name}
          label={label}
          path={path}
          permission={forPerson({ permission, identity })}
          asksReason={asksReason.has(name)}
          approvalId={decides.has(name) ? (release.approval?.id ?? null) : null}
        />
      ))}
    </section>
  );
}

/** Only an address of the web is made a link: a log address comes from outside. */
function WebLink({ href }: Readonly<{ href: string }>) {
  if (!/^https?:\/\//.test(href)) return <span>{href}</span>;
  return (
    <a href={href} rel="noopener noreferrer">
      {href}
    </a>
  );
}

function Facts({ release }: Readonly<{ release: ReleaseView }>) {
  const { repository, commit, requestedBy, requestedAt, build, candidate, stable, approvedBy } = release;
  const facts = [
    ["Repository", repository],
    ["Commit", commit],
    ["Asked for by", requestedBy.name],
    ["Asked for at", <Moment at={requestedAt} />],
    ["Build log", build === null ? "no build yet" : <WebLink href={build.logUrl} />],
    ["Image", candidate === null ? "none yet" : `${candidate.image.name}@${candidate.image.digest}`],
    ["Candidate", candidate === null ? "none yet" : candidate.revision],
    ["Candidate answers at", candidate === null ? "nowhere yet" : <WebLink href={candidate.url} />],
    ["Stable", stable ?? "none known"],
    ...(release.supersededBy === null
      ? []
      : [
          [
            release.status === "live" ? "Live since" : "Superseded by",
            <a href={paths.release(release.supersededBy)}>{release.supersededByTag}</a>,
          ] as const,
        ]),
    ["Approved by", approvedBy.map((actor) => actor.name).join(", ") || "nobody"],
  ] as const;
  return (
    <section id="facts" data-live>
      <h2>Facts</h2>
      <dl>
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}

function Timeline({ events }: Readonly<{ events: readonly StoredEvent[] }>) {
  return (
    <section id="timeline" data-live>
      <h2>Timeline</h2>
      <ol class="timeline">
        {events.map(({ event }) => (
          <li>
            <Moment at={event.at} /> <span class="sentence">{eventWords(event)}</span>{" "}
            <code>{event.type}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}
