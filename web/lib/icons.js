/** The page's icons: 24 units square, drawn in the colour of the text around them. They never carry a meaning alone. */

import { svg } from "./dom.js";

const PATHS = {
  add: "M12 5v14M5 12h14",
  bin: "M4 7h16M10 11v6M14 11v6M6 7l1 13h10l1-13M9 7V4h6v3",
  chat: "M4 5h16v11H9l-5 4z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  compare: "M4 5h7v14H4zM13 5h7v14h-7z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  documents: "M6 3h8l5 5v13H6zM14 3v5h5M9 13h7M9 17h7",
  down: "M7 4v10l5 7c1.6 0 2.2-1.2 1.9-2.8L13.4 15H19c1 0 1.7-.9 1.5-1.9l-1.3-7C19 5.4 18.3 4 17 4zM7 4H3v10h4",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  feedback: "M12 20s-7.5-4.6-7.5-10A4.3 4.3 0 0 1 12 7.5 4.3 4.3 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10z",
  menu: "M4 7h16M4 12h16M4 17h16",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  out: "M14 4h6v16h-6M4 12h11M11 8l4 4-4 4",
  retry: "M20 12a8 8 0 1 1-2.4-5.7M20 3v5h-5",
  search: "M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM16 16l5 5",
  send: "M12 20V5M5.5 11.5L12 5l6.5 6.5",
  stop: "M7 7h10v10H7z",
  sum: "M5 6h14M5 11h14M5 16h8",
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.7 1.7M17.3 17.3L19 19M19 5l-1.7 1.7M6.7 17.3L5 19",
  up: "M7 20V10l5-7c1.6 0 2.2 1.2 1.9 2.8L13.4 9H19c1 0 1.7.9 1.5 1.9l-1.3 7c-.2 1.1-1 2.1-2.2 2.1zM7 20H3V10h4",
  upload: "M12 16V4M7 9l5-5 5 5M4 16v4h16v-4",
  usage: "M4 20V10M10 20V4M16 20v-7M22 20H2",
  workflow: "M4 4h6v6H4zM14 14h6v6h-6zM10 7h5a2 2 0 0 1 2 2v5",
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * Draw an icon.
 * @param {IconName} name
 */
export function icon(name) {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name] }),
  );
}

/** Draw the mark: a sheet folded in four, one part of it lifted. */
export function mark() {
  return svg(
    "svg",
    { viewBox: "0 0 32 32", class: "mark", "aria-hidden": "true", focusable: "false" },
    svg("path", { class: "a", d: "M3 3h12v12H3z" }),
    svg("path", { class: "b", d: "M17 3h12v12H17z" }),
    svg("path", { class: "b", d: "M3 17h12v12H3z" }),
    svg("path", { class: "c", d: "M17 17h12L17 29z" }),
  );
}
