/** One answer while it comes and after: its text, its sources, its figures, or what went wrong with it. */

import { announce, announceAnswer } from "../lib/announce.js";
import { fill, h } from "../lib/dom.js";
import { markdownInto } from "../lib/markdown-dom.js";
import { metaLine } from "./meta-line.js";
import { problemBox } from "./problem-box.js";
import { sourceList } from "./sources.js";
import { waitingBox } from "./waiting-box.js";

/** @typedef {import("./pieces.js").Meta} Meta */
/** @typedef {import("./pieces.js").Source} Source */

const STOPPED = "Stopped. What came is kept.";
const WAITING = "Waiting for the first word…";
const LONG_SECONDS = 5;
/** @type {Record<string, string>} */
const ENDS = {
  length: "The answer stops here because it reached the most tokens allowed.",
  stopped: STOPPED,
  failed: "The answer broke off here.",
};

/**
 * Make the place for an answer. `foot` is for actions on it, which its owner puts there.
 * @param {{cite?: (sources: Source[]) => void, name?: string}} [options] `cite` shows the sources elsewhere, `name` is
 *   what the answer is called where there are several
 */
export function answerBox({ cite, name = "" } = {}) {
  const text = h("div", { class: "answer-text" });
  const markdown = markdownInto(text);
  const working = h("p", { class: "working", hidden: true });
  const progress = h("progress", { class: "progress", hidden: true, "aria-label": "Parts that are done" });
  const waiting = waitingBox();
  const trouble = h("div");
  const note = h("p", { class: "note", hidden: true });
  const sources = h("div");
  const meta = h("div");
  const foot = h("div", { class: "answer-foot" });
  const element = h(
    "div",
    { class: "answer" },
    waiting.element,
    working,
    progress,
    text,
    note,
    trouble,
    sources,
    meta,
    foot,
  );
  let written = "";
  let frame = 0;
  /** What was said of a wait: each try of many need not be heard. */
  let told = "";
  let since = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let ticking;

  function paint() {
    frame = 0;
    markdown.show(written);
  }

  /** Say what is done, and after a while for how long. @param {string} words */
  function work(words) {
    const show = () => {
      const seconds = Math.floor((Date.now() - since) / 1000);
      working.textContent = words && seconds >= LONG_SECONDS ? `${words} ${seconds} s` : words;
    };
    clearInterval(ticking);
    if (words) ticking = setInterval(show, 1000);
    working.hidden = !words;
    show();
    element.classList.toggle("busy", words !== "" || element.classList.contains("writing"));
  }

  function settle() {
    cancelAnimationFrame(frame);
    paint();
    work("");
    progress.hidden = true;
    waiting.show(null, false);
    element.classList.remove("writing", "busy");
    element.removeAttribute("aria-busy");
  }

  return {
    element,
    foot,
    get text() {
      return written;
    },
    /** Begin anew, as one that is asked for. */
    begin() {
      written = "";
      told = "";
      since = Date.now();
      paint();
      for (const part of [trouble, sources, meta, foot]) fill(part);
      note.hidden = true;
      element.classList.remove("unanswered");
      element.setAttribute("aria-busy", "true");
      work(WAITING);
    },
    /** @param {import("../lib/waking.js").Waiting | null} what @param {boolean} asleep */
    wait(what, asleep) {
      waiting.show(what, asleep);
      since = Date.now();
      work(what ? "" : WAITING);
      if (!what) return;
      const words = asleep ? "The model is waking." : "Not ready yet.";
      if (words !== told) announce(told ? words : `${words} It goes on by itself.`);
      told = words;
    },
    /** @param {number} part @param {number} parts */
    progress(part, parts) {
      since = Date.now();
      progress.hidden = parts < 2;
      progress.max = parts;
      progress.value = part - 1;
      work(`Part ${part} of ${parts}`);
    },
    /** @param {string} more */
    write(more) {
      if (!written) {
        element.classList.add("writing");
        work("");
      }
      written += more;
      frame ||= requestAnimationFrame(paint);
    },
    cite: showSources,
    /** @param {Meta} what @param {string} [whole] the text, where it came at the end */
    end(what, whole) {
      written = whole ?? written;
      settle();
      announceAnswer(written, { name, caveat: showMeta(what) });
    },
    stop() {
      settle();
      say(written ? STOPPED : "Stopped.");
      // One that another has taken the place of was not stopped by its reader.
      if (element.isConnected) announce("Stopped.");
    },
    /** @param {import("../lib/problem.js").Problem} problem @param {() => void} [again] */
    fail(problem, again) {
      settle();
      fill(trouble, problemBox(problem, again ? { again } : {}));
    },
    /** Show one that was given before. @param {string} given @param {Meta} [what] where it is known */
    restore(given, what) {
      written = given;
      settle();
      if (what) showMeta(what);
    },
  };

  /** Show what is known of the answer; gives what its reader has to know before they rely on it. @param {Meta} what */
  function showMeta(what) {
    if (what.sources.length) showSources(what.sources, what.citations);
    if (what.model) fill(meta, metaLine(what));
    const words = caveatOf(what);
    if (words) say(words);
    element.classList.toggle("unanswered", what.answered === false);
    return words;
  }

  /** @param {Source[]} found @param {number[]} [cited] */
  function showSources(found, cited) {
    if (cite) cite(found);
    else fill(sources, found.length > 0 && sourceList(found, cited));
  }

  /** @param {string} words */
  function say(words) {
    note.hidden = false;
    note.textContent = words;
  }
}

/** @param {Meta} what */
function caveatOf(what) {
  if (what.guard === "blocked") return "The guard held this answer back.";
  return what.answered === false ? unanswered(what) : (ENDS[what.finish] ?? "");
}

/**
 * Say that a text is no answer from the reader's documents: nothing fits, or the model cites nothing that does.
 * @param {Meta} what
 */
function unanswered({ model }) {
  return model
    ? "Not an answer from your documents: the model found none in these passages, or named no passage that it is from."
    : "Nothing in your documents fits this question, so no model was asked. Each question is looked up by itself.";
}

/** @typedef {ReturnType<typeof answerBox>} AnswerBox */
