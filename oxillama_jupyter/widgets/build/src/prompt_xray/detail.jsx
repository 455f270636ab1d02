// What there is to know of one token.

import { visible } from "../ui.jsx";
import { bytesOf, lineOf } from "./marks.js";

export function Detail({ prompt, index, aloud }) {
  const token = prompt.tokens[index];
  return (
    <div class="ox-detail" role="status" aria-live={aloud ? "polite" : "off"}>
      {token ? <Known prompt={prompt} index={index} token={token} /> : (
        <span class="oxillama-quiet">Point at a token, or go through them with the arrow keys.</span>
      )}
    </div>
  );
}

function Known({ prompt, index, token }) {
  const { count, shown } = bytesOf(token);
  return (
    <>
      <code class="ox-this">{lineOf(token)}</code>
      <span>token {(index + 1).toLocaleString()}</span>
      <span>id {token.id}</span>
      <span>
        {count} {count === 1 ? "byte" : "bytes"} <code>{shown}</code>
      </span>
      {token.bytes && <span>part of {lineOf({ text: prompt.characterOf(index) ?? "" })}</span>}
      {token.special && <span>special</span>}
      {cacheOf(prompt.about, index)}
      <span class="ox-place">{placeOf(prompt, index)}</span>
    </>
  );
}

function placeOf(prompt, index) {
  const message = prompt.messageAt(index);
  if (!message) return "of the template";
  return (
    <>
      in {message.role} message {message.place + 1}: <bdi class="oxillama-quiet">{visible(message.preview)}</bdi>
    </>
  );
}

function cacheOf({ cached_tokens: cached }, index) {
  return cached === null ? null : <span>{index < cached ? "cached" : "new"}</span>;
}
