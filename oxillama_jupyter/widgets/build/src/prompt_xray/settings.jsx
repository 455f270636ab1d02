// How a run chose its tokens, as far as it differs from nothing.

import { visible } from "../ui.jsx";

const ELSEWHERE = new Set([
  ..."id object created_at thread_id assistant_id status required_action last_error expires_at".split(" "),
  ..."started_at cancelled_at failed_at completed_at incomplete_details model instructions tools".split(" "),
  ..."tool_resources metadata usage dropped_message_ids timings additional_messages stream".split(" "),
]);

export function Settings({ given }) {
  const rows = Object.entries(given).filter(([name, value]) => !ELSEWHERE.has(name) && value !== null);
  if (!rows.length) return null;
  return (
    <details class="ox-settings">
      <summary>Settings</summary>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{visible(name)}</dt>
            <dd>{visible(typeof value === "string" ? value : JSON.stringify(value))}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
