/** Building the page. Whatever is not an element becomes text: nothing is ever parsed as HTML. */

/** Make an element: `el("td.num", {title}, "12", el("b", {}, "x"))`; `on` has its listeners. */
export function el(what, given = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(given)) {
    if (name === "on") for (const [event, run] of Object.entries(value)) made.addEventListener(event, run);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter((each) => each != null && each !== false));
  return made;
}

/** Replace what is in an element. */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.flat(Infinity).filter((each) => each != null && each !== false));
  return parent;
}

/** Set an element's text, if it is another one: what does not change keeps its selection. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Make a button. */
export function button(label, run, given = {}) {
  return el(
    `button${given.class ? `.${given.class}` : ""}`,
    { type: "button", ...without(given, "class"), on: { click: run } },
    label,
  );
}

/** Make a labelled choice; `options` are [value, label]. */
export function choice(label, options, value, changed, given = {}) {
  const made = el("select", { ...given, on: { change: () => changed(made.value) } });
  for (const [each, text] of options)
    made.append(el("option", { value: each, selected: each === value }, text));
  return el("label.field", {}, el("span", {}, label), made);
}

/** Make a group of which one is chosen. */
export function switcher(label, options, value, changed) {
  const group = el("div.switcher", { role: "group", "aria-label": label });
  const show = (chosen) => {
    for (const each of group.children)
      each.setAttribute("aria-pressed", String(each.dataset.value === chosen));
  };
  for (const [each, text] of options) {
    group.append(
      el(
        "button",
        {
          type: "button",
          "data-value": each,
          on: {
            click: () => {
              show(each);
              changed(each);
            },
          },
        },
        text,
      ),
    );
  }
  show(value);
  return group;
}

function without(given, name) {
  const { [name]: _left, ...rest } = given;
  return rest;
}
