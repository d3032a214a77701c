/** Cancelling an agent job and taking one up again. */

import { confirmAction } from "../dialog.js";
import { mayAct, whyNot } from "../frame.js";
import { AGAIN, ENDED } from "./job_columns.js";

/** Give what can be done about a job now. */
export function jobActions(job) {
  const given = { disabled: !mayAct(), title: whyNot() };
  const found = [];
  if (!ENDED.has(job.state))
    found.push({ label: "Cancel", about: `Cancel job ${job.job_id}`, run: cancel, ...given });
  if (AGAIN.has(job.state))
    found.push({ label: "Retry", about: `Retry job ${job.job_id}`, run: retry, ...given });
  return found;
}

function cancel(job) {
  confirmAction({
    title: `Cancel ${job.job_id}?`,
    text: `${what(job)} ends at once, without a decision. What it used so far is paid for; retrying goes on after its last finished node.`,
    action: "cancel-job",
    label: "Cancel the job",
    danger: true,
    body: () => ({ job_id: job.job_id }),
    command: () => job.commands.cancel,
    done: () => `${job.job_id} is cancelled`,
  });
}

function retry(job) {
  confirmAction({
    title: `Retry ${job.job_id}?`,
    text: `${what(job)} goes on after its last finished node, within the same limits. It costs what its models cost.`,
    action: "retry-job",
    label: "Retry the job",
    body: () => ({ job_id: job.job_id }),
    command: () => job.commands.retry,
    done: () => `${job.job_id} is queued again`,
  });
}

function what(job) {
  return `${job.engine} on ${job.symbol} as of ${job.date} (${job.state})`;
}
