// Elements are never made from strings of HTML, because words may come from any text.
import { percent, spell } from "./format.js";

export const $ = (id) => document.getElementById(id);

/** An element with its classes: h("a.w.near", {href, onclick, style: {width}}, "text", [others]). */
export function h(tag, ...children) {
  const [name, ...classes] = tag.split("."),
    element = document.createElement(name),
    props = children[0]?.constructor === Object ? children.shift() : {};
  element.classList.add(...classes);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "value") element.value = value;
    else if (name === "style") Object.assign(element.style, value);
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

/**
 * Say in a place, at once, that something is computed; the functions for `ask` say how far, or why it waits.
 * What the place shows already stays until then, if `keep`.
 */
export function waiting(place, what, keep = false) {
  const show = (told, done) =>
    place.replaceChildren(
      h("p.wait", told, done !== undefined && h("progress", { value: done, "aria-label": what })),
    );
  if (!keep) show(`${what} …`);
  return {
    progress: (done, doing, ahead) => {
      const far = ahead ? `${ahead} before it` : `${percent(done)} done`;
      show(`${what}: ${far}${doing ? `, now ${doing}` : ""}.`, done);
    },
    busy: (rule) => show(`${what} waits: ${rule}.`),
  };
}

/** What this browser keeps under a name, which a text replaces; null if nothing, or storage is off. */
export function kept(name, text) {
  try {
    if (text !== undefined) localStorage.setItem(name, text);
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Whether a person prefers that nothing moves. */
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A button that sends no form. */
export const button = (content, onclick, props = {}) =>
  h("button", { type: "button", onclick, ...props }, content);

/** A bar of which a share is filled. */
export const bar = (share) =>
  h("span.bar", h("span", { style: { width: `${Math.round(100 * Math.min(1, Math.max(0, share)))}%` } }));

/** Facts as [name, value, …]. */
export const facts = (pairs) =>
  h("dl.facts", [pairs.map(([name, ...value]) => h("div", h("dt", name), h("dd", value)))]);

/** An element of a drawing. */
export function svg(tag, props, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children.flat());
  return element;
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
