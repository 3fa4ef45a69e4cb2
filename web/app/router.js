/** Which view is shown: the first part of the address's fragment; what follows is the view's own. */

/** @typedef {{name: string, rest: string}} Route */

/**
 * Read a fragment.
 * @param {string} hash such as `#/chat/4f1c`
 * @param {string[]} names
 * @returns {Route}
 */
export function readRoute(hash, names) {
  const [name = "", ...rest] = hash.replace(/^#\/?/, "").split("/");
  return names.includes(name) ? { name, rest: decode(rest.join("/")) } : { name: names[0], rest: "" };
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
