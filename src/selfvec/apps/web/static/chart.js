// Charts of bars over time, with the same figures as a table.
import { count, h, said } from "./dom.js";

const WIDTH = 640, HEIGHT = 120, ROOM = 18; // of the chart, and for the names below

function svg(tag, props, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Bars for [name, value, what a pointer is told]; ``about`` says what they show. */
export function bars(entries, about, show = count) {
  const top = Math.max(...entries.map(([, value]) => value), 1e-9), step = WIDTH / entries.length;
  const highest = entries.find(([, value]) => value === top) ?? entries[0], last = entries.at(-1);
  const named = new Set([0, entries.length - 1, ...(entries.length > 8 ? [0.25, 0.5, 0.75].map((x) => Math.round(x * (entries.length - 1))) : entries.keys())]);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT + ROOM}`, class: "chart", role: "img",
    "aria-label": `${about}: most in ${said(highest[0])} (${show(highest[1])}); ${show(entries[0][1])} in ${said(entries[0][0])}, ${show(last[1])} in ${said(last[0])}` });
  entries.forEach(([name, value, told], i) => {
    const height = Math.max(value > 0 ? 2 : 0, value / top * HEIGHT), middle = (i + 0.5) * step;
    const hint = svg("title", {}, `${said(name)}: ${told ?? show(value)}`);
    picture.append(svg("g", {}, hint, svg("rect", { x: i * step, y: 0, width: step, height: HEIGHT, class: "behind" }),
      svg("rect", { x: i * step + Math.min(2, step / 8), y: HEIGHT - height, width: Math.max(1, step - Math.min(4, step / 4)), height, class: "value" })));
    const anchor = i === 0 && entries.length > 8 ? "start" : i === entries.length - 1 && entries.length > 8 ? "end" : "middle";
    if (named.has(i)) picture.append(svg("text", { x: anchor === "start" ? 0 : anchor === "end" ? WIDTH : middle, y: HEIGHT + ROOM - 4, "text-anchor": anchor }, said(name)));
  });
  return h("figure", { class: "bars" }, h("figcaption", { class: "lead" }, `${about}; the highest bar is ${show(top)}`), picture,
    h("details", {}, h("summary", {}, "As a table"), h("div", { class: "wide" }, h("table", {}, h("tbody", {}, entries.map(([name, value, told]) =>
      h("tr", {}, h("th", { scope: "row" }, said(name)), h("td", { class: "num" }, told ?? show(value)))))))));
}
