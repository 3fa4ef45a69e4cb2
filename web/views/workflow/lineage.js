/** Reads a run's lineage into what the page shows; whatever a run did not do is simply not there. */

/**
 * @typedef {{name: string, value: number, low: number | null, high: number | null, latency: number | null,
 *   cost: number | null, measured: boolean, best: boolean}} CandidateRow
 */
/**
 * @typedef {{id: string, recordedAt: string | null, task: string | null, metric: string, floor: number | null,
 *   data: any, candidates: any[], chosen: number | null, reason: string | null, comparison: any, approval: any,
 *   smokeTest: any}} RunFacts
 */

const REASONS_SHOWN = 6;

/**
 * @param {Record<string, any>} lineage
 * @returns {RunFacts}
 */
export function readLineage(lineage) {
  const { run = {}, selection = {}, candidates, smoke_test: smokeTest } = lineage;
  return {
    id: String(lineage.run_id ?? ""),
    recordedAt: lineage.recorded_at ?? null,
    task: run.task?.instruction ?? null,
    metric: run.metric ?? "metric",
    floor: selection?.floor ?? run.floor ?? null,
    data: lineage.data?.input ? lineage.data : null,
    candidates: (Array.isArray(candidates) ? candidates : []).filter(({ value }) => typeof value === "number"),
    chosen: selection?.chosen?.index ?? null,
    reason: selection?.reason || null,
    comparison: typeof lineage.comparison?.difference === "number" ? lineage.comparison : null,
    approval: lineage.approval ?? null,
    smokeTest: smokeTest?.examples?.length ? smokeTest : null,
  };
}

/**
 * Give the data's rows: what was kept by split, and what was rejected by reason, the most frequent first.
 * @param {{input: number, kept: number, splits?: Record<string, number>, rejected?: Record<string, number>}} data
 */
export function dataRows({ input, splits = {}, rejected = {} }) {
  const kept = Object.entries(splits)
    .sort(([, a], [, b]) => b - a)
    .map(([name, records]) => row(`kept: ${name}`, records, true));
  const reasons = Object.entries(rejected).sort(([, a], [, b]) => b - a);
  const others = reasons.slice(REASONS_SHOWN).reduce((sum, [, records]) => sum + records, 0);
  return [
    ...kept,
    ...reasons.slice(0, REASONS_SHOWN).map(([name, records]) => row(name.replaceAll("_", " "), records, false)),
    ...(others ? [row("other reasons", others, false)] : []),
  ];

  /** @param {string} name @param {number} records @param {boolean} isKept */
  function row(name, records, isKept) {
    return { name, records, share: records / input, kept: isKept };
  }
}

/**
 * @param {any[]} candidates
 * @param {number | null} chosen
 * @returns {CandidateRow[]}
 */
export function candidateRows(candidates, chosen) {
  return [...candidates]
    .sort((a, b) => b.value - a.value)
    .map((one) => ({
      name: `${one.model} (${one.strategy})`,
      value: one.value,
      low: one.ci?.[0] ?? null,
      high: one.ci?.[1] ?? null,
      latency: one.latency_ms_p50 ?? null,
      cost: one.usd_per_1k_requests ?? null,
      measured: one.priced_by === "seconds",
      best: chosen !== null && one.index === chosen,
    }));
}

/**
 * Give the length of the bars' axis.
 * @param {any[]} candidates
 * @param {number | null} floor
 */
export function scaleOf(candidates, floor) {
  return Math.max(...candidates.map(({ value }) => value), floor ?? 0, 0.001) * 1.1;
}
