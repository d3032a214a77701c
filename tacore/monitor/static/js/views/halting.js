/** Halting trading and resuming it. */

import { confirmAction } from "../dialog.js";
import { latest } from "../frame.js";

/** Ask, then halt trading or have only what reduces taken. */
export function halt() {
  const ways = [
    ["halted", "take none"],
    ["reducing", "take what makes a position smaller"],
  ];
  confirmAction({
    title: "Halt trading?",
    text: "No order is taken until trading is resumed. What is open stays open; cancelling always works.",
    action: "halt",
    label: "Halt trading",
    danger: true,
    fields: [
      { name: "how", label: "How", value: "halted", options: ways },
      { name: "reason", label: "Reason", value: "", maxlength: "500", required: true },
    ],
    body: ({ how, reason }) => ({ reason, reducing: how === "reducing" }),
    command: ({ how, reason }) => `tacore halt${how === "reducing" ? " --reducing" : ""}${because(reason)}`,
    done: ({ how }) => (how === "reducing" ? "only reducing orders are taken" : "trading is halted"),
  });
}

/** Ask, then resume it. */
export function resume() {
  confirmAction({
    title: "Resume trading?",
    text: `Orders are taken again. It was stopped for: ${latest()?.trading.reason || "no reason given"}`,
    action: "resume",
    label: "Resume trading",
    fields: [{ name: "reason", label: "Reason", value: "", maxlength: "500" }],
    body: ({ reason }) => ({ reason }),
    command: ({ reason }) => `tacore resume${because(reason)}`,
    done: () => "trading is resumed",
  });
}

function because(reason) {
  return reason ? ` --reason '${reason.replaceAll("'", `'"'"'`)}'` : "";
}
