/** Calls once things have been quiet for a while. */

/**
 * @param {() => void} call
 * @param {number} milliseconds
 */
export function debounce(call, milliseconds) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return {
    /** @param {number} [soon] another wait for this once */
    later(soon = milliseconds) {
      clearTimeout(timer);
      timer = setTimeout(call, soon);
    },
    cancel() {
      clearTimeout(timer);
    },
  };
}
