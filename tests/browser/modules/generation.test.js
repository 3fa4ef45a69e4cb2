/** One answer that is asked for: how its waits are told, and what is not asked for twice. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { generate } from "../../../web/parts/generation.js";
import { Problem } from "../../../web/lib/problem.js";

const notYet = () => new Problem({ status: 503, title: "", detail: "Not yet.", retryAfter: 1 });
const DONE = { kind: "done", meta: {} };

/** A place for an answer that writes down what it is told; what is waited for in a test ends with the test. */
function place(t) {
  const told = [];
  const stopping = new AbortController();
  t.after(() => stopping.abort());
  const box = {
    told,
    text: "",
    begin: () => undefined,
    wait: (what, asleep) => told.push(what ? `waits, ${asleep ? "asleep" : "not known"}` : "over"),
    progress: (part, parts) => told.push(`part ${part} of ${parts}`),
    cite: () => undefined,
    write: () => undefined,
    end: () => told.push("done"),
    stop: () => told.push("stopped"),
    fail: (problem, again) => told.push(again ? "failed, may be tried again" : "failed"),
  };
  return { box, told, stopping, signal: stopping.signal };
}

/** Somebody who chooses models, of which some sleep. */
function picker(asleep, look = async () => undefined) {
  return { value: "asked", sleeps: (name) => asleep.includes(name), look };
}

/** @param {...(Problem | object)} pieces */
async function* stream(...pieces) {
  for (const piece of pieces) {
    if (piece instanceof Problem) throw piece;
    yield piece;
  }
}

test("a wait is told at once, however long the list of models takes, and by its name once that is known", async (t) => {
  const { box, told, stopping, signal } = place(t);
  const asleep = [];
  let listed;
  const looking = new Promise((resolve) => (listed = resolve));
  const asked = generate({
    ask: async () => stream(notYet()),
    box,
    signal,
    picker: picker(asleep, () => looking),
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(told, ["waits, not known"]);
  asleep.push("asked");
  listed();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(told, ["waits, not known", "waits, asleep"]);
  stopping.abort();
  await asked;
  assert.deepEqual(told.slice(2), ["over", "stopped"]);
});

test("it is of the model that was asked that a wait is told, not of one that is chosen meanwhile", async (t) => {
  const { box, told, stopping, signal } = place(t);
  const chosen = picker(["other"], async () => void (chosen.value = "other"));
  const asked = generate({ ask: async () => stream(notYet()), box, signal, picker: chosen });
  await new Promise((resolve) => setImmediate(resolve));
  stopping.abort();
  await asked;
  assert.deepEqual(told, ["waits, not known", "over", "stopped"]);
});

/** Ask for a text in two parts, of which the model is not ready for one at the first try. */
async function summarized(t, ...first) {
  const { box, told, signal } = place(t);
  const tries = [first, [{ kind: "progress", part: 1, parts: 2 }, { kind: "progress", part: 2, parts: 2 }, DONE]];
  const ask = async () => stream(...tries.shift());
  await generate({ ask, box, signal, picker: picker(["asked"]), again: () => undefined });
  return { told, tries };
}

test("a text of which no part is done is begun anew by itself", async (t) => {
  const { told } = await summarized(t, { kind: "progress", part: 1, parts: 2 }, notYet());
  assert.deepEqual(told, ["part 1 of 2", "waits, asleep", "part 1 of 2", "over", "part 2 of 2", "done"]);
});

test("a text of which a part is done, and paid for, is begun anew by its reader alone", async (t) => {
  const parts = [1, 2].map((part) => ({ kind: "progress", part, parts: 2 }));
  const { told, tries } = await summarized(t, ...parts, notYet());
  assert.deepEqual(told, ["part 1 of 2", "part 2 of 2", "failed, may be tried again"]);
  assert.equal(tries.length, 1);
});
