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

/** @param {import("../../../web/parts/models.js").Models} models */
function read(models) {
  let value = /** @type {any} */ (null);
  models.watch((now) => (value = now))();
  return value;
}
