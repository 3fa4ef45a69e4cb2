/** Server-sent events, wherever the network cuts them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { EventParser, events } from "../../../web/lib/sse.js";

const STREAM =
  '\uFEFF: hello\r\nevent: delta\r\ndata: {"text": "ä"}\r\n\r\n' +
  "data: one\ndata: two\n\nid: 7\n\ndata\n\nevent: done\rdata: x\r\r";
const EVENTS = [
  { event: "delta", data: '{"text": "ä"}' },
  { event: "message", data: "one\ntwo" },
  { event: "message", data: "" },
  { event: "done", data: "x" },
];

test("events are the same wherever the text is cut", () => {
  for (let cut = 0; cut <= STREAM.length; cut += 1) {
    const parser = new EventParser();
    const found = [...parser.push(STREAM.slice(0, cut)), ...parser.push(STREAM.slice(cut)), ...parser.push("\n")];
    assert.deepEqual(found, EVENTS, `cut at ${cut}`);
  }
});

test("a character that is cut in two is put together", async () => {
  const bytes = new TextEncoder().encode("data: ä\n\n");
  const body = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  assert.deepEqual(await collect(events(body)), [{ event: "message", data: "ä" }]);
});

test("an event that was not finished is none", () => {
  assert.deepEqual(new EventParser().push("data: half"), []);
});

test("leaving early cancels the body", async () => {
  let cancelled = false;
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("data: x\n\n")),
    cancel: () => void (cancelled = true),
  });
  for await (const event of events(body)) {
    assert.equal(event.data, "x");
    break;
  }
  assert.ok(cancelled);
});

async function collect(all) {
  const found = [];
  for await (const one of all) found.push(one);
  return found;
}
