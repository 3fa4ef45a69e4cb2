/** Chat: one conversation, streamed; stop, ask again, edit, copy, and the ones before. */

import { fill, h } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { asProblem, isStop } from "../../lib/problem.js";
import { generate } from "../../parts/generation.js";
import { chatPieces } from "../../parts/pieces.js";
import { problemBox } from "../../parts/problem-box.js";
import { rating } from "../../parts/rating.js";
import { cutOff } from "./about.js";
import { composer } from "./composer.js";
import { before, newConversation, withMessage } from "./conversation.js";
import { followEnd } from "./following.js";
import { historyList } from "./history.js";
import { answerTools, assistantMessage, userMessage } from "./message.js";
import { chatSettings } from "./settings.js";

/** @param {import("../../app/main.js").App} app @returns {import("../../app/shell.js").View} */
export function chatView(app) {
  const { api, models, usage } = app;
  const thread = h("div", { class: "thread" });
  const settings = chatSettings(models);
  const history = historyList(api, { deleted: (id) => id === conversation.id && startNew() });
  const writing = composer({
    send: (text) => sayAt(conversation.messages.length, text),
    stop: () => running?.abort(),
  });
  let conversation = newConversation();
  /** @type {WeakMap<import("./conversation.js").Message, ReturnType<typeof rating>>} */
  const ratings = new WeakMap();
  /**
   * An answer that comes, or a conversation that is fetched: whatever is begun next ends it.
   * @type {AbortController | null}
   */
  let running = null;
  /** The id of the conversation that is fetched. */
  let opening = "";

  function begin() {
    leave();
    running = new AbortController();
    return running;
  }

  function leave() {
    running?.abort();
    running = null;
    opening = "";
    writing.busy(false);
  }

  function startNew() {
    leave();
    conversation = newConversation();
    if (location.hash !== "#/chat") location.hash = "#/chat";
    draw();
    writing.focus();
  }

  function draw() {
    history.mark(conversation.id);
    fill(thread, conversation.messages.length ? conversation.messages.map(drawn) : emptyState());
  }

  /** @param {import("./conversation.js").Message} message @param {number} index */
  function drawn(message, index) {
    const { role, content, meta } = message;
    if (role === "user") return userMessage(content, (changed) => sayAt(index, changed));
    const { element, box } = assistantMessage();
    box.restore(content, meta);
    const rated = judged(message, conversation.messages.slice(0, index));
    answerTools(box, { retry: () => void answerAt(index, { fresh: true }), ...(rated ? { rated } : {}) });
    return element;
  }

  /**
   * Say something in place of what stands at an index; false where a parameter is out of bounds, and nothing is said.
   * @param {number} index
   * @param {string} text
   */
  function sayAt(index, text) {
    if (!settings.read()) return false;
    conversation = withMessage(before(conversation, index), { role: "user", content: text });
    void answerAt(index + 1);
    return true;
  }

  /**
   * Ask for the answer that stands, or is to stand, at an index; what came after is gone.
   * @param {number} index
   * @param {{fresh?: boolean}} [how] `fresh` does not take it from the cache
   */
  async function answerAt(index, { fresh = false } = {}) {
    const asked = settings.read();
    if (!asked) return;
    const within = thread.contains(document.activeElement);
    const mine = begin();
    conversation = before(conversation, index);
    const own = conversation;
    draw();
    const { element, box } = assistantMessage();
    thread.append(element);
    followEnd(element);
    writing.busy(true, within);
    const retry = () => void answerAt(index, { fresh: true });
    const messages = [...asked.system, ...own.messages.map(said)];
    const body = {
      ...asked.request,
      messages,
      stream_options: { include_usage: true },
      fourfold: { documents: asked.documents, ...(fresh ? { cache: false } : {}) },
    };
    const outcome = await generate({
      ask: async (signal) => chatPieces(await api.stream("/chat/completions", body, { signal })),
      box,
      signal: mine.signal,
      picker: settings.picker,
      again: retry,
    });
    /** @type {import("./conversation.js").Message} */
    const message = {
      role: "assistant",
      content: outcome.text,
      meta: outcome.outcome === "done" ? outcome.meta : cutOff(outcome.outcome),
    };
    const answered = outcome.text ? withMessage(own, message) : own;
    // Another question in its place leaves nothing to keep of it; another conversation does.
    const replaced = conversation !== own && conversation.id === own.id;
    if (conversation === own) conversation = answered;
    if (running === mine) {
      running = null;
      writing.busy(false);
      const rated = judged(message, messages, asked.parameters);
      if (outcome.outcome !== "failed") answerTools(box, { retry, ...(rated ? { rated } : {}) });
    }
    void usage.load();
    if (app.personal && !replaced) await history.keep(answered);
    history.mark(conversation.id);
  }

  /**
   * Give the thumbs of an answer, the same ones whenever it is drawn; null for one that did not come to its end.
   * @param {import("./conversation.js").Message} message
   * @param {{role: string, content: string}[]} asked what it answers
   * @param {Record<string, number>} [parameters] where they are known
   */
  function judged(message, asked, parameters) {
    const { content: answer, meta } = message;
    if (!meta?.requestId || !answer) return null;
    const made = ratings.get(message);
    if (made) return made;
    const [request_id, model] = [meta.requestId, meta.model || settings.picker.value];
    const rated = rating(app, {
      request_id,
      model,
      messages: asked.map(said),
      answer,
      ...(parameters && { parameters }),
    });
    ratings.set(message, rated);
    return rated;
  }

  /** @param {string} id */
  async function open(id) {
    const mine = begin();
    opening = id;
    writing.busy(true);
    try {
      const opened = await history.open(id, mine.signal);
      if (running !== mine) return;
      conversation = opened;
      draw();
      scrollTo(0, document.documentElement.scrollHeight);
    } catch (failure) {
      if (running !== mine) return;
      // Who stops it stays where they were, and may choose it once more.
      if (isStop(failure)) window.history.replaceState(null, "", "#/chat");
      else failed(id, failure);
    }
    leave();
  }

  /** @param {string} id @param {unknown} failure */
  function failed(id, failure) {
    conversation = newConversation();
    history.mark(conversation.id);
    fill(thread, problemBox(asProblem(failure), { again: () => void open(id) }));
  }

  const fresh = h(
    "button",
    { class: "button small", type: "button", on: { click: startNew } },
    icon("add"),
    "New chat",
  );
  draw();
  if (app.personal) void history.load();
  return {
    element: h(
      "div",
      { class: "view chat" },
      h(
        "aside",
        { class: "chat-side", "aria-label": "Conversations" },
        h(
          "details",
          { class: "history-fold", open: matchMedia("(min-width: 1080px)").matches },
          h("summary", {}, "Conversations"),
          fresh,
          app.personal
            ? history.element
            : h("p", { class: "hint" }, "Conversations are not kept: nobody signs in here."),
        ),
      ),
      h(
        "div",
        { class: "chat-main" },
        h("div", { class: "view-head" }, h("h1", {}, "Chat")),
        settings.element,
        thread,
        h(
          "div",
          { class: "chat-foot" },
          writing.element,
          h(
            "div",
            { class: "row" },
            settings.documents,
            h("p", { class: "hint", id: "chat-keys" }, "Enter sends, Shift and Enter begin a line, Escape stops."),
          ),
        ),
      ),
    ),
    show(id, chosen) {
      if (id && id !== (opening || conversation.id)) void (id === conversation.id ? leave() : open(id));
      // Whoever begins here begins at the top; a touch screen would put its keyboard over half of it.
      if (chosen && matchMedia("(pointer: fine)").matches) writing.focus();
    },
  };
}

/** Give a message as a model is told it. @param {{role: string, content: string}} message */
function said({ role, content }) {
  return { role, content };
}

function emptyState() {
  return h(
    "div",
    { class: "empty" },
    h("p", { class: "empty-title" }, "Ask the model something"),
    h("p", {}, "Answers come word by word. You can stop them, ask again, edit what you said, and judge them."),
  );
}
