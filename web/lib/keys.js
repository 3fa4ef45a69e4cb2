/** What a key means while an input method is at work. */

// What browsers say of a key that an input method has taken for itself.
const TAKEN = 229;

/**
 * Whether an input method takes a key: Enter accepts its suggestion then, Escape drops it. Safari tells of the Enter
 * that accepts only after it has ended composing, so that nothing but the old key code says so.
 * @param {KeyboardEvent} event
 */
export function isComposing(event) {
  return event.isComposing || event.keyCode === TAKEN;
}
