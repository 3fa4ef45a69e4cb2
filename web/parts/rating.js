/** Thumbs under an answer, and what they open: a comment, a better answer, and whether it may be learned from. */

import { announce } from "../lib/announce.js";
import { fill, freshId, h } from "../lib/dom.js";
import { focusFirst, isFocusLost } from "../lib/focus.js";
import { characters } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { asProblem } from "../lib/problem.js";
import { problemBox } from "./problem-box.js";

/** How much the gateway takes with a thumb: of what was asked, and of the answer. */
export const MOST_CHARACTERS = 100_000;

/**
 * @typedef {{request_id: string | null, model: string, messages: {role: string, content: string}[], answer: string,
 *   parameters?: Record<string, number>}} Rated
 */

/**
 * Make the thumbs for an answer, and the place for what they open; null where nobody signs in, and so nothing is kept,
 * and where it is too much to be sent: of a part of it nobody has said anything.
 * @param {import("../app/main.js").App} app
 * @param {Rated} rated
 * @returns {{buttons: HTMLElement[], form: HTMLElement} | null}
 */
export function rating({ api, personal }, rated) {
  const asked = rated.messages.map(({ content }) => content).join("");
  if (!personal || Math.max(characters(asked), characters(rated.answer)) > MOST_CHARACTERS) return null;
  const place = h("div", { class: "rating" });
  const [up, down] = [thumb("up", "Good answer"), thumb("down", "Bad answer")];
  /** @type {ReturnType<typeof ratingForm> | null} */
  let form = null;

  /** @param {"up" | "down"} way @param {string} label */
  function thumb(way, label) {
    return h(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": label,
        title: label,
        "aria-pressed": "false",
        on: { click: () => choose(way) },
      },
      icon(way),
    );
  }

  /** @param {"up" | "down" | null} way */
  function press(way) {
    up.setAttribute("aria-pressed", String(way === "up"));
    down.setAttribute("aria-pressed", String(way === "down"));
  }

  /** @param {"up" | "down"} way */
  function choose(way) {
    press(way);
    // Who changes their mind about the thumb keeps what they have written.
    if (!form) fill(place, (form = ratingForm({ send, cancel })).element);
    form.judge(way);
    // The focus brings its first field into sight, and what sends it may be under the message that is being written.
    form.element.scrollIntoView({ block: "nearest" });
  }

  function cancel() {
    form = null;
    press(null);
    fill(place);
    up.focus();
  }

  /** @param {Opinion} opinion */
  async function send(opinion) {
    await api.json("POST", "/feedback", { ...rated, ...opinion });
    const dropped = !opinion.consent && (opinion.comment || opinion.better_answer);
    const link = h("a", { href: "#/feedback" }, "Feedback");
    const held = place.contains(document.activeElement) || isFocusLost();
    form = null;
    fill(
      place,
      dropped
        ? h("p", { class: "note" }, "Thank you. Only your rating is kept, under ", link, ", and not what you wrote.")
        : h("p", { class: "note" }, "Thank you. It is kept under ", link, "."),
    );
    announce(dropped ? "Thank you. Only your rating is kept." : "Thank you. Your feedback is kept.");
    if (held) focusFirst(opinion.rating === "up" ? up : down);
  }

  return { buttons: [up, down], form: place };
}

/** @typedef {{rating: "up" | "down", comment?: string, better_answer?: string, consent: boolean}} Opinion */

/**
 * Make the form, which asks for what goes with a thumb once it is told which: `judge`.
 * @param {{send: (opinion: Opinion) => Promise<void>, cancel: () => void}} actions
 */
function ratingForm({ send, cancel }) {
  const [comment, better, consent] = [freshId("comment"), freshId("better"), freshId("consent")];
  const [asks, hint] = [h("span"), freshId("kept")];
  const trouble = h("div");
  /** @type {"up" | "down"} */
  let rating = "up";
  const button = h("button", { class: "button primary small", type: "submit" }, "Send");
  const form = h(
    "form",
    { class: "rating-form", on: { submit: (/** @type {Event} */ event) => void submit(event) } },
    area(comment, asks, { rows: 2, hint }),
    area(better, "A better answer", { rows: 3, hint }),
    h(
      "p",
      { class: "hint", id: hint },
      "What you write is kept only if you agree here; your thumb is kept either way.",
    ),
    h(
      "label",
      { class: "check", for: consent },
      h("input", { id: consent, type: "checkbox", name: "consent" }),
      "My question and this answer may be used to train models",
    ),
    trouble,
    h(
      "div",
      { class: "row end" },
      h("button", { class: "button small", type: "button", on: { click: cancel } }, "Cancel"),
      button,
    ),
  );

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    const data = new FormData(form);
    const [said, improved] = [String(data.get(comment) ?? "").trim(), String(data.get(better) ?? "").trim()];
    button.disabled = true;
    try {
      await send({
        rating,
        ...(said ? { comment: said } : {}),
        ...(improved ? { better_answer: improved } : {}),
        consent: data.has("consent"),
      });
    } catch (failure) {
      fill(trouble, problemBox(asProblem(failure)));
      button.disabled = false;
      if (isFocusLost()) focusFirst(button);
    }
  }

  return {
    element: form,
    /** Ask for what goes with a thumb. @param {"up" | "down"} way */
    judge(way) {
      rating = way;
      asks.textContent = way === "up" ? "What was good about it?" : "What was wrong with it?";
      form.querySelector("textarea")?.focus();
    },
  };
}

/** @param {string} id @param {Node | string} label @param {{rows: number, hint: string}} how */
function area(id, label, { rows, hint }) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label, h("span", { class: "soft" }, " (optional)")),
    h("textarea", { id, name: id, rows, "aria-describedby": hint }),
  );
}
