/** Both wire formats as the same pieces. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { chatPieces, searchPieces, taskPieces } from "../../../web/parts/pieces.js";

const EXTRA = {
  request_id: "r-1",
  model: "small",
  attempts: [{ model: "small", outcome: "answered", milliseconds: 5 }],
  cache: "exact",
  cost_usd: 0.001,
  first_token_ms: 4,
  latency_ms: 9,
  sources: [],
  guard: "off",
};

async function* stream(events) {
  yield* events;
}

async function collect(pieces) {
  const found = [];
  for await (const piece of pieces) found.push(piece);
  return found;
}

test("chunks of a chat are its text, and at the end its figures", async () => {
  const chunk = (data) => ({ event: "message", data });
  const pieces = await collect(
    chatPieces(
      stream([
        chunk({ model: "m", choices: [{ delta: { role: "assistant", content: "" } }] }),
        chunk({ model: "m", choices: [{ delta: { content: "One" } }] }),
        chunk({ model: "m", choices: [{ delta: {}, finish_reason: "length" }], fourfold: EXTRA }),
        chunk({ model: "m", choices: [], usage: { prompt_tokens: 3, completion_tokens: 1 } }),
      ]),
    ),
  );
  const done = pieces.pop();
  assert.deepEqual(pieces, [{ kind: "text", text: "One" }]);
  assert.deepEqual(
    [
      done.meta.model,
      done.meta.finish,
      done.meta.inputTokens,
      done.meta.outputTokens,
      done.meta.costUsd,
      done.meta.cache,
    ],
    ["small", "length", 3, 1, 0.001, "exact"],
  );
});

test("what no model wrote has the name of none", async () => {
  const answer = { output: "Nothing.", citations: [], answered: false, usage: { input_tokens: 0, output_tokens: 0 } };
  const told = async (usage) => {
    const done = { passages: [], answer: { ...answer, usage, fourfold: { ...EXTRA, cache: "off", label: "s/1" } } };
    return (await collect(searchPieces(stream([{ event: "done", data: done }])))).pop().meta;
  };
  const unasked = await told(answer.usage);
  assert.deepEqual([unasked.model, unasked.label, unasked.answered], ["", "", false]);
  const asked = await told({ input_tokens: 9, output_tokens: 2 });
  assert.deepEqual([asked.model, asked.label], ["small", "s/1"]);
});

test("a task's events are progress, text and the whole", async () => {
  const whole = {
    id: "r-2",
    model: "small",
    output: "All.",
    finish_reason: "stop",
    latency_ms: 12,
    usage: { input_tokens: 3, output_tokens: 2, cache_read_tokens: 100, cache_write_tokens: 20 },
  };
  const pieces = await collect(
    taskPieces(
      stream([
        { event: "progress", data: { part: 1, parts: 3 } },
        { event: "delta", data: { text: "All." } },
        { event: "done", data: whole },
      ]),
    ),
  );
  assert.deepEqual(
    pieces.map(({ kind }) => kind),
    ["progress", "text", "done"],
  );
  assert.deepEqual([pieces[2].text, pieces[2].meta.requestId, pieces[2].meta.latencyMs], ["All.", "r-2", 12]);
  assert.deepEqual([pieces[2].meta.inputTokens, pieces[2].meta.outputTokens], [123, 2]);
});
