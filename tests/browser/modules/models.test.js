/** Which models the page offers. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { createModels } from "../../../web/parts/models.js";

test("the name of the approved model is offered once there is one", async () => {
  const approved = { id: "approved", fourfold: { state: "not_approved" } };
  const models = createModels({ json: async () => ({ object: "list", data: [approved, { id: "small" }] }) });
  await models.load();
  assert.equal(models.find("approved"), null);
  assert.ok(models.find("small"));
  assert.equal(read(models).approved, false);

  approved.fourfold.state = "starting";
  await models.load();
  assert.ok(models.find("approved"));
  assert.equal(read(models).approved, true);
});

test("a model that writes nothing is not offered", async () => {
  const embedder = { id: "titan", fourfold: { kind: "embedding", state: "unknown" } };
  const models = createModels({ json: async () => ({ object: "list", data: [{ id: "small" }, embedder] }) });
  await models.load();
  assert.equal(models.find("titan"), null);
  assert.ok(models.find("small"));
});

test("the list is asked for anew once it is old or did not come, and one that is the same disturbs nobody", async () => {
  let [now, asked, drawn, fails] = [0, 0, 0, false];
  const data = [{ id: "small" }];
  const json = async () => {
    asked += 1;
    if (fails) throw new TypeError("no connection");
    return { object: "list", data: [...data] };
  };
  const models = createModels({ json }, () => now);
  models.watch(() => (drawn += 1));
  await models.load();
  await models.freshen();
  assert.deepEqual([asked, drawn], [1, 2]);
  now = 60_000;
  await Promise.all([models.freshen(), models.freshen()]);
  assert.deepEqual([asked, drawn], [2, 2]);
  data.push({ id: "approved" });
  now = 120_000;
  await models.freshen();
  assert.deepEqual([asked, drawn], [3, 3]);
  fails = true;
  await models.load();
  assert.ok(read(models).problem);
  fails = false;
  await models.freshen();
  assert.deepEqual([asked, read(models).problem], [5, null]);
});

/** @param {import("../../../web/parts/models.js").Models} models */
function read(models) {
  let value = /** @type {any} */ (null);
  models.watch((now) => (value = now))();
  return value;
}
