/** The same question to up to three models, side by side: their answers, how long they take, and what they cost. */

import { fill, h } from "../../lib/dom.js";
import { focusFirst, hideControl } from "../../lib/focus.js";
import { icon } from "../../lib/icons.js";
import { writes } from "../../parts/models.js";
import { column } from "./column.js";
import { voteBox } from "./vote.js";

const MOST = 3;
const LETTERS = ["A", "B", "C"];

/** @param {import("../../app/main.js").App} app @returns {import("../../app/shell.js").View} */
export function playgroundView(app) {
  const instruction = h("textarea", { id: "playground-instruction", rows: "2" });
  const question = h("textarea", { id: "playground-question", rows: "4", on: { keydown: keys } });
  const row = h("div", { class: "columns" });
  const ballot = h("div");
  const alike = h("p", { class: "note", role: "status", hidden: true });
  const run = h("button", { class: "button primary", type: "button", on: { click: () => void ask() } }, "Run");
  const stop = h(
    "button",
    { class: "button", type: "button", hidden: true, on: { click: () => running?.abort() } },
    icon("stop"),
    "Stop all",
  );
  const add = h(
    "button",
    { class: "button", type: "button", on: { click: () => more() } },
    icon("add"),
    "Compare with another",
  );
  /** @type {ReturnType<typeof column>[]} */
  let columns = [];
  /** @type {import("../../parts/models.js").Model[]} */
  let known = [];
  /** Columns that have begun with a model; which one they ask from then on is the reader's choice. */
  const begun = new WeakSet();
  /** @type {AbortController | null} */
  let running = null;

  function grow() {
    const letter = LETTERS.find((one) => !columns.some((existing) => existing.letter === one)) ?? "";
    const mine = column(app, { letter, remove: columns.length ? () => shrink(mine) : null, chosen: settle });
    columns = [...columns, mine];
    row.append(mine.element);
    differ();
  }

  function more() {
    grow();
    // With as many as there may be, what was clicked is gone.
    if (add.hidden) focusFirst(columns.at(-1)?.element.querySelector("select"), run);
  }

  /** Let each column begin with a model that no other one asks, where there is one. */
  function differ() {
    for (const one of columns) {
      if (!known.length || begun.has(one)) continue;
      const asked = columns.filter((other) => begun.has(other)).map(({ picker }) => picker.value);
      const free = known.find(({ id }) => !asked.includes(id));
      begun.add(one);
      if (free) one.picker.choose(free.id);
    }
    settle();
  }

  /** @param {ReturnType<typeof column>} gone */
  function shrink(gone) {
    columns = columns.filter((one) => one !== gone);
    gone.element.remove();
    fill(ballot);
    settle();
    add.focus();
  }

  function settle() {
    add.hidden = columns.length >= MOST;
    row.dataset.count = String(columns.length);
    const asked = columns.map(({ picker }) => picker.value).filter(Boolean);
    alike.hidden = new Set(asked).size === asked.length;
    alike.textContent =
      known.length > 1
        ? "Two of these are the same model: only their parameters and chance can make a difference."
        : "There is one model only, compared with itself: only parameters and chance can make a difference.";
  }

  /** @param {Event} event */
  function keys(event) {
    const { key, ctrlKey, metaKey } = /** @type {KeyboardEvent} */ (event);
    if (key === "Enter" && (ctrlKey || metaKey)) void ask();
    if (key === "Escape") running?.abort();
  }

  async function ask() {
    const [said, asked] = [instruction.value.trim(), question.value.trim()];
    if (!asked) {
      question.focus();
      return;
    }
    if (!columns.every((one) => one.valid)) return;
    running?.abort();
    const mine = new AbortController();
    running = mine;
    fill(ballot);
    const messages = [...(said ? [{ role: "system", content: said }] : []), { role: "user", content: asked }];
    stop.hidden = false;
    await Promise.all(columns.map((one) => one.run(messages, mine.signal)));
    if (running !== mine) return;
    running = null;
    hideControl(stop, run);
    const answers = columns.flatMap(({ letter, answered }) =>
      answered?.answer.trim() ? [{ letter, contender: answered }] : [],
    );
    if (answers.length > 1 && app.personal) fill(ballot, voteBox(app.api, answers, messages));
    void app.usage.load();
  }

  grow();
  grow();
  app.models.watch(({ models }) => {
    known = models.filter(writes);
    differ();
  });
  return {
    element: h(
      "div",
      { class: "view wide" },
      h(
        "div",
        { class: "view-head" },
        h("h1", {}, "Playground"),
        h("p", { class: "lead" }, "Put the same question to up to three models and compare."),
      ),
      h(
        "div",
        { class: "ask" },
        h(
          "div",
          { class: "field" },
          h("label", { for: "playground-instruction" }, "Instruction", h("span", { class: "soft" }, " (optional)")),
          instruction,
        ),
        h("div", { class: "field" }, h("label", { for: "playground-question" }, "Question"), question),
        h("div", { class: "row" }, run, stop, h("span", { class: "grow" }), add),
      ),
      alike,
      row,
      ballot,
    ),
  };
}
