// Colours of values, and charts over time: years have their true distance, values a scale, shares their 95 %
// interval.
import { bdi, h } from "./dom.js";
import { many, readable } from "./format.js";

const LEFT = 46,
  RIGHT = 10,
  TOP = 10,
  BOTTOM = 22; // room for the figures of the axes
const FEW = 20; // documents of a period, below which its value says little
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200]; // years between two figures
const Z = 1.96; // standard errors of a 95 % interval

const COLOURS = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#8c564b",
  "#7b4fb5",
  "#b8a500",
  "#e377c2",
  "#17a2a2",
  "#7f7f7f",
];
const RAMP = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [230, 210, 40],
]; // viridis

/** A colour that differs from those of earlier rounds: half white, then half black. */
function mixed(colour, round) {
  if (!round) return colour;
  const other = round % 2 ? 255 : 0;
  return `#${colour
    .match(/\w\w/g)
    .map((part) =>
      Math.round((parseInt(part, 16) + other) / 2)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

/** The colour of a value: its place among ``many`` values. */
export function shade(code, many, ordered) {
  if (!ordered) return mixed(COLOURS[code % COLOURS.length], Math.floor(code / COLOURS.length));
  const at = many < 2 ? 0 : (code / (many - 1)) * (RAMP.length - 1),
    from = Math.min(Math.floor(at), RAMP.length - 2);
  return `#${RAMP[from]
    .map((low, i) =>
      Math.round(low + (RAMP[from + 1][i] - low) * (at - from))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

export function svg(tag, props, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Shares of counts among totals, each over the periods around it, in units of 1 / `unit`, with Wilson's
 * interval.
 * `spread` says how much less certain they are than counts of single draws.
 */
export function rates(counts, totals, { wide = 1, spread = 1, unit = 1 } = {}) {
  const sum = (list, i) =>
    list.slice(Math.max(0, i - (wide - 1) / 2), i + (wide + 1) / 2).reduce((a, b) => a + b, 0);
  return counts.map((_, i) => {
    const n = Math.max(1, sum(totals, i)),
      share = sum(counts, i) / n,
      drawn = Math.max(1, n / spread);
    const middle = (share + (Z * Z) / (2 * drawn)) / (1 + (Z * Z) / drawn);
    const half =
      (Z / (1 + (Z * Z) / drawn)) * Math.sqrt((share * (1 - share)) / drawn + (Z / (2 * drawn)) ** 2);
    return {
      value: unit * share,
      low: unit * Math.max(0, middle - half),
      high: unit * Math.min(1, middle + half),
    };
  });
}

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
    const every = Math.ceil(periods.length / most);
    return {
      places,
      bounds,
      figures: periods.map(({ name }, i) => [places[i], readable(name)]).filter((_, i) => i % every === 0),
    };
  }
  const step = STEPS.find((years) => (last - first) / years <= most) ?? STEPS.at(-1),
    length = bounds[0][1] - bounds[0][0];
  const figures = [];
  for (let year = Math.ceil(first / step) * step; year < last; year += step)
    figures.push([x(year + (length <= 1 ? length / 2 : 0)), String(year)]);
  return { places, bounds, figures };
}

/** Round figures from 0 to a value or a little more, and never beyond `limit`. */
function upward(top, most, limit) {
  const raw = top / most,
    power = 10 ** Math.floor(Math.log10(raw)),
    step = power * [1, 2, 2.5, 5, 10].find((n) => n * power >= raw * 0.999);
  return Array.from({ length: Math.ceil(top / step - 1e-9) + 1 }, (_, i) => Math.min(limit, i * step));
}

/**
 * A chart of several series, [{name, points: [{value, low, high, told}]}], over the same periods. Series
 * differ in colour and, if there are many, in dashes. `small` is one of several charts next to each other.
 */
export function timeline(
  periods,
  series,
  { about, show, small = false, room = innerWidth - 60, limit = Infinity },
) {
  const width = small ? 320 : Math.max(320, Math.min(1100, room)),
    height = small ? 130 : 260;
  const { places, bounds, figures } = across(periods, width, small ? 5 : width / 70),
    open = rare(periods);
  // The bands are inside the axes, too: a band that is cut off looks surer than it is.
  const values = series.flatMap(({ points }) =>
    points.map(({ value, high }, i) => (open[i] ? value : Math.max(value, high ?? 0))),
  );
  const ticks = upward(Math.min(limit, Math.max(...values, 1e-9)), small ? 3 : 5, limit),
    top = ticks.at(-1),
    floor = height - BOTTOM;
  const y = (value) => floor - (value / top) * (floor - TOP);
  const highest = ({ name, points }) => {
    const most = points.reduce(
      (best, { value }, i) => (!open[i] && (best < 0 || value > points[best].value) ? i : best),
      -1,
    );
    return `${name}: at most ${show(points[most].value)}, in ${readable(periods[most].name)}`;
  };
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    class: "chart lines",
    role: "img",
    "aria-label": `${about}. ${series.map(highest).join("; ")}`,
  });
  for (const tick of ticks) {
    picture.append(
      svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick), class: "grid" }),
      svg("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, show(tick).replace(/\.0(?!\d)/, "")),
    );
  }
  for (const [x, text] of figures) {
    picture.append(
      svg("line", { x1: x, x2: x, y1: floor, y2: floor + 4, class: "grid" }),
      svg("text", { x, y: height - 5, "text-anchor": x > width - 24 ? "end" : "middle" }, text),
    );
  }
  const apart = bounds.map(
    ([from], i) => i > 0 && (open[i] || open[i - 1] || from - bounds[i - 1][1] > 0.01),
  );
  const colour = (i) => (series.length > 1 ? COLOURS[i % COLOURS.length] : "var(--came)");
  series.forEach((one, i) =>
    picture.append(drawn(one, colour(i), dashed(i), { periods, places, open, apart, y, show })),
  );
  return picture;
}

const dashed = (i) => (i < COLOURS.length / 2 ? "none" : "7 4");

/** A series: the band of its intervals, its line, thin where periods are missing, a mark for each period. */
function drawn({ name, points }, colour, dashes, { periods, places, open, apart, y, show }) {
  const group = svg("g", {}, svg("title", {}, name));
  const at = (list) => list.map(([x, value]) => `${x.toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const runs = []; // of periods without a gap, and with enough documents
  points.forEach((_, k) => {
    if (k === 0 || apart[k]) runs.push([k]);
    else runs.at(-1).push(k);
  });
  for (const run of runs) {
    const edge = (side) => run.map((k) => [places[k], points[k][side]]);
    if (points[0].low !== undefined && run.length > 1)
      group.append(
        svg("polygon", {
          points: `${at(edge("low"))} ${at(edge("high").reverse())}`,
          fill: colour,
          class: "band",
        }),
      );
    group.append(svg("polyline", { points: at(edge("value")), stroke: colour, "stroke-dasharray": dashes }));
  }
  runs.slice(1).forEach(([k]) =>
    group.append(
      svg("polyline", {
        points: at([
          [places[k - 1], points[k - 1].value],
          [places[k], points[k].value],
        ]),
        stroke: colour,
        class: "gap",
      }),
    ),
  );
  points.forEach(({ value, low, high, told }, k) => {
    const sure = low === undefined ? "" : ` (95 %: ${show(low)} to ${show(high)})`;
    const documents = many(periods[k].documents, "document");
    const hint = `${name}, ${readable(periods[k].name)}: ${told ?? show(value)}${sure}, ${documents}`;
    group.append(
      svg(
        "circle",
        {
          cx: places[k],
          cy: y(value),
          r: open[k] ? 3.5 : 2.5,
          class: open[k] ? "mark open" : "mark",
          ...(open[k] ? { stroke: colour } : { fill: colour }),
        },
        svg("title", {}, hint),
      ),
    );
  });
  return group;
}

/** A chart with its description, its legend, and the same figures as a table. */
export function charted(periods, series, options) {
  const sign = (i) =>
    svg(
      "svg",
      { viewBox: "0 0 24 8", class: "sign-line", "aria-hidden": "true" },
      svg("line", {
        x1: 0,
        x2: 24,
        y1: 4,
        y2: 4,
        stroke: COLOURS[i % COLOURS.length],
        "stroke-dasharray": dashed(i),
      }),
    );
  return h(
    "figure",
    { class: "bars" },
    h("figcaption", { class: "lead" }, `${options.about}${note(periods, series)}`),
    timeline(periods, series, options),
    series.length > 1
      ? h(
          "p",
          { class: "legend" },
          series.map(({ name }, i) => h("span", {}, sign(i), " ", bdi(name))),
        )
      : null,
    table(periods, series, options.show),
  );
}

/** What the marks of a chart mean. */
export function note(periods, series) {
  const band = series.some(({ points }) => points[0].low !== undefined)
    ? "; the band is the 95 % interval"
    : "";
  return `${band}${rare(periods).some(Boolean) ? "; open marks are periods with few documents" : ""}`;
}

/** The figures of charts as a table. */
export function table(periods, series, show) {
  return h(
    "details",
    {},
    h("summary", {}, "As a table"),
    h(
      "div",
      { class: "wide" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, "period"),
            series.map(({ name }) => h("th", { scope: "col", class: "num" }, bdi(name))),
          ),
        ),
        h(
          "tbody",
          {},
          periods.map(({ name }, at) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, readable(name)),
              series.map(({ points }) =>
                h("td", { class: "num" }, points[at].told ?? show(points[at].value)),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}
