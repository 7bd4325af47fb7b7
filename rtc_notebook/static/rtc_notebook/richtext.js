// Plain text as elements: links and code. Text stays text; nothing of it is ever read as markup.

import { h } from "./dom.js";

const CODE = /```(?:[\w+-]*\n)?([^]*?)```|`([^`\n]+)`/g;
const LINK = /https?:\/\/[^\s<>"'`]+/g;

/**
 * @typedef {{ kind: "text" | "code" | "block" | "link", text: string }} Piece
 */

/** What a line of the chat consists of. @param {string} text @returns {Piece[]} */
export function pieces(text) {
  /** @type {Piece[]} */
  const found = [];
  let end = 0;
  for (const match of text.matchAll(CODE)) {
    found.push(...links(text.slice(end, match.index)));
    const block = match[1] !== undefined;
    found.push({ kind: block ? "block" : "code", text: (block ? match[1] : match[2]).replace(/\n$/, "") });
    end = match.index + match[0].length;
  }
  return [...found, ...links(text.slice(end))].filter((piece) => piece.text);
}

/** @param {string} text @returns {Piece[]} */
function links(text) {
  /** @type {Piece[]} */
  const found = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const url = match[0].replace(/[).,;:!?\]]+$/, "");
    if (!URL.canParse(url)) continue;
    found.push({ kind: "text", text: text.slice(end, match.index) }, { kind: "link", text: url });
    end = match.index + url.length;
  }
  return [...found, { kind: "text", text: text.slice(end) }];
}

/** @param {string} text @returns {Node[]} */
export function rich(text) {
  return pieces(text).map(({ kind, text }) => {
    if (kind === "link") return h("a", { href: text, target: "_blank", rel: "noopener noreferrer" }, text);
    if (kind === "block") return h("pre", { class: "rtc-chat-block", tabindex: "0" }, h("code", {}, text));
    return kind === "code" ? h("code", {}, text) : document.createTextNode(text);
  });
}
