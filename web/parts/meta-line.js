/** The figures of an answer, in one quiet line. */

import { h } from "../lib/dom.js";
import { count, counted, dollars, duration, named } from "../lib/format.js";

/** @param {import("./pieces.js").Meta} meta */
export function metaLine(meta) {
  const missed = meta.attempts.filter(({ outcome }) => !["answered", "ok", "succeeded"].includes(outcome));
  const figures = [
    ["Model", named(meta.model, meta.label)],
    ["Tokens", meta.outputTokens === null ? null : `${count(meta.inputTokens)} in, ${count(meta.outputTokens)} out`],
    ["First token", meta.firstTokenMs === null ? null : duration(meta.firstTokenMs)],
    ["Whole", meta.latencyMs === null ? null : duration(meta.latencyMs)],
    ["Cost", meta.costUsd === null ? "not priced" : dollars(meta.costUsd)],
    ["Cache", meta.cache === "exact" ? "from the cache" : meta.cache === "semantic" ? "from a similar question" : null],
    [
      "Attempts",
      missed.length ? `after ${counted(missed.length, "failed attempt")} (${missed.map(describe).join(", ")})` : null,
    ],
  ];
  return h(
    "dl",
    { class: "figures" },
    figures.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

/** @param {{model: string, outcome: string}} attempt */
function describe({ model, outcome }) {
  return `${model}: ${outcome}`;
}
