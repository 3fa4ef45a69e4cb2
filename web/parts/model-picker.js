/** Chooses a model, and says what there is to know about it before it is asked. */

import { fill, freshId, h } from "../lib/dom.js";
import { capitalized, count, dollars, named } from "../lib/format.js";
import { writes } from "./models.js";

/** @typedef {import("./models.js").Model} Model */

/** @type {Record<string, {mark: string, note: string}>} */
const STATES = {
  asleep: { mark: " (asleep)", note: "Asleep: the first answer takes longer" },
  starting: { mark: " (starting)", note: "Starting: not in service yet" },
  unavailable: { mark: " (not in service)", note: "Not in service" },
};
const NOT_APPROVED = "The workflow has approved no model yet: this one is offered beside it.";
const ONLY_SUMMARIZES = " (only summarizes)";
const NONE_WRITES = "The approved model picks sentences, and no other is offered: it only summarizes.";
const WAKING = ["asleep", "starting"];

/**
 * @param {import("./models.js").Models} models
 * @param {{label?: string, task?: boolean, changed?: (model: Model | null) => void}} [options] `task` where it is asked
 *   for the deployed task alone, which a model that only picks sentences does as well
 */
export function modelPicker(models, { label = "Model", task = false, changed } = {}) {
  const id = freshId("model");
  const select = h("select", { id, "aria-describedby": `${id}-note`, on: { change } });
  const note = h("p", { class: "hint", id: `${id}-note` });
  /** The one that was chosen, or offered first: it may leave the list for a while. */
  let wanted = "";
  let approved = true;

  /** @param {Model} model */
  function fits(model) {
    return task || writes(model);
  }

  function change() {
    wanted = select.value;
    tell();
  }

  function tell() {
    const model = models.find(select.value);
    const instead = wanted && wanted !== select.value ? `${wanted} is not offered now: another one stands here.` : "";
    if (model) note.textContent = [instead, approved ? "" : NOT_APPROVED, about(model)].filter(Boolean).join(" ");
    changed?.(model);
  }

  models.watch(({ models: list, approved: isApproved, loading, problem }) => {
    approved = isApproved;
    const offered = list.filter(fits);
    select.disabled = offered.length === 0;
    const names = list.map((model) => option(model, !fits(model)));
    fill(select, names.length ? names : h("option", { value: "" }, loading ? "Loading…" : "No model"));
    if (offered.some(({ id: name }) => name === wanted)) select.value = wanted;
    wanted ||= select.value;
    const none = list.length ? NONE_WRITES : "No model may be asked yet.";
    note.textContent = problem ? problem.detail || problem.title : loading ? "" : none;
    tell();
  });

  return {
    element: h("div", { class: "field" }, h("label", { for: id }, label), select, note),
    get value() {
      return select.value;
    },
    /** What a request says of it: nothing where the list is not there, and the gateway chooses. */
    get request() {
      return select.value ? { model: select.value } : {};
    },
    /** @param {string} name */
    choose(name) {
      wanted = name;
      const model = models.find(name);
      if (model && fits(model)) select.value = name;
      tell();
    },
    /** Ask for the models anew. */
    look: () => models.load(),
    /** Whether a model has to wake first. @param {string} name */
    sleeps(name) {
      return WAKING.includes(models.find(name)?.fourfold?.state ?? "");
    },
  };
}

/** @typedef {ReturnType<typeof modelPicker>} ModelPicker */

/** @param {Model} model @param {boolean} unfit */
function option({ id: name, fourfold }, unfit) {
  const mark = unfit ? ONLY_SUMMARIZES : (STATES[fourfold?.state ?? ""]?.mark ?? "");
  return h("option", { value: name, disabled: unfit }, named(name, fourfold?.label) + mark);
}

/** @param {Model} model */
function about({ fourfold = {} }) {
  const price = fourfold.price;
  const known = [
    STATES[fourfold.state ?? ""]?.note,
    fourfold.context_tokens && `reads ${count(fourfold.context_tokens)} tokens`,
    price &&
      `${dollars(price.input_usd_per_million)} in, ${dollars(price.output_usd_per_million)} out per million tokens`,
  ];
  return capitalized(known.filter(Boolean).join(" · "));
}
