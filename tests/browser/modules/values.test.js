/** What is computed without a page: figures, files, conversations, pairs, configuration, lineage. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { readRoute } from "../../../web/app/router.js";
import { readConfig } from "../../../web/lib/config.js";
import { base64Of, mediaType, textOf, visibleText } from "../../../web/lib/files.js";
import { characters, dollars, duration } from "../../../web/lib/format.js";
import { claimsOf, challengeOf } from "../../../web/lib/pkce.js";
import { parametersOf } from "../../../web/parts/parameters.js";
import { before, titleOf, withMessage } from "../../../web/views/chat/conversation.js";
import { together } from "../../../web/parts/votes.js";
import { preferencePairs } from "../../../web/views/playground/pairs.js";
import { dataRows } from "../../../web/views/workflow/lineage.js";

test("dollars keep the digits that matter", () => {
  const shown = [0, 12.345, 0.5, 0.05, 0.0712, 0.00021345, 0.00002, 0.0000001, null].map(dollars);
  assert.deepEqual(shown, ["$0", "$12.35", "$0.50", "$0.05", "$0.071", "$0.00021", "$0.00002", "< $0.000001", "–"]);
});

test("durations are in the unit that people read", () => {
  assert.deepEqual([0.02, 850, 1234, 45_000, 125_000, 7_500_000].map(duration), [
    "< 1 ms",
    "850 ms",
    "1.2 s",
    "45 s",
    "2 min",
    "2 h 5 min",
  ]);
});

test("the text of a page is what a reader sees", () => {
  const html =
    "<head><title>T</title></head><!-- no --><p>One &amp; two</p><script>alert('<p>')</script><p>Three&#33;</p>";
  assert.equal(visibleText(html), "One & two\nThree!");
  assert.equal(visibleText("a < b &lt; c"), "a < b < c");
});

test("hostile markup is read in time", () => {
  for (const piece of ["<", "<script>", "<!--", "&", "</script", "<p "]) {
    const began = performance.now();
    visibleText(piece.repeat(200_000));
    assert.ok(performance.now() - began < 2000, piece);
  }
});

test("a file's type is its name's, or else the system's", () => {
  const types = [
    ["a.MD", ""],
    ["b.pdf", ""],
    ["c", "text/x-rst"],
    ["d.exe", "application/octet-stream"],
  ];
  assert.deepEqual(
    types.map(([name, type]) => mediaType({ name, type })),
    ["text/markdown", "application/pdf", "text/plain", null],
  );
});

test("editing a message forgets what came after it, and the first one names the conversation", () => {
  let talk = { id: "1", title: "", messages: [] };
  for (const [role, content] of [
    ["user", "First"],
    ["assistant", "a"],
    ["user", "Second"],
  ])
    talk = withMessage(talk, { role, content });
  assert.equal(talk.title, "First");
  assert.deepEqual(before(talk, 2).messages.length, 2);
  assert.equal(withMessage(before(talk, 0), { role: "user", content: "Other" }).title, "Other");
});

test("a title is one line, cut at a word", () => {
  assert.equal(titleOf("  One\ntwo"), "One");
  assert.ok(titleOf("word ".repeat(40)).length <= 61);
  assert.equal(titleOf("x".repeat(100)).length, 61);
});

test("a vote between three gives a pair for each answer that lost", () => {
  const contender = (answer) => ({ model: answer, requestId: `r-${answer}`, answer, parameters: { temperature: 0 } });
  const pairs = preferencePairs([contender("a"), contender("b"), contender("c")], 1, { messages: [], consent: true });
  assert.deepEqual(
    pairs.map(({ answer, rejected_answer: rejected, model, consent }) => [answer, rejected, model, consent]),
    [
      ["b", "a", "b", true],
      ["b", "c", "b", true],
    ],
  );
});

test("without consent a vote says once which answer is good, and nothing of the others", () => {
  const contender = (answer) => ({ model: answer, requestId: `r-${answer}`, answer, parameters: {} });
  const said = preferencePairs([contender("a"), contender("b"), contender("c")], 1, { messages: [], consent: false });
  assert.deepEqual(
    said.map((one) => [one.answer, one.rating, "rejected_answer" in one]),
    [["b", "up", false]],
  );
});

test("the pairs of a vote are one entry, and nothing else is put together", () => {
  const pair = (id, request, rejected) => ({ id, request_id: request, texts: { rejected_answer: rejected } });
  const said = together([
    pair("4", "r-1", "c"),
    pair("3", "r-1", "b"),
    pair("2", "r-2", "b"),
    { id: "1", request_id: "r-1", texts: {} },
    { id: "0", texts: undefined },
  ]);
  assert.deepEqual(
    said.map(({ ids, others }) => [ids, others]),
    [
      [
        ["4", "3"],
        ["c", "b"],
      ],
      [["2"], ["b"]],
      [["1"], []],
      [["0"], []],
    ],
  );
});

test("the same answer twice is no preference", () => {
  const same = { model: "m", requestId: null, answer: "a", parameters: {} };
  assert.deepEqual(preferencePairs([same, same], 0, { messages: [], consent: false }), []);
});

test("a model's parameters are those that it takes", () => {
  const model = (parameters) => ({ id: "m", fourfold: { parameters } });
  const all = parametersOf(
    model({ temperature: { minimum: 0, maximum: 1 }, top_p: null, max_tokens: { maximum: 40 } }),
  );
  const bounds = { max_tokens: { maximum: 512 }, max_task_tokens: { maximum: 40 } };
  assert.deepEqual(
    [{}, { task: true }].map((options) => parametersOf(model(bounds), options)[0].maximum),
    [512, 40],
  );
  assert.deepEqual(
    all.map(({ name, maximum }) => [name, maximum]),
    [
      ["temperature", 1],
      ["max_tokens", 40],
    ],
  );
  assert.deepEqual(parametersOf(null), []);
});

test("a wrong configuration is told whole", () => {
  const wrong = {
    api: "https://elsewhere.example",
    authorization: "cognito",
    cognito: { domain: "https://a.example/path" },
  };
  assert.throws(
    () => readConfig(wrong),
    (failure) => ["'api'", "'cognito.domain'", "'cognito.client_id'"].every((name) => failure.message.includes(name)),
  );
  assert.throws(() => readConfig({}), /'authorization' must be cognito or none/);
  assert.equal(readConfig({ authorization: "none" }).api, "/api/v1");
});

test("bounds that a configuration does not tell are none, and CloudFormation's texts are numbers", () => {
  const bounds = (limits) => readConfig({ authorization: "none", limits }).limits;
  assert.deepEqual(bounds(undefined), { textCharacters: Infinity, documentBytes: Infinity });
  assert.deepEqual(bounds({ text_characters: "20000", document_bytes: 4_000_000 }), {
    textCharacters: 20_000,
    documentBytes: 4_000_000,
  });
  assert.throws(() => bounds({ document_bytes: "4 MB" }), /'limits.document_bytes' must be a number of at least 1/);
});

test("characters are counted as the gateway counts them", () => {
  assert.deepEqual(["", "abc", "né", "👍 yes", "\ud83d"].map(characters), [0, 3, 2, 5, 1]);
});

test("a fragment that names no view shows the first", () => {
  const names = ["summarize", "chat"];
  assert.deepEqual(readRoute("#/chat/a%20b", names), { name: "chat", rest: "a b" });
  assert.deepEqual(readRoute("#/../../x", names), { name: "summarize", rest: "" });
  assert.deepEqual(readRoute("#/chat/%E0%A4%A", names), { name: "chat", rest: "" });
});

test("the challenge is RFC 7636's", async () => {
  assert.equal(
    await challengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  );
});

test("claims are read from a token, and a broken one has none", () => {
  const body = btoa(JSON.stringify({ email: "a@example.org" }));
  assert.equal(claimsOf(`x.${body}.y`).email, "a@example.org");
  assert.deepEqual(claimsOf("nonsense"), {});
});

test("rejected records are summed where there are many reasons", () => {
  const rejected = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`reason_${index}`, 9 - index]));
  const rows = dataRows({ input: 100, kept: 55, splits: { test: 5, train: 50 }, rejected });
  assert.deepEqual(
    rows.map(({ records }) => records),
    [50, 5, 9, 8, 7, 6, 5, 4, 6],
  );
  assert.equal(rows.at(-1).name, "other reasons");
});

test("a file that cannot be read is not called one of another encoding", async () => {
  const arrayBuffer = () => Promise.reject(new DOMException("It has changed.", "NotReadableError"));
  const file = { name: "a.txt", type: "text/plain", size: 3, arrayBuffer };
  for (const read of [textOf, base64Of]) await assert.rejects(read(file, 100), /a\.txt cannot be read\./);
});
