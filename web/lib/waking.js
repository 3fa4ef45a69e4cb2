/** Goes on by itself where a model is not ready yet: it asks again when the service says so. */

import { Problem } from "./problem.js";

const LONGEST_WAIT_SECONDS = 30;
const GIVE_UP_AFTER_SECONDS = 15 * 60;

/** @typedef {{problem: Problem, until: number}} Waiting `until` is the moment of the next try */

/**
 * Call until it is answered by something else than "not yet". What passes is asked again after its Retry-After, up
 * to a quarter of an hour; then, or at any other failure, the problem is thrown.
 * @template Result
 * @param {() => Promise<Result>} call
 * @param {{signal: AbortSignal, waiting: (waiting: Waiting | null) => void, pause?: typeof sleep,
 *   now?: () => number}} how
 * `waiting` hears of each wait, and null once it is over
 * @returns {Promise<Result>}
 */
export async function untilAwake(call, { signal, waiting, pause = sleep, now = Date.now }) {
  const until = now() + GIVE_UP_AFTER_SECONDS * 1000;
  let waited = false;
  try {
    for (;;) {
      try {
        return await call();
      } catch (failure) {
        if (!(failure instanceof Problem) || !failure.passes || now() > until) throw failure;
        const seconds = Math.min(Math.max(Number(failure.retryAfter), 1), LONGEST_WAIT_SECONDS);
        waited = true;
        waiting({ problem: failure, until: now() + seconds * 1000 });
        await pause(seconds * 1000, signal);
      }
    }
  } finally {
    if (waited) waiting(null);
  }
}

/**
 * Wait until an answer has begun and give it: once a stream is there, it is the stream that tells of a model that is not
 * ready. What comes before the model is asked, such as the part of a text that is at turn, is no beginning yet.
 * @template Piece
 * @param {AsyncIterable<Piece>} pieces
 * @param {(piece: Piece) => boolean} [ahead] takes a piece that comes ahead of the answer, and says whether it was one
 * @returns {Promise<AsyncGenerator<Piece>>} the answer, without what came ahead of it
 */
export async function begun(pieces, ahead = () => false) {
  const rest = pieces[Symbol.asyncIterator]();
  let first = await rest.next();
  while (!first.done && ahead(first.value)) first = await rest.next();
  return from(first, rest);
}

/**
 * @template Piece
 * @param {IteratorResult<Piece>} first
 * @param {AsyncIterator<Piece>} rest
 * @returns {AsyncGenerator<Piece>}
 */
async function* from(first, rest) {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/**
 * Wait, unless stopped.
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}
