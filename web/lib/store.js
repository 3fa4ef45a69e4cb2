/** State that several parts of the page look at: one value, replaced as a whole, and who wants to hear of it. */

/**
 * Make a store.
 * @template {object} Value
 * @param {Value} initial
 */
export function createStore(initial) {
  let value = initial;
  /** @type {Set<(value: Value) => void>} */
  const listeners = new Set();
  return {
    get value() {
      return value;
    },
    /** @param {Partial<Value>} change */
    set(change) {
      value = { ...value, ...change };
      for (const listener of listeners) listener(value);
    },
    /**
     * Hear of the value, now and at every change, until the returned function is called.
     * @param {(value: Value) => void} listener
     */
    watch(listener) {
      listeners.add(listener);
      listener(value);
      return () => void listeners.delete(listener);
    },
  };
}
