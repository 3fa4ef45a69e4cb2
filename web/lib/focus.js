/** Keeps the focus where its reader works when what has it is drawn anew, removed, hidden or disabled. */

const CONTROLS = "a[href], button, input, select, textarea, summary";

/** @typedef {{key: string | undefined, item: number, control: number}} Place in a list: by key, else by number */

/** Whether nothing has the focus: what had it is gone. */
export function isFocusLost() {
  return !document.activeElement || document.activeElement === document.body;
}

/**
 * Focus the first of these that can take it. What is no control, such as a heading, can once it is asked.
 * @param {...(Element | null | undefined)} places
 */
export function focusFirst(...places) {
  for (const place of places) {
    if (!(place instanceof HTMLElement) || !place.isConnected) continue;
    if (!place.matches(CONTROLS)) place.tabIndex = -1;
    place.focus();
    if (document.activeElement === place) return;
  }
}

/**
 * Say where in a list the focus is; null where it is elsewhere. An item's `data-key` finds it in a list drawn anew.
 * @param {Element} list whose children are the items
 * @returns {Place | null}
 */
export function placeIn(list) {
  const items = [...list.children];
  const item = items.findIndex((one) => one.contains(document.activeElement));
  if (item < 0) return null;
  const control = controlsOf(items[item]).findIndex((one) => one === document.activeElement);
  return { key: keyOf(items[item]), item, control };
}

/**
 * Focus a place of a list: the same control of the same item, else of its neighbour, else what else is named.
 * @param {Element} list
 * @param {Place} place
 * @param {...(Element | null | undefined)} otherwise such as the list's heading
 */
export function focusPlace(list, { key, item, control }, ...otherwise) {
  const items = [...list.children];
  const same = items.find((one) => key !== undefined && keyOf(one) === key);
  const nearest = same ?? items[item] ?? items.at(-1);
  const controls = nearest ? controlsOf(nearest) : [];
  focusFirst(controls[control], ...controls, ...otherwise);
}

/**
 * Draw a list anew; a focus within it stays at its place.
 * @param {Element} list
 * @param {() => void} redraw
 * @param {...(Element | null | undefined)} otherwise what is focused where no item is left
 */
export function keepFocus(list, redraw, ...otherwise) {
  const place = placeIn(list);
  redraw();
  if (place) focusPlace(list, place, ...otherwise);
}

/** @param {Element} item */
function controlsOf(item) {
  return [...item.querySelectorAll(CONTROLS)];
}

/** @param {Element} item */
function keyOf(item) {
  return /** @type {HTMLElement} */ (item).dataset.key;
}

/**
 * Hide a control that has had its use; a focus on it goes to another.
 * @param {HTMLElement} control
 * @param {...(Element | null | undefined)} others
 */
export function hideControl(control, ...others) {
  const had = document.activeElement === control;
  control.hidden = true;
  if (had) focusFirst(...others);
}
