/** Waiting for a model that wakes. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem } from "../../../web/lib/problem.js";
import { begun, sleep, untilAwake } from "../../../web/lib/waking.js";

const notYet = (retryAfter = 3) =>
  new Problem({ status: 503, title: "Service Unavailable", detail: "Not yet.", retryAfter });

function run(failures, { now = () => 0 } = {}) {
  const heard = [];
  const paused = [];
  const how = {
    signal: new AbortController().signal,
    waiting: (what) => heard.push(what && what.until),
    pause: async (milliseconds) => void paused.push(milliseconds),
    now,
  };
  const call = async () => {
    const failure = failures.shift();
    if (failure) throw failure;
    return "awake";
  };
  return { result: untilAwake(call, how), heard, paused };
}

test("it asks again when the service says, and tells of each wait and of its end", async () => {
  const { result, heard, paused } = run([notYet(3), notYet(120), notYet(0)]);
  assert.equal(await result, "awake");
  assert.deepEqual(paused, [3000, 30_000, 1000]);
  assert.deepEqual(heard, [3000, 30_000, 1000, null]);
});

test("nothing is said where it is awake", async () => {
  const { result, heard } = run([]);
  await result;
  assert.deepEqual(heard, []);
});

test("another failure is not waited for", async () => {
  const failures = [429, 500, 503].map(
    (status) => new Problem({ status, title: "", detail: "", retryAfter: status === 503 ? null : 1 }),
  );
  for (const failure of failures) await assert.rejects(run([failure]).result, failure);
});

test("after a quarter of an hour it gives up", async () => {
  let time = 0;
  const failures = Array.from({ length: 40 }, () => notYet(30));
  const { result, paused } = run(failures, { now: () => (time += 30_000) });
  await assert.rejects(result, Problem);
  assert.ok(paused.length < 32);
});

test("stopping ends the wait", async () => {
  const stopping = new AbortController();
  const waiting = sleep(60_000, stopping.signal);
  stopping.abort();
  await assert.rejects(waiting, { name: "AbortError" });
});

test("a model of which the stream itself says that it is not ready is waited for", async () => {
  const asked = [];
  async function* answer(failure) {
    if (failure) throw failure;
    yield "Awake";
    yield " now.";
  }
  const failures = [notYet(), null];
  const how = { signal: new AbortController().signal, waiting: () => undefined, pause: async () => asked.push("again") };
  const pieces = await untilAwake(async () => begun(answer(failures.shift())), how);
  const told = [];
  for await (const piece of pieces) told.push(piece);
  assert.deepEqual([asked, told], [["again"], ["Awake", " now."]]);
});

test("leaving an answer that has begun ends it", async () => {
  let ended = false;
  async function* answer() {
    try {
      yield 1;
      yield 2;
    } finally {
      ended = true;
    }
  }
  for await (const piece of await begun(answer())) {
    assert.equal(piece, 1);
    break;
  }
  assert.ok(ended);
});

test("what comes before the model is asked is told at once, and the model is still waited for", async () => {
  async function* answer(failure) {
    yield "part 1";
    if (failure) throw failure;
    yield "part 2";
    yield "Awake";
    yield "part of the text";
  }
  const failures = [notYet(), null];
  const told = [];
  const ahead = (piece) => /^part \d/.test(piece) && told.push(piece) > 0;
  const how = { signal: new AbortController().signal, waiting: () => undefined, pause: async () => undefined };
  const pieces = await untilAwake(async () => begun(answer(failures.shift()), ahead), how);
  const rest = [];
  for await (const piece of pieces) rest.push(piece);
  assert.deepEqual(told, ["part 1", "part 1", "part 2"]);
  assert.deepEqual(rest, ["Awake", "part of the text"]);
});
