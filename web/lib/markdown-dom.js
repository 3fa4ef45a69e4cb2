/** Shows Markdown as DOM nodes: known elements and text nodes, nothing that came as markup. */

import { fill, h } from "./dom.js";
import { parse } from "./markdown.js";

/** @typedef {import("./markdown.js").Block} Block */
/** @typedef {import("./markdown.js").Inline} Inline */

/**
 * Keep an element showing a text that grows. Blocks that have not changed stay as they are, and with them what a
 * reader has selected there.
 * @param {HTMLElement} element
 */
export function markdownInto(element) {
  /** @type {string[]} */
  let shown = [];
  element.classList.add("prose");
  return {
    /** @param {string} text */
    show(text) {
      const blocks = parse(text);
      let same = 0;
      while (same < blocks.length && same < shown.length && blocks[same].raw === shown[same]) same += 1;
      while (element.childNodes.length > same) element.lastChild?.remove();
      element.append(...blocks.slice(same).map(({ block }) => blockNode(block)));
      shown = blocks.map(({ raw }) => raw);
    },
  };
}

/** @param {Block} block @returns {HTMLElement} */
function blockNode(block) {
  switch (block.type) {
    case "heading":
      // An answer stands below the page's own two levels.
      return h(/** @type {"h3"} */ (`h${Math.min(block.level + 2, 6)}`), {}, inlineNodes(block.children));
    case "code":
      return h(
        "pre",
        { tabindex: "0", "aria-label": block.language ? `Code, ${block.language}` : "Code", role: "group" },
        h("code", {}, block.text),
      );
    case "rule":
      return h("hr");
    case "quote":
      return h("blockquote", {}, block.children.map(blockNode));
    case "list":
      return listNode(block);
    case "table":
      return tableNode(block);
    default:
      return h("p", {}, inlineNodes(block.children));
  }
}

/** @param {Extract<Block, {type: "list"}>} list */
function listNode({ start, items }) {
  const children = items.map((item) => h("li", {}, itemNodes(item)));
  return start === null ? h("ul", {}, children) : h("ol", { start: start === 1 ? null : start }, children);
}

/**
 * An item's first paragraph is shown without the distance that paragraphs keep.
 * @param {Block[]} item
 */
function itemNodes(item) {
  return item.map((block, index) =>
    index === 0 && block.type === "paragraph" ? inlineNodes(block.children) : blockNode(block),
  );
}

/** @param {Extract<Block, {type: "table"}>} table */
function tableNode({ head, rows, align }) {
  /** @param {"th" | "td"} name @param {Inline[]} cell @param {number} column */
  const cellNode = (name, cell, column) =>
    h(
      name,
      { class: align[column] ? `to-${align[column]}` : null, scope: name === "th" ? "col" : null },
      inlineNodes(cell),
    );
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((cell, column) => cellNode("th", cell, column)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            row.map((cell, column) => cellNode("td", cell, column)),
          ),
        ),
      ),
    ),
  );
}

/** @param {Inline[]} nodes @returns {Node[]} */
function inlineNodes(nodes) {
  return nodes.map((node) => {
    switch (node.type) {
      case "text":
        return document.createTextNode(node.text);
      case "break":
        return h("br");
      case "code":
        return h("code", {}, node.text);
      case "link":
        return h(
          "a",
          { href: node.href, target: "_blank", rel: "noopener noreferrer nofollow" },
          inlineNodes(node.children),
        );
      default:
        return h(node.type === "del" ? "s" : node.type, {}, inlineNodes(node.children));
    }
  });
}
