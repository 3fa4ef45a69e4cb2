/** One polite voice for screen readers: what has come to an end, never what is still being written. */

/**
 * Say something once.
 * @param {string} text
 */
export function announce(text) {
  const region = document.getElementById("announcer");
  if (!region) return;
  // The same words twice in a row are a change only if the region was empty in between.
  region.textContent = "";
  clearTimeout(pending);
  pending = setTimeout(() => (region.textContent = text), 60);
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let pending;
const READ_WHOLE_CHARACTERS = 600;

/**
 * Say an answer once it is complete; a long one only by its length.
 * @param {string} text
 */
export function announceAnswer(text) {
  const length = text.split(/\s+/).filter(Boolean).length;
  announce(text.length <= READ_WHOLE_CHARACTERS ? `Answer: ${text}` : `The answer is complete: ${length} words.`);
}
