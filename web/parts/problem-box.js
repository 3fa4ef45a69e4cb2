/** A problem, shown whole: what is wrong, which fields, when it passes, and the id to quote. */

import { h } from "../lib/dom.js";
import { focusFirst, keepFocus } from "../lib/focus.js";
import { moment } from "../lib/format.js";
import { icon } from "../lib/icons.js";

/**
 * @param {import("../lib/problem.js").Problem} problem
 * @param {{again?: () => void, close?: () => void}} [actions]
 */
export function problemBox(problem, { again, close } = {}) {
  const lifts = problem.lifts;
  // Where one field alone is wrong, what is said of it is the whole of what is said.
  const told = problem.fields.length === 1 && same(problem.fields[0].detail, problem.detail);
  return h(
    "div",
    { class: "problem", role: "alert" },
    h(
      "div",
      { class: "problem-head" },
      h("p", { class: "problem-title" }, problem.title),
      close &&
        h(
          "button",
          {
            class: "icon-button",
            type: "button",
            "aria-label": `Close: ${problem.title}`,
            title: "Close",
            on: { click: close },
          },
          icon("close"),
        ),
    ),
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

/**
 * Draw a place anew that may show a problem: a focus on its "Try again" goes to the next one, else to what is named.
 * @param {Element} place
 * @param {() => void} redraw
 * @param {Element} heading
 */
export function redrawn(place, redraw, heading) {
  if (!place.querySelector(".problem")) {
    keepFocus(place, redraw, heading);
    return;
  }
  const within = place.contains(document.activeElement);
  redraw();
  if (within) focusFirst(place.querySelector(".problem button"), heading);
}

/** @param {string} one @param {string} other */
function same(one, other) {
  const [a, b] = [one, other].map((text) => text.replace(/\.$/, "").toLowerCase());
  return a === b;
}
