/** Summarize a text: while it is typed, as it is pasted, or out of a file. */

import { debounce } from "../lib/debounce.js";
import { fill, h } from "../lib/dom.js";
import { focusFirst, hideControl, isFocusLost } from "../lib/focus.js";
import { ACCEPTED, textOf } from "../lib/files.js";
import { characters, count, counted } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { answerBox } from "../parts/answer.js";
import { copyButton } from "../parts/copy-button.js";
import { dropOn, fileButton } from "../parts/drop.js";
import { generate } from "../parts/generation.js";
import { modelPicker } from "../parts/model-picker.js";
import { parameterFields } from "../parts/parameters.js";
import { taskPieces } from "../parts/pieces.js";
import { rating } from "../parts/rating.js";

const QUIET_MILLISECONDS = 700;
const PASTED_MILLISECONDS = 50;
const SHORTEST_WHILE_TYPING = 40;
const OUT_OF_BOUNDS =
  "A parameter is out of its bounds: until it is within them, nothing is summarized while you type.";

/** @param {import("../app/main.js").App} app @returns {import("../app/shell.js").View} */
export function summarizeView(app) {
  const { api, models, usage, limits } = app;
  const most = limits.textCharacters;
  const text = h("textarea", {
    id: "summarize-text",
    class: "sheet-text",
    "aria-describedby": "summarize-help",
    placeholder: "Type or paste a text, or drop a file here.",
    spellcheck: "true",
    on: { input: (/** @type {Event} */ event) => edited(event), keydown: keys },
  });
  const live = h("input", { type: "checkbox", id: "summarize-live", checked: true });
  const size = h("span", { class: "soft figure" }, sizeOf(0));
  const long = h("p", { class: "note warn", role: "status", hidden: true });
  const held = h("p", { class: "note warn", role: "status", hidden: true }, OUT_OF_BOUNDS);
  const trouble = h("p", { class: "note warn", role: "alert", hidden: true });
  const fields = parameterFields({ task: true });
  const picker = modelPicker(models, { task: true, changed: (model) => fields.show(model) });
  const start = h(
    "button",
    { class: "button primary", type: "button", on: { click: () => void summarize() } },
    "Summarize",
  );
  const stop = h(
    "button",
    { class: "button", type: "button", hidden: true, on: { click: () => running?.abort() } },
    icon("stop"),
    "Stop",
  );
  const empty = h("p", { class: "empty" }, "The summary appears here.");
  const soon = debounce(() => void whileTyping(), QUIET_MILLISECONDS);
  /** @type {AbortController | null} */
  let running = null;
  let summarized = "";

  /** @param {Event} [event] */
  function edited(event) {
    const length = characters(text.value.trim());
    size.textContent = sizeOf(length);
    long.hidden = length <= most;
    long.textContent = long.hidden
      ? ""
      : `The text is too long by ${counted(length - most, "character")}. Shorten it, or add it under Documents and ask it there.`;
    if (!length) forget();
    const pasted = event instanceof InputEvent && event.inputType === "insertFromPaste";
    if (live.checked) soon.later(pasted ? PASTED_MILLISECONDS : undefined);
  }

  /** @param {number} length */
  function sizeOf(length) {
    return most < Infinity ? `${count(length)} of ${count(most)} characters` : counted(length, "character");
  }

  /** Leave nothing of a text that is no longer there. */
  function forget() {
    running?.abort();
    running = null;
    summarized = "";
    hideControl(stop, start);
    fill(result, empty);
  }

  /** @param {Event} event */
  function keys(event) {
    const { key, ctrlKey, metaKey } = /** @type {KeyboardEvent} */ (event);
    if (key === "Enter" && (ctrlKey || metaKey)) void summarize();
    if (key === "Escape") running?.abort();
  }

  async function whileTyping() {
    const wanted = text.value.trim();
    if (!live.checked || wanted.length < SHORTEST_WHILE_TYPING || wanted === summarized) return;
    if (characters(wanted) > most) return;
    // Whoever types is told, and not led away to a parameter; whoever asks for a summary is.
    held.hidden = fields.valid;
    if (fields.valid) await summarize();
  }

  async function summarize() {
    soon.cancel();
    const [given, parameters] = [text.value.trim(), fields.read()];
    if (!parameters) return;
    held.hidden = true;
    if (!given || characters(given) > most) {
      text.focus();
      return;
    }
    // What was asked before is of a text that is no longer there.
    running?.abort();
    const mine = new AbortController();
    running = mine;
    summarized = given;
    const shown = showAnswer();
    const body = { text: given, ...picker.request, ...parameters };
    const outcome = await generate({
      ask: async (signal) => taskPieces(await api.stream("/summarize", body, { signal })),
      box: shown,
      signal: mine.signal,
      picker,
      again() {
        void summarize();
        if (isFocusLost()) focusFirst(stop, start);
      },
    });
    if (running !== mine) return;
    running = null;
    hideControl(stop, start);
    if (outcome.outcome === "done") offer(outcome.text, outcome.meta, given, parameters);
    void usage.load();
  }

  let current = answerBox();
  /** Give each answer a place of its own: what still comes of a former one must not be written into the new one. */
  function showAnswer() {
    current = answerBox();
    fill(result, current.element);
    stop.hidden = false;
    return current;
  }

  /**
   * @param {string} answer
   * @param {import("../parts/pieces.js").Meta} meta
   * @param {string} given
   * @param {Record<string, number>} parameters
   */
  function offer(answer, meta, given, parameters) {
    const rated = rating(app, {
      request_id: meta.requestId,
      model: meta.model || picker.value,
      messages: [{ role: "user", content: given }],
      answer,
      parameters,
    });
    fill(
      current.foot,
      h(
        "div",
        { class: "row tools" },
        copyButton(() => answer, "Copy the summary"),
        rated?.buttons,
      ),
      rated?.form,
    );
  }

  /** @param {File[]} files */
  async function take([file, ...others]) {
    const left = others.map(({ name }) => name).join(", ");
    tell(left ? `One text at a time: ${left} ${others.length > 1 ? "were" : "was"} not read.` : "");
    try {
      text.value = await textOf(file, limits.documentBytes);
      edited();
      await summarize();
    } catch (failure) {
      tell(/** @type {Error} */ (failure).message);
    }
  }

  /** @param {string} words */
  function tell(words) {
    trouble.hidden = !words;
    trouble.textContent = words;
  }

  const task = h("p", { class: "lead", hidden: true });
  models.watch(({ task: instruction }) => {
    task.hidden = !instruction;
    task.textContent = `The task: ${instruction}`;
  });
  const result = h("div", { class: "sheet-body" }, empty);
  const source = h(
    "section",
    { class: "sheet source", "aria-labelledby": "summarize-source" },
    h(
      "div",
      { class: "sheet-head" },
      h("h2", { id: "summarize-source" }, h("label", { for: "summarize-text" }, "Text")),
      size,
    ),
    text,
    long,
    held,
    trouble,
    h(
      "div",
      { class: "sheet-foot" },
      fileButton({ label: "Open a file", accept: ACCEPTED, take: (files) => void take(files) }),
      h("label", { class: "check", for: "summarize-live" }, live, "While I type"),
      start,
    ),
  );
  dropOn(source, (files) => void take(files));

  return {
    element: h(
      "div",
      { class: "view" },
      h(
        "div",
        { class: "view-head" },
        h("h1", {}, "Summarize"),
        task,
        h("p", { class: "lead", id: "summarize-help" }, "Long texts are summarized in parts, and put together."),
      ),
      h(
        "details",
        { class: "settings" },
        h("summary", {}, "Model and parameters"),
        h("div", { class: "settings-body" }, picker.element, fields.element),
      ),
      h(
        "div",
        { class: "sheets" },
        source,
        h(
          "section",
          { class: "sheet", "aria-labelledby": "summarize-result" },
          h("div", { class: "sheet-head" }, h("h2", { id: "summarize-result" }, "Summary"), stop),
          result,
        ),
      ),
    ),
    show: (_, chosen) => void (chosen && matchMedia("(pointer: fine)").matches && text.focus()),
  };
}
