/**
 * Builds DOM nodes. Strings become text nodes and nothing else: there is no way here to give markup as a string.
 */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */
/** @typedef {Record<string, unknown>} Attributes */

/**
 * Make an element. `on` holds listeners, `data` data attributes; what the element has as a property of that name
 * and is no attribute (`value`, `checked`, `indeterminate`) is set as one. `false`, `null` and `undefined` leave out.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) assign(element, key, value);
  append(element, children);
  return element;
}

/**
 * Make an SVG element.
 * @param {string} name
 * @param {Record<string, string | number>} [attributes]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  append(element, children);
  return element;
}

/**
 * Put children in place of what an element holds.
 * @template {Element} Kind
 * @param {Kind} element
 * @param {...Child} children
 * @returns {Kind}
 */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/**
 * Give an id that no other element of the page has.
 * @param {string} prefix
 */
export function freshId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

let counter = 0;
const PROPERTIES = new Set(["value", "checked", "selected", "disabled", "hidden", "open", "indeterminate"]);

/** @param {HTMLElement} element @param {string} key @param {unknown} value */
function assign(element, key, value) {
  if (value === null || value === undefined) return;
  if (key === "on") {
    for (const [event, listener] of Object.entries(/** @type {Record<string, EventListener>} */ (value))) {
      element.addEventListener(event, listener);
    }
  } else if (key === "data") {
    Object.assign(element.dataset, value);
  } else if (PROPERTIES.has(key)) {
    Reflect.set(element, key, value);
  } else if (value !== false) {
    element.setAttribute(key, value === true ? "" : String(value));
  }
}

/** @param {Element} element @param {Child[]} children */
function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}
