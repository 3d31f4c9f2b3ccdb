// Fields of forms. A field sends its value when it changes; typed values are sent shortly after the last change.
import { h } from "./dom.js";

/** A select and its label; entries are [value, text]. */
export function choice(label, entries, chosen) {
  const field = h("select", { onchange: () => chosen(field.value) }, entries.map(([value, text]) => h("option", { value }, text)));
  return [field, h("label", {}, label, field)];
}

/** A field for a number and its label. Numbers that are not valid are not sent. */
export function number(label, props, typed) {
  const field = h("input", { type: "number", step: 1, placeholder: "any", ...props, oninput: () => { if (field.reportValidity()) typed(field.value); } });
  return [field, h("label", {}, label, field)];
}

/** Show values in fields, except in the one that a person types in. */
export function fill(fields) {
  for (const [field, value] of fields) if (document.activeElement !== field) field.value = value;
}

/** Calls ``act`` shortly after the last change, with the changes of all fields; at once for 0 ms. */
export function debounced(wait, act) {
  let timer = 0, changes = {};
  const send = () => { const all = changes; changes = {}; act(all); };
  return (more, delay = wait) => {
    Object.assign(changes, more);
    clearTimeout(timer);
    if (delay) timer = setTimeout(send, delay); else send();
  };
}
