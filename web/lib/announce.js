/** One polite voice for screen readers: what has come to an end, never what is still being written. */

const TOGETHER_MILLISECONDS = 60;
const READ_WHOLE_CHARACTERS = 600;

/** @type {Set<string>} */
const waiting = new Set();

/**
 * Say something once. What is said at about the same time is said together, and none of it is lost.
 * @param {string} text
 */
export function announce(text) {
  const region = document.getElementById("announcer");
  if (!region) return;
  // The same words twice in a row are a change only if the region was empty in between.
  region.textContent = "";
  if (!waiting.size) setTimeout(() => say(region), TOGETHER_MILLISECONDS);
  waiting.add(text);
}

/** @param {HTMLElement} region */
function say(region) {
  region.textContent = [...waiting].join(" ");
  waiting.clear();
}

/**
 * Say an answer once it is complete; a long one only by its length.
 * @param {string} text
 * @param {{name?: string, caveat?: string}} [about] `name` tells it from others beside it, `caveat` is what to know of it
 */
export function announceAnswer(text, { name = "", caveat = "" } = {}) {
  const words = text.split(/\s+/).filter(Boolean).length;
  const whole = name ? `Answer ${name}: ${text}` : `Answer: ${text}`;
  const length = `${name ? `Answer ${name}` : "The answer"} is complete: ${words} words.`;
  announce([text.length <= READ_WHOLE_CHARACTERS ? whole : length, caveat].filter(Boolean).join(" "));
}
