/** A problem, shown whole: what is wrong, which fields, when it passes, and the id to quote. */

import { h } from "../lib/dom.js";
import { moment } from "../lib/format.js";

/**
 * @param {import("../lib/problem.js").Problem} problem
 * @param {{again?: () => void}} [actions]
 */
export function problemBox(problem, { again } = {}) {
  const lifts = problem.lifts;
  return h(
    "div",
    { class: "problem", role: "alert" },
    h("p", { class: "problem-title" }, problem.title),
    problem.detail && h("p", {}, problem.detail),
    problem.fields.length > 0 &&
      h(
        "ul",
        { class: "problem-fields" },
        problem.fields.map(({ pointer, detail }) =>
          h("li", {}, h("code", {}, pointer.replace(/^#\/?/, "") || "body"), " ", detail),
        ),
      ),
    lifts && h("p", {}, `It goes on ${moment(lifts)}.`),
    h(
      "div",
      { class: "problem-foot" },
      again && !lifts && h("button", { class: "button small", type: "button", on: { click: again } }, "Try again"),
      problem.requestId && h("span", { class: "request-id" }, "Request ", h("code", {}, problem.requestId)),
    ),
  );
}
