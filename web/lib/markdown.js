/**
 * Reads the Markdown that models write, into plain objects; `markdown-dom.js` shows them. HTML in it stays text.
 *
 * Every text is read in about linear time and to a fixed depth, hostile ones too: what is nested deeper, or never
 * closed, is text.
 */

import { inline } from "./markdown-inline.js";

/** @typedef {import("./markdown-inline.js").Inline} Inline */
/**
 * @typedef {{type: "paragraph", children: Inline[]} | {type: "heading", level: number, children: Inline[]}
 *   | {type: "code", language: string, text: string} | {type: "rule"} | {type: "quote", children: Block[]}
 *   | {type: "list", start: number | null, items: Block[][]}
 *   | {type: "table", head: Inline[][], rows: Inline[][][], align: ("left" | "right" | "center" | null)[]}} Block
 */
/** @typedef {{raw: string, block: Block}} Placed a block with the lines that it was read from */
/** @typedef {{block: Block, next: number}} Read a block, and the line after it */

const DEEPEST = 6;
const LONGEST_NUMBER = 9;

/**
 * Read a text.
 * @param {string} text
 * @returns {Placed[]}
 */
export function parse(text) {
  return placed(text.replace(/\r\n?/g, "\n").split("\n"), 0);
}

/** @param {string[]} lines @param {number} depth @returns {Placed[]} */
function placed(lines, depth) {
  const found = [];
  for (let at = 0; at < lines.length;) {
    if (isBlank(lines[at])) {
      at += 1;
      continue;
    }
    const { block, next } = readBlock(lines, at, depth);
    found.push({ raw: lines.slice(at, next).join("\n"), block });
    at = next;
  }
  return found;
}

/** @param {string[]} lines @param {number} depth */
function blocks(lines, depth) {
  return placed(lines, depth).map(({ block }) => block);
}

/** @param {string[]} lines @param {number} at @param {number} depth @returns {Read} */
function readBlock(lines, at, depth) {
  return (
    fence(lines, at) ??
    heading(lines, at) ??
    rule(lines, at) ??
    (depth < DEEPEST ? (quote(lines, at, depth) ?? list(lines, at, depth)) : null) ??
    table(lines, at) ??
    paragraph(lines, at, depth)
  );
}

/** @param {string[]} lines @param {number} at @returns {Read | null} */
function fence(lines, at) {
  const open = /^ {0,3}(`{3,}|~{3,})/.exec(lines[at]);
  if (!open) return null;
  const language = lines[at].slice(open[0].length).trim();
  if (language.includes("`")) return null;
  let next = at + 1;
  while (next < lines.length && !closes(lines[next], open[1])) next += 1;
  return {
    block: { type: "code", language: language.split(" ")[0], text: lines.slice(at + 1, next).join("\n") },
    next: Math.min(next + 1, lines.length),
  };
}

/** @param {string} line @param {string} opened */
function closes(line, opened) {
  const bare = line.trim();
  return bare.length >= opened.length && bare[0] === opened[0] && consistsOf(bare, opened[0]);
}

/** @param {string[]} lines @param {number} at @returns {Read | null} */
function heading(lines, at) {
  const open = /^ {0,3}(#{1,6})(?= |$)/.exec(lines[at]);
  if (!open) return null;
  const title = lines[at].slice(open[0].length).trim();
  let end = title.length;
  while (end > 0 && title[end - 1] === "#") end -= 1;
  const closed = end === 0 || title[end - 1] === " ";
  const children = inline(closed ? title.slice(0, end).trim() : title);
  return { block: { type: "heading", level: open[1].length, children }, next: at + 1 };
}

/** @param {string[]} lines @param {number} at @returns {Read | null} */
function rule(lines, at) {
  const bare = lines[at].replaceAll(" ", "");
  const isRule = bare.length >= 3 && "-*_".includes(bare[0]) && consistsOf(bare, bare[0]);
  return isRule ? { block: { type: "rule" }, next: at + 1 } : null;
}

/** @param {string[]} lines @param {number} at @param {number} depth @returns {Read | null} */
function quote(lines, at, depth) {
  const inner = [];
  let next = at;
  for (; next < lines.length; next += 1) {
    const open = /^ {0,3}> ?/.exec(lines[next]);
    if (!open) break;
    inner.push(lines[next].slice(open[0].length));
  }
  return next === at ? null : { block: { type: "quote", children: blocks(inner, depth + 1) }, next };
}

/** @typedef {{indent: number, width: number, number: number | null, kind: string}} Marker */

/** @param {string} line @returns {Marker | null} */
function marker(line) {
  const found = /^( *)([-*+]|\d{1,9}[.)])(?: |$)/.exec(line);
  if (!found) return null;
  const sign = found[2];
  const number = sign.length > 1 && sign.length <= LONGEST_NUMBER + 1 ? Number(sign.slice(0, -1)) : null;
  return { indent: found[1].length, width: found[1].length + sign.length + 1, number, kind: sign.slice(-1) };
}

/** @param {string[]} lines @param {number} at @param {number} depth @returns {Read | null} */
function list(lines, at, depth) {
  const first = marker(lines[at]);
  if (!first || first.indent > 3) return null;
  /** @type {string[][]} */
  const items = [];
  let next = at;
  while (next < lines.length) {
    const here = marker(lines[next]);
    if (!here || here.kind !== first.kind || here.indent > first.indent + 1 || rule(lines, next)) break;
    const end = endOfItem(lines, next, here);
    items.push([lines[next].slice(here.width), ...lines.slice(next + 1, end).map((line) => dedent(line, here.width))]);
    next = end;
  }
  if (!items.length) return null;
  return {
    block: { type: "list", start: first.number, items: items.map((item) => blocks(item, depth + 1)) },
    next,
  };
}

/**
 * Find where an item ends: at the next marker of its level, or at a line that is not indented after a blank one.
 * @param {string[]} lines
 * @param {number} at
 * @param {Marker} item
 */
function endOfItem(lines, at, item) {
  let end = at + 1;
  for (let next = end; next < lines.length; next += 1) {
    const line = lines[next];
    if (isBlank(line)) continue;
    const indent = line.length - line.trimStart().length;
    const afterBlank = next > 0 && isBlank(lines[next - 1]);
    const goesOn = !afterBlank && !marker(line) && !startsBlock(lines, next);
    const belongs = indent > item.indent + 1 || goesOn;
    if (!belongs) break;
    end = next + 1;
  }
  // Blank lines before another item of the list are the list's.
  let after = end;
  while (after < lines.length && isBlank(lines[after])) after += 1;
  return after < lines.length && marker(lines[after]) ? after : end;
}

/** @param {string} line @param {number} width */
function dedent(line, width) {
  const indent = line.length - line.trimStart().length;
  return line.slice(Math.min(indent, width));
}

/** @param {string[]} lines @param {number} at @returns {Read | null} */
function table(lines, at) {
  const columns = columnsOf(lines, at);
  if (!columns) return null;
  const { head, marks } = columns;
  let next = at + 2;
  const rows = [];
  for (; next < lines.length && lines[next].includes("|") && !isBlank(lines[next]); next += 1) {
    const row = cells(lines[next]).slice(0, head.length);
    rows.push([...row, ...Array(head.length - row.length).fill("")].map((cell) => inline(cell)));
  }
  return {
    block: { type: "table", head: head.map((cell) => inline(cell)), rows, align: marks.map(alignment) },
    next,
  };
}

/** Give the head of a table and the marks below it; null where none begins. @param {string[]} lines @param {number} at */
function columnsOf(lines, at) {
  if (!lines[at].includes("|") || !/^[\s|:-]+$/.test(lines[at + 1] ?? "")) return null;
  const [head, marks] = [cells(lines[at]), cells(lines[at + 1])];
  return head.length === marks.length && marks.every((mark) => /^:?-+:?$/.test(mark)) ? { head, marks } : null;
}

/** @param {string} line */
function cells(line) {
  const bare = line.trim().replace(/^\|/, "");
  const found = [""];
  for (let at = 0; at < bare.length; at += 1) {
    if (bare[at] === "\\" && bare[at + 1] === "|") {
      found[found.length - 1] += "|";
      at += 1;
    } else if (bare[at] === "|") found.push("");
    else found[found.length - 1] += bare[at];
  }
  if (found.length > 1 && isBlank(found[found.length - 1])) found.pop();
  return found.map((cell) => cell.trim());
}

/** @param {string} mark */
function alignment(mark) {
  const [left, right] = [mark.startsWith(":"), mark.endsWith(":")];
  if (left && right) return "center";
  return right ? "right" : left ? "left" : null;
}

/** @param {string[]} lines @param {number} at @param {number} depth @returns {Read} */
function paragraph(lines, at, depth) {
  let next = at + 1;
  while (next < lines.length && !isBlank(lines[next]) && !interrupts(lines, next, depth)) next += 1;
  const text = lines
    .slice(at, next)
    .map((line) => line.trim())
    .join("\n");
  return { block: { type: "paragraph", children: inline(text) }, next };
}

/** Whether a line ends the paragraph before it. @param {string[]} lines @param {number} at @param {number} depth */
function interrupts(lines, at, depth) {
  return columnsOf(lines, at) !== null || (depth < DEEPEST && startsBlock(lines, at));
}

/** @param {string[]} lines @param {number} at */
function startsBlock(lines, at) {
  const line = lines[at];
  if (/^ {0,3}(`{3,}|~{3,}|>|#{1,6} )/.test(line) || rule(lines, at)) return true;
  const item = marker(line);
  return item !== null && !isBlank(line.slice(item.width)) && (item.number === null || item.number <= 1);
}

/** @param {string} text @param {string} character */
function consistsOf(text, character) {
  for (const one of text) if (one !== character) return false;
  return true;
}

/** @param {string} line */
function isBlank(line) {
  return line.trim() === "";
}
