/** The report of a run, from its lineage: the data's way, the candidates, before and after, and answers. */

import { h } from "../../lib/dom.js";
import { count, counted, dollars, duration, moment } from "../../lib/format.js";
import { bar } from "../../parts/bar.js";
import { candidateRows, dataRows, readLineage, scaleOf } from "./lineage.js";

/** @param {Record<string, any>} lineage */
export function runReport(lineage) {
  const run = readLineage(lineage);
  return h(
    "section",
    { class: "report", "aria-labelledby": "report-title" },
    h("h2", { id: "report-title" }, "The last run"),
    h("p", { class: "soft" }, h("code", {}, run.id), ` · recorded ${moment(run.recordedAt)}`),
    run.task && h("p", { class: "task" }, run.task),
    run.data && data(run.data),
    run.candidates.length > 0 && candidates(run),
    run.comparison && comparison(run.comparison, run.metric),
    run.smokeTest && answers(run.smokeTest),
    run.approval && h("p", { class: "soft" }, `${approval(run.approval)}, ${moment(run.approval.approved_at)}.`),
  );
}

/** @param {any} given */
function approval({ approved_by: by }) {
  return by === "automatic" ? "Approved automatically" : `Approved by ${by ?? "somebody"}`;
}

/** @param {any} given */
function data(given) {
  const rows = dataRows(given);
  return h(
    "section",
    { "aria-labelledby": "report-data" },
    h("h3", { id: "report-data" }, "Data"),
    h("p", {}, `${count(given.kept)} of ${counted(given.input, "record")} were kept.`),
    h(
      "dl",
      { class: "bars" },
      rows.map(({ name, records, share, kept }) =>
        h(
          "div",
          {},
          h("dt", {}, name),
          h("dd", {}, bar(share, name, { good: kept }), h("span", { class: "figure" }, count(records))),
        ),
      ),
    ),
  );
}

/** @param {import("./lineage.js").RunFacts} run */
function candidates({ candidates: measured, floor, metric, chosen, reason }) {
  const scale = scaleOf(measured, floor);
  const rows = candidateRows(measured, chosen);
  const labels = ["Candidate", metric, "95 % interval", "Latency", "Cost of 1,000"];
  return h(
    "section",
    { "aria-labelledby": "report-candidates" },
    h("h3", { id: "report-candidates" }, "Candidates"),
    reason && h("p", {}, `${reason[0].toUpperCase()}${reason.slice(1)}.`),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": "Candidates" },
      h(
        "table",
        { class: "folding", role: "table" },
        h(
          "thead",
          { role: "rowgroup" },
          h(
            "tr",
            { role: "row" },
            labels.map((label, column) =>
              h("th", { scope: "col", role: "columnheader", class: column > 1 ? "to-right" : null }, label),
            ),
          ),
        ),
        h(
          "tbody",
          { role: "rowgroup" },
          rows.map((row) =>
            h(
              "tr",
              { class: row.best ? "best" : null, role: "row" },
              candidateCells(row, scale, floor).map((cell, column) =>
                h(
                  "td",
                  { class: column > 1 ? "to-right figure" : null, role: "cell", data: { label: labels[column] } },
                  cell,
                ),
              ),
            ),
          ),
        ),
      ),
    ),
    rows.some(({ measured: bySeconds }) => bySeconds) &&
      h(
        "p",
        { class: "hint" },
        "* By the seconds that the run measured, at the speed of what answered it. The gateway puts no price on such answers.",
      ),
    floor !== null && h("p", { class: "hint" }, `The floor is ${floor}.`),
  );
}

/** @param {import("./lineage.js").CandidateRow} row @param {number} scale @param {number | null} floor */
function candidateCells({ name, value, low, high, latency, cost, measured, best }, scale, floor) {
  return [
    [name, best && h("span", { class: "tag SUCCEEDED" }, "chosen")],
    [bar(value / scale, name, { good: value >= (floor ?? 0) }), h("span", { class: "figure" }, value.toFixed(3))],
    low === null || high === null ? "–" : `${low.toFixed(3)} – ${high.toFixed(3)}`,
    duration(latency),
    `${dollars(cost)}${measured ? " *" : ""}`,
  ];
}

/** @param {any} given @param {string} metric */
function comparison({ challenger, champion, difference, ci, better, examples }, metric) {
  const sign = difference >= 0 ? "+" : "−";
  return h(
    "section",
    { "aria-labelledby": "report-comparison" },
    h("h3", { id: "report-comparison" }, "Before and after"),
    h(
      "dl",
      { class: "tiles" },
      tile(champion?.kind === "base" ? "Base model" : "Former model", Number(champion?.value).toFixed(3)),
      tile("New model", Number(challenger?.value).toFixed(3)),
      tile("Difference", `${sign}${Math.abs(difference).toFixed(3)}`),
      Array.isArray(ci) && tile("95 % interval", ci.map((/** @type {number} */ end) => end.toFixed(3)).join(" – ")),
    ),
    h(
      "p",
      { class: "hint" },
      `${metric} over ${counted(examples, "held-out example")}: the new model is ${better ? "" : "not "}better.`,
    ),
  );
}

/** @param {string} name @param {string} value */
function tile(name, value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

/** @param {{examples: {prompt: string, output: string, reference: string}[]}} smokeTest */
function answers({ examples }) {
  return h(
    "section",
    { "aria-labelledby": "report-answers" },
    h("h3", { id: "report-answers" }, "Answers of the deployed model"),
    examples.map(({ prompt, output, reference }) =>
      h(
        "article",
        { class: "example" },
        h("p", { class: "example-output" }, output),
        reference && h("p", { class: "soft" }, "Reference: ", reference),
        h("details", {}, h("summary", {}, "What was asked"), h("p", { class: "asked" }, prompt)),
      ),
    ),
  );
}
