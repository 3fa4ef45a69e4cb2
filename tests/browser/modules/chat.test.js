/** A conversation as plain values: how much of it may be sent, how it is named, and how it is kept. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem } from "../../../web/lib/problem.js";
import { judgedWith, refusal } from "../../../web/views/chat/bounds.js";
import { titleOf } from "../../../web/views/chat/conversation.js";
import { createKeeping } from "../../../web/views/chat/keeping.js";

const TOLD = { role: "system", content: "Be brief." };

/** @param {number} turns @param {string} [text] */
function talk(turns, text = "x") {
  return Array.from({ length: turns }, (_, index) => ({ role: index % 2 ? "assistant" : "user", content: text }));
}

test("a conversation goes on up to the characters and the messages that are allowed", () => {
  assert.equal(refusal([TOLD, ...talk(3)], 12), null);
  assert.match(refusal([TOLD, ...talk(3)], 11).words, /12 characters, and 11 are allowed/);
  assert.equal(refusal(talk(255), Infinity), null);
  assert.match(refusal([TOLD, TOLD, ...talk(255)], Infinity).words, /at most 256 messages/);
});

test("a new chat is offered where the message fits into one", () => {
  assert.equal(refusal(talk(3), 2).elsewhere, true);
  assert.equal(refusal([...talk(2), { role: "user", content: "xxx" }], 2).elsewhere, false);
  const { words, elsewhere } = refusal([TOLD, ...talk(1)], 9);
  assert.deepEqual([words.includes("and the instruction have 10 characters"), elsewhere], [true, false]);
});

test("an answer is judged with the instruction and the end of what was said", () => {
  assert.deepEqual(judgedWith([TOLD, ...talk(5)]), [TOLD, ...talk(5)]);
  const many = judgedWith([TOLD, ...talk(101)]);
  assert.deepEqual([many.length, many[0], many[1].role, many.at(-1).role], [64, TOLD, "user", "user"]);
  const long = judgedWith(talk(9, "x".repeat(30_000)));
  assert.deepEqual([long.length, long[0].role], [3, "user"]);
  // What is too long by itself is not cut: whoever learns from it would learn from something that nobody said.
  assert.equal(judgedWith(talk(3, "x".repeat(100_001))).length, 1);
});

test("a title is cut between characters", () => {
  assert.equal(titleOf("x" + "🦉".repeat(80)), "x" + "🦉".repeat(59) + "…");
  assert.equal(titleOf("🦉".repeat(60)), "🦉".repeat(60));
});

/** A gateway that keeps one conversation after another. */
function gateway() {
  /** @type {any[]} */
  const calls = [];
  let version = 0;
  return {
    calls,
    fails: /** @type {Problem | null} */ (null),
    async json(method, path, body) {
      calls.push([method, path, body?.updated]);
      await null;
      if (this.fails) throw this.fails;
      version += 1;
      return { title: "t", messages: [], updated: `v${version}` };
    },
  };
}

const SAID = { id: "a", title: "t", messages: [{ role: "user", content: "x" }] };

test("a conversation is kept in place of the one that was read or kept last, one after another", async () => {
  const api = gateway();
  const keeping = createKeeping(api);
  await Promise.all([keeping.keep(SAID), keeping.keep(SAID), keeping.keep({ ...SAID, id: "b" })]);
  await keeping.open("b", new AbortController().signal);
  await keeping.keep({ ...SAID, id: "b" });
  assert.deepEqual(api.calls, [
    ["PUT", "/history/a", undefined],
    ["PUT", "/history/a", "v1"],
    ["PUT", "/history/b", undefined],
    ["GET", "/history/b", undefined],
    ["PUT", "/history/b", "v4"],
  ]);
});

test("one that could not be kept does not keep the next one from it", async () => {
  const api = gateway();
  const keeping = createKeeping(api);
  api.fails = new Problem({ status: 502, title: "", detail: "" });
  await assert.rejects(keeping.keep(SAID));
  api.fails = null;
  assert.equal(await keeping.keep(SAID), true);
});

test("what is deleted is not kept again, unless the deletion fails", async () => {
  const api = gateway();
  const keeping = createKeeping(api);
  api.fails = new Problem({ status: 502, title: "", detail: "" });
  const failing = keeping.remove("a");
  assert.equal(await keeping.keep(SAID), false);
  assert.deepEqual(await failing, { problem: api.fails, missed: SAID });
  api.fails = new Problem({ status: 404, title: "", detail: "" });
  assert.equal(await keeping.remove("a"), null);
  assert.equal(await keeping.keep(SAID), false);
});

/** A gateway as it is: it keeps, and refuses what is in place of another version. `loses` what it answers next. */
function table() {
  /** @type {any} */
  let kept = null;
  let version = 0;
  return {
    loses: false,
    /** @param {any} value */
    set(value) {
      kept = value && { ...value, updated: `v${(version += 1)}` };
    },
    get texts() {
      return kept.messages.map(({ content }) => content);
    },
    async json(method, _path, body) {
      if (method === "GET" && !kept) throw new Problem({ status: 404, title: "", detail: "" });
      if (method === "GET") return kept;
      if (body.updated && body.updated !== kept?.updated) throw new Problem({ status: 412, title: "", detail: "" });
      this.set({ ...body, messages: body.messages.map((one) => ({ ...one, about: { model: "m" } })) });
      if (this.loses) throw new Problem({ status: 0, title: "No connection", detail: "" });
      return { updated: kept.updated };
    },
  };
}

const saying = (...texts) => ({ ...SAID, messages: texts.map((content) => ({ role: "user", content })) });

test("what was kept, and only the answer to it lost, is gone on from", async () => {
  const api = table();
  const keeping = createKeeping(api);
  await keeping.keep(saying("1"));
  api.loses = true;
  await assert.rejects(keeping.keep(saying("1", "2")), { status: 0 });
  await assert.rejects(keeping.keep(saying("1", "2", "3")), { status: 0 });
  api.loses = false;
  assert.equal(await keeping.keep(saying("1", "2", "3", "4")), true);
  assert.equal(await keeping.keep(saying("1", "2", "3", "4", "5")), true);
  assert.deepEqual(api.texts, ["1", "2", "3", "4", "5"]);
});

for (const [what, value] of [
  ["changed", saying("1", "other")],
  ["deleted", null],
]) {
  test(`what another window has ${what} is left to it, also where an answer was lost before`, async () => {
    const api = table();
    const keeping = createKeeping(api);
    await keeping.keep(saying("1"));
    api.loses = true;
    await assert.rejects(keeping.keep(saying("1", "2")), { status: 0 });
    api.loses = false;
    api.set(value);
    await assert.rejects(keeping.keep(saying("1", "2", "3")), { status: 412 });
  });
}
