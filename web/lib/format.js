/** Figures as people read them. */

const NUMBER = new Intl.NumberFormat("en");

/** @param {number | null | undefined} value */
export function count(value) {
  return value === null || value === undefined ? "–" : NUMBER.format(value);
}

/**
 * Give a number with its noun: "1 word", "2 words".
 * @param {number} value
 * @param {string} one
 * @param {string} [many]
 */
export function counted(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** @param {number | null | undefined} milliseconds */
export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "–";
  if (milliseconds > 0 && milliseconds < 1) return "< 1 ms";
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0)} s`;
  const minutes = Math.round(milliseconds / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Give dollars with the digits that matter; null where there is no price.
 * @param {number | null | undefined} usd
 */
export function dollars(usd) {
  if (usd === null || usd === undefined) return "–";
  if (usd === 0) return "$0";
  if (usd < 0.000001) return "< $0.000001";
  const digits = usd >= 0.1 ? 2 : Math.min(6, 1 - Math.floor(Math.log10(usd)));
  return `$${usd.toFixed(digits).replace(/(\.\d\d\d*?)0+$/, "$1")}`;
}

/** Begin a text with a capital letter. @param {string} text */
export function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Give a model's name, with which one it is where its name does not say so: "approved (fourfold/3)".
 * @param {string} name
 * @param {string | null | undefined} label
 */
export function named(name, label) {
  return label && label !== name ? `${name} (${label})` : name;
}

/**
 * Give a share as a percentage.
 * @param {number} share
 */
export function percent(share) {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

/**
 * Give a moment in the reader's own time zone.
 * @param {string | number | null | undefined} value ISO 8601, or seconds since 1970
 */
export function moment(value) {
  const date = dateOf(value);
  if (!date) return "–";
  const today = new Date().toDateString() === date.toDateString();
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return today ? `today, ${time}` : `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${time}`;
}

/**
 * @param {string | number | null | undefined} value
 * @returns {Date | null}
 */
export function dateOf(value) {
  if (value === null || value === undefined || value === "") return null;
  const date = new Date(typeof value === "number" ? value * 1000 : value);
  return Number.isNaN(date.getTime()) ? null : date;
}

/**
 * Give how many characters a text has, as the gateway counts them: an emoji is one.
 * @param {string} text
 */
export function characters(text) {
  let pairs = 0;
  for (const _ of text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) pairs += 1;
  return text.length - pairs;
}

/** Give a size as people say it: "4 MB", "250 kB". @param {number} bytes */
export function size(bytes) {
  return bytes >= 1e6 ? `${NUMBER.format(bytes / 1e6)} MB` : `${NUMBER.format(bytes / 1e3)} kB`;
}

/** @param {string} text */
export function words(text) {
  return text.split(/\s+/).filter(Boolean).length;
}

/**
 * Give the tokens of prompts, those of their caches too, which the gateway tells apart.
 * @param {{input_tokens?: number, cache_read_tokens?: number, cache_write_tokens?: number}} usage
 */
export function tokensIn(usage) {
  return (usage.input_tokens ?? 0) + (usage.cache_read_tokens ?? 0) + (usage.cache_write_tokens ?? 0);
}
