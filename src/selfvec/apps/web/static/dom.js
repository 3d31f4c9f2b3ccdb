// Elements are never made from strings of HTML, because words may come from any text.
import { spell } from "./format.js";

export const $ = (id) => document.getElementById(id);

/** An element: h("a", {href, class, onclick, "aria-label"}, "text", [others]). */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** A word in an element of its own, so that its writing direction does not affect the text around it. */
export const bdi = (word, props = {}) => h("bdi", props, spell(word));

/** Words joined as in a sentence. */
export const listed = (nodes) =>
  nodes.flatMap((node, i) => (i === 0 ? [node] : [i === nodes.length - 1 ? " and " : ", ", node]));

/** Tell a text to people who hear the page. */
export function say(text) {
  const status = $("status");
  if (status.textContent !== text) status.textContent = text;
}

/** Whether a person prefers that nothing moves. */
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A select and its label; entries are [value, text]. */
export function choice(label, entries, chosen) {
  const field = h(
    "select",
    { onchange: () => chosen(field.value) },
    entries.map(([value, text]) => h("option", { value }, text)),
  );
  return [field, h("label", {}, label, field)];
}

/** The button below a list that shows `step` more of its rows. */
export const moreOf = (list, step, what, hidden = true) =>
  h(
    "button",
    {
      type: "button",
      class: "more",
      hidden,
      onclick: () => {
        list.shown += step;
        list.update();
      },
    },
    `More ${what}`,
  );

/** A field for a number and its label. Numbers that are not valid are not sent. */
export function number(label, props, typed) {
  const field = h("input", {
    type: "number",
    step: 1,
    placeholder: "any",
    ...props,
    oninput: () => {
      if (field.reportValidity()) typed(field.value);
    },
  });
  return [field, h("label", {}, label, field)];
}

/** Show values in fields, except in the one that a person types in. */
export function fill(fields) {
  for (const [field, value] of fields) if (document.activeElement !== field) field.value = value;
}

/** Calls ``act`` shortly after the last change, with the changes of all fields; at once for 0 ms. */
export function debounced(wait, act) {
  let timer = 0,
    changes = {};
  const send = () => {
    const all = changes;
    changes = {};
    act(all);
  };
  return (more, delay = wait) => {
    Object.assign(changes, more);
    clearTimeout(timer);
    if (delay) timer = setTimeout(send, delay);
    else send();
  };
}

/** Let a person save rows as a file. An apostrophe keeps a spreadsheet from reading a text as a formula. */
export function download(name, rows) {
  const cell = (value) =>
    `"${String(value)
      .replace(/^[=+\-@\t\r\n]/, "'$&")
      .replaceAll('"', '""')}"`;
  const url = URL.createObjectURL(
    new Blob([rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("")], { type: "text/csv" }),
  );
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
