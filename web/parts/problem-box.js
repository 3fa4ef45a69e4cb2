/** A problem, shown whole: what is wrong, which fields, when it passes, and the id to quote. */

import { h } from "../lib/dom.js";
import { moment } from "../lib/format.js";

/**
 * @param {import("../lib/problem.js").Problem} problem
 * @param {{again?: () => void}} [actions]
 */
export function problemBox(problem, { again } = {}) {
  const lifts = problem.lifts;
  // Where one field alone is wrong, what is said of it is the whole of what is said.
  const told = problem.fields.length === 1 && same(problem.fields[0].detail, problem.detail);
  return h(
    "div",
    { class: "problem", role: "alert" },
    h("p", { class: "problem-title" }, problem.title),
    problem.detail && !told && h("p", {}, problem.detail),
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
      again &&
        problem.repeatable &&
        !lifts &&
        h("button", { class: "button small", type: "button", on: { click: again } }, "Try again"),
      problem.requestId && h("span", { class: "request-id" }, "Request ", h("code", {}, problem.requestId)),
    ),
  );
}

/** @param {string} one @param {string} other */
function same(one, other) {
  const [a, b] = [one, other].map((text) => text.replace(/\.$/, "").toLowerCase());
  return a === b;
}
