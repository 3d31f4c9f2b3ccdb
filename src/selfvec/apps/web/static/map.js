// The map: words as points on one plane in several states, with a slider for time.
import { shade } from "./chart.js";
import { button, h, still } from "./dom.js";
import { readable, spell } from "./format.js";
import { go, state } from "./state.js";

const FITTED = 0.98; // of the points are inside the frame at first, the others beside it
const MOST_STRETCHED = 2.2; // of one axis against the other: distances on a map mean little
const SECONDS = 1.6; // from one state to the next
const MOST_LABELS = 70;
const NAMED = 14; // largest groups, whose names stand at their edges
const SAMPLED = 20_000; // points, by which groups are measured
const DOT = 12; // pixels before a name, for a dot of its colour
const BUTTONS = [60, 160]; // pixels of the corner that buttons cover
const TRIED = 500;
const FONT = "13px system-ui, sans-serif";

export class WordMap {
  /** ``pick`` is called with a word. */
  constructor(pick, label) {
    this.pick = pick;
    this.canvas = h("canvas", { role: "img", tabindex: 0, "aria-label": label });
    this.play = button("▶ Play", () => this.toggle(), { class: "play" });
    this.slider = h("input", { type: "range", min: 0, step: 0.01, "aria-label": "Time" });
    this.slider.addEventListener("input", () => {
      this.stop();
      this.to(Number(this.slider.value));
    });
    this.slider.addEventListener("change", () => this.rest());
    this.name = h("output.frame");
    this.tip = h("div.tip", { hidden: true });
    this.controls = h("div.time", this.play, this.slider, this.name);
    this.cover = h("div.cover"); // what is said while a map is made
    this.tools = h("div.zoom", [
      button("+", () => this.zoom(1.5), { "aria-label": "Zoom in" }),
      button("−", () => this.zoom(1 / 1.5), { "aria-label": "Zoom out" }),
      button("⤢", () => this.whole(), { "aria-label": "Whole map" }),
    ]);
    this.element = h("div.map", h("div.field", this.canvas, this.tip, this.tools, this.cover), this.controls);
    this.time = 0;
    this.lasso = false; // whether dragging draws an outline
    this.outline = null; // of a selection, in the units of the map
    this.only = null; // the only value of a colour that is shown
    this.hits = new Set(); // points that a search found
    this.passing = null; // points that the filters leave; null: all
    this.view = { x: 0, y: 0, scale: 1 };
    listen(this);
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  /** Show a map as the server describes it, at the place in time that the address has. */
  load(described, points) {
    this.data = described;
    this.points = points;
    this.count = described.words.length;
    this.outline = null;
    this.hits = new Set();
    this.index = new Map(described.words.map((word, i) => [word, i]));
    this.few = described.marks.length > 0; // a word and its neighbours
    this.frame = framed(points, this.count, this.few ? 1 : FITTED);
    this.slider.max = String(described.frames.length - 1);
    this.controls.hidden = described.frames.length < 2;
    this.whole();
    const time = state.frame === "" ? NaN : Number(state.frame);
    this.to(Number.isFinite(time) ? time : described.frames.length - 1);
  }

  /** Mark words: a Map of word to "self", "came", "went" or "stayed". */
  mark(marks) {
    this.marks = marks;
    this.draw();
  }

  /** Whether the filters leave a point. */
  passes(i) {
    return !this.passing || this.passing.has(i);
  }

  /** Colour the points: {values, codes, ordered}, or null. */
  colour(coloured) {
    this.coloured = coloured;
    this.only = null;
    this.draw();
  }

  /** The colour of a value. */
  shade(code) {
    return shade(code, this.coloured.values.length, this.coloured.ordered);
  }

  to(time) {
    this.tip.hidden = true;
    const last = this.data.frames.length - 1;
    this.time = Math.min(last, Math.max(0, time));
    this.slider.value = String(this.time);
    const near = Math.round(this.time),
      between = Math.abs(near - this.time) > 0.02;
    const from = this.data.frames[Math.floor(this.time)],
      into = this.data.frames[Math.ceil(this.time)];
    this.name.textContent = between
      ? `${readable(from)} → ${readable(into)}`
      : readable(this.data.frames[near]);
    this.slider.setAttribute("aria-valuetext", this.name.textContent);
    this.draw();
  }

  step(by) {
    this.stop();
    this.to((by > 0 ? Math.floor : Math.ceil)(this.time + 1e-6 * Math.sign(by)) + by);
    this.rest();
  }

  /** Keep the place in time in the address. */
  rest() {
    go({ frame: this.time.toFixed(2) }, false);
  }

  toggle() {
    if (this.playing) this.stop();
    else this.start();
  }

  start() {
    const last = this.data.frames.length - 1;
    if (this.time >= last - 1e-6) this.to(0);
    this.playing = true;
    this.play.textContent = "❚❚ Pause";
    let before = performance.now();
    const frame = (now) => {
      if (!this.playing) return;
      const passed = (now - before) / 1000 / SECONDS;
      if (still()) {
        // reduced motion: jump from state to state
        if (passed >= 1) {
          before = now;
          this.to(Math.floor(this.time + 1e-6) + 1);
        }
      } else {
        before = now;
        this.to(this.time + passed);
      }
      if (this.time >= last) {
        this.stop();
        this.rest();
      } else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  stop() {
    this.playing = false;
    this.play.textContent = "▶ Play";
  }

  whole() {
    this.view = { x: 0, y: 0, scale: 1 };
    this.to(this.time);
  }

  zoom(by, x = 0, y = 0) {
    this.tip.hidden = true; // what it names moves
    const scale = Math.min(60, Math.max(1, this.view.scale * by)),
      grown = scale / this.view.scale;
    this.view = { scale, x: x - (x - this.view.x) * grown, y: y - (y - this.view.y) * grown };
    this.draw();
  }

  /** Place of a word at a time, in pixels. */
  place(i, time = this.time) {
    const frame = Math.min(Math.floor(time), this.data.frames.length - 1);
    const next = Math.min(frame + 1, this.data.frames.length - 1),
      part = time - frame;
    const a = 2 * (frame * this.count + i),
      b = 2 * (next * this.count + i);
    const x = this.points[a] + (this.points[b] - this.points[a]) * part;
    const y = this.points[a + 1] + (this.points[b + 1] - this.points[a + 1]) * part;
    return this.at([x, y]);
  }

  /** The place on the map of some pixels, the reverse of `at`. */
  within([x, y]) {
    const { scale, x: right, y: down } = this.view,
      [across, up] = this.frame.middle;
    return [
      across + (x - this.width / 2 - right) / (this.unit[0] * scale),
      up + (this.height / 2 + down - y) / (this.unit[1] * scale),
    ];
  }

  at([x, y]) {
    const { scale, x: right, y: down } = this.view,
      [across, up] = this.frame.middle;
    return [
      this.width / 2 + right + (x - across) * this.unit[0] * scale,
      this.height / 2 + down - (y - up) * this.unit[1] * scale,
    ];
  }

  draw() {
    if (!this.data || this.waiting) return;
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
    const [across, up] = this.frame.half,
      room = this.few ? 60 : 24; // pixels for labels at the edge
    const fits = [(this.width / 2 - 1.5 * room) / across, (this.height / 2 - room) / up],
      most = Math.min(...fits) * (this.few ? 1 : MOST_STRETCHED);
    this.unit = fits.map((fit) => Math.min(fit, most));
    const style = getComputedStyle(document.documentElement);
    this.ink = (name) => style.getPropertyValue(`--${name}`).trim();
    const pen = this.canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    if (this.few) pen.clearRect(0, 0, width, height);
    else this.dust(pen, ratio, width, height);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.font = FONT;
    if (!this.hits.size) this.ways(pen);
    this.names(pen);
    if (this.outline) this.trace(pen);
  }

  /** All words as dots, by pixels: a hundred thousand take a few milliseconds. */
  dust(pen, ratio, width, height) {
    if (this.image?.width !== width || this.image?.height !== height)
      this.image = pen.createImageData(width, height);
    const pixels = (this.pixels = new Uint32Array(this.image.data.buffer));
    pixels.fill(0);
    const dot = Math.max(
      2,
      ratio * (this.count > 20000 ? 2 : this.count > 6000 ? 3 : this.count > 1000 ? 4 : 7),
    );
    const packed = (hex, alpha) => {
      const [r, g, b] = hex.match(/\w\w/g).map((part) => parseInt(part, 16));
      return (alpha << 24) | (b << 16) | (g << 8) | r;
    };
    const dust = packed(this.ink("dust"), this.coloured || this.hits.size || this.passing ? 70 : 160),
      hit = packed(this.ink("went"), 255),
      codes = this.coloured?.codes;
    const shades = this.coloured?.values.map((_, code) =>
      this.only === null || this.only === code ? packed(this.shade(code), 230) : dust,
    );
    const paint = (i, colour, size) => {
      const [x, y] = this.place(i),
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
    if (this.passing) for (let i = 0; i < this.count; i++) if (!this.passes(i)) paint(i, dust, 2);
    for (let i = 0; i < this.count; i++)
      if (this.passes(i)) paint(i, codes && codes[i] >= 0 && !this.hits.size ? shades[codes[i]] : dust, dot);
    for (const i of this.hits) paint(i, hit, Math.max(dot, Math.round(4 * ratio)) + 1);
    pen.putImageData(this.image, 0, 0);
  }

  /** The path of the current word through all states. */
  ways(pen) {
    for (const [word, mark] of this.marks ?? []) {
      const i = this.index.get(word);
      if (mark !== "self" || i === undefined) continue;
      pen.beginPath();
      for (let frame = 0; frame < this.data.frames.length; frame++)
        pen[frame ? "lineTo" : "moveTo"](...this.place(i, frame));
      pen.strokeStyle = this.ink("ink");
      pen.lineWidth = 1.5;
      pen.globalAlpha = 0.55;
      pen.setLineDash([4, 4]);
      pen.stroke();
      pen.setLineDash([]);
      pen.globalAlpha = 1;
      const [x, y] = this.place(i, 0);
      pen.beginPath();
      pen.arc(x, y, 5, 0, 2 * Math.PI);
      pen.stroke();
    }
  }

  /** The labels of the map: marked words, names of groups at their edges, and words that have room. */
  names(pen) {
    const groups = this.groups(pen),
      labels = [...groups, ...this.wanted(pen)];
    let left = groups.length ? MOST_LABELS / 2 : MOST_LABELS;
    placed(labels, this.width, this.height, (box) => this.covered(box)).forEach((place, n) => {
      const label = labels[n];
      if (label.mark) this.sign(pen, label);
      if (!place || (!label.mark && !label.name && left-- <= 0)) return;
      this.text(pen, label, place);
    });
  }

  /** How much of a box points cover: of a word and its neighbours, nothing. */
  covered({ left, top, right, bottom }) {
    const ratio = devicePixelRatio || 1;
    let sum = 0;
    for (let y = top; y < bottom; y += 3)
      for (let x = left; x < right; x += 3)
        sum += this.pixels?.[Math.round(y * ratio) * this.canvas.width + Math.round(x * ratio)] ? 1 : 0;
    return sum;
  }

  /** The names of the largest groups of a colour, each at the middle of its points. */
  groups(pen) {
    if (!this.coloured || this.coloured.ordered || this.few) return [];
    pen.font = `bold ${FONT}`;
    return this.middles().flatMap(({ at: [x, y], far, code }) => {
      if (!(x > 0 && y > 0 && x < this.width && y < this.height)) return [];
      if (this.only !== null && this.only !== code) return [];
      const text = spell(this.coloured.values[code].split(", ").slice(0, 2).join(", "));
      return [
        { text, x, y, far, code, width: pen.measureText(text).width + 4 + DOT, height: 17, name: true },
      ];
    });
  }

  /** The labels of words that the map would show, the most important first. */
  wanted(pen) {
    const order = { self: 0, came: 1, went: 2, stayed: 3 };
    const marked = [...(this.hits.size ? [] : (this.marks ?? []))]
      .filter(([word]) => this.index.has(word))
      .sort((a, b) => order[a[1]] - order[b[1]]);
    const shown = new Set(marked.map(([word]) => word));
    const labels = [];
    const wish = (i, mark) => {
      const [x, y] = this.place(i);
      if (x < 0 || y < 0 || x > this.width || y > this.height) return;
      const text = spell(this.data.words[i]) + (mark === "came" ? " +" : mark === "went" ? " −" : "");
      pen.font = mark === "self" ? `bold ${FONT}` : FONT;
      const width = pen.measureText(text).width + 4;
      labels.push({ mark, text, x, y, width, height: 16, must: Boolean(mark) });
    };
    for (const [word, mark] of marked) wish(this.index.get(word), mark);
    if (this.data.ids) return labels; // documents have no labels
    for (const i of [...this.hits].slice(0, MOST_LABELS)) wish(i, "");
    if (this.few || this.hits.size) return labels;
    for (let i = 0; i < this.count && labels.length < TRIED; i++)
      if (this.passes(i) && !shown.has(this.data.words[i])) wish(i, "");
    return labels;
  }

  /** The colour of a label. */
  hue({ mark, name }) {
    return this.ink(name || mark === "self" ? "ink" : mark || "quiet");
  }

  /** The point of a marked word: its shape shows the mark. */
  sign(pen, label) {
    pen.fillStyle = this.hue(label);
    pen.strokeStyle = this.hue(label);
    pen.lineWidth = 1.5;
    pen.beginPath();
    if (label.mark === "came") pen.rect(label.x - 4, label.y - 4, 8, 8);
    else pen.arc(label.x, label.y, label.mark === "self" ? 6 : 4, 0, 2 * Math.PI);
    if (label.mark === "went") pen.stroke();
    else pen.fill();
  }

  /** The text of a label, with a line to its point if that is far. */
  text(pen, label, place) {
    const middle = [place.left + label.width / 2, place.top + label.height / 2];
    if (label.mark && Math.hypot(middle[0] - label.x, middle[1] - label.y) > label.width / 2 + 16) {
      pen.globalAlpha = 0.5;
      pen.beginPath();
      pen.moveTo(label.x, label.y);
      pen.lineTo(...middle);
      pen.stroke();
      pen.globalAlpha = 1;
    }
    pen.font = label.mark === "self" || label.name ? `bold ${FONT}` : FONT;
    pen.textBaseline = "top";
    pen.lineJoin = "round";
    pen.lineWidth = label.name ? 5 : 3; // a halo
    pen.strokeStyle = this.ink("paper");
    const left = place.left + 2 + (label.name ? DOT : 0);
    pen.strokeText(label.text, left, place.top + 1);
    pen.fillStyle = this.hue(label);
    pen.fillText(label.text, left, place.top + 1);
    if (!label.name) return;
    pen.fillStyle = this.shade(label.code);
    pen.beginPath();
    pen.arc(place.left + 6, place.top + 8, 4, 0, 2 * Math.PI);
    pen.fill();
  }

  /** Of each value of a colour the middle of its points, and how far most of them are from it. */
  middles() {
    const places = this.coloured.values.map(() => []),
      every = Math.ceil(this.count / SAMPLED);
    for (let i = 0; i < this.count; i += every) {
      const code = this.coloured.codes[i];
      if (code >= 0 && this.passes(i)) places[code].push(this.place(i));
    }
    const sorted = (list) => list.sort((a, b) => a - b);
    return places
      .map((points, code) => ({ points, code }))
      .filter(({ points }) => points.length)
      .sort((a, b) => b.points.length - a.points.length)
      .slice(0, Math.min(NAMED, this.width / 60))
      .map(({ points, code }) => {
        const at = [0, 1].map((axis) => sorted(points.map((point) => point[axis]))[points.length >> 1]);
        const far = sorted(points.map(([x, y]) => Math.hypot(x - at[0], y - at[1])));
        return { at, far: far[Math.floor(0.6 * points.length)], code };
      })
      .filter(({ far }) => far < (this.width * this.view.scale) / 5); // others are in no one place
  }

  /** The outline of a selection as a path of pixels. */
  path() {
    const path = new Path2D();
    this.outline.forEach((point, i) => path[i ? "lineTo" : "moveTo"](...this.at(point)));
    path.closePath();
    return path;
  }

  /** The outline, while it is drawn and afterwards. */
  trace(pen) {
    const path = this.path();
    pen.fillStyle = pen.strokeStyle = this.ink("came");
    pen.globalAlpha = 0.12;
    pen.fill(path);
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.stroke(path);
  }

  /** The points inside the outline. */
  inside() {
    const path = this.path(),
      pen = this.canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    const shown = (i) => (this.only === null || this.coloured.codes[i] === this.only) && this.passes(i);
    return [...Array(this.count).keys()].filter((i) => shown(i) && pen.isPointInPath(path, ...this.place(i)));
  }

  nearest(x, y) {
    let best = -1,
      least = 18 ** 2;
    for (let i = 0; i < this.count; i++) {
      if (!this.passes(i)) continue;
      const [px, py] = this.place(i),
        far = (px - x) ** 2 + (py - y) ** 2;
      if (far < least) {
        least = far;
        best = i;
      }
    }
    return best;
  }

  hover(x, y) {
    if (!this.data) return;
    const i = this.nearest(x, y);
    this.canvas.style.cursor = this.lasso ? "crosshair" : i >= 0 ? "pointer" : "grab";
    this.tip.hidden = i < 0;
    if (i < 0) return;
    this.tip.textContent = spell(this.data.words[i]);
    this.tip.style.left = `${Math.min(x + 12, this.width - 120)}px`;
    this.tip.style.top = `${Math.max(2, y - 28)}px`;
  }
}

const PLACES = ["1,0", "-1,0", "0,-1", "0,1", "1,-1", "-1,-1", "1,1", "-1,1"].map((at) =>
  at.split(",").map(Number),
);

/** The middle of some of the points, those nearest to it, and half of their extent, in all states. */
function framed(points, count, share) {
  const ends = [0, 1].map((axis) => {
    const values = points.filter((_, i) => i % 2 === axis).sort();
    const beside = Math.floor(((1 - share) / 2) * values.length);
    return [values[beside], values[values.length - 1 - beside]];
  });
  return {
    middle: ends.map(([low, high]) => (low + high) / 2),
    half: ends.map(([low, high]) => Math.max(1, (high - low) / 2)),
  };
}

/**
 * Where labels go without overlap: the most important first, each at the first free place next to its point;
 * the name of a group where it covers the fewest points, from its edge on.
 * Each label has x, y (its point), width, height, must (placed farther away if need be), or far (of a group).
 * Returns, in the same order, {left, top} or null.
 */
function placed(labels, width, height, covered, gap = 6) {
  const taken = [{ left: width - BUTTONS[0], right: width, top: 0, bottom: BUTTONS[1] }];
  const free = ({ left, top, right, bottom }) =>
    left >= 2 &&
    top >= 2 &&
    right <= width - 2 &&
    bottom <= height - 2 &&
    taken.every(
      (other) => right <= other.left || left >= other.right || bottom <= other.top || top >= other.bottom,
    );
  const beside = (label, [dx, dy], away) => {
    const left = label.x + dx * away + (dx > 0 ? 0 : dx < 0 ? -label.width : -label.width / 2);
    const top = label.y + dy * away + (dy > 0 ? 0 : dy < 0 ? -label.height : -label.height / 2);
    return { left, top, right: left + label.width, bottom: top + label.height };
  };
  return labels.map((label) => {
    const steps = label.name
      ? [0.5, 0.8, 1.1, 1.5].map((part) => part * label.far + gap)
      : (label.must ? [1, 2.5, 4, 6, 9] : [1]).map((far) => far * gap);
    const boxes = steps.flatMap((away) => PLACES.map((place) => beside(label, place, away)));
    if (label.name) boxes.sort((a, b) => covered(a) - covered(b));
    const box = boxes.find(free);
    if (box) taken.push(box);
    return box ?? null;
  });
}

/** Let a person move and zoom a map, draw an outline on it, and pick a word. */
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
    if (map.lasso) map.outline = [map.within(at(event))];
    canvas.setPointerCapture(event.pointerId);
    dragged = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = at(event),
      before = touching.get(event.pointerId);
    if (!before) return map.hover(x, y);
    if (map.lasso) {
      dragged = true;
      map.outline.push(map.within([x, y]));
      return map.draw();
    }
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
    const [x, y] = at(event);
    if (map.lasso && dragged) map.selected?.(map.inside());
    if (touching.delete(event.pointerId) && !dragged && event.type === "pointerup" && map.data) {
      const i = map.nearest(x, y);
      if (i >= 0) map.pick(map.data.words[i], i);
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
      " ": () => map.toggle(),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
}
