import { dollars, hoursInWords, modeNames } from "../../shared/domain/cost-words.ts";
import type { ServiceKey } from "../../shared/domain/ids.ts";
import type { CostReading } from "../../shared/usecases/cost.ts";
import { paths } from "../paths.ts";
import type { Identity } from "../service-deps.ts";
import { Layout } from "./layout.tsx";

export type CostPageView = Readonly<{
  service: ServiceKey;
  days: number;
  reading: CostReading;
  identity: Identity | null;
}>;

const periods = [1, 7, 30];

/** What a service costs: read-only, and read anew when the page is opened. */
export function CostPage({ service, days, reading, identity }: CostPageView) {
  const { rate, warmHours, spent } = reading;
  return (
    <Layout
      title={`Cost of ${service}`}
      json={paths.api.cost(service, days)}
      position={null}
      identity={identity}
    >
      <h1>What it costs</h1>
      <p>{service}</p>
      <p>
        The last{" "}
        {periods.map((period) =>
          period === days ? (
            <b>{` ${period} `}</b>
          ) : (
            <a href={paths.cost(service, period)}>{` ${period} `}</a>
          ),
        )}{" "}
        days
      </p>
      <IdleMinimums reading={reading} />
      <section id="spent">
        <h2>Measured</h2>
        <dl>
          <dt>Instance time</dt>
          <dd>{hoursInWords(spent.hours)}</dd>
          <dt>Money</dt>
          <dd>{dollars(spent.usd)}</dd>
          <dt>One instance</dt>
          <dd>{`${dollars(rate.usdPerHour)} an hour`}</dd>
          <dt>Warm hours</dt>
          <dd>{hoursInWords(warmHours)}</dd>
        </dl>
        <p class="quiet">{spent.why}</p>
      </section>
      <Modes reading={reading} />
      <ColdStarts reading={reading} />
      <Prices reading={reading} />
    </Layout>
  );
}

function IdleMinimums({ reading: { idleMinimums } }: Readonly<{ reading: CostReading }>) {
  if (idleMinimums.length === 0) return null;
  return (
    <section id="idle-minimums">
      <h2>Nobody uses these</h2>
      {idleMinimums.map(({ message, next }) => (
        <>
          <p class="bad">{message}</p>
          <pre>{next}</pre>
        </>
      ))}
    </section>
  );
}

function Modes({ reading: { modes } }: Readonly<{ reading: CostReading }>) {
  return (
    <section id="modes">
      <h2>By mode</h2>
      <table>
        <thead>
          <tr>
            <th>Mode</th>
            <th>Money</th>
            <th>Instance time</th>
            <th>How it is known</th>
          </tr>
        </thead>
        <tbody>
          {modes.map(({ mode, isNow, usd, hours, basis, why }) => (
            <tr>
              <td>{isNow ? <b>{`${modeNames[mode]} (now)`}</b> : modeNames[mode]}</td>
              <td>{dollars(usd)}</td>
              <td>{hoursInWords(hours)}</td>
              <td title={why}>{basis}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {modes.map(({ mode, why }) => (
        <p class="quiet">{`${modeNames[mode]}: ${why}`}</p>
      ))}
    </section>
  );
}

function ColdStarts({ reading: { coldStarts } }: Readonly<{ reading: CostReading }>) {
  const rows = [
    ["Seen", coldStarts.seen],
    ["Avoided by the warmup", coldStarts.avoided],
  ] as const;
  return (
    <section id="cold-starts">
      <h2>Cold starts</h2>
      <dl>
        {rows.map(([name, { count, basis, why }]) => (
          <>
            <dt>{name}</dt>
            <dd>
              {count === null ? "not known" : `${count} (${basis})`} <span class="quiet">{why}</span>
            </dd>
          </>
        ))}
      </dl>
    </section>
  );
}

function Prices({ reading: { rate, notCounted, unread } }: Readonly<{ reading: CostReading }>) {
  return (
    <section id="prices">
      <h2>Prices</h2>
      <ul class="rows">
        {rate.parts.map(({ sku, quantity, unit, usd, date, source }) => (
          <li>
            <code>{sku}</code> {`${quantity} × $${usd} a ${unit}, read ${date}: ${source}`}
          </li>
        ))}
        {rate.missing.map((sku) => (
          <li>
            <code>{sku}</code> no price is known; write it under <code>prices</code> of gantry.policy.yaml
          </li>
        ))}
      </ul>
      <p class="quiet">{`Not counted: ${notCounted.join(" ")}`}</p>
      {unread.map((sentence) => (
        <p class="bad">{sentence}</p>
      ))}
    </section>
  );
}
