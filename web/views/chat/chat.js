/** Chat: one conversation, streamed; stop, ask again, edit, copy, and the ones before. */

import { fill, h } from "../../lib/dom.js";
import { asProblem, isStop } from "../../lib/problem.js";
import { generate } from "../../parts/generation.js";
import { chatPieces } from "../../parts/pieces.js";
import { problemBox } from "../../parts/problem-box.js";
import { cutOff } from "./about.js";
import { refusal } from "./bounds.js";
import { composer } from "./composer.js";
import { before, newConversation, said, under, withMessage } from "./conversation.js";
import { followEnd } from "./following.js";
import { historyList } from "./history.js";
import { judging } from "./judging.js";
import { layout } from "./layout.js";
import { answerTools, assistantMessage, emptyState, userMessage } from "./message.js";
import { noticePlace } from "./notice.js";
import { chatSettings } from "./settings.js";

const TOO_LONG = 413;

/** @param {import("../../app/main.js").App} app @returns {import("../../app/shell.js").View} */
export function chatView(app) {
  const { api, models, usage, limits } = app;
  const thread = h("div", { class: "thread" });
  const settings = chatSettings(models);
  const writing = composer({
    send: (text) => !isOpening() && sayAfter(soFar(), text),
    stop: () => running?.abort(),
  });
  const [kept, full] = [noticePlace(writing), noticePlace(writing)];
  const history = historyList(api, kept, {
    chosen: (id) => show(id),
    deleted: (id) => id === conversation.id && startNew(),
    copy: (given) => void copy(given),
  });
  let conversation = newConversation();
  const judged = judging(app);
  /**
   * An answer that comes, or a conversation that is fetched: whatever is begun next ends it.
   * @type {AbortController | null}
   */
  let running = null;
  /** The id of the conversation that is fetched. */
  let opening = "";
  /** Where the answer that comes is written. @type {import("../../parts/answer.js").AnswerBox | null} */
  let coming = null;
  /** @type {Promise<void>} */
  let answering = Promise.resolve();

  function begin() {
    leave();
    running = new AbortController();
    return running;
  }

  function leave() {
    running?.abort();
    running = coming = null;
    opening = "";
    writing.busy(false);
  }

  function startNew() {
    leave();
    conversation = newConversation();
    draw();
    // A deletion may end when its reader is in another view by now.
    if (!thread.isConnected) return;
    if (location.hash !== "#/chat") location.hash = "#/chat";
    writing.focus();
  }

  /** Let the address name no other conversation than what is shown: the link to that one would change nothing. */
  function address() {
    const names = ["#/chat", `#/chat/${encodeURIComponent(conversation.id)}`];
    if (thread.isConnected && !names.includes(location.hash)) window.history.replaceState(null, "", "#/chat");
  }

  function draw() {
    full.clear();
    history.mark(conversation.id);
    fill(thread, conversation.messages.length ? conversation.messages.map(drawn) : emptyState());
  }

  /** @param {import("./conversation.js").Message} message @param {number} index */
  function drawn(message, index) {
    const { role, content, meta } = message;
    if (role === "user") return userMessage(content, (changed) => sayAfter(before(conversation, index), changed));
    const { element, box } = assistantMessage();
    box.restore(content, meta);
    const rated = judged(message, conversation.messages.slice(0, index));
    answerTools(box, { retry: () => ask(index, { fresh: true }), ...(rated ? { rated } : {}) });
    return element;
  }

  /** Whether a message has to wait for the conversation that it is for; its writer is told. */
  function isOpening() {
    if (opening) full.say("The conversation is being opened. Send your message once it is there, or stop that first.");
    return opening !== "";
  }

  /** Give the conversation with what has come by now of the answer to it: a question that is asked now ends it. */
  function soFar() {
    const content = coming?.text ?? "";
    if (!content.trim()) return conversation;
    return withMessage(conversation, { role: "assistant", content, meta: cutOff("stopped") });
  }

  /**
   * Say something after these messages; false where a parameter is out of bounds or the conversation is too long, and
   * nothing is said.
   * @param {import("./conversation.js").Conversation} earlier
   * @param {string} text
   */
  function sayAfter(earlier, text) {
    const asked = settings.read();
    if (!asked) return false;
    const next = withMessage(earlier, { role: "user", content: text });
    const refused = refusal([...asked.system, ...next.messages], limits.textCharacters);
    if (refused) {
      full.say(refused.words, refused.elsewhere ? { label: "New chat", act: startNew } : undefined);
      return false;
    }
    conversation = next;
    ask(next.messages.length);
    return true;
  }

  /** @param {number} index @param {{fresh?: boolean}} [how] */
  function ask(index, how) {
    answering = answerAt(index, how);
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
    address();
    draw();
    const { element, box } = assistantMessage();
    coming = box;
    thread.append(element);
    const following = followEnd(element);
    writing.busy(true, within);
    const retry = () => ask(index, { fresh: true });
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
    // Of a blank answer nothing can be told to a model, and nothing kept.
    const answered = outcome.text.trim() ? withMessage(own, message) : own;
    // Another question in its place leaves nothing to keep of it; another conversation does.
    const replaced = conversation !== own && conversation.id === own.id;
    if (conversation === own) conversation = answered;
    if (running === mine) {
      running = coming = null;
      writing.busy(false);
      const rated = judged(message, messages, asked.parameters);
      if (outcome.outcome === "failed") failedOn(own, outcome.problem);
      else answerTools(box, { retry, ...(rated ? { rated } : {}) });
    }
    following.end();
    void usage.load();
    if (app.personal && !replaced) await history.keep(answered);
    history.mark(conversation.id);
  }

  /**
   * Say what to do where a conversation is more than its model reads.
   * @param {import("./conversation.js").Conversation} asked
   * @param {import("../../lib/problem.js").Problem} problem
   */
  function failedOn({ messages }, { status }) {
    if (status !== TOO_LONG || messages.length < 2) return;
    const anew = () => {
      startNew();
      writing.take(messages.at(-1)?.content ?? "");
    };
    const words = "This model reads no conversation as long as this one. Choose another model, or begin a new chat.";
    full.say(words, { label: "New chat", act: anew });
  }

  /**
   * Go on with a conversation as a new one, where the one of its name is another by now.
   * @param {import("./conversation.js").Conversation} given
   */
  async function copy(given) {
    kept.clear();
    await answering;
    const shown = conversation.id === given.id;
    const made = under(crypto.randomUUID(), shown ? conversation : given);
    if (shown) {
      conversation = made;
      address();
    }
    await history.keep(made);
    history.mark(conversation.id);
  }

  /** @param {string} id */
  async function open(id) {
    const within = thread.contains(document.activeElement);
    const mine = begin();
    opening = id;
    writing.busy(true, within);
    try {
      const opened = await history.open(id, mine.signal);
      if (running !== mine) return;
      conversation = opened;
      draw();
      if (thread.isConnected) scrollTo(0, document.documentElement.scrollHeight);
    } catch (failure) {
      if (running !== mine) return;
      // Who stops it stays where they were, and may choose it once more.
      if (isStop(failure)) address();
      else failed(id, failure);
    }
    leave();
  }

  /** @param {string} id */
  function show(id) {
    if (id && id !== (opening || conversation.id)) void (id === conversation.id ? leave() : open(id));
  }

  /** @param {string} id @param {unknown} failure */
  function failed(id, failure) {
    conversation = newConversation();
    history.mark(conversation.id);
    fill(thread, problemBox(asProblem(failure), { again: () => void open(id) }));
  }

  draw();
  if (app.personal) void history.load();
  return {
    element: layout({
      aside: app.personal ? history.element : null,
      top: settings.element,
      thread,
      foot: [kept.element, full.element, writing.element],
      documents: settings.documents,
      begin: startNew,
    }),
    show(id, chosen) {
      show(id);
      // Whoever begins here begins at the top; a touch screen would put its keyboard over half of it.
      if (chosen && matchMedia("(pointer: fine)").matches) writing.focus();
    },
  };
}
