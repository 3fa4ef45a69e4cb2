/** Texts out of files that a reader drops or chooses. */

import { count } from "./format.js";

const TYPES = /** @type {Record<string, string>} */ ({
  txt: "text/plain",
  text: "text/plain",
  log: "text/plain",
  csv: "text/plain",
  json: "text/plain",
  md: "text/markdown",
  markdown: "text/markdown",
  htm: "text/html",
  html: "text/html",
  pdf: "application/pdf",
});

/** What a file chooser offers. */
export const ACCEPTED = Object.keys(TYPES)
  .map((ending) => `.${ending}`)
  .join(",");

/**
 * Give a file's media type by its name, or by what the system says; null for what is no document.
 * @param {{name: string, type: string}} file
 */
export function mediaType({ name, type }) {
  const known = TYPES[name.toLowerCase().split(".").pop() ?? ""];
  if (known) return known;
  if (Object.values(TYPES).includes(type)) return type;
  return type.startsWith("text/") ? "text/plain" : null;
}

/**
 * Read a file as UTF-8 text; of HTML, what a reader would see.
 * @param {File} file
 * @param {number} most bytes that it may have
 * @returns {Promise<string>}
 * @throws {Error} with what is wrong with it, and what to do
 */
export async function textOf(file, most) {
  const type = mediaType(file);
  if (!type) throw new Error(`${file.name} is not a text. Choose a text, Markdown or HTML file.`);
  if (type === "application/pdf") throw new Error(`${file.name} is a PDF. Add it under Documents, and ask it there.`);
  refuseSize(file.name, file.size, most);
  const text = decodedUtf8(file.name, await bytesOf(file));
  return type === "text/html" ? visibleText(text) : text;
}

/** @param {File} file @returns {Promise<ArrayBuffer>} */
async function bytesOf(file) {
  try {
    return await file.arrayBuffer();
  } catch {
    throw new Error(`${file.name} cannot be read. It may have been moved or changed: choose it again.`);
  }
}

/** @param {string} name @param {ArrayBuffer} bytes */
function decodedUtf8(name, bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${name} is not in UTF-8. Save it as UTF-8 first.`);
  }
}

/**
 * Read a file's bytes as base64.
 * @param {File} file
 * @param {number} most bytes that it may have
 * @throws {Error} with what is wrong with it
 */
export async function base64Of(file, most) {
  refuseSize(file.name, file.size, most);
  const bytes = new Uint8Array(await bytesOf(file));
  let binary = "";
  const step = 0x8000;
  for (let at = 0; at < bytes.length; at += step) binary += String.fromCharCode(...bytes.subarray(at, at + step));
  return btoa(binary);
}

/**
 * Refuse what is empty, and what is too large.
 * @param {string} name
 * @param {number} bytes that it has
 * @param {number} most bytes that it may have
 * @throws {Error} with what is wrong with it
 */
export function refuseSize(name, bytes, most) {
  if (bytes === 0) throw new Error(`${name} is empty.`);
  if (bytes > most) throw new Error(`${name} has ${count(bytes)} bytes, and ${count(most)} are allowed.`);
}

const ENTITIES = /** @type {Record<string, string>} */ ({
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
});
const HIDDEN = new Set(["script", "style", "template", "noscript", "head"]);
const BREAKING = new Set([
  "p",
  "div",
  "br",
  "li",
  "tr",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "section",
  "article",
  "pre",
]);

/**
 * Give the text of a page without its markup, in one pass.
 * @param {string} html
 */
export function visibleText(html) {
  const parts = [];
  for (let at = 0; at < html.length;) {
    const open = html.indexOf("<", at);
    const end = open < 0 ? html.length : open;
    parts.push(decoded(html.slice(at, end)));
    if (open < 0) break;
    if (!/[a-z/!?]/i.test(html[open + 1] ?? "")) {
      parts.push("<");
      at = open + 1;
      continue;
    }
    const close = html.startsWith("<!--", open) ? html.indexOf("-->", open) + 2 : html.indexOf(">", open);
    if (close < open) break;
    const name = /^[a-z0-9]+/i.exec(html.slice(open + 1, open + 20))?.[0].toLowerCase() ?? "";
    if (BREAKING.has(name)) parts.push("\n");
    at = HIDDEN.has(name) ? after(html, name, close + 1) : close + 1;
  }
  return parts
    .join("")
    .replace(/[ \t]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** @param {string} html @param {string} name @param {number} from */
function after(html, name, from) {
  const ending = new RegExp(`</${name}`, "ig");
  ending.lastIndex = from;
  const close = ending.test(html) ? html.indexOf(">", ending.lastIndex) : -1;
  return close < 0 ? html.length : close + 1;
}

/** @param {string} text */
function decoded(text) {
  return text.replace(/&(#x?[0-9a-f]{1,6}|[a-z]{2,6});/gi, (whole, name) => {
    if (name[0] !== "#") return ENTITIES[name.toLowerCase()] ?? whole;
    const code = name[1].toLowerCase() === "x" ? parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
