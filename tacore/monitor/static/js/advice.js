/** What to do about a reason for which the service is not well; docs/troubleshooting.md is the longer form. */

const ADVICE = [
  [/^workers: no worker is registered/, "Nothing can be served. Start workers:", "tacore worker spawn"],
  [
    /^workers: given up/,
    "They died too often. Their log says why; then start them anew:",
    "tail -n 50 logs/worker.log",
  ],
  [
    /^workers: \d+ of \d+/,
    "Missing workers are being started again; if it stays so, see which and why:",
    "tacore worker ls",
  ],
  [
    /^stores: .*pool agents:/,
    "No agent job runs or can be seen until a manager runs:",
    "tacore worker spawn --pool agents",
  ],
  [/^stores: /, "No order can be placed until an executor runs:", "tacore worker spawn --pool orders"],
  [
    /^broker: draining/,
    "It finishes what it has and takes nothing new. To take requests again, restart it:",
    "tacore down && tacore up",
  ],
  [
    /^cache: .*Redis/,
    "Requests are served all the same, each worker with a cache of its own. See whether Redis runs:",
    "redis-cli ping",
  ],
  [/^cache: /, "Requests are served all the same. What is kept, and where:", "tacore cache stats"],
  [/^journal: there is no journal/, "It is made when the service first runs:", "tacore up"],
  [
    /^journal: /,
    "Requests are served; their record is behind or incomplete. Look at its writer:",
    "tacore broker status --detailed",
  ],
  [/^disk: /, "Make room where the home is:", "df -h ."],
  [/^(features|market|refresher)/, "Scans may rest on older tables:", "tacore broker status --detailed"],
  [
    /^no answer/,
    "Something is there and stays silent. See what runs; `tacore down --now` ends it:",
    "tacore ps",
  ],
  [/^no broker/, "Start the service, or see what runs:", "tacore up"],
];

/** Give {text, command} for a reason. */
export function adviceOn(reason) {
  const found = ADVICE.find(([pattern]) => pattern.test(reason));
  const [, text, command] = found ?? [null, "Each part's own report:", "tacore broker status --detailed"];
  return { text, command };
}
