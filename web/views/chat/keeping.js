/** Keeps conversations with the gateway: one after another, and never over what another window has written. */

import { Problem } from "../../lib/problem.js";
import { fromKept, toKeep } from "./about.js";
import { said } from "./conversation.js";

export const CHANGED = 412;
const GONE = 404;

/** @typedef {import("./conversation.js").Conversation} Conversation */
/** @typedef {{id: string, title: string, updated?: string}} Listed */
/** @typedef {{role: string, content: string}} Said */

/** @param {Pick<import("../../lib/api.js").Api, "json">} api */
export function createKeeping(api) {
  /** What is older must not come in place of what is newer. @type {Promise<unknown>} */
  let last = Promise.resolve();
  /** As which one each was read or kept last: the gateway puts ours in place of that one alone. */
  const versions = /** @type {Map<string, string>} */ (new Map());
  /** What was sent of each with no answer: it may be kept all the same. */
  const unanswered = /** @type {Map<string, Set<string>>} */ (new Map());
  /** Those that are deleted, and what would have been kept of them since. */
  const gone = /** @type {Map<string, Conversation | null>} */ (new Map());

  /** @param {Conversation} conversation */
  async function put(conversation) {
    const { id, title, messages } = conversation;
    if (gone.has(id)) {
      gone.set(id, conversation);
      return false;
    }
    const body = { title, messages: messages.map(toKeep) };
    try {
      await send(id, body);
    } catch (failure) {
      if (!isOf(failure, CHANGED) || !(await isOurs(id))) throw failure;
      await send(id, body);
    }
    return true;
  }

  /** @param {string} id @param {{title: string, messages: Said[]}} body */
  async function send(id, body) {
    const updated = versions.get(id);
    try {
      versions.set(id, (await api.json("PUT", pathOf(id), { ...body, ...(updated ? { updated } : {}) })).updated);
      unanswered.delete(id);
    } catch (failure) {
      if (!isOf(failure, CHANGED)) unanswered.set(id, (unanswered.get(id) ?? new Set()).add(textsOf(body)));
      throw failure;
    }
  }

  /** Whether what is kept is something that we have sent ourselves; it is gone on from then. @param {string} id */
  async function isOurs(id) {
    const sent = unanswered.get(id);
    if (!sent) return false;
    const kept = await api.json("GET", pathOf(id)).catch(orNothing);
    if (!kept || !sent.has(textsOf(kept))) return false;
    versions.set(id, kept.updated);
    return true;
  }

  return {
    /** @returns {Promise<Listed[]>} */
    async list() {
      return (await api.json("GET", "/history")).conversations;
    },
    /** @param {string} id @param {AbortSignal} signal @returns {Promise<Conversation>} */
    async open(id, signal) {
      await last;
      const { title, messages, updated } = await api.json("GET", pathOf(id), undefined, { signal });
      versions.set(id, updated);
      return { id, title, messages: messages.map(fromKept) };
    },
    /**
     * Keep a conversation as it now is; false where it is deleted.
     * @param {Conversation} conversation
     * @returns {Promise<boolean>}
     */
    keep(conversation) {
      const kept = last.then(() => put(conversation));
      last = kept.catch(() => null);
      return kept;
    },
    /**
     * Delete one. Where that fails it is there as before, with what was to be kept of it in the meantime.
     * @param {string} id
     * @returns {Promise<{problem: unknown, missed: Conversation | null} | null>} null where it is deleted
     */
    async remove(id) {
      // An answer that still comes would bring it back.
      gone.set(id, null);
      await last;
      try {
        await api.json("DELETE", pathOf(id));
      } catch (problem) {
        // Another window has deleted it already.
        if (isOf(problem, GONE)) return null;
        const missed = gone.get(id) ?? null;
        gone.delete(id);
        return { problem, missed };
      }
      return null;
    },
  };
}

/** @param {unknown} failure @param {number} status */
function isOf(failure, status) {
  return failure instanceof Problem && failure.status === status;
}

/** @param {unknown} failure */
function orNothing(failure) {
  if (isOf(failure, GONE)) return null;
  throw failure;
}

/** @param {{messages: Said[]}} conversation */
function textsOf({ messages }) {
  return JSON.stringify(messages.map(said));
}

/** @param {string} id */
function pathOf(id) {
  return `/history/${encodeURIComponent(id)}`;
}
