// The Jupyter server that this page comes from, asked as Jupyter's own pages ask it.

/** A request that the server refused; `message` and `code` are the server's own. */
export class Refused extends Error {
  constructor(message, status, { code, after } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    /** In how many seconds it may be tried again, where the server says so. */
    this.after = after;
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
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

async function refusal(answer) {
  const after = Number(answer.headers.get("retry-after")) || null;
  const text = await answer.text();
  try {
    const { message, code } = JSON.parse(text).error;
    return new Refused(message, answer.status, { code, after });
  } catch {
    return new Refused(`${answer.status} ${answer.statusText}`, answer.status, { after });
  }
}
