// Places labels without overlap: the most important first, each at the first free place next to its point.

const PLACES = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]];

/**
 * Where labels go. Each wanted label has x, y (its point), width, height and must (placed farther away if need be).
 * Returns, in the same order, {left, top} or null.
 */
export function placed(wanted, width, height, gap = 6) {
  const taken = [];
  const free = (box) => taken.every((other) =>
    box.right <= other.left || box.left >= other.right || box.bottom <= other.top || box.top >= other.bottom);
  return wanted.map((label) => {
    for (const far of label.must ? [1, 2.5, 4, 6, 9] : [1]) {
      for (const [dx, dy] of PLACES) {
        const left = label.x + dx * gap * far + (dx > 0 ? 0 : dx < 0 ? -label.width : -label.width / 2);
        const top = label.y + dy * gap * far + (dy > 0 ? 0 : dy < 0 ? -label.height : -label.height / 2);
        const box = { left, top, right: left + label.width, bottom: top + label.height };
        if (left < 2 || top < 2 || box.right > width - 2 || box.bottom > height - 2 || !free(box)) continue;
        taken.push(box);
        return { left, top };
      }
    }
    return null;
  });
}
