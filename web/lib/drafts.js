/**
 * What was typed and not sent, over a sign-in: the way to the login and back ends the page. It lies in the tab's session
 * storage from there to the return, and only whoever wrote it finds it again.
 */

const KEY = "fourfold.drafts";
const FIELDS = "textarea[id], input[type=text][id], input[type=search][id]";
/** An id with a number is made anew each time: it may be another field's by then. */
const FLEETING = /-\d+$/;

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

/**
 * Take up what was kept, and look after the fields of the views that are shown.
 * @param {Storage} storage
 * @param {string | null} who is signed in
 */
export function createDrafts(storage, who) {
  const waiting = taken(storage, who);
  /** @type {Set<Element>} */
  const places = new Set();
  return {
    /**
     * Look after a view's fields, and put into them what was kept.
     * @param {Element} place
     */
    watch(place) {
      places.add(place);
      for (const field of fieldsOf(place)) {
        const kept = waiting.get(field.id);
        if (kept === undefined) continue;
        waiting.delete(field.id);
        field.value = kept;
        const folded = field.closest("details");
        if (folded) folded.open = true;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    },
    /** Keep what stands in the fields now; false where the browser has no room for it. */
    keep() {
      const written = [...places].flatMap(fieldsOf).filter(({ value }) => value.trim() !== "");
      const texts = Object.fromEntries([...waiting, ...written.map(({ id, value }) => [id, value])]);
      try {
        storage.setItem(KEY, JSON.stringify({ who, texts }));
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** @typedef {ReturnType<typeof createDrafts>} Drafts */

/** Take out what was kept, whoever's it is. @param {Storage} storage @param {string | null} who */
function taken(storage, who) {
  const kept = JSON.parse(storage.getItem(KEY) ?? "{}");
  storage.removeItem(KEY);
  return new Map(Object.entries(kept.who === who ? /** @type {Record<string, string>} */ (kept.texts ?? {}) : {}));
}

/** @param {Element} place @returns {Field[]} */
function fieldsOf(place) {
  const found = /** @type {NodeListOf<Field>} */ (place.querySelectorAll(FIELDS));
  return [...found].filter(({ id }) => !FLEETING.test(id));
}
