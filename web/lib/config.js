/** What differs by deployment: `/config.json`, checked as a whole. */

/** @typedef {{domain: string, client_id: string, scope: string, token: "id" | "access"}} Cognito */
/**
 * @typedef {{textCharacters: number, documentBytes: number}} Limits what the API accepts; infinite where it is not told
 */
/** @typedef {{name: string, api: string, cognito: Cognito | null, limits: Limits}} Config */

/**
 * Check a configuration.
 * @param {unknown} value
 * @returns {Config}
 * @throws {Error} with everything that is wrong, by key
 */
export function readConfig(value) {
  const given = object(value);
  const name = given.name ?? "Fourfold";
  const api = given.api ?? "/api/v1";
  const wrong = [];
  if (typeof name !== "string") wrong.push("'name' must be a string");
  if (typeof api !== "string" || !/^\/[\w/-]*$/.test(api)) wrong.push("'api' must be a path, such as /api/v1");
  if (given.authorization !== "cognito" && given.authorization !== "none") {
    wrong.push("'authorization' must be cognito or none");
  }
  const cognito = given.authorization === "cognito" ? readCognito(object(given.cognito), wrong) : null;
  const limits = readLimits(object(given.limits), wrong);
  if (wrong.length) throw new Error(`config.json: ${wrong.join("; ")}.`);
  return { name, api, cognito, limits };
}

/**
 * Fetch and check the configuration of this origin.
 * @returns {Promise<Config>}
 */
export async function loadConfig() {
  const response = await fetch("/config.json", { cache: "no-store", credentials: "omit" });
  if (!response.ok) throw new Error(`config.json: the server answered ${response.status}.`);
  let value;
  try {
    value = await response.json();
  } catch {
    throw new Error("config.json: it is not valid JSON.");
  }
  return readConfig(value);
}

/** @param {Record<string, any>} given @param {string[]} wrong @returns {Cognito} */
function readCognito(given, wrong) {
  const { domain, client_id, scope = "openid email", token = "id" } = given;
  // Plain HTTP is for a sign-in on this very machine alone.
  if (
    typeof domain !== "string" ||
    !/^(https:\/\/[^/]+|http:\/\/(([\w-]+\.)*localhost|127\.0\.0\.1)(:\d+)?)$/.test(domain)
  ) {
    wrong.push("'cognito.domain' must be an origin, such as https://example.auth.eu-central-1.amazoncognito.com");
  }
  if (typeof client_id !== "string" || !client_id) wrong.push("'cognito.client_id' must name the app client");
  if (typeof scope !== "string") wrong.push("'cognito.scope' must be a string");
  if (token !== "id" && token !== "access") wrong.push("'cognito.token' must be id or access");
  return { domain, client_id, scope, token };
}

/** @param {Record<string, any>} given @param {string[]} wrong @returns {Limits} */
function readLimits(given, wrong) {
  /** @param {string} key */
  const limit = (key) => {
    // CloudFormation hands numbers on as texts.
    const value = Number(given[key] ?? Infinity);
    if (!(value >= 1)) wrong.push(`'limits.${key}' must be a number of at least 1`);
    return value;
  };
  return { textCharacters: limit("text_characters"), documentBytes: limit("document_bytes") };
}

/** @param {unknown} value @returns {Record<string, any>} */
function object(value) {
  return value && typeof value === "object" ? value : {};
}
