/** The streams of the gateway's routes as one kind of pieces, whatever wire format they come in. */

import { tokensIn } from "../lib/format.js";

/**
 * What is known of an answer. `model` is empty where none was asked, `label` says which one of that name it was.
 * @typedef {{model: string, label: string, requestId: string | null, finish: string, inputTokens: number | null,
 *   outputTokens: number | null, costUsd: number | null, firstTokenMs: number | null, latencyMs: number | null,
 *   cache: string, guard: string, attempts: {model: string, outcome: string, milliseconds?: number}[],
 *   sources: Source[], citations: number[], answered: boolean | null}} Meta
 */
/** @typedef {{document_id?: string, name: string, passage: number, text: string, score?: number}} Source */
/**
 * @typedef {{kind: "text", text: string} | {kind: "progress", part: number, parts: number}
 *   | {kind: "sources", sources: Source[]}
 *   | {kind: "done", meta: Meta, text?: string, citations?: number[], answered?: boolean}} Piece
 */
/** @typedef {AsyncIterable<{event: string, data: any}>} Events */

/**
 * Read a chat completion's chunks.
 * @param {Events} stream
 * @returns {AsyncGenerator<Piece>}
 */
export async function* chatPieces(stream) {
  let [finish, model] = ["", ""];
  let usage = null;
  let extra = /** @type {Record<string, any>} */ ({});
  for await (const { data } of stream) {
    const choice = data.choices?.[0];
    model = data.model ?? model;
    finish = choice?.finish_reason ?? finish;
    usage = data.usage ?? usage;
    extra = data.fourfold ?? extra;
    if (choice?.delta?.content) yield { kind: "text", text: choice.delta.content };
  }
  const tokens = { input: usage?.prompt_tokens ?? null, output: usage?.completion_tokens ?? null };
  yield { kind: "done", meta: metaOf(extra, { finish, model, requestId: null, tokens }) };
}

/**
 * Read the gateway's own events: parts that are done, text, and the whole at the end.
 * @param {Events} stream
 * @returns {AsyncGenerator<Piece>}
 */
export async function* taskPieces(stream) {
  for await (const { event, data } of stream) {
    if (event === "progress") yield { kind: "progress", part: data.part, parts: data.parts };
    else if (event === "delta") yield { kind: "text", text: data.text };
    else if (event === "done") yield { kind: "done", meta: taskMeta(data), text: data.output };
  }
}

/**
 * Read the events of a search with its answer: the passages come first, and at the end which of them it cites.
 * @param {Events} stream
 * @returns {AsyncGenerator<Piece>}
 */
export async function* searchPieces(stream) {
  for await (const { event, data } of stream) {
    if (event === "passages") yield { kind: "sources", sources: data.passages };
    else if (event === "delta") yield { kind: "text", text: data.text };
    else if (event === "done") {
      const { answer } = data;
      const meta = byWhom({ ...taskMeta(answer), sources: data.passages, answered: answer.answered });
      yield { kind: "done", meta, text: answer.output, citations: answer.citations, answered: answer.answered };
    }
  }
}

/** @param {Record<string, any>} done */
function taskMeta(done) {
  const tokens = { input: done.usage ? tokensIn(done.usage) : null, output: done.usage?.output_tokens ?? null };
  const meta = metaOf(done.fourfold ?? {}, {
    finish: done.finish_reason ?? "",
    model: done.model,
    requestId: done.id,
    tokens,
  });
  return { ...meta, latencyMs: meta.latencyMs ?? done.latency_ms ?? null };
}

/**
 * @param {Record<string, any>} extra
 * @param {{finish: string, model: string, requestId: string | null,
 *   tokens: {input: number | null, output: number | null}}} known
 * @returns {Meta}
 */
function metaOf(extra, { finish, model, requestId, tokens }) {
  return byWhom({
    model: extra.model ?? model ?? "",
    label: extra.label ?? "",
    requestId: extra.request_id ?? requestId,
    finish,
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    costUsd: extra.cost_usd ?? null,
    firstTokenMs: extra.first_token_ms ?? null,
    latencyMs: extra.latency_ms ?? null,
    cache: extra.cache ?? "off",
    guard: extra.guard ?? "off",
    attempts: extra.attempts ?? [],
    sources: extra.sources ?? [],
    citations: extra.citations ?? [],
    // Null where nothing was to be answered from documents.
    answered: extra.answered ?? null,
  });
}

/**
 * Name no model for what none has written: that nothing fits, or that the guard let the question not pass.
 * @param {Meta} meta
 * @returns {Meta}
 */
function byWhom(meta) {
  const isRefusal = meta.answered === false || meta.guard === "blocked";
  const isWritten = Boolean(meta.inputTokens || meta.outputTokens) || ["exact", "semantic"].includes(meta.cache);
  return isRefusal && !isWritten ? { ...meta, model: "", label: "" } : meta;
}
