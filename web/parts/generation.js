/** One answer that is being asked for: waiting, streaming, stopped or done, shown in its box. */

import { asProblem, isStop } from "../lib/problem.js";
import { begun, untilAwake } from "../lib/waking.js";

/** @typedef {import("./pieces.js").Piece} Piece */
/** @typedef {import("./pieces.js").Meta} Meta */
/**
 * @typedef {Piece & {kind: "done"}} Last
 * @typedef {{outcome: "done", text: string, meta: Meta, last: Last} | {outcome: "stopped", text: string, meta: null}
 *   | {outcome: "failed", text: string, meta: null, problem: import("../lib/problem.js").Problem}} Outcome
 */

/**
 * Ask, and show what comes.
 * @param {object} how
 * @param {(signal: AbortSignal) => Promise<AsyncIterable<Piece>>} how.ask holds once the service has accepted
 * @param {import("./answer.js").AnswerBox} how.box
 * @param {AbortSignal} how.signal
 * @param {import("./model-picker.js").ModelPicker} how.picker who is asked, and whether it sleeps
 * @param {() => void} [how.again] offered where it failed
 * @returns {Promise<Outcome>}
 */
export async function generate({ ask, box, signal, picker, again }) {
  box.begin();
  try {
    // A part that is done is paid for: after it nothing is asked anew by itself.
    const call = async () => begun(await ask(signal), (piece) => !hasPaid(piece) && showAhead(piece, box));
    const pieces = await untilAwake(call, { signal, waiting: told(box, picker) });
    const last = await show(pieces, box);
    return { outcome: "done", text: box.text, meta: last.meta, last };
  } catch (failure) {
    if (isStop(failure) || signal.aborted) {
      box.stop();
      return { outcome: "stopped", text: box.text, meta: null };
    }
    const problem = asProblem(failure);
    box.fail(problem, again);
    // It may be another list of models by now that it failed for.
    void picker.look();
    return { outcome: "failed", text: box.text, meta: null, problem };
  }
}

/**
 * Tell of the waits: at once, and by its name where the gateway knows by then that the model sleeps.
 * @param {import("./answer.js").AnswerBox} box
 * @param {import("./model-picker.js").ModelPicker} picker
 */
function told(box, picker) {
  // Another one may be chosen while this one is waited for.
  const asked = picker.value;
  /** @type {import("../lib/waking.js").Waiting | null} */
  let last = null;
  return async (/** @type {import("../lib/waking.js").Waiting | null} */ what) => {
    last = what;
    const known = picker.sleeps(asked);
    box.wait(what, known);
    if (!what || known) return;
    await picker.look();
    if (last === what && picker.sleeps(asked)) box.wait(what, true);
  };
}

/** @param {AsyncIterable<Piece>} pieces @param {import("./answer.js").AnswerBox} box @returns {Promise<Last>} */
async function show(pieces, box) {
  let last = null;
  for await (const piece of pieces) {
    if (showAhead(piece, box)) continue;
    if (piece.kind === "text") box.write(piece.text);
    else if (piece.kind === "done") {
      last = piece;
      box.end(piece.meta, piece.text);
    }
  }
  if (!last) throw new Error("The stream ended without its last piece.");
  return last;
}

/** Whether a part of a text is done by now. @param {Piece} piece */
function hasPaid(piece) {
  return piece.kind === "progress" && piece.part > 1;
}

/**
 * Show what the service tells before the model has said anything; false where the piece is of the answer itself.
 * @param {Piece} piece
 * @param {import("./answer.js").AnswerBox} box
 */
function showAhead(piece, box) {
  if (piece.kind === "progress") box.progress(piece.part, piece.parts);
  else if (piece.kind === "sources") box.cite(piece.sources);
  else return false;
  return true;
}
