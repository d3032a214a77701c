/** Asking before something is done, and saying what became of it. The browser's own dialog keeps the focus. */

import { act } from "./api.js";
import { copyButton } from "./copy.js";
import { button, el, fill } from "./dom.js";
import { note } from "./words.js";

/**
 * Ask, then post an action. `fields` are {name, label, value, kind?, options?}, `body(values)` makes what is sent and
 * `command(values)` the command line that does the same.
 */
export function confirmAction({
  title,
  text,
  action,
  label,
  danger = false,
  fields = [],
  body,
  command,
  done,
}) {
  const inputs = fields.map(input);
  const values = () => Object.fromEntries(inputs.map((each) => [each.name, each.value()]));
  const line = el("div.command");
  const problem = el("p.problem", { role: "alert", hidden: true });
  const showCommand = () => fill(line, el("code", {}, command(values())), copyButton(command(values())));
  const cancel = button("Cancel", () => dialog.close());
  const go = el(`button.${danger ? "danger" : "primary"}`, { type: "submit" }, label);
  const form = el(
    "form",
    {
      on: {
        input: showCommand,
        submit: (event) => {
          event.preventDefault();
          run();
        },
      },
    },
    el("h2", { id: "dialog-title" }, title),
    el("p", {}, text),
    inputs.map((each) => each.element),
    el("p.muted", {}, "The same in a terminal:"),
    line,
    problem,
    el("div.buttons", {}, cancel, go),
  );
  const dialog = show(form, "dialog-title");
  showCommand();
  (inputs[0]?.focus ?? cancel).focus();

  async function run() {
    go.disabled = true;
    problem.hidden = true;
    try {
      await act(action, body(values()));
      dialog.close();
      note(done(values()));
    } catch (error) {
      problem.textContent = `${error.code ?? "error"}: ${error.message}`;
      problem.hidden = false;
    } finally {
      go.disabled = false;
    }
  }
}

/** Show something in a dialog until it is closed; the focus goes back to where it was. */
export function show(content, labelledby) {
  const before = document.activeElement;
  const dialog = el("dialog", { "aria-labelledby": labelledby }, content);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function input({ name, label, value, kind = "text", options = null, ...more }) {
  const control = options
    ? el(
        "select",
        { name },
        options.map(([each, text]) => el("option", { value: each, selected: each === value }, text)),
      )
    : el("input", { name, type: kind, value, autocomplete: "off", ...more });
  return {
    name,
    focus: control,
    value: () => (kind === "number" ? Number(control.value) : control.value),
    element: el("label.field", {}, el("span", {}, label), control),
  };
}
