/** What went wrong with documents, one problem a document: each can be closed, and several all at once. */

import { fill, h } from "../../lib/dom.js";
import { focusFirst } from "../../lib/focus.js";
import { problemBox } from "../../parts/problem-box.js";

/** @param {HTMLElement} heading what has the focus once none is left */
export function troubles(heading) {
  const list = h("div", { class: "problems" });
  const all = h(
    "button",
    { class: "button small", type: "button", hidden: true, on: { click: () => left(clear) } },
    "Close all",
  );
  const element = h("div", { class: "problems" }, h("div", { class: "row end" }, all), list);
  element.hidden = true;

  function count() {
    element.hidden = !list.children.length;
    all.hidden = list.children.length < 2;
  }

  function clear() {
    fill(list);
    count();
  }

  /** Take some away, and leave the focus at what is left. @param {() => void} take */
  function left(take) {
    take();
    count();
    focusFirst(list.querySelector("button"), heading);
  }

  return {
    element,
    clear,
    /** @param {import("../../lib/problem.js").Problem} problem */
    add(problem) {
      const box = problemBox(problem, { close: () => left(() => box.remove()) });
      list.append(box);
      count();
    },
  };
}
