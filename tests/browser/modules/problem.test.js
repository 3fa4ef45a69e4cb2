/** Problems, out of whatever an API answers. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { asProblem, problemOf, problemOfResponse } from "../../../web/lib/problem.js";

const respond = (body, init) => problemOfResponse(new Response(body, init));

test("a problem document keeps its detail, its fields and its id", async () => {
  const document = {
    title: "Bad Request",
    status: 400,
    detail: "Two are wrong.",
    instance: "urn:request:abc",
    errors: [{ pointer: "#/text", detail: "'text' must not be blank" }, { nonsense: 1 }, null],
  };
  const problem = await respond(JSON.stringify(document), { status: 400 });
  assert.deepEqual(
    [problem.title, problem.detail, problem.requestId, problem.fields],
    [
      "The request cannot be answered as it is",
      "Two are wrong.",
      "abc",
      [{ pointer: "#/text", detail: "'text' must not be blank" }],
    ],
  );
});

test("a title that is HTTP's own phrase is said in words, any other as it is", () => {
  const titles = ["Bad Gateway", "Too Many Requests", "Your session has ended"].map(
    (title) => problemOf({ title }).title,
  );
  assert.deepEqual(titles, ["No answer could be made", "Too Many Requests", "Your session has ended"]);
});

test("what is no document is shown as it came, with the id of its header", async () => {
  const problem = await respond("Bad gateway", { status: 502, headers: { "x-request-id": "r-1" } });
  assert.deepEqual([problem.status, problem.detail, problem.requestId], [502, "Bad gateway", "r-1"]);
});

test("a page in place of an answer is not shown, and one that forbids may be a firewall's", async () => {
  const page = await readFile(new URL("../../../web/missing.html", import.meta.url));
  const headers = { "content-type": "text/html; charset=utf-8" };
  const { title, detail, repeatable } = await respond(page, { status: 403, headers });
  assert.equal(title, "The service answered 403");
  assert.match(detail, /^A firewall before the service may have blocked this\. Wait some minutes/);
  assert.ok(repeatable);
  assert.equal((await respond("<html>Bad gateway</html>", { status: 502, headers })).detail, "");
});

test("API Gateway's own message and OpenAI's error are details", () => {
  assert.equal(problemOf({ message: "Unauthorized" }, { status: 401 }).detail, "Unauthorized");
  assert.equal(problemOf({ error: { message: "Too long." } }, { status: 400 }).detail, "Too long.");
});

test("only a 503 that says when passes by itself", async () => {
  const passes = async (status, headers) => (await respond("{}", { status, headers })).passes;
  assert.ok(await passes(503, { "retry-after": "10" }));
  assert.ok(!(await passes(503, {})));
  assert.ok(!(await passes(503, { "retry-after": "Fri, 31 Dec 1999 23:59:59 GMT" })));
  assert.ok(!(await passes(429, { "retry-after": "10" })));
});

test("a request that never arrived is no connection", () => {
  assert.equal(asProblem(new TypeError("Failed to fetch")).title, "No connection");
});

test("what is not done here is not to be tried again, and what only failed is", () => {
  const repeatable = [400, 413, 501, 502, 503].map((status) => problemOf({ status }).repeatable);
  assert.deepEqual(repeatable, [false, false, false, true, true]);
});
