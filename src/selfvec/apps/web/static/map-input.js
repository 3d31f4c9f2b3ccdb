// Pointers, wheel and keys on a map.

/** Let a person move and zoom a map, draw an outline on it, and pick a word. */
export function listen(map) {
  const { canvas } = map, at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const touching = new Map();
  let dragged = false;
  canvas.addEventListener("pointerdown", (event) => {
    touching.set(event.pointerId, at(event));
    if (map.lasso) map.outline = [map.within(at(event))];
    canvas.setPointerCapture(event.pointerId);
    dragged = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = at(event), before = touching.get(event.pointerId);
    if (!before) return map.hover(x, y);
    if (map.lasso) {
      dragged = true;
      map.outline.push(map.within([x, y]));
      return map.draw();
    }
    if (Math.hypot(x - before[0], y - before[1]) > 3) dragged = true;
    if (!dragged) return undefined;
    const others = [...touching].filter(([id]) => id !== event.pointerId);
    if (others.length === 1) { // two fingers: zoom
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
  canvas.addEventListener("pointerleave", () => { map.tip.hidden = true; });
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !canvas.matches(":focus")) return; // scroll the page, unless the map has the focus
    event.preventDefault();
    const [x, y] = at(event);
    map.zoom(Math.exp(-event.deltaY / 300), x - map.width / 2, y - map.height / 2);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const keys = { "+": () => map.zoom(1.5), "=": () => map.zoom(1.5), "-": () => map.zoom(1 / 1.5), 0: () => map.whole(), " ": () => map.toggle() };
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
}
