/** Keeps conversations with the gateway: one after another, and never over what another window has written. */

import { Problem } from "../../lib/problem.js";
import { fromKept, toKeep } from "./about.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */
/** @typedef {{id: string, title: string, updated?: string}} Listed */

/** @param {Pick<import("../../lib/api.js").Api, "json">} api */
export function createKeeping(api) {
  /** What is older must not come in place of what is newer. @type {Promise<unknown>} */
  let last = Promise.resolve();
  /** As which one each was read or kept last: the gateway puts ours in place of that one alone. */
  const versions = /** @type {Map<string, string>} */ (new Map());
  /** Those that are deleted, and what would have been kept of them since. */
  const gone = /** @type {Map<string, Conversation | null>} */ (new Map());

  /** @param {Conversation} conversation */
  async function put(conversation) {
    const { id, title, messages } = conversation;
    if (gone.has(id)) {
      gone.set(id, conversation);
      return false;
    }
    const updated = versions.get(id);
    const body = { title, messages: messages.map(toKeep), ...(updated ? { updated } : {}) };
    versions.set(id, (await api.json("PUT", pathOf(id), body)).updated);
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
        if (problem instanceof Problem && problem.status === 404) return null;
        const missed = gone.get(id) ?? null;
        gone.delete(id);
        return { problem, missed };
      }
      return null;
    },
  };
}

/** @param {string} id */
function pathOf(id) {
  return `/history/${encodeURIComponent(id)}`;
}
