/** The state of the workflow, and what the last run found. */

import { fill, h } from "../../lib/dom.js";
import { duration, moment, dateOf } from "../../lib/format.js";
import { asProblem } from "../../lib/problem.js";
import { problemBox, redrawn } from "../../parts/problem-box.js";
import { runReport } from "./report.js";

const EVERY_MILLISECONDS = 10_000;

/** @typedef {{run_id: string, status: string, started: string | number, stopped: string | number | null}} Execution */

/** @param {import("../../app/main.js").App} app @returns {import("../../app/shell.js").View} */
export function workflowView({ api }) {
  const heading = h("h1", {}, "Workflow");
  const trouble = h("div");
  const body = h("div", {}, h("p", { class: "working" }, "Reading…"));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let shown = "";
  /** What was said last to be wrong; null where it is to be said again. @type {string | null} */
  let told = "";
  let runs = false;
  let here = false;

  async function load() {
    clearTimeout(timer);
    try {
      const state = await api.json("GET", "/workflow");
      // Drawn only where something has changed: what is folded out stays so.
      if (JSON.stringify(state) !== shown) draw(state);
      shown = JSON.stringify(state);
      runs = state.executions.some((/** @type {Execution} */ { status }) => status === "RUNNING");
      tell(null);
    } catch (failure) {
      // What was read before is still what is known.
      if (!shown) fill(body);
      tell(asProblem(failure));
    }
    clearTimeout(timer);
    if (here && runs) timer = setTimeout(() => void load(), EVERY_MILLISECONDS);
  }

  /** Say what is wrong: once, however often it is so again. @param {import("../../lib/problem.js").Problem | null} problem */
  function tell(problem) {
    const words = problem ? `${problem.title} ${problem.detail}` : "";
    if (words === told) return;
    told = words;
    redrawn(trouble, () => fill(trouble, problem && problemBox(problem, { again })), heading);
  }

  function again() {
    told = null;
    void load();
  }

  /** @param {{executions: Execution[], last: any}} state */
  function draw({ executions, last }) {
    fill(
      body,
      executions.length
        ? runList(executions)
        : h(
            "div",
            { class: "empty" },
            h("p", { class: "empty-title" }, "No run yet"),
            h("p", {}, "Start the state machine to prepare data, select, tune and deploy a model."),
          ),
      last
        ? runReport(last)
        : executions.some(({ status }) => status === "RUNNING") &&
            h("p", { class: "note" }, "No run has finished yet. What this one finds is shown here once it has."),
    );
  }

  return {
    element: h(
      "div",
      { class: "view" },
      h(
        "div",
        { class: "view-head" },
        heading,
        h("p", { class: "lead" }, "Prepare, select, tune, deploy: how the model that answers here came to be."),
      ),
      trouble,
      body,
    ),
    show() {
      here = true;
      void load();
    },
    hide() {
      here = false;
      clearTimeout(timer);
    },
  };
}

/** @param {Execution[]} executions */
function runList(executions) {
  return h(
    "section",
    { "aria-labelledby": "runs-title" },
    h("h2", { id: "runs-title" }, "Runs"),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": "Runs" },
      h(
        "table",
        { class: "runs" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Run", "State", "Started", "Took"].map((name) => h("th", { scope: "col" }, name)),
          ),
        ),
        h(
          "tbody",
          {},
          executions.map(({ run_id: id, status, started, stopped }) =>
            h(
              "tr",
              {},
              h("td", {}, h("code", {}, id)),
              h("td", {}, h("span", { class: `tag ${status}` }, status.toLowerCase().replaceAll("_", " "))),
              h("td", {}, moment(started)),
              h("td", {}, took(started, stopped)),
            ),
          ),
        ),
      ),
    ),
  );
}

/** @param {string | number} started @param {string | number | null} stopped */
function took(started, stopped) {
  const [from, to] = [dateOf(started), dateOf(stopped)];
  return from && to ? duration(to.getTime() - from.getTime()) : "–";
}
