/** Whatever can go wrong with a request, as one kind of error that the page can show whole. */

const LONG_SECONDS = 120;
const NEVER = [400, 413, 501];
const FORBIDDEN = 403;
const BLOCKED = "A firewall before the service may have blocked this. Wait some minutes, or say it otherwise.";

/** What people read in place of the phrases that HTTP has for its statuses. @type {Record<string, string>} */
const TITLES = {
  "Bad Request": "The request cannot be answered as it is",
  Forbidden: "This is not allowed",
  "Not Found": "This is not there",
  "Request Entity Too Large": "This is too long",
  "Content Too Large": "This is too long",
  "Unprocessable Entity": "This cannot be taken as it is",
  "Unprocessable Content": "This cannot be taken as it is",
  "Internal Server Error": "The service failed",
  "Not Implemented": "This cannot be asked here",
  "Bad Gateway": "No answer could be made",
  "Service Unavailable": "This cannot be answered now",
  "Gateway Timeout": "The answer took too long",
};

/** @typedef {{pointer: string, detail: string}} FieldError */

/** A request that was refused, failed, or never arrived. `status` is 0 where no answer came at all. */
export class Problem extends Error {
  /**
   * @param {{status: number, title: string, detail: string, fields?: FieldError[], requestId?: string | null,
   *   retryAfter?: number | null, liftsAt?: string | null}} what
   */
  constructor({ status, title, detail, fields = [], requestId = null, retryAfter = null, liftsAt = null }) {
    super(detail || title);
    this.name = "Problem";
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.fields = fields;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
    this.liftsAt = liftsAt;
  }

  /** When a cap lifts, where this is one: what is refused for long is told by the clock, not in seconds. */
  get lifts() {
    if (this.liftsAt) return this.liftsAt;
    const long = this.status === 429 && this.retryAfter !== null && this.retryAfter >= LONG_SECONDS;
    return long ? new Date(Date.now() + Number(this.retryAfter) * 1000).toISOString() : null;
  }

  /** Whether the same request may succeed at another time: one that is wrong itself, too long, or of what is not done here, never does. */
  get repeatable() {
    return !NEVER.includes(this.status);
  }

  /** Whether the same request may succeed by itself in a while: a model that starts, a service that restarts. */
  get passes() {
    return this.status === 503 && this.retryAfter !== null;
  }
}

/**
 * Read a problem document (RFC 9457); an OpenAI error's message stands in where there is no detail.
 * @param {unknown} document
 * @param {{status?: number, requestId?: string | null, retryAfter?: number | null}} [seen] what the response said
 */
export function problemOf(document, seen = {}) {
  const body = /** @type {Record<string, any>} */ (document && typeof document === "object" ? document : {});
  const status = Number(body.status) || seen.status || 0;
  const instance = typeof body.instance === "string" ? body.instance.replace(/^urn:request:/, "") : null;
  return new Problem({
    status,
    title: TITLES[text(body.title)] || text(body.title) || `The request failed (${status})`,
    detail: text(body.detail) || text(body.error?.message) || text(body.message),
    fields: fieldsOf(body.errors),
    requestId: instance || seen.requestId || null,
    retryAfter: seconds(body.retry_after) ?? seen.retryAfter ?? null,
    liftsAt: text(body.lifts_at) || null,
  });
}

/**
 * Read the problem that a response carries.
 * @param {Response} response
 */
export async function problemOfResponse(response) {
  const seen = {
    status: response.status,
    requestId: response.headers.get("x-request-id") ?? response.headers.get("x-amzn-requestid"),
    retryAfter: seconds(response.headers.get("retry-after")),
  };
  const body = await response.text();
  try {
    return problemOf(JSON.parse(body), seen);
  } catch {
    return problemOf({ title: `The service answered ${response.status}`, detail: wordsOf(response, body) }, seen);
  }
}

/**
 * Give what is to be read of a body that is no document. A page is none of the service's own words: whatever stands in
 * front of it has put it there.
 * @param {Response} response
 * @param {string} body
 */
function wordsOf({ status, headers }, body) {
  if (!headers.get("content-type")?.startsWith("text/html")) return body.slice(0, 300);
  return status === FORBIDDEN ? BLOCKED : "";
}

/**
 * Make a problem of whatever was thrown.
 * @param {unknown} thrown
 */
export function asProblem(thrown) {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof TypeError) {
    return new Problem({
      status: 0,
      title: "No connection",
      detail: "The service did not answer. Check the connection, then try again.",
    });
  }
  return new Problem({ status: 0, title: "Something went wrong on this page", detail: String(thrown) });
}

/**
 * Make a problem with a title of its own: of one, or of an error of the page's own that says what is wrong.
 * @param {unknown} thrown
 * @param {string} title
 */
export function problemWith(thrown, title) {
  const problem =
    thrown instanceof Problem
      ? thrown
      : new Problem({ status: 0, title, detail: /** @type {Error} */ (thrown).message });
  problem.title = title;
  return problem;
}

/**
 * Whether something was stopped on purpose.
 * @param {unknown} thrown
 */
export function isStop(thrown) {
  return thrown instanceof DOMException && thrown.name === "AbortError";
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? value : "";
}

/** @param {unknown} value @returns {FieldError[]} */
function fieldsOf(value) {
  if (!Array.isArray(value)) return [];
  return value.map((item) => ({ pointer: text(item?.pointer), detail: text(item?.detail) })).filter((f) => f.detail);
}

/** @param {unknown} value @returns {number | null} */
function seconds(value) {
  const number = value === null || value === "" ? NaN : Number(value);
  return Number.isFinite(number) && number >= 0 ? number : null;
}
