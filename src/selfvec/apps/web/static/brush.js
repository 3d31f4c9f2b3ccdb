// Ranges of time: drawn on a histogram, or chosen by their ends.
import { h } from "./dom.js";
import { many, readable } from "./format.js";

/** A range such as 2024Q3 by its first and last month; others as they are. */
const byMonth = (name) =>
  name.replace(/(\d{4})Q([1-4])/g, (_, year, n) =>
    [3 * n - 2, 3 * n].map((month) => `${year}-${String(month).padStart(2, "0")}`).join(".."),
  );

/** The places of the first and last bar of a range. */
function placesOf(name, bars) {
  const ends = byMonth(name).split("..");
  const first = bars.findIndex(({ value }) => value.split("..").at(-1) >= ends[0]),
    last = bars.findLastIndex(({ value }) => value <= `${ends.at(-1)}~`);
  return first >= 0 && last >= first ? [first, last] : [0, bars.length - 1];
}

/**
 * A histogram of bars [{value, count}], with ranges [{name, label, look}] that a person draws on it, the
 * nearest, or chooses by their ends. `changed` gets the names of all ranges.
 */
export function brush(bars, ranges, changed) {
  const places = ranges.map(({ name }) => placesOf(name, bars)),
    highest = Math.max(1, ...bars.map((bar) => bar.count));
  const marks = bars.map(({ value, count: n }) => {
    const height = `${(100 * n) / highest}%`;
    const title = `${readable(value)}: ${many(n, "document")}`;
    return h("span", { title }, h("span", { style: { height } }));
  });
  const within = (i, [a, b]) => Math.min(a, b) <= i && i <= Math.max(a, b);
  const paint = () =>
    marks.forEach((mark, i) => {
      mark.className = ranges.find((_, n) => within(i, places[n]))?.look ?? "";
    });
  const send = () => {
    const ends = places.map((pair) => pair.sort((a, b) => a - b).map((i) => bars[i].value.split("..")));
    changed(ends.map(([[a], last]) => (a === last.at(-1) ? a : `${a}..${last.at(-1)}`)));
  };
  let drawn = null;
  const at = ({ clientX }) => {
    const { left, width } = plot.getBoundingClientRect();
    return Math.max(0, Math.min(bars.length - 1, Math.floor(((clientX - left) / width) * bars.length)));
  };
  const far = (i, pair) => (within(i, pair) ? 0 : Math.min(...pair.map((end) => Math.abs(end - i))));
  const onpointerdown = (event) => {
    const i = at(event);
    drawn = places.reduce((best, pair) => (far(i, pair) < far(i, best) ? pair : best));
    drawn.splice(0, 2, i, i);
    plot.setPointerCapture(event.pointerId);
    paint();
  };
  const onpointermove = (event) => {
    if (drawn) drawn[1] = at(event);
    paint();
  };
  const onpointerup = () => {
    drawn = null;
    send();
  };
  const drawing = { "aria-hidden": "true", onpointerdown, onpointermove, onpointerup };
  const plot = h("div.histogram.brush", drawing, marks);
  const chosen = ({ label, look }, n) =>
    h("p", { class: `range ${look}` }, [
      label,
      ["from", "to"].map((end, k) => {
        const choose = ({ target }) => {
          places[n][k] = Number(target.value);
          send();
        };
        const option = ({ value }, i) =>
          h("option", { value: i, selected: i === places[n][k] }, readable(value));
        return h("select", { "aria-label": `${label}: ${end}`, onchange: choose }, bars.map(option));
      }),
    ]);
  paint();
  return [plot, h("div.ends", ranges.map(chosen))];
}
