// Charts over time, with the same figures as a table.
import { COLOURS } from "./colours.js";
import { bdi, h } from "./dom.js";
import { count, readable } from "./format.js";

const WIDTH = 640, HEIGHT = 120, ROOM = 18; // of the chart, and for the names below

function svg(tag, props, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Bars for [name, value, text for the pointer]; ``about`` describes them. */
export function bars(entries, about, show = count) {
  const top = Math.max(...entries.map(([, value]) => value), 1e-9), step = WIDTH / entries.length;
  const highest = entries.find(([, value]) => value === top) ?? entries[0], last = entries.at(-1);
  const named = new Set([0, entries.length - 1, ...(entries.length > 8 ? [0.25, 0.5, 0.75].map((x) => Math.round(x * (entries.length - 1))) : entries.keys())]);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT + ROOM}`, class: "chart", role: "img",
    "aria-label": `${about}: most in ${readable(highest[0])} (${show(highest[1])}); ${show(entries[0][1])} in ${readable(entries[0][0])}, ${show(last[1])} in ${readable(last[0])}` });
  entries.forEach(([name, value, told], i) => {
    const height = Math.max(value > 0 ? 2 : 0, value / top * HEIGHT), middle = (i + 0.5) * step;
    const hint = svg("title", {}, `${readable(name)}: ${told ?? show(value)}`);
    picture.append(svg("g", {}, hint, svg("rect", { x: i * step, y: 0, width: step, height: HEIGHT, class: "behind" }),
      svg("rect", { x: i * step + Math.min(2, step / 8), y: HEIGHT - height, width: Math.max(1, step - Math.min(4, step / 4)), height, class: "value" })));
    const anchor = i === 0 && entries.length > 8 ? "start" : i === entries.length - 1 && entries.length > 8 ? "end" : "middle";
    if (named.has(i)) picture.append(svg("text", { x: anchor === "start" ? 0 : anchor === "end" ? WIDTH : middle, y: HEIGHT + ROOM - 4, "text-anchor": anchor }, readable(name)));
  });
  return h("figure", { class: "bars" }, h("figcaption", { class: "lead" }, `${about}; the highest bar is ${show(top)}`), picture,
    h("details", {}, h("summary", {}, "As a table"), h("div", { class: "wide" }, h("table", {}, h("tbody", {}, entries.map(([name, value, told]) =>
      h("tr", {}, h("th", { scope: "row" }, readable(name)), h("td", { class: "num" }, told ?? show(value)))))))));
}

/**
 * Lines of several series, [{name, values}], over the same periods. They differ in colour and, if there are
 * many, in dashes.
 */
export function lines(periods, series, about, show) {
  const top = Math.max(...series.flatMap(({ values }) => values), 1e-9), tall = 2 * HEIGHT, step = WIDTH / Math.max(1, periods.length - 1);
  const highest = ({ name, values }) => { const most = Math.max(...values); return `${name}: at most ${show(most)}, in ${readable(periods[values.indexOf(most)])}`; };
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${tall + ROOM}`, class: "chart lines", role: "img", "aria-label": `${about}. ${series.map(highest).join("; ")}` });
  const dashes = (i) => (i < COLOURS.length / 2 ? "none" : "7 4");
  series.forEach(({ name, values }, i) => {
    const places = values.map((value, at) => [at * step, tall - value / top * (tall - 4)]);
    const hint = svg("title", {}, name);
    picture.append(svg("g", {}, hint, svg("polyline", { points: places.map((place) => place.map((x) => x.toFixed(1)).join()).join(" "), stroke: COLOURS[i % COLOURS.length], "stroke-dasharray": dashes(i) }),
      ...(places.length > 60 ? [] : places.map(([x, y], at) => svg("circle", { cx: x, cy: y, r: 3, fill: COLOURS[i % COLOURS.length] }, svg("title", {}, `${name}, ${readable(periods[at])}: ${show(values[at])}`))))));
  });
  const named = [0, 0.25, 0.5, 0.75, 1].map((x) => Math.round(x * (periods.length - 1)));
  for (const at of new Set(named)) {
    picture.append(svg("text", { x: at * step, y: tall + ROOM - 4, "text-anchor": at === 0 ? "start" : at === periods.length - 1 ? "end" : "middle" }, readable(periods[at])));
  }
  const sign = (i) => svg("svg", { viewBox: "0 0 24 8", class: "sign-line", "aria-hidden": "true" }, svg("line", { x1: 0, x2: 24, y1: 4, y2: 4, stroke: COLOURS[i % COLOURS.length], "stroke-dasharray": dashes(i) }));
  return h("figure", { class: "bars" }, h("figcaption", { class: "lead" }, `${about}; the top of the chart is ${show(top)}`), picture,
    h("p", { class: "legend" }, series.map(({ name }, i) => h("span", {}, sign(i), " ", bdi(name)))),
    h("details", {}, h("summary", {}, "As a table"), h("div", { class: "wide" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "period"), series.map(({ name }) => h("th", { scope: "col", class: "num" }, bdi(name))))),
      h("tbody", {}, periods.map((period, at) => h("tr", {}, h("th", { scope: "row" }, readable(period)), series.map(({ values }) => h("td", { class: "num" }, show(values[at]))))))))));
}
