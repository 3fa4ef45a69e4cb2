/** Lets a reader drop a file on an element, or choose one with the keyboard. */

import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";

/**
 * Take files that are dropped on an element.
 * @param {HTMLElement} element marked `dropping` while a file is over it
 * @param {(files: File[]) => void} take
 */
export function dropOn(element, take) {
  let inside = 0;
  /** @param {DragEvent} event */
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  /** @param {number} change */
  const count = (change) => {
    inside = Math.max(0, inside + change);
    element.classList.toggle("dropping", inside > 0);
  };
  element.addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    count(1);
  });
  element.addEventListener("dragleave", (event) => hasFiles(event) && count(-1));
  element.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  element.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    count(-inside);
    take([...event.dataTransfer.files]);
  });
}

/**
 * Let nothing happen where a file is dropped beside the places for it: a browser would leave the page for the file.
 * @param {Window} target
 */
export function refuseStrayFiles(target) {
  for (const type of /** @type {const} */ (["dragover", "drop"])) {
    target.addEventListener(type, (event) => {
      if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    });
  }
}

/**
 * Make a button that opens the file chooser.
 * @param {{label: string, accept: string, multiple?: boolean, take: (files: File[]) => void}} what
 */
export function fileButton({ label, accept, multiple = false, take }) {
  const input = h("input", { type: "file", accept, multiple, hidden: true });
  input.addEventListener("change", () => {
    if (input.files?.length) take([...input.files]);
    input.value = "";
  });
  return h(
    "span",
    {},
    input,
    h("button", { class: "button small", type: "button", on: { click: () => input.click() } }, icon("upload"), label),
  );
}
