/** Thumbs under an answer, and what they open: a comment, a better answer, and whether it may be learned from. */

import { announce } from "../lib/announce.js";
import { fill, freshId, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { asProblem } from "../lib/problem.js";
import { problemBox } from "./problem-box.js";

/**
 * @typedef {{request_id: string | null, model: string, messages: {role: string, content: string}[], answer: string,
 *   parameters?: Record<string, number>}} Rated
 */

/**
 * Make the thumbs for an answer, and the place for what they open; null where nobody signs in, and so nothing is kept.
 * @param {import("../app/main.js").App} app
 * @param {Rated} rated
 * @returns {{buttons: HTMLElement[], form: HTMLElement} | null}
 */
export function rating({ api, personal }, rated) {
  if (!personal) return null;
  const place = h("div", { class: "rating" });
  const [up, down] = [thumb("up", "Good answer"), thumb("down", "Bad answer")];

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
    const form = ratingForm(way, { send, cancel });
    fill(place, form);
    form.querySelector("textarea")?.focus();
  }

  function cancel() {
    press(null);
    fill(place);
    up.focus();
  }

  /** @param {Opinion} opinion */
  async function send(opinion) {
    await api.json("POST", "/feedback", { ...rated, ...opinion });
    fill(
      place,
      h("p", { class: "note" }, "Thank you. It is kept under ", h("a", { href: "#/feedback" }, "Feedback"), "."),
    );
    announce("Thank you. Your feedback is kept.");
  }

  return { buttons: [up, down], form: place };
}

/** @typedef {{rating: "up" | "down", comment?: string, better_answer?: string, consent: boolean}} Opinion */

/**
 * @param {"up" | "down"} way
 * @param {{send: (opinion: Opinion) => Promise<void>, cancel: () => void}} actions
 */
function ratingForm(way, { send, cancel }) {
  const [comment, better, consent] = [freshId("comment"), freshId("better"), freshId("consent")];
  const trouble = h("div");
  const button = h("button", { class: "button primary small", type: "submit" }, "Send");
  const form = h(
    "form",
    { class: "rating-form", on: { submit: (/** @type {Event} */ event) => void submit(event) } },
    area(comment, way === "up" ? "What was good about it?" : "What was wrong with it?", 2),
    area(better, "A better answer", 3),
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
        rating: way,
        ...(said ? { comment: said } : {}),
        ...(improved ? { better_answer: improved } : {}),
        consent: data.has("consent"),
      });
    } catch (failure) {
      fill(trouble, problemBox(asProblem(failure)));
      button.disabled = false;
    }
  }
  return form;
}

/** @param {string} id @param {string} label @param {number} rows */
function area(id, label, rows) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label, h("span", { class: "soft" }, " (optional)")),
    h("textarea", { id, name: id, rows }),
  );
}
