// The map of the documents: points with colours that have names, and what a search finds.
import { ask, latest } from "./api.js";
import { shade } from "./chart.js";
import { toDocument } from "./documents.js";
import { bdi, button, download, h, say, waiting } from "./dom.js";
import { clean, count, direction, many, readable, spell } from "./format.js";
import { Fields } from "./list.js";
import { filters, go, state } from "./state.js";

const LISTED = 200; // of a selection
const NAMED = 14; // largest groups, whose names stand at their edges
const SAMPLED = 20_000; // points, by which groups are measured
const EDGE = 24; // pixels around the points
const DOT = 12; // pixels before a name, for a dot of its colour
const BUTTONS = [60, 160]; // pixels of the corner that buttons cover
const FONT = "bold 13px system-ui, sans-serif";
const FINER = "12px system-ui, sans-serif"; // of topics within subjects
const LEAST = 3; // points of an island that is named
const ROW = 4096; // cells of 32 pixels across, beside which are these
const BESIDE = [-ROW - 1, -ROW, 1 - ROW, -1, 1, ROW - 1, ROW, ROW + 1];
const PLACES = ["1,0", "-1,0", "0,-1", "0,1", "1,-1", "-1,-1", "1,1", "-1,1"].map((at) =>
  at.split(",").map(Number),
);

/** The map, the names of its colours, and what was selected on it. */
export class DocumentMap {
  constructor() {
    this.newest = latest();
    this.lead = h("p.lead");
    this.points = new Points((i) => go({ view: "map", doc: this.found.ids[i] }));
    const colour = { label: "coloured by", options: { subject: "subject" } };
    this.fields = new Fields({ colour }, (changes) => go({ ...changes, only: "" }, false));
    this.legend = h("div.colours", { role: "group", "aria-label": "Colours" });
    this.selection = h("section.selection", { "aria-label": "Selected", hidden: true });
    this.element = h("div.atlas", [
      h("h2.hidden", "Map"),
      this.lead,
      this.points.element,
      this.legend,
      this.selection,
    ]);
  }

  async update() {
    this.fields.show({ ...state, colour: this.colour?.name ?? "subject" });
    await this.newest(async (signal) => {
      if (!this.colours) await this.load(signal);
      const filter = filters(),
        passing = filter.length && (await ask("map/passing", { filter }, { signal }));
      this.points.passing = passing ? new Set(passing.places) : null;
      this.paint();
    });
  }

  async load(signal) {
    const cover = this.points.cover;
    try {
      this.found = await ask("map", {}, { signal, ...waiting(cover, "Arranging the documents") });
    } finally {
      if (!signal.aborted) cover.replaceChildren();
    }
    const { ids, documents } = this.found,
      what = many(documents, "document");
    this.lead.textContent =
      (ids.length < documents ? `${count(ids.length)} of ${what}` : what) +
      " arranged so that neighbours stay together: near means similar, far distances mean little. " +
      "Click one to read it.";
    this.points.load(this.found);
    const { colours } = await ask("map/colours", {}, { signal });
    this.colours = colours;
    this.fields.choices("colour", Object.fromEntries(colours.map(({ name }) => [name, name])));
  }

  /** The chosen colour, and the names of its values. */
  paint() {
    const chosen = this.colours.find(({ name }) => name === state.colour) ?? this.colours[0];
    this.points.colour(chosen);
    if (!chosen) return;
    const { name, values, codes } = (this.colour = chosen);
    this.fields.inputs.colour.value = name;
    const sizes = values.map(() => 0);
    codes.forEach((code, i) => {
      if (code in sizes && this.points.passes(i)) sizes[code]++;
    });
    const named = (code) => {
      const value = values[code],
        only = state.only === value ? "" : value; // a second click shows all points again
      const style = { background: this.points.shade(code) };
      const content = [h("span.swatch", { "aria-hidden": "true", style }), bdi(readable(value))];
      const choose = () => go({ view: "map", colour: name, only });
      return button([content, ` ${count(sizes[code])}`], choose, { "aria-pressed": String(!only) });
    };
    this.legend.replaceChildren(...[...sizes.keys()].filter((code) => sizes[code]).map(named));
    this.single(chosen);
  }

  /** Show the points of one value of a colour only, as the address says, and list them. */
  single({ values, codes }) {
    const { only } = state,
      code = values.indexOf(only);
    this.points.only = code < 0 ? null : code;
    const key = [only, ...filters()].join();
    if (key === this.listed || (code < 0 && !this.listed)) return;
    this.listed = code < 0 ? "" : key;
    const own = [...codes.keys()].filter((i) => code >= 0 && codes[i] === code && this.points.passes(i));
    this.select(own, `of ${readable(only)}`);
  }

  /** Clear the selection. */
  clear() {
    this.points.only = null;
    this.selection.hidden = true;
    go({ only: "" }, false);
    this.points.draw();
  }

  /** The selection as a file: each document, and its value of each colour. */
  save(places) {
    const { ids, texts } = this.found,
      { colours } = this;
    download("documents.csv", [
      ["id", "text", ...colours.map(({ name }) => name)],
      ...places.map((i) => [ids[i], texts[i], ...colours.map(({ values, codes }) => values[codes[i]] ?? "")]),
    ]);
  }

  select(places, why) {
    this.selection.hidden = places.length === 0;
    const { ids, texts } = this.found;
    const one = (i) => h("li", { dir: direction(texts[i]) }, toDocument(ids[i], clean(texts[i]) || ids[i]));
    this.selection.replaceChildren(
      h("div.head", [
        h("h3", `${many(places.length, "document")} ${why}`),
        button("Save as CSV", () => this.save(places), { disabled: places.length === 0 }),
        button("Clear", () => this.clear()),
      ]),
      h("ul.plainlist", places.slice(0, LISTED).map(one)),
      places.length > LISTED ? h("p.quiet", `and ${count(places.length - LISTED)} more`) : h("span"),
    );
    if (!this.selection.hidden) this.selection.scrollIntoView({ block: "nearest" });
    say(`${count(places.length)} selected`);
  }
}

/** The points on a canvas, which a person moves, zooms and picks from. */
class Points {
  /** ``pick`` is called with the place of a point. */
  constructor(pick) {
    this.pick = pick;
    const label = "Map of the documents; the names of colours below select some, and list them as text";
    this.canvas = h("canvas", { role: "img", tabindex: 0, "aria-label": label });
    this.tip = h("div.tip", { hidden: true });
    this.cover = h("div.cover"); // what is said while the map is made
    this.tools = h("div.zoom", [
      button("+", () => this.zoom(1.5), { "aria-label": "Zoom in" }),
      button("−", () => this.zoom(1 / 1.5), { "aria-label": "Zoom out" }),
      button("⤢", () => this.whole(), { "aria-label": "Whole map" }),
    ]);
    this.element = h("div.map", h("div.field", this.canvas, this.tip, this.tools, this.cover));
    this.only = null; // the only value of a colour that is shown
    this.passing = null; // points that the filters leave; null: all
    this.view = { x: 0, y: 0, scale: 1 };
    listen(this);
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  load({ points, texts }) {
    Object.assign(this, { points, texts });
    this.draw();
  }

  /** Whether the filters leave a point. */
  passes(i) {
    return !this.passing || this.passing.has(i);
  }

  /** Colour the points: {values, codes, ordered}, or undefined. */
  colour(coloured) {
    this.coloured = coloured;
    this.draw();
  }

  /** The colour of a value. */
  shade(code) {
    return shade(code, this.coloured.values.length, this.coloured.ordered);
  }

  whole() {
    this.tip.hidden = true;
    this.view = { x: 0, y: 0, scale: 1 };
    this.draw();
  }

  zoom(by, x = 0, y = 0) {
    this.tip.hidden = true; // what it names moves
    const scale = Math.min(60, Math.max(1, this.view.scale * by)),
      grown = scale / this.view.scale;
    this.view = { scale, x: x - (x - this.view.x) * grown, y: y - (y - this.view.y) * grown };
    this.draw();
  }

  /** Pixels of a unit of the map along each axis. */
  get unit() {
    return [this.width, -this.height].map((size) => (size / 2 - Math.sign(size) * EDGE) * this.view.scale);
  }

  /** The place of a point of the map, in pixels. */
  at([x, y]) {
    const [across, up] = this.unit;
    return [this.width / 2 + this.view.x + x * across, this.height / 2 + this.view.y + y * up];
  }

  draw() {
    if (!this.points || this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.paint();
    });
  }

  paint() {
    const ratio = devicePixelRatio || 1,
      box = this.canvas.getBoundingClientRect();
    if (!box.width || !box.height) return;
    const width = Math.round(box.width * ratio),
      height = Math.round(box.height * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height)
      Object.assign(this.canvas, { width, height });
    Object.assign(this, { width: box.width, height: box.height });
    const style = getComputedStyle(document.documentElement);
    this.ink = (name) => style.getPropertyValue(`--${name}`).trim();
    const pen = this.canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    this.dots(pen, ratio, width, height);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (this.coloured && !this.coloured.ordered) this.names(pen);
  }

  /** All points as dots, by pixels: tens of thousands take a few milliseconds. */
  dots(pen, ratio, width, height) {
    if (this.image?.width !== width || this.image?.height !== height)
      this.image = pen.createImageData(width, height);
    const { points, coloured } = this,
      pixels = (this.pixels = new Uint32Array(this.image.data.buffer)),
      number = points.length;
    pixels.fill(0);
    const dot = Math.max(2, ratio * (number > 20000 ? 2 : number > 6000 ? 3 : number > 1000 ? 4 : 7));
    const packed = (hex, alpha) => {
      const [r, g, b] = hex.match(/\w\w/g).map((part) => parseInt(part, 16));
      return (alpha << 24) | (b << 16) | (g << 8) | r;
    };
    const dust = packed(this.ink("dust"), coloured || this.passing ? 70 : 160);
    const shades = coloured?.values.map((_, code) =>
      this.only === null || this.only === code ? packed(this.shade(code), 230) : dust,
    );
    const paint = (i, colour, size) => {
      const [x, y] = this.at(points[i]),
        radius = size / 2;
      if (x < 0 || y < 0 || x > this.width || y > this.height) return;
      const [middle, top] = [Math.round(x * ratio), Math.round(y * ratio - radius)];
      for (let row = Math.max(0, top); row < Math.min(height, top + size); row++) {
        const half = Math.sqrt(Math.max(0, radius ** 2 - (row + 0.5 - top - radius) ** 2));
        const first = Math.max(0, Math.round(middle - half)),
          end = Math.min(width, Math.round(middle + half));
        pixels.fill(colour, row * width + first, row * width + end);
      }
    };
    if (this.passing) for (let i = 0; i < number; i++) if (!this.passes(i)) paint(i, dust, 2);
    for (let i = 0; i < number; i++) if (this.passes(i)) paint(i, shades?.[coloured.codes[i]] || dust, dot);
    pen.putImageData(this.image, 0, 0);
  }

  /** The names of the largest groups, then of the finer ones, each where it covers the fewest points. */
  names(pen) {
    const taken = [{ left: this.width - BUTTONS[0], right: this.width, top: 0, bottom: BUTTONS[1] }];
    const free = ({ left, top, right, bottom }) =>
      left >= 2 &&
      top >= 2 &&
      right <= this.width - 2 &&
      bottom <= this.height - 2 &&
      taken.every(
        (other) => right <= other.left || left >= other.right || bottom <= other.top || top >= other.bottom,
      );
    const { values, finer } = this.coloured;
    const named = (coloured, font, of) =>
      this.groups(coloured).map((group) => ({ ...group, font, name: of[group.code].split(", ") }));
    const seen = new Set(); // first names, each of which stands once
    const groups = [
      ...named(this.coloured, FONT, values),
      ...(finer ? named(finer, FINER, finer.values) : []),
    ];
    for (const { at, far, code, font, name } of groups) {
      if (seen.has(name[0])) continue;
      pen.font = font;
      const text = spell(name.slice(0, font === FONT ? 2 : 1).join(", ")),
        size = [pen.measureText(text).width + 4 + DOT, 17];
      const boxes = [0.5, 0.8, 1.1, 1.5].flatMap((part) =>
        PLACES.map((place) => {
          const [left, top] = at.map(
            (middle, axis) => middle + place[axis] * (part * far + 6) + ((place[axis] - 1) / 2) * size[axis],
          );
          return { left, top, right: left + size[0], bottom: top + size[1] };
        }),
      );
      const box = boxes.sort((a, b) => this.covered(a) - this.covered(b)).find(free);
      if (!box) continue;
      taken.push(box);
      seen.add(name[0]);
      this.name(pen, text, box, this.shade(font === FONT ? code : finer.of[code]));
    }
  }

  /** How much of a box points cover. */
  covered({ left, top, right, bottom }) {
    const ratio = devicePixelRatio || 1;
    let sum = 0;
    for (let y = top; y < bottom; y += 3)
      for (let x = left; x < right; x += 3)
        sum += this.pixels[Math.round(y * ratio) * this.canvas.width + Math.round(x * ratio)] ? 1 : 0;
    return sum;
  }

  /** A name with a halo, after a dot of its colour. */
  name(pen, text, { left, top }, colour) {
    pen.textBaseline = "top";
    pen.lineJoin = "round";
    pen.lineWidth = 5;
    pen.strokeStyle = this.ink("paper");
    pen.strokeText(text, left + 2 + DOT, top + 1);
    pen.fillStyle = this.ink("ink");
    pen.fillText(text, left + 2 + DOT, top + 1);
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(left + 6, top + 8, 4, 0, 2 * Math.PI);
    pen.fill();
  }

  /** Of the largest groups that are shown: the middle of the densest island, and how far most of it is. */
  groups({ values, codes, of }) {
    const cells = values.map(() => new Map()), // of 32 pixels: the points of a group in each
      every = Math.ceil(this.points.length / SAMPLED);
    for (let i = 0; i < this.points.length; i += every) {
      const own = this.passes(i) && cells[codes[i]];
      if (!own) continue;
      const [x, y] = this.at(this.points[i]),
        key = (x >> 5) * ROW + (y >> 5);
      own.set(key, [...(own.get(key) ?? []), [x, y]]);
    }
    const island = (own) => {
      const [densest] = [...own.keys()].sort((a, b) => own.get(b).length - own.get(a).length);
      const found = new Set([densest]); // grows while it is gone through
      for (const key of found) for (const by of BESIDE) if (own.has(key + by)) found.add(key + by);
      return [...found].flatMap((key) => own.get(key) ?? []);
    };
    const sorted = (list) => list.sort((a, b) => a - b);
    return cells
      .map((own, code) => ({ points: island(own), code }))
      .filter(({ points }) => points.length >= LEAST)
      .sort((a, b) => b.points.length - a.points.length)
      .slice(0, (of ? 2 : 1) * Math.min(NAMED, this.width / 60))
      .map(({ points, code }) => {
        const at = [0, 1].map((axis) => sorted(points.map((point) => point[axis]))[points.length >> 1]);
        const far = sorted(points.map(([x, y]) => Math.hypot(x - at[0], y - at[1])));
        return { at, far: far[Math.floor(0.6 * points.length)], code };
      })
      .filter(
        ({ at: [x, y], code }) =>
          Math.min(x, y, this.width - x, this.height - y) > 0 &&
          [null, of ? of[code] : code].includes(this.only),
      );
  }

  /** The point that is nearest to some pixels; -1 if none is near. */
  nearest(x, y) {
    let best = -1,
      least = 18 ** 2;
    this.points.forEach((point, i) => {
      const [px, py] = this.at(point),
        far = (px - x) ** 2 + (py - y) ** 2;
      if (far < least && this.passes(i)) [least, best] = [far, i];
    });
    return best;
  }

  hover(x, y) {
    if (!this.points) return;
    const i = this.nearest(x, y);
    this.canvas.style.cursor = i >= 0 ? "pointer" : "grab";
    this.tip.hidden = i < 0;
    if (i < 0) return;
    this.tip.textContent = spell(this.texts[i]);
    this.tip.style.left = `${Math.min(x + 12, this.width - 120)}px`;
    this.tip.style.top = `${Math.max(2, y - 28)}px`;
  }
}

/** Let a person move and zoom a map, and pick a point. */
function listen(map) {
  const { canvas } = map,
    at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
  const touching = new Map();
  let dragged = false;
  canvas.addEventListener("pointerdown", (event) => {
    touching.set(event.pointerId, at(event));
    map.tip.hidden = true;
    canvas.setPointerCapture(event.pointerId);
    dragged = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = at(event),
      before = touching.get(event.pointerId);
    if (!before) return map.hover(x, y);
    if (Math.hypot(x - before[0], y - before[1]) > 3) dragged = true;
    if (!dragged) return undefined;
    const others = [...touching].filter(([id]) => id !== event.pointerId);
    if (others.length === 1) {
      // two fingers: zoom
      const [ox, oy] = others[0][1];
      const grown = Math.hypot(x - ox, y - oy) / Math.max(1, Math.hypot(before[0] - ox, before[1] - oy));
      map.zoom(grown, ox - map.width / 2, oy - map.height / 2);
    } else {
      map.view.x += x - before[0];
      map.view.y += y - before[1];
      map.draw();
    }
    touching.set(event.pointerId, [x, y]);
    return undefined;
  });
  const end = (event) => {
    if (touching.delete(event.pointerId) && !dragged && event.type === "pointerup" && map.points) {
      const i = map.nearest(...at(event));
      if (i >= 0) map.pick(i);
    }
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("pointerleave", () => map.tip.toggleAttribute("hidden", true));
  canvas.addEventListener(
    "wheel",
    (event) => {
      // The page scrolls, unless the map has the focus.
      if (!event.ctrlKey && !canvas.matches(":focus")) return;
      event.preventDefault();
      const [x, y] = at(event);
      map.zoom(Math.exp(-event.deltaY / 300), x - map.width / 2, y - map.height / 2);
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => {
    const keys = {
      "+": () => map.zoom(1.5),
      "=": () => map.zoom(1.5),
      "-": () => map.zoom(1 / 1.5),
      0: () => map.whole(),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
}
