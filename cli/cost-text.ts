import { dollars, hoursInWords, modeNames } from "../shared/domain/cost-words.ts";
import type { ShownCost } from "./cost-shape.ts";
import { harmless, type Paint, table } from "./output.ts";
import { padded } from "./service-text.ts";

/** A bill as a person reads it: what is wasted first, then what was measured, the modes, cold starts and prices. */
export function costText(cost: ShownCost, paint: Paint): string {
  const { service, days, billing, rate, warmHours, spent } = cost;
  const paid = billing === "instance" ? "for its whole life" : "while it serves";
  const summary = [
    ["Instance time", `${hoursInWords(spent.hours)}, ${dollars(spent.usd)} (${spent.basis})`],
    ["One instance", `${dollars(rate.usdPerHour)} an hour, paid ${paid}`],
    ["Warm hours", hoursInWords(warmHours)],
  ];
  return [
    paint.bold(`${harmless(service)}, the last ${days} ${days === 1 ? "day" : "days"}`),
    ...cost.idleMinimums.flatMap(({ message, next }) => [
      `${paint.red("Nobody uses it:")} ${harmless(message)}`,
      `  Next: ${harmless(next)}`,
    ]),
    padded(summary),
    ...(spent.basis === "unknown" || spent.usd === null ? [`  ${harmless(spent.why)}`] : []),
    "",
    modesText(cost, paint),
    "",
    coldStartsText(cost),
    "",
    pricesText(cost),
  ].join("\n");
}

function modesText({ modes }: ShownCost, paint: Paint): string {
  const rows = modes.map(({ mode, isNow, usd, hours, basis }) => [
    `${modeNames[mode]}${isNow ? " (now)" : ""}`,
    dollars(usd),
    hoursInWords(hours),
    basis,
  ]);
  const whys = modes.map(({ mode, why }) => `  ${modeNames[mode]}: ${harmless(why)}`);
  return [table(["MODE", "MONEY", "INSTANCE TIME", "HOW IT IS KNOWN"], rows, paint), ...whys].join("\n");
}

function coldStartsText({ coldStarts: { seen, avoided } }: ShownCost): string {
  const said = ({ count, why }: ShownCost["coldStarts"]["seen"]) =>
    `${count === null ? "not known" : count}. ${harmless(why)}`;
  return [`Cold starts seen: ${said(seen)}`, `Cold starts avoided: ${said(avoided)}`].join("\n");
}

function pricesText({ rate, notCounted, unread }: ShownCost): string {
  const parts = rate.parts.map(
    ({ sku, quantity, unit, usd, date, source }) =>
      `  ${harmless(sku)}  ${quantity} × $${usd} a ${harmless(unit)}  (${harmless(date)}, ${harmless(source)})`,
  );
  const missing = rate.missing.map(
    (sku) => `  ${harmless(sku)}  no price is known; write it under \`prices\` of gantry.policy.yaml`,
  );
  return [
    "Prices:",
    ...parts,
    ...missing,
    `Not counted: ${notCounted.map(harmless).join(" ")}`,
    ...unread.map((sentence) => `Not read: ${harmless(sentence)}`),
  ].join("\n");
}
