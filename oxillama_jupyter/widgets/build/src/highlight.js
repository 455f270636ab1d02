// Code as pieces with colours: a tree of scopes and texts, from which elements are made.

import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import julia from "highlight.js/lib/languages/julia";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

const LANGUAGES = {
  bash, c, cpp, css, java, javascript, json, julia, markdown, python, r, rust, sql, typescript, xml, yaml,
}; // prettier-ignore
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

const MOST = 20_000; // characters; more of them would hold the page up
const SCOPE = /^[a-z_-]+/;

/** Fill an element with code; in colours, if the language is known and there is not too much. */
export function fill(element, code, language) {
  if (code.length > MOST || !hljs.getLanguage(language)) {
    element.textContent = code;
    return;
  }
  const found = hljs.highlight(code, { language, ignoreIllegals: true });
  element.replaceChildren(...found._emitter.rootNode.children.map(made));
}

function made(piece) {
  if (typeof piece === "string") return document.createTextNode(piece);
  const span = document.createElement("span");
  const scope = SCOPE.exec(piece.scope ?? "")?.[0];
  if (scope) span.className = `oxillama-hl-${scope}`;
  span.append(...piece.children.map(made));
  return span;
}
