/** What the reader has used today, and the cap. */

import { fill, h } from "../lib/dom.js";
import { count, dollars, moment, percent, tokensIn } from "../lib/format.js";
import { bar } from "../parts/bar.js";
import { problemBox, redrawn } from "../parts/problem-box.js";

/** @param {import("../app/main.js").App} app @returns {import("../app/shell.js").View} */
export function usageView({ usage }) {
  const heading = h("h1", {}, "Usage");
  const body = h("div", {}, h("p", { class: "working" }, "Reading…"));
  /** @param {...import("../lib/dom.js").Child} shown */
  const show = (...shown) => redrawn(body, () => fill(body, shown), heading);
  usage.watch(({ used, problem }) => {
    if (problem) show(problemBox(problem, { again: () => void usage.load() }));
    else if (used) show(figures(used), cap(used), notPriced(used));
  });
  return {
    element: h(
      "div",
      { class: "view narrow" },
      h("div", { class: "view-head" }, heading, h("p", { class: "lead" }, "What you have used today.")),
      body,
    ),
    show: () => void usage.load(),
  };
}

/** @param {import("../parts/usage-meter.js").Used} used */
function figures(used) {
  const shown = [
    ["Requests", count(used.requests)],
    ["Tokens in", count(tokensIn(used))],
    ["Tokens out", count(used.output_tokens)],
    ["Cost", dollars(used.cost_usd)],
  ];
  return h(
    "dl",
    { class: "tiles" },
    shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

/** @param {import("../parts/usage-meter.js").Used} used */
function cap({ cost_usd: cost, cap_usd: most, lifts_at: lifts }) {
  if (most === null) return h("p", { class: "soft" }, "No cap is set for you.");
  const share = (cost ?? 0) / most;
  return h(
    "section",
    { class: "cap", "aria-labelledby": "cap-title" },
    h("h2", { id: "cap-title" }, "Cap of today"),
    bar(share, "Share of today's cap", { warns: true }),
    h(
      "p",
      {},
      `${dollars(cost ?? 0)} of ${dollars(most)}, ${percent(share)}.`,
      share >= 1 ? " Until it lifts, what is paid by the token is refused." : "",
      lifts && ` It begins anew ${moment(lifts)}.`,
    ),
  );
}

/** Say whose answers are in no account. @param {import("../parts/usage-meter.js").Used} used */
function notPriced({ not_priced: names = [], cap_usd: most }) {
  if (!names.length) return null;
  return h(
    "p",
    { class: "hint" },
    `Not in the cost: answers of ${names.join(", ")}, which ${names.length > 1 ? "are" : "is"} not paid by the token.`,
    most === null ? "" : " The cap does not bind them.",
  );
}
