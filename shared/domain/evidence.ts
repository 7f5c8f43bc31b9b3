/** How many of the trials so far went wrong. */
export type Count = Readonly<{ bad: number; total: number }>;

/** How sure a proof by share is: a candidate within its limit is blamed in at most one of a thousand releases. */
export const falseAlarmRate = 0.001;

/** Shares of the way from the limit to "everything fails" that the alternative may lie at. */
const alternatives = [0.01, 0.03, 0.1, 0.2, 0.4, 0.7, 0.9, 1];

/** A limit of 0 would make any single bad trial a proof. */
const smallestLimit = 0.001;

/**
 * How strongly the count speaks for a bad share above `limit` (0..1): the mean of likelihood ratios against it. If the
 * true share is at or below the limit, the value EVER reaches `1 / rate` with a probability of at most `rate` (Ville's
 * inequality), so it may be looked at after every trial. Howard et al., "Time-uniform Chernoff bounds via nonnegative
 * supermartingales", doi:10.1214/18-PS321; Ramdas et al., "Game-theoretic statistics and safe anytime-valid
 * inference", doi:10.1214/23-STS894.
 */
export function evidenceAbove(params: Readonly<{ count: Count; limit: number }>): number {
  const { bad, total } = params.count;
  const limit = Math.max(params.limit, smallestLimit);
  if (limit >= 1) return 0;
  const ratios = alternatives.map((way) => {
    const share = limit + (1 - limit) * way;
    return likelihoodRatio({ bad, good: total - bad, share, limit });
  });
  return ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
}

function likelihoodRatio(
  params: Readonly<{ bad: number; good: number; share: number; limit: number }>,
): number {
  const { bad, good, share, limit } = params;
  const forBad = bad * Math.log(share / limit);
  const forGood = good === 0 ? 0 : good * Math.log((1 - share) / (1 - limit));
  return Math.exp(Math.min(forBad + forGood, 700)); // Math.exp(710) is infinite
}

/** True when the count proves a bad share above `limit`, at `falseAlarmRate`. Fewer than `least` bad prove nothing. */
export function provesAbove(params: Readonly<{ count: Count; limit: number; least: number }>): boolean {
  const { count, limit, least } = params;
  return count.bad >= least && evidenceAbove({ count, limit }) >= 1 / falseAlarmRate;
}

/**
 * How many bad trials in a row are a proof by themselves: three, or more where the limit is so loose that three would
 * happen by chance more than once in a thousand. A row forgets what went well before: it finds what breaks late.
 */
export function provingRow(limit: number): number {
  if (limit >= 1) return Number.POSITIVE_INFINITY;
  if (limit <= 0.1) return 3;
  return Math.ceil(Math.log(falseAlarmRate) / Math.log(limit));
}
