/** Reads what stands within a block of Markdown: emphasis, code, links. */

/**
 * @typedef {{type: "text", text: string} | {type: "code", text: string} | {type: "break"}
 *   | {type: "strong" | "em" | "del", children: Inline[]} | {type: "link", href: string, children: Inline[]}} Inline
 */

const DEEPEST = 6;
const LONGEST_LABEL = 500;
const LONGEST_ADDRESS = 2000;
const PROTOCOLS = new Set(["http:", "https:", "mailto:"]);
const DELIMITERS = /** @type {const} */ ([
  ["**", "strong"],
  ["__", "strong"],
  ["~~", "del"],
  ["*", "em"],
  ["_", "em"],
]);

/**
 * Read a text.
 * @param {string} text
 * @param {number} [depth]
 * @param {boolean} [linked] whether a link stands around it, in which there is no other
 * @returns {Inline[]}
 */
export function inline(text, depth = 0, linked = false) {
  if (depth >= DEEPEST) return text ? [{ type: "text", text }] : [];
  return new Reader(text, depth, linked).read();
}

/**
 * Give an address that may be followed, or null: only the web and mail, nothing that runs.
 * @param {string} address
 */
export function safeAddress(address) {
  // Whatever a browser would drop from an address could hide its protocol.
  if (/[\u0000-\u0020\u007f]/.test(address)) return null;
  try {
    const url = new URL(address);
    return PROTOCOLS.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** @typedef {{node: Inline, next: number}} Found */

class Reader {
  /** @type {Inline[]} */
  #nodes = [];
  #plain = "";
  /** What was looked for and is nowhere in the rest. @type {Set<string>} */
  #absent = new Set();

  /** @param {string} text @param {number} depth @param {boolean} linked */
  constructor(text, depth, linked) {
    this.text = text;
    this.depth = depth;
    this.linked = linked;
  }

  /** @returns {Inline[]} */
  read() {
    for (let at = 0; at < this.text.length;) {
      const found = this.#find(at);
      if (found) {
        this.#flush();
        this.#nodes.push(found.node);
        at = found.next;
      } else if (this.text[at] === "\\" && /[!-/:-@[-`{-~]/.test(this.text[at + 1] ?? "")) {
        this.#plain += this.text[at + 1];
        at += 2;
      } else {
        const length = this.#plainLength(at);
        this.#plain += this.text.slice(at, at + length);
        at += length;
      }
    }
    this.#flush();
    return this.#nodes;
  }

  #flush() {
    if (this.#plain) this.#nodes.push({ type: "text", text: this.#plain });
    this.#plain = "";
  }

  /** Give how much from here is plain for sure: a run of one delimiter, or up to the next sign. @param {number} at */
  #plainLength(at) {
    const sign = this.text[at];
    let end = at + 1;
    if ("`*_~".includes(sign)) {
      while (this.text[end] === sign) end += 1;
    } else {
      while (end < this.text.length && !"\\`*_~[!<\nhm".includes(this.text[end])) end += 1;
    }
    return end - at;
  }

  /** @param {number} at @returns {Found | null} */
  #find(at) {
    switch (this.text[at]) {
      case "\n":
        return { node: { type: "break" }, next: at + 1 };
      case "`":
        return this.#code(at);
      case "[":
        return this.#link(at);
      case "!":
        return this.text[at + 1] === "[" ? this.#link(at + 1) : null;
      case "<":
        return this.#bracketed(at);
      case "h":
      case "m":
        return this.#bare(at);
      case "*":
      case "_":
      case "~":
        return this.#emphasis(at);
      default:
        return null;
    }
  }

  /** @param {number} at @returns {Found | null} */
  #code(at) {
    let width = 1;
    while (this.text[at + width] === "`") width += 1;
    const ticks = "`".repeat(width);
    if (this.#absent.has(ticks)) return null;
    for (let end = this.text.indexOf(ticks, at + width); end >= 0; end = this.text.indexOf(ticks, end)) {
      let run = width;
      while (this.text[end + run] === "`") run += 1;
      if (run === width) {
        const code = this.text.slice(at + width, end).replaceAll("\n", " ");
        const padded = code.length > 2 && code.startsWith(" ") && code.endsWith(" ") && code.trim() !== "";
        return { node: { type: "code", text: padded ? code.slice(1, -1) : code }, next: end + width };
      }
      end += run;
    }
    this.#absent.add(ticks);
    return null;
  }

  /** @param {number} at @returns {Found | null} */
  #link(at) {
    if (this.linked || this.#absent.has("](")) return null;
    const middle = this.text.indexOf("](", at + 1);
    if (middle < 0) this.#absent.add("](");
    if (middle < 0 || middle - at > LONGEST_LABEL) return null;
    const label = this.text.slice(at + 1, middle);
    if (!isBalanced(label)) return null;
    const end = endOfAddress(this.text, middle + 2);
    if (end < 0) return null;
    const address = this.text
      .slice(middle + 2, end)
      .trim()
      .split(/\s/)[0]
      .replace(/^<|>$/g, "");
    const href = safeAddress(address);
    if (!href) return null;
    return { node: { type: "link", href, children: inline(label || address, this.depth + 1, true) }, next: end + 1 };
  }

  /** @param {number} at @returns {Found | null} */
  #bracketed(at) {
    if (this.linked || !/^<(https?:\/\/|mailto:)/.test(this.text.slice(at, at + 9))) return null;
    const end = this.text.slice(at, at + LONGEST_ADDRESS).indexOf(">");
    const address = this.text.slice(at + 1, at + end);
    const href = end < 0 ? null : safeAddress(address);
    return href
      ? { node: { type: "link", href, children: [{ type: "text", text: address }] }, next: at + end + 1 }
      : null;
  }

  /** @param {number} at @returns {Found | null} */
  #bare(at) {
    if (this.linked || !/^https?:\/\//.test(this.text.slice(at, at + 8))) return null;
    if (/[A-Za-z0-9_]/.test(this.text[at - 1] ?? "")) return null;
    let end = at;
    while (end < this.text.length && end - at < LONGEST_ADDRESS && !/[\s<>"`*|]/.test(this.text[end])) end += 1;
    while (end > at && ".,;:!?'".includes(this.text[end - 1])) end -= 1;
    const address = this.text.slice(at, end);
    if (address.endsWith(")") && !address.includes("(")) end -= 1;
    const href = safeAddress(this.text.slice(at, end));
    const text = this.text.slice(at, end);
    return href ? { node: { type: "link", href, children: [{ type: "text", text }] }, next: end } : null;
  }

  /** @param {number} at @returns {Found | null} */
  #emphasis(at) {
    for (const [sign, type] of DELIMITERS) {
      if (!this.text.startsWith(sign, at) || !this.#opens(sign, at)) continue;
      const end = this.#closing(sign, at + sign.length);
      if (end < 0) continue;
      const inner = this.text.slice(at + sign.length, end);
      return { node: { type, children: inline(inner, this.depth + 1, this.linked) }, next: end + sign.length };
    }
    return null;
  }

  /** @param {string} sign @param {number} at */
  #opens(sign, at) {
    const after = this.text[at + sign.length] ?? " ";
    if (/\s/.test(after) || this.#absent.has(sign)) return false;
    if (sign.length === 1 && after === sign) return false;
    return sign[0] !== "_" || !/[\p{L}\p{N}]/u.test(this.text[at - 1] ?? "");
  }

  /** @param {string} sign @param {number} from */
  #closing(sign, from) {
    for (let end = this.text.indexOf(sign, from); end >= 0; end = this.text.indexOf(sign, end + 1)) {
      if (this.#closesAt(sign, end, from)) return end;
    }
    this.#absent.add(sign);
    return -1;
  }

  /** @param {string} sign @param {number} end @param {number} from */
  #closesAt(sign, end, from) {
    const [before, after] = [this.text[end - 1] ?? " ", this.text[end + sign.length] ?? ""];
    if (end === from || /\s/.test(before) || before === "\\") return false;
    // Of three in a row the inner one belongs to the other emphasis.
    if (after === sign[0]) return false;
    if (sign.length === 1 && before === sign) return false;
    return sign[0] !== "_" || !/[\p{L}\p{N}]/u.test(after);
  }
}

/**
 * Whether the brackets of a label are pairs: one that closes none ends the label earlier, in front of other text.
 * @param {string} label
 */
function isBalanced(label) {
  let open = 0;
  for (const sign of label.replace(/\\.|`[^`]*`/g, "")) {
    if (sign === "[") open += 1;
    else if (sign === "]") open -= 1;
    if (open < 0) return false;
  }
  return open === 0;
}

/**
 * Find the bracket that closes an address, which may hold pairs of its own.
 * @param {string} text
 * @param {number} from
 */
function endOfAddress(text, from) {
  let open = 0;
  for (let at = from; at < text.length && at - from <= LONGEST_ADDRESS && text[at] !== "\n"; at += 1) {
    if (text[at] === "(") open += 1;
    else if (text[at] === ")") {
      if (open === 0) return at;
      open -= 1;
    }
  }
  return -1;
}
