/** What the reader has used today, and how much of the cap that is. */

import { fill, h } from "../lib/dom.js";
import { count, dollars, tokensIn } from "../lib/format.js";
import { asProblem } from "../lib/problem.js";
import { createStore } from "../lib/store.js";
import { bar } from "./bar.js";

/**
 * @typedef {{input_tokens: number, output_tokens: number, cache_read_tokens?: number, cache_write_tokens?: number,
 *   requests: number, cost_usd: number | null, cap_usd: number | null, lifts_at: string | null, not_priced?: string[]}} Used
 */

/** @typedef {{used: Used | null, problem: import("../lib/problem.js").Problem | null}} UsageState */

/** @param {import("../lib/api.js").Api} api */
export function createUsage(api) {
  const store = createStore(/** @type {UsageState} */ ({ used: null, problem: null }));
  return {
    watch: store.watch,
    async load() {
      try {
        store.set({ used: await api.json("GET", "/usage"), problem: null });
      } catch (failure) {
        store.set({ problem: asProblem(failure) });
      }
    },
  };
}

/** @typedef {ReturnType<typeof createUsage>} Usage */

/**
 * Show the day's use in a few words.
 * @param {Usage} usage
 */
export function meter(usage) {
  const element = h("a", { class: "meter", href: "#/usage" });
  usage.watch(({ used }) => {
    element.hidden = !used;
    if (!used) return;
    const spent =
      used.cap_usd === null ? `${count(tokensIn(used) + used.output_tokens)} tokens` : dollars(used.cost_usd ?? 0);
    fill(
      element,
      h("span", {}, `${spent}${used.cap_usd === null ? "" : ` of ${dollars(used.cap_usd)}`} today`),
      used.cap_usd !== null && bar((used.cost_usd ?? 0) / used.cap_usd, "Share of today's cap", { warns: true }),
    );
  });
  return element;
}
