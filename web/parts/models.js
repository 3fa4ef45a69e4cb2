/** The models that may be asked, as the gateway lists them. */

import { asProblem } from "../lib/problem.js";
import { createStore } from "../lib/store.js";

const FRESH_MILLISECONDS = 10_000;

/** @typedef {{minimum: number, maximum: number}} Bounds */
/**
 * @typedef {{kind?: string, label?: string | null, run_id?: string | null, context_tokens?: number | null,
 *   streaming?: boolean, parameters?: {temperature?: Bounds | null, top_p?: Bounds | null, max_tokens?: {maximum: number} | null, max_task_tokens?: {maximum: number} | null,
 *     seed?: boolean},
 *   price?: {input_usd_per_million: number, output_usd_per_million: number} | null,
 *   state?: "ready" | "asleep" | "starting" | "unavailable" | "not_approved" | "unknown"}} About
 */
/** @typedef {{id: string, fourfold?: About}} Model */
/**
 * @typedef {{models: Model[], task: string, approved: boolean, loading: boolean,
 *   problem: import("../lib/problem.js").Problem | null}} ModelList `approved` is whether any model is, `task` the
 *   instruction that stands before each text to summarize
 */

/** Whether a model writes: one that picks sentences does the deployed task, and nothing else. @param {Model} model */
export function writes({ fourfold }) {
  return fourfold?.kind !== "extractive";
}

/**
 * @param {Pick<import("../lib/api.js").Api, "json">} api
 * @param {() => number} [now] milliseconds
 */
export function createModels(api, now = () => Date.now()) {
  let [read, said] = [-Infinity, ""];
  /** @type {Promise<void> | null} */
  let reading = null;
  const store = createStore(
    /** @type {ModelList} */ ({ models: [], task: "", approved: true, loading: true, problem: null }),
  );
  return {
    watch: store.watch,
    /** @param {string} id */
    find: (id) => store.value.models.find((model) => model.id === id) ?? null,
    load,
    /** Ask for the list anew where the last answer is old, or there was none: a model may have been approved since. */
    async freshen() {
      if (now() - read > FRESH_MILLISECONDS) await (reading ?? load());
    },
  };

  /** Ask for the list, again too: a model may have fallen asleep, another may have been approved. */
  function load() {
    const mine = ask().finally(() => {
      if (reading === mine) reading = null;
    });
    reading = mine;
    return mine;
  }

  async function ask() {
    try {
      const answer = await api.json("GET", "/models");
      const { data, fourfold: about } = answer;
      read = now();
      // Nobody who chooses one just now is disturbed by a list that is the same.
      if (JSON.stringify(answer) === said) return;
      said = JSON.stringify(answer);
      // Until something is approved, the name of it answers nobody.
      const named = data.filter((/** @type {Model} */ { fourfold }) => fourfold?.state !== "not_approved");
      const models = named.filter((/** @type {Model} */ { fourfold }) => fourfold?.kind !== "embedding");
      const task = about?.task?.instruction ?? "";
      store.set({ models, task, approved: named.length === data.length, loading: false, problem: null });
    } catch (failure) {
      [read, said] = [-Infinity, ""];
      store.set({ loading: false, problem: asProblem(failure) });
    }
  }
}

/** @typedef {ReturnType<typeof createModels>} Models */
