// Markdown as elements. No HTML is written or read: what markdown-it has parsed becomes elements
// from a list, their text is text, and links lead to the web or to mail, or are none.

import MarkdownIt from "markdown-it";
import { codeBlock } from "./code.js";
import code from "./code.css";
import highlight from "./highlight.css";
import { addStyles } from "./styles.js";

const ELEMENTS = new Set(
  "p h1 h2 h3 h4 h5 h6 blockquote ul ol li table thead tbody tr th td strong em s".split(" "),
);
const LINK = /^(?:https?:\/\/|mailto:)/i;
// A page is quick with so much Markdown; more of it, or longer lines, are shown as plain text.
const MOST = 100_000;
const LONG_LINE = /[^\n]{10000}/;

const parser = new MarkdownIt({ html: false, linkify: false });
parser.validateLink = (address) => LINK.test(address);

/** Show Markdown in an element, and change only the blocks that have changed. */
export function renderer(parent) {
  addStyles(parent.ownerDocument, "code", code);
  addStyles(parent.ownerDocument, "highlight", highlight);
  let shown = [];
  let plain = null;

  function showPlain(text) {
    if (plain === null) {
      parent.replaceChildren();
      plain = parent.appendChild(document.createElement("div"));
      plain.className = "oxillama-plain";
      shown = [];
    }
    plain.textContent = text.length > MOST ? `…${text.slice(-MOST)}` : text;
  }

  return (text) => {
    if (text.length > MOST || LONG_LINE.test(text)) return showPlain(text);
    plain?.remove();
    plain = null;
    const found = blocks(text);
    let same = 0;
    while (same < shown.length && same < found.length && shown[same].key === found[same].key) same++;
    const grown = grow(shown[same], found[same]);
    for (const block of shown.splice(same + grown)) block.node.remove();
    same += grown;
    for (const block of found.slice(same)) {
      block.code = codeOf(block);
      const piece = document.createDocumentFragment();
      if (!block.code) build(piece, block.tokens);
      block.node = block.code?.node ?? piece.firstElementChild ?? document.createElement("p");
      parent.append(block.node);
      shown.push(block);
    }
  };
}

/** A block of code as one that can grow; what a person is about to press stays where it is. */
function codeOf({ tokens: [token] }) {
  return token.type === "fence" || token.type === "code_block" ? codeBlock(token.content, token.info) : null;
}

/** Let a block of code become its newer self; whether that was possible: 1 or 0. */
function grow(old, newer) {
  const [was, is] = [old?.tokens[0], newer?.tokens[0]];
  if (!old?.code || was.type !== is?.type || was.info !== is.info) return 0;
  old.code.update(is.content);
  Object.assign(old, { key: newer.key, tokens: newer.tokens });
  return 1;
}

/** The outermost blocks, each with what it is made from. */
function blocks(text) {
  const lines = text.split("\n");
  const found = [];
  let tokens = [];
  let depth = 0;
  for (const token of parser.parse(text, {})) {
    tokens.push(token);
    depth += token.nesting;
    if (depth) continue;
    const [from, to] = tokens[0].map ?? [0, lines.length];
    found.push({ key: `${tokens[0].type} ${lines.slice(from, to).join("\n")}`, tokens });
    tokens = [];
  }
  return found;
}

/** Append what the tokens stand for. */
function build(root, tokens) {
  const open = [root];
  for (const token of tokens) {
    const parent = open.at(-1);
    if (token.type === "inline") build(parent, token.children);
    else if (token.nesting === 1) open.push(token.hidden ? parent : parent.appendChild(element(token)));
    else if (token.nesting === -1) open.pop();
    else parent.append(leaf(token));
  }
}

function element(token) {
  if (token.type === "link_open") return link(token.attrGet("href"));
  const made = document.createElement(ELEMENTS.has(token.tag) ? token.tag : "span");
  if (token.tag === "ol" && token.attrGet("start") !== null) made.start = Number(token.attrGet("start"));
  const align = /^text-align:(left|right|center)$/.exec(token.attrGet("style") ?? "");
  if (align) made.style.textAlign = align[1];
  return made;
}

function leaf(token) {
  switch (token.type) {
    case "softbreak":
      return "\n";
    case "hardbreak":
      return document.createElement("br");
    case "hr":
      return document.createElement("hr");
    case "code_inline":
      return withText("code", token.content);
    case "code_block":
    case "fence":
      return codeBlock(token.content, token.info).node;
    case "image": {
      // An image would be fetched from wherever the model says.
      const made = link(token.attrGet("src"));
      made.textContent = `[image: ${token.content || token.attrGet("src")}]`;
      return made;
    }
    default:
      return token.content;
  }
}

function withText(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function link(address) {
  if (!LINK.test(address)) return document.createElement("span");
  const made = document.createElement("a");
  made.href = address;
  made.target = "_blank";
  made.rel = "noopener noreferrer nofollow";
  return made;
}
