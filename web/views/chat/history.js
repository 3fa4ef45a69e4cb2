/** The list of former conversations: open one, delete one; and whether the present one is kept. */

import { announce } from "../../lib/announce.js";
import { fill, h } from "../../lib/dom.js";
import { focusPlace, isFocusLost, keepFocus, placeIn } from "../../lib/focus.js";
import { moment } from "../../lib/format.js";
import { icon } from "../../lib/icons.js";
import { asProblem, Problem } from "../../lib/problem.js";
import { confirmed } from "../../parts/confirm.js";
import { CHANGED, createKeeping } from "./keeping.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */

/**
 * @param {import("../../lib/api.js").Api} api
 * @param {import("./notice.js").Notice} notice
 * @param {{chosen: (id: string) => void, deleted: (id: string) => void, copy: (kept: Conversation) => void}} events
 * `chosen` hears of a choice that does not change the address, `copy` is to keep a conversation as a new one
 */
export function historyList(api, notice, { chosen, deleted, copy }) {
  const keeping = createKeeping(api);
  const list = h("ul", { class: "history-list" });
  const note = h("p", { class: "hint" });
  let current = "";
  /** @type {import("./keeping.js").Listed[]} */
  let known = [];
  /** How often the list was asked for: one that comes late is not what is there now. */
  let asked = 0;

  async function load() {
    const mine = (asked += 1);
    const found = await keeping.list().catch(asProblem);
    if (mine !== asked) return;
    if (found instanceof Problem) {
      note.textContent = found.detail || "The history cannot be read now.";
    } else {
      known = found;
      note.textContent = known.length ? "" : "Conversations are kept here.";
    }
    keepFocus(list, () => fill(list, known.map(item)), heading());
    mark();
  }

  function heading() {
    return list.closest("details")?.querySelector("summary");
  }

  function mark() {
    for (const one of list.querySelectorAll("li")) {
      const link = one.querySelector("a");
      if (one.dataset.key === current) link?.setAttribute("aria-current", "true");
      else link?.removeAttribute("aria-current");
    }
  }

  /** @param {import("./keeping.js").Listed} conversation */
  function item({ id, title, updated }) {
    const link = h(
      "a",
      { href: `#/chat/${encodeURIComponent(id)}`, on: { click: () => link.hash === location.hash && chosen(id) } },
      h("span", { class: "history-title" }, title || "Untitled"),
      updated && h("span", { class: "hint" }, moment(updated)),
    );
    const bin = h(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": `Delete “${title}”`,
        title: "Delete",
        on: { click: () => void remove(id, title) },
      },
      icon("bin"),
    );
    return h("li", { data: { key: id } }, link, bin);
  }

  /** @param {string} id @param {string} title */
  async function remove(id, title) {
    const place = placeIn(list);
    const sure = await confirmed(`Delete “${title}”? It cannot be brought back.`, "Delete");
    // The list may be another one than when it was asked, and the button gone that the focus would go back to.
    if (place && isFocusLost()) focusPlace(list, place, heading());
    if (!sure) return;
    const failed = await keeping.remove(id);
    if (failed) {
      notice.say(`“${title}” is not deleted: ${asProblem(failed.problem).message}`);
      if (failed.missed) await keep(failed.missed, { over: false });
      return;
    }
    announce("The conversation is deleted.");
    deleted(id);
    await load();
  }

  /**
   * Keep a conversation as it now is, or say that it is not kept.
   * @param {Conversation} conversation
   * @param {{over?: boolean}} [how] whether what was said before is over once it is kept
   */
  async function keep(conversation, { over = true } = {}) {
    const { title } = conversation;
    try {
      if (!(await keeping.keep(conversation))) return;
      if (over) notice.clear();
    } catch (failure) {
      const { status, message } = asProblem(failure);
      if (status === CHANGED) {
        const words = `“${title}” was changed or deleted in another window: as it stands here it is not kept.`;
        notice.say(words, { label: "Keep it as a new one", act: () => copy(conversation) });
      } else {
        const again = { label: "Keep it now", act: () => void keep(conversation) };
        notice.say(`“${title}” is not kept: ${message}`, again);
        return;
      }
    }
    await load();
  }

  return {
    element: h("div", { class: "history" }, list, note),
    load,
    open: keeping.open,
    keep: (/** @type {Conversation} */ conversation) => keep(conversation),
    /** Say which one is shown. @param {string} id */
    mark(id) {
      current = id;
      mark();
    },
  };
}
