/** Who is signed in, and until when. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { Problem } from "../../../web/lib/problem.js";
import { CognitoSession } from "../../../web/lib/session.js";

const COGNITO = { domain: "https://pool.example", client_id: "client", scope: "openid", token: "access" };
const fetched = globalThis.fetch;
afterEach(() => (globalThis.fetch = fetched));

function tokens(name, more = {}) {
  return { access_token: name, id_token: `${name}.e30.`, expires_in: 3600, ...more };
}

/** Let the pool's next answers be these: a body, a status, or a promise of either. */
function pool(...answers) {
  globalThis.fetch = async () => {
    const answer = await answers.shift();
    const [status, body] = typeof answer === "number" ? [answer, {}] : [200, answer];
    return new Response(JSON.stringify(body), { status });
  };
}

function browser({ search = "", kept = {} } = {}) {
  const values = new Map(Object.entries(kept));
  const storage = {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
  const visited = [];
  const location = { search, hash: "#/chat", origin: "https://page.example", assign: (to) => visited.push(to) };
  const clock = { now: 0 };
  const history = { replaceState: (_state, _title, to) => visited.push(to) };
  return { location, history, storage, visited, values, clock, now: () => clock.now };
}

async function signedIn(where = browser({ kept: { "fourfold.refresh": "kept" } })) {
  pool(tokens("first"));
  const session = new CognitoSession(COGNITO, where);
  assert.equal(await session.start(), null);
  return { session, where };
}

for (const search of ["?code=theirs&state=theirs", "?error=access_denied&error_description=Call+this+number"]) {
  test(`a link with ${search} ends nobody's session, and says nothing of its own`, async () => {
    const { session, where } = await signedIn(browser({ search, kept: { "fourfold.refresh": "kept" } }));
    assert.equal(session.signedIn, true);
    assert.deepEqual(where.visited, ["/#/chat"]);
  });
}

test("nobody is told an error of a sign-in that this tab has not begun", async () => {
  const session = new CognitoSession(COGNITO, browser({ search: "?error=access_denied&error_description=Call+me" }));
  assert.equal(await session.start(), null);
  assert.equal(session.signedIn, false);
});

for (const [whose, state, told] of [
  ["of the sign-in that it has begun", "mine", "Not confirmed"],
  ["that is somebody else's", "theirs", null],
  ["with no state", "", null],
]) {
  test(`a tab that has begun a sign-in tells of an error ${whose} ${told ? "in its words" : "nothing"}`, async () => {
    const search = `?error=access_denied&error_description=Not+confirmed${state && `&state=${state}`}`;
    const kept = { "fourfold.sign-in": JSON.stringify({ state: "mine", verifier: "v", view: "#/chat" }) };
    const session = new CognitoSession(COGNITO, browser({ search, kept }));
    assert.equal(await session.start(), told);
    assert.equal(session.signedIn, false);
  });
}

test("a pool that does not answer ends no session, and is told of once the token has expired", async () => {
  const { session, where } = await signedIn();
  pool(503, 503, 503, tokens("second"));
  where.clock.now = 3_590_000; // about to expire, and still good
  assert.equal(await session.token(), "first");
  where.clock.now = 3_610_000;
  await assert.rejects(session.token(), (failure) => failure instanceof Problem && /sign-in/.test(failure.detail));
  await assert.rejects(session.refused(), Problem);
  assert.equal(session.signedIn, true);
  assert.equal(await session.token(), "second");
});

test("tokens that were on their way when somebody signed out are not taken", async () => {
  const { session, where } = await signedIn();
  let answer;
  pool(new Promise((resolve) => (answer = resolve)), {});
  const renewal = session.refused();
  const leaving = session.signOut();
  answer(tokens("late", { refresh_token: "late" }));
  assert.equal(await renewal, false);
  await leaving;
  assert.equal(session.signedIn, false);
  assert.equal(await session.token(), null);
  assert.equal(where.values.has("fourfold.refresh"), false);
});
