// Elements are never made from strings of HTML, because words may come from any text.

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

/** Invisible characters, and those that change the direction of text, as escapes. */
export const clean = (text) => text.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu,
    (c) => `\\u${c.codePointAt(0).toString(16).padStart(4, "0")}`);

/** The same, shortened. */
export function spell(word) {
  const shown = clean(word);
  return shown.length > 48 ? `${shown.slice(0, 47)}…` : shown;
}

/** A word in an element of its own, so that its writing direction does not affect the text around it. */
export const bdi = (word, props = {}) => h("bdi", props, spell(word));

/** The writing direction of a text: that of its first letter. */
export const direction = (text) =>
  /^\P{L}*[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(text) ? "rtl" : "ltr";

/** The name of a slice for readers: 1993..2000 as 1993–2000. */
export const readable = (name) => clean(name).replace("..", "–");

/** The two halves of the time between two days, in years or, within one year, in months: 1972..1998, 1999..2025. */
export function halves([first, last]) {
  const months = first.slice(0, 4) === last.slice(0, 4), year = (day) => Number(day.slice(0, 4));
  const number = (day) => (months ? 12 * year(day) + Number(day.slice(5, 7)) - 1 : year(day));
  const name = (n) => (months ? `${Math.floor(n / 12)}-${String(n % 12 + 1).padStart(2, "0")}` : String(n));
  const [from, to] = [number(first), number(last)], middle = Math.floor((from + to) / 2);
  return [`${name(from)}..${name(middle)}`, `${name(Math.min(middle + 1, to))}..${name(to)}`];
}

export const count = (n) => Number(n).toLocaleString("en");
export const many = (n, noun) => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
export const share = (x) => `${Math.round(x * 100)} %`;

/** Two digits, without the zero before the point; probabilities below .001 as "< .001". */
export function figure(x) {
  if (x === null || x === undefined) return "–";
  return x.toFixed(2).replace(/^(-?)0\./, "$1.");
}
export function probability(x) {
  if (x === null || x === undefined) return "–";
  if (x < 0.001) return "< .001";
  return (x < 0.1 ? x.toFixed(3) : x.toFixed(2)).replace(/^0/, "");
}

/** Words joined as in a sentence. */
export function listed(nodes) {
  return nodes.flatMap((node, i) => (i === 0 ? [node] : [i === nodes.length - 1 ? " and " : ", ", node]));
}

export function say(text) {
  const status = $("status");
  if (status.textContent !== text) status.textContent = text;
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

/** Let a person save rows of a table as a file. */
export function download(name, rows) {
  const cell = (value) => (/[",\r\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  const url = URL.createObjectURL(new Blob([rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("")], { type: "text/csv" }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
