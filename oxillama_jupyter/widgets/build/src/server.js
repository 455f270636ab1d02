// The Jupyter server that this page comes from, asked as Jupyter's own pages ask it.

/** A request that the server refused; `message` is the server's own. */
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** What the page knows of its server; null on pages that no Jupyter server has made. */
export function config() {
  const node = document.getElementById("jupyter-config-data");
  return node ? JSON.parse(node.textContent) : null;
}

/** Send a request; `path` is relative to the server's base URL. */
export async function ask(path, options = {}) {
  const known = config();
  if (!known) throw new Refused("This page is not its kernel's.", 0);
  const { baseUrl, token } = known;
  const xsrf = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1];
  const headers = { ...(xsrf && { "X-XSRFToken": xsrf }), ...(token && { Authorization: `token ${token}` }) };
  const answer = await fetch(baseUrl + path, { ...options, credentials: "same-origin", headers });
  if (!answer.ok) throw new Refused(await reason(answer), answer.status);
  return answer;
}

async function reason(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text).error.message;
  } catch {
    return `${answer.status} ${answer.statusText}`;
  }
}
