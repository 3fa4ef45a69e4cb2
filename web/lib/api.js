/** The gateway's routes: JSON in and out, streams as events, every failure a `Problem`. */

import { asProblem, isStop, Problem, problemOf, problemOfResponse } from "./problem.js";
import { events } from "./sse.js";

/** @typedef {{token: () => Promise<string | null>, refused: () => Promise<boolean>}} Credentials */
/** @typedef {{signal?: AbortSignal}} Options */

/**
 * Speak to the gateway.
 * @param {string} root path of the API on this origin
 * @param {Credentials} credentials `refused` hears of a 401 and says whether to try once more
 */
export function createApi(root, credentials) {
  /** @param {string} method @param {string} path @param {unknown} body @param {Options & {accept: string}} options */
  async function send(method, path, body, { signal, accept }) {
    const token = await credentials.token();
    return fetch(root + path, {
      method,
      signal: signal ?? null,
      cache: "no-store",
      credentials: "omit",
      headers: {
        Accept: accept,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
  }

  /** @param {string} method @param {string} path @param {unknown} body @param {Options & {accept: string}} options */
  async function answered(method, path, body, options) {
    try {
      let response = await send(method, path, body, options);
      if (response.status === 401 && (await credentials.refused())) response = await send(method, path, body, options);
      if (!response.ok) throw await problemOfResponse(response);
      return response;
    } catch (failure) {
      throw isStop(failure) ? failure : asProblem(failure);
    }
  }

  return {
    /**
     * Ask for a JSON document; null where the answer has none.
     * @param {string} method
     * @param {string} path
     * @param {unknown} [body]
     * @param {Options} [options]
     * @returns {Promise<any>}
     */
    async json(method, path, body, options = {}) {
      const response = await answered(method, path, body, { ...options, accept: "application/json" });
      const text = await response.text();
      return text ? JSON.parse(text) : null;
    },

    /**
     * Ask for a stream. The promise holds once the service has accepted; the events come after.
     * @param {string} path
     * @param {object} body
     * @param {Options} [options]
     */
    async stream(path, body, options = {}) {
      const asked = { ...body, stream: true };
      const response = await answered("POST", path, asked, { ...options, accept: "text/event-stream" });
      const type = response.headers.get("content-type") ?? "";
      if (!response.body || !type.startsWith("text/event-stream")) {
        throw new Problem({
          status: response.status,
          title: "No stream",
          detail: `The service answered with ${type || "nothing"} where a stream was asked for.`,
          requestId: response.headers.get("x-request-id"),
        });
      }
      return decoded(response.body);
    },
  };
}

/** @typedef {ReturnType<typeof createApi>} Api */

/**
 * Decode a stream's events. An error in it is thrown, and so is an end before the end.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<{event: string, data: any}>}
 */
async function* decoded(body) {
  let ended = false;
  try {
    for await (const { event, data } of events(body)) {
      if (data === "[DONE]") {
        ended = true;
        continue;
      }
      const value = JSON.parse(data);
      if (event === "error" || value?.error) throw problemOf(value?.error?.status ? value.error : value);
      ended ||= event === "done";
      yield { event, data: value };
    }
  } catch (failure) {
    throw isStop(failure) ? failure : asProblem(failure);
  }
  if (!ended) {
    throw new Problem({
      status: 0,
      title: "The answer broke off",
      detail: "The connection ended before the model had finished. What came is shown.",
    });
  }
}
