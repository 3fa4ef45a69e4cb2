/** Markdown as models write it, and as somebody writes it who wants to do harm. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { parse } from "../../../web/lib/markdown.js";
import { safeAddress } from "../../../web/lib/markdown-inline.js";

const read = (text) => parse(text).map(({ block }) => block);
const inlineOf = (text) => read(text)[0].children;
const text = (value) => ({ type: "text", text: value });

test("paragraphs, headings, rules and code are told apart", () => {
  const kinds = read("# Title\n\nA text.\n\n---\n\n```js\nlet a = 1;\n```").map(({ type }) => type);
  assert.deepEqual(kinds, ["heading", "paragraph", "rule", "code"]);
});

test("emphasis may be nested", () => {
  assert.deepEqual(inlineOf("**bold *and* more**"), [
    { type: "strong", children: [text("bold "), { type: "em", children: [text("and")] }, text(" more")] },
  ]);
});

test("signs that close nothing, names with underscores and arithmetic are text", () => {
  for (const plain of ["2 * 3 * 4", "a_name_of_a_field", "**open", "`open", "[label] (not a link)", "5 ** 2"]) {
    assert.deepEqual(inlineOf(plain), [text(plain)]);
  }
});

test("an escaped sign is text", () => {
  assert.deepEqual(inlineOf("\\*not emphasis\\*"), [text("*not emphasis*")]);
});

test("lists are nested, and their items hold paragraphs", () => {
  const [list] = read("1. one\n   - inner\n2. two\n\n   more");
  assert.equal(list.start, 1);
  assert.deepEqual(
    list.items.map((item) => item.map(({ type }) => type)),
    [
      ["paragraph", "list"],
      ["paragraph", "paragraph"],
    ],
  );
});

test("a table needs as many marks as it has columns", () => {
  const [table] = read("| a | b |\n|:--|--:|\n| 1 | 2 | 3 |\n| 4 |");
  assert.deepEqual(table.align, ["left", "right"]);
  assert.deepEqual(
    table.rows.map((row) => row.length),
    [2, 2],
  );
  assert.equal(read("a | b\n--|--|--")[0].type, "paragraph");
});

test("a table straight after a line of text is a table", () => {
  const [before, table] = read("The figures:\n| a | b |\n|---|---|\n| 1 | 2 |");
  assert.deepEqual([before.type, table.type], ["paragraph", "table"]);
  assert.equal(table.rows.length, 1);
  const [plain] = read("one | two\nthree | four\nfive");
  assert.equal(plain.children.length, 5, "lines with a sign in them are one paragraph");
});

test("a bracket that stands before a link is none of its label", () => {
  const href = "https://x.org/";
  assert.deepEqual(inlineOf("See [1] and [docs](https://x.org)."), [
    text("See [1] and "),
    { type: "link", href, children: [text("docs")] },
    text("."),
  ]);
  assert.deepEqual(inlineOf("[a[0]](https://x.org)"), [{ type: "link", href, children: [text("a[0]")] }]);
  assert.deepEqual(inlineOf("[`a]`](https://x.org)"), [
    { type: "link", href, children: [{ type: "code", text: "a]" }] },
  ]);
  assert.deepEqual(inlineOf("[a [docs](https://x.org)"), [
    text("[a "),
    { type: "link", href, children: [text("docs")] },
  ]);
});

test("a fence that was not closed yet is code already, as it comes in a stream", () => {
  assert.deepEqual(read("```sh\nls"), [{ type: "code", language: "sh", text: "ls" }]);
});

test("HTML is text", () => {
  const html = "<script>alert(1)</script><img src=x onerror=alert(1)>";
  assert.deepEqual(inlineOf(html), [text(html)]);
});

test("links go to the web and to mail, and nowhere else", () => {
  assert.equal(safeAddress("https://example.org/a?b=c"), "https://example.org/a?b=c");
  assert.equal(safeAddress("mailto:a@example.org"), "mailto:a@example.org");
  const hostile = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "\u0001javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:null/b",
    "//example.org",
    "/path",
  ];
  for (const address of hostile) {
    assert.equal(safeAddress(address), null, address);
    assert.ok(!JSON.stringify(read(`[x](${address}) <${address}>`)).includes('"link"'), address);
  }
});

test("what was read before keeps its source while the text grows", () => {
  const whole = "# Title\n\nOne.\n\n- a\n- b\n\nLast";
  const before = parse(whole.slice(0, -4))
    .slice(0, 2)
    .map(({ raw }) => raw);
  assert.deepEqual(
    parse(whole)
      .slice(0, 2)
      .map(({ raw }) => raw),
    before,
  );
});

test("hostile texts are read in time, however they are nested", () => {
  const pieces = [
    "*",
    "_",
    "[",
    "![a](",
    ">",
    "- ",
    "`",
    "``a",
    "**a ",
    "*a **b ",
    "[a](b ",
    "~~",
    "<https://",
    "https://",
    "# ",
    "| ",
    "\\",
    "1. ",
    "_a",
    "a_",
    "**a** *",
    "> - ",
    "*a_b~~",
  ];
  for (const piece of pieces) {
    const began = performance.now();
    parse(piece.repeat(100_000 / piece.length));
    parse(`${piece}\n`.repeat(20_000));
    parse(" ".repeat(50_000) + piece);
    assert.ok(performance.now() - began < 4000, `${JSON.stringify(piece)} took ${performance.now() - began} ms`);
  }
});
