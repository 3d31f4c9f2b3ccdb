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
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A word in an element of its own, so that its writing direction does not affect the text around it. */
export const bdi = (word, props = {}) => h("bdi", props, spell(word));

/** Words joined as in a sentence. */
export function listed(nodes) {
  return nodes.flatMap((node, i) => (i === 0 ? [node] : [i === nodes.length - 1 ? " and " : ", ", node]));
}

/** Tell a text to people who hear the page. */
export function say(text) {
  const status = $("status");
  if (status.textContent !== text) status.textContent = text;
}

/** Whether a person prefers that nothing moves. */
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
