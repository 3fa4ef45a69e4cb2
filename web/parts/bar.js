/** A bar that is filled to a share: of the cap, of the records, of the scale. */

import { h } from "../lib/dom.js";

const NEARLY_FULL = 0.8;

/**
 * @param {number} share from 0 to 1; what is more fills it
 * @param {string} label what it is a share of, for those who hear the page
 * @param {{good?: boolean, warns?: boolean}} [look] `good` is green; what `warns` turns amber when nearly full
 */
export function bar(share, label, { good = false, warns = false } = {}) {
  const full = Math.min(Math.max(share, 0), 1);
  const filled = h("span");
  filled.style.inlineSize = `${full * 100}%`;
  const kind = good ? "good" : warns && full >= NEARLY_FULL ? "warns" : "";
  return h(
    "div",
    {
      class: `bar ${kind}`,
      role: "meter",
      "aria-label": label,
      "aria-valuemin": "0",
      "aria-valuemax": "1",
      "aria-valuenow": full.toFixed(3),
      "aria-valuetext": `${Math.round(full * 100)} %`,
    },
    filled,
  );
}
