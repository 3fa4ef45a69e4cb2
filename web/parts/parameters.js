/** How a model is to write: one field for each parameter that it takes, within its own bounds. */

import { fill, freshId, h } from "../lib/dom.js";
import { count } from "../lib/format.js";

/** @typedef {import("./models.js").Model} Model */
const LARGEST_SEED = 2 ** 31 - 1;

/** @typedef {{name: string, label: string, minimum: number, maximum: number, step: string}} Parameter */

/**
 * Give the parameters that a model takes.
 * @param {Model | null} model
 * @param {{task?: boolean}} [options] whether it is asked for the task, whose answers have a bound of their own
 * @returns {Parameter[]}
 */
export function parametersOf(model, { task = false } = {}) {
  const parameters = model?.fourfold?.parameters ?? {};
  const { temperature, top_p: topP, seed } = parameters;
  const maxTokens = task ? parameters.max_task_tokens : parameters.max_tokens;
  const found = [];
  if (temperature) found.push({ name: "temperature", label: "Temperature", ...bounds(temperature), step: "0.05" });
  if (topP) found.push({ name: "top_p", label: "Top p", ...bounds(topP), step: "0.05" });
  if (seed) found.push({ name: "seed", label: "Seed", minimum: 0, maximum: LARGEST_SEED, step: "1" });
  if (maxTokens)
    found.push({ name: "max_tokens", label: "Most tokens", minimum: 1, maximum: maxTokens.maximum, step: "1" });
  return found;
}

/** @param {import("./models.js").Bounds} given */
function bounds({ minimum, maximum }) {
  return { minimum, maximum };
}

/**
 * Fields for the parameters; an empty one leaves the parameter to the model.
 * @param {{task?: boolean}} [options]
 */
export function parameterFields(options) {
  const element = h("div", { class: "parameters" });
  /** @type {Map<string, HTMLInputElement>} */
  const inputs = new Map();
  let shown = "";
  return {
    element,
    /** @param {Model | null} model */
    show(model) {
      const parameters = parametersOf(model, options);
      // Drawn only where they are others: a list of models that is read again takes nobody's focus.
      if (JSON.stringify(parameters) === shown) return;
      shown = JSON.stringify(parameters);
      const before = new Map([...inputs].map(([name, input]) => [name, input.value]));
      inputs.clear();
      const fields = parameters.map((parameter) => field(parameter, before.get(parameter.name) ?? ""));
      for (const { name, input } of fields) inputs.set(name, input);
      fill(
        element,
        fields.length
          ? fields.map(({ element: one }) => one)
          : h("p", { class: "hint" }, "This model takes no parameters."),
      );
    },
    /** Whether all are within their bounds; nothing is said of it. */
    get valid() {
      return [...inputs.values()].every((input) => input.checkValidity());
    },
    /** Give what was set; null where a field is out of bounds, which then says so. */
    read() {
      /** @type {Record<string, number>} */
      const values = {};
      for (const [name, input] of inputs) {
        if (!reported(input)) return null;
        if (input.value !== "") values[name] = Number(input.value);
      }
      return values;
    },
  };
}

/**
 * Whether a field is within its bounds; one that is not says so, where it can be seen.
 * @param {HTMLInputElement} input
 */
function reported(input) {
  const folded = input.closest("details");
  if (folded && !input.checkValidity()) folded.open = true;
  return input.reportValidity();
}

/** @param {Parameter} parameter @param {string} value */
function field({ name, label, minimum, maximum, step }, value) {
  const id = freshId(name);
  const input = h("input", {
    id,
    type: "number",
    inputmode: "decimal",
    min: minimum,
    max: maximum,
    step,
    value,
    placeholder: "default",
    "aria-describedby": `${id}-hint`,
  });
  // The smallest share that may be chosen from is above 0, which no step of its own starts at.
  if (step !== "1") input.step = "any";
  return {
    name,
    input,
    element: h(
      "div",
      { class: "field" },
      h("label", { for: id }, label),
      input,
      h("p", { class: "hint", id: `${id}-hint` }, `${minimum} to ${count(maximum)}`),
    ),
  };
}
