/** Keeps the end of a page in sight while what stands there grows, unless its reader has gone up from it. */

const NEAR_PIXELS = 160;

/**
 * Begin at the end, and stay there until the element is gone or `end` is called: what grows after that is what its
 * reader has opened.
 * @param {HTMLElement} element which is the last on the page
 */
export function followEnd(element) {
  const over = new AbortController();
  let last = scrollY;
  // How far the end is says nothing once the element has grown: on a narrow screen its last part alone is taller than
  // any distance at which a reader may be said to be near.
  let stays = true;

  function toEnd() {
    scrollTo(0, document.documentElement.scrollHeight);
  }

  function scrolled() {
    if (document.documentElement.scrollHeight - innerHeight - scrollY < NEAR_PIXELS) stays = true;
    else if (scrollY < last) stays = false;
    last = scrollY;
  }

  function leave() {
    observer.disconnect();
    over.abort();
  }

  const observer = new ResizeObserver(() => {
    if (!element.isConnected) leave();
    else if (stays) toEnd();
  });
  toEnd();
  addEventListener("scroll", scrolled, { passive: true, signal: over.signal });
  observer.observe(element);
  return {
    end() {
      if (element.isConnected && stays) toEnd();
      leave();
    },
  };
}
