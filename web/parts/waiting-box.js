/** Says that a model wakes, and counts down to when it is asked again. */

import { fill, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";

/**
 * Keep a place for the notice.
 * @typedef {import("../lib/waking.js").Waiting} Waiting
 * @returns {{element: HTMLElement, show: (waiting: Waiting | null, asleep: boolean) => void}}
 */
export function waitingBox() {
  const when = h("span", { class: "countdown", "aria-hidden": "true" });
  const element = h("div", { class: "waking", hidden: true });
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let ticking;
  return {
    element,
    show(waiting, asleep) {
      clearInterval(ticking);
      element.hidden = !waiting;
      if (!waiting) return;
      const tick = () => {
        const left = Math.max(0, Math.ceil((waiting.until - Date.now()) / 1000));
        when.textContent = left ? `Trying again in ${left} s` : "Trying again…";
      };
      tick();
      ticking = setInterval(tick, 1000);
      fill(
        element,
        icon("moon"),
        h(
          "div",
          {},
          h("strong", {}, asleep ? "The model is waking" : "Not ready yet"),
          h("p", {}, `${waiting.problem.detail} The page asks again by itself.`),
          when,
        ),
      );
    },
  };
}
