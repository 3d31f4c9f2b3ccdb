// Colours of values, and charts over time: years have their true distance, values a scale, shares their 95 %
// interval.
import { bdi, h, svg } from "./dom.js";
import { many, percent, readable } from "./format.js";
import { grid } from "./table.js";

const LEFT = 46,
  RIGHT = 10,
  TOP = 24, // of which the unit and the largest value take some
  BOTTOM = 22; // room for the figures of the axes
const FEW = 20; // documents of a period, below which its value says little
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200]; // years between two figures
const Z = 1.96; // standard errors of a 95 % interval

const COLOURS =
  "#0072b2 #d55e00 #009e73 #cc79a7 #e69f00 #56b4e9 #8c564b #7b4fb5 #b8a500 #e377c2 #17a2a2 #7f7f7f".split(
    " ",
  );
const RAMP = ["#440154", "#3b528b", "#21918c", "#5ec962", "#e6d228"]; // viridis

/** A colour between two, at a share of the way. */
function between(from, into, at) {
  const parts = (colour) => colour.match(/\w\w/g).map((part) => parseInt(part, 16));
  const other = parts(into);
  const mixed = parts(from).map((part, i) => Math.round(part + (other[i] - part) * at));
  return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** The colour of a value: its place among `most` values; those without an order all differ. */
export function shade(code, most, ordered) {
  if (!ordered) {
    const round = Math.floor(code / COLOURS.length), // half white, then half black
      colour = COLOURS[code % COLOURS.length];
    return round ? between(colour, round % 2 ? "#ffffff" : "#000000", 0.5) : colour;
  }
  const at = most < 2 ? 0 : (code / (most - 1)) * (RAMP.length - 1),
    from = Math.min(Math.floor(at), RAMP.length - 2);
  return between(RAMP[from], RAMP[from + 1], at - from);
}

/** The shares of the `count` of each period among its `documents`, with Wilson's interval. */
export const rates = (periods) =>
  periods.map(({ count: number, documents }) => {
    const n = Math.max(1, documents),
      value = number / n,
      middle = (value + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n),
      half = (Z / (1 + (Z * Z) / n)) * Math.sqrt((value * (1 - value)) / n + (Z / (2 * n)) ** 2);
    return { value, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
  });

/** Which periods have too few documents for their value to say much: open marks. */
function rare(periods) {
  const bound = Math.min(FEW, Math.max(...periods.map(({ documents }) => documents)) / 4);
  return periods.map(({ documents }) => documents < bound);
}

/** Where periods are on the axis, and the figures below it: [place, text]. */
function across(periods, width, most) {
  const dated = periods.every(({ from }) => from !== null);
  const bounds = periods.map(({ from, to }, i) => (dated ? [from, to] : [i, i + 1]));
  const first = bounds[0][0],
    last = Math.max(...bounds.map(([, to]) => to));
  const x = (year) => LEFT + ((year - first) / (last - first)) * (width - LEFT - RIGHT);
  const places = bounds.map(([from, to]) => x((from + to) / 2));
  if (!dated || last - first < 4) {
    const figures = [];
    periods.forEach(({ name }, i) => {
      if (places[i] >= (figures.at(-1)?.[0] ?? -width) + (width - LEFT - RIGHT) / most - 1)
        figures.push([places[i], readable(name)]);
    });
    return { places, bounds, figures, x };
  }
  const step = STEPS.find((years) => (last - first) / years <= most) ?? STEPS.at(-1),
    length = bounds[0][1] - bounds[0][0];
  const figures = [];
  for (let year = Math.ceil(first / step) * step; year < last; year += step)
    figures.push([x(year + (length <= 1 ? length / 2 : 0)), String(year)]);
  return { places, bounds, figures, x };
}

/** Round shares from 0 to a value or a little more. */
function upward(top, most) {
  const raw = top / most,
    power = 10 ** Math.floor(Math.log10(raw)),
    step = power * [1, 2, 2.5, 5, 10].find((n) => n * power >= raw * 0.999);
  return Array.from({ length: Math.ceil(top / step - 1e-9) + 1 }, (_, i) => Math.min(1, i * step));
}

/**
 * A chart {about, periods, series}: shares of the documents, in several series [{name, points: [{value, low,
 * high}]}] over the same periods. They differ in colour and, if they are many, in dashes.
 * A `small` chart is next to others.
 */
function timeline(chart, small = false) {
  const { about, periods, series, border, room = innerWidth - 60 } = chart;
  const width = small ? 320 : Math.max(320, Math.min(1100, room)),
    height = small ? 130 : 260;
  const { places, bounds, figures, x } = across(periods, width, small ? 5 : width / 70),
    open = rare(periods);
  // The bands are inside the axes, too: one that is cut off looks surer than it is. An open mark may not be.
  const values = series.flatMap(({ points }) =>
    points.map(({ value, high }, i) => (open[i] ? 0 : Math.max(value, high ?? 0))),
  );
  const ticks = upward(Math.min(1, Math.max(...values, 1e-9)), small ? 3 : 5),
    floor = height - BOTTOM;
  const y = (value) => floor - (Math.min(value, ticks.at(-1)) / ticks.at(-1)) * (floor - TOP);
  const highest = ({ points }) =>
    points.reduce(
      (best, { value }, i) => (!open[i] && (best < 0 || value > points[best].value) ? i : best),
      -1,
    );
  const said = (one, most = highest(one)) =>
    `${one.name}: at most ${percent(one.points[most].value)}, in ${readable(periods[most].name)}`;
  const peaks = series.length > 1 ? [] : series.map((one) => [one.points, highest(one)]);
  const line = (x1, x2, y1, y2) => svg("line", { x1, x2, y1, y2, class: "grid" });
  const text = (x, y, anchor, content) => svg("text", { x, y, "text-anchor": anchor }, content);
  const apart = bounds.map(
    ([from], i) => i > 0 && (open[i] || open[i - 1] || from - bounds[i - 1][1] > 0.01),
  );
  const label = `${about}. ${series.map((one) => said(one)).join("; ")}`,
    look = { class: "chart lines", role: "img", "aria-label": label };
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, ...look }, [
    ...ticks.flatMap((tick) => [
      line(LEFT, width - RIGHT, y(tick), y(tick)),
      text(LEFT - 6, y(tick) + 4, "end", percent(tick).replace(/\.0(?!\d)/, "")),
    ]),
    ...figures.flatMap(([x, figure]) => [
      line(x, x, floor, floor + 4),
      text(x, height - 5, x > width - 24 ? "end" : "middle", figure),
    ]),
    ...(border > bounds[0][0] && border < bounds.at(-1)[1]
      ? [svg("line", { x1: x(border), x2: x(border), y1: TOP, y2: floor, class: "border" })]
      : []),
    ...series.map((one, i) => drawn(one, i, { ...chart, places, open, apart, y })),
    ...peaks.map(([points, i]) =>
      text(places[i], y(points[i].value) - 6, "middle", percent(points[i].value)),
    ),
    text(0, 12, "start", "of the documents"),
  ]);
}

const dashed = (i) => (i < COLOURS.length / 2 ? "none" : "7 4");

/** A series: the band of its intervals, its line, thin where periods are missing, a mark for each period. */
function drawn({ name, points }, number, { periods, series, places, open, apart, y }) {
  const colour = series.length > 1 ? COLOURS[number % COLOURS.length] : "var(--came)";
  const at = (run, key) => run.map((k) => `${places[k].toFixed(1)},${y(points[k][key]).toFixed(1)}`);
  const line = (run, look) =>
    svg("polyline", { points: at(run, "value").join(" "), stroke: colour, ...look });
  const runs = []; // of periods without a gap, and with enough documents
  points.forEach((_, k) => {
    if (k === 0 || apart[k]) runs.push([k]);
    else runs.at(-1).push(k);
  });
  const band = (run) => [...at(run, "low"), ...at(run, "high").reverse()].join(" ");
  const bands = runs.filter((run) => points[0].low !== undefined && run.length > 1);
  const mark = ({ value, low, high }, k) => {
    const sure = low === undefined ? "" : ` (95 %: ${percent(low)} to ${percent(high)})`,
      documents = many(periods[k].documents, "document"),
      hint = `${name}, ${readable(periods[k].name)}: ${percent(value)}${sure}, ${documents}`;
    const look = open[k]
      ? { r: 3.5, class: "mark open", stroke: colour }
      : { r: 2.5, class: "mark", fill: colour };
    return svg("circle", { cx: places[k], cy: y(value), ...look }, svg("title", {}, hint));
  };
  return svg("g", {}, [
    svg("title", {}, name),
    ...bands.map((run) => svg("polygon", { points: band(run), fill: colour, class: "band" })),
    ...runs.map((run) => line(run, { "stroke-dasharray": dashed(number) })),
    ...runs.slice(1).map(([k]) => line([k - 1, k], { class: "gap" })),
    ...points.map(mark),
  ]);
}

/** The course of a value in a line of text, with a line before the value at ``border``. */
export function spark(values, label, border = 0) {
  const most = Math.max(...values, 1e-9),
    at = values.map((value, i) => `${(i / (values.length - 1)) * 100},${26 - (value / most) * 24}`);
  const x = ((border - 0.5) / (values.length - 1)) * 100;
  return svg("svg", { viewBox: "0 0 100 28", class: "chart spark", role: "img", "aria-label": label }, [
    svg("polygon", { points: ["0,26", ...at, "100,26"].join(" "), class: "band", fill: "var(--came)" }),
    svg("polyline", { points: at.join(" "), stroke: "var(--came)" }),
    ...(border > 0 ? [svg("line", { x1: x, x2: x, y1: 0, y2: 26, class: "border" })] : []),
  ]);
}

/** One series of a chart, small, next to others. */
export const small = (chart, one) =>
  timeline({ ...chart, series: [one], about: `${one.name}: ${chart.about}` }, true);

/** A sentence about a chart, its title; quiet if what it tells is not beyond chance. */
export const finding = (text, moved) => h(moved === 0 ? "span.quiet" : "b", readable(text));

/** A chart with its findings as its title, its legend, and the same figures as a table. */
export function charted(chart) {
  const { findings = [], periods, series } = chart;
  const sign = (i) => {
    const look = { stroke: COLOURS[i % COLOURS.length], "stroke-dasharray": dashed(i) };
    const line = svg("line", { x1: 0, x2: 24, y1: 4, y2: 4, ...look });
    return svg("svg", { viewBox: "0 0 24 8", class: "sign-line", "aria-hidden": "true" }, line);
  };
  const band = series.some(({ points }) => points[0].low !== undefined) && "The band is the 95 % interval",
    open = rare(periods).some(Boolean) && "open marks have few documents and set no scale";
  const rows = periods.map(({ name }, at) => [
    readable(name),
    ...series.map(({ points }) => percent(points[at].value)),
  ]);
  return h("figure.bars", [
    h("figcaption", [
      findings.map(([text, moved]) => h("p", finding(text, moved))),
      h("p.lead", [band, open].filter(Boolean).join("; ")),
    ]),
    timeline(chart),
    series.length > 1 && h("p.legend", [series.map(({ name }, i) => h("span", sign(i), " ", bdi(name)))]),
    h("details", [
      h("summary", "As a table"),
      grid([["period"], ...series.map(({ name }) => [bdi(name), "num"])], rows),
    ]),
  ]);
}
