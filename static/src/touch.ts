// Which marks a rubber touches.
import type { Mark, Place } from "./board";
import { figure } from "./figure";

/** left, top, right, bottom in units of the page. */
export type Box = readonly [number, number, number, number];

const LINE = 1.35; // of a text's size, from line to line

/** A box around all that a mark shows; for writing, whose width only a browser knows, a generous one. */
export function boxOf(mark: Mark): Box {
  switch (mark.kind) {
    case "stroke":
      return around(mark.points, mark.width);
    case "shape": {
      const { lines, areas, labels } = figure(mark);
      return around([...lines.flat(), ...areas.flat(), ...labels.flatMap(({ x, y, size }): Place[] => [[x - size * 2, y - size], [x + size * 2, y + size]])], mark.width);
    }
    case "text":
      return [mark.x, mark.y, Math.min(10_000, mark.x + longest(mark.text) * mark.size), mark.y + mark.text.split("\n").length * Math.max(1, Math.ceil((longest(mark.text) * mark.size) / Math.max(1, 9_900 - mark.x))) * mark.size * LINE];
    case "formula":
      return [mark.x, mark.y, mark.x + Math.max(1, mark.tex.length * 0.4) * mark.size, mark.y + mark.size * 2];
  }
}

/** Whether a round rubber at a place touches the mark. */
export function touches(mark: Mark, [x, y]: Place, radius: number): boolean {
  const [left, top, right, bottom] = boxOf(mark);
  if (x < left - radius || x > right + radius || y < top - radius || y > bottom + radius) return false;
  if (mark.kind === "text" || mark.kind === "formula") return true;
  const reach = radius + mark.width / 2;
  if (mark.kind === "stroke") return isNear(mark.points, x, y, reach);
  const { lines, areas } = figure(mark);
  return lines.some((line) => isNear(line, x, y, reach)) || areas.some((area) => isInside(area, x, y) || isNear(area, x, y, reach));
}

function isNear(points: readonly (readonly number[])[], x: number, y: number, reach: number): boolean {
  return points.some(([toX = 0, toY = 0], at) => {
    const [fromX = 0, fromY = 0] = points[Math.max(0, at - 1)]!;
    const [dx, dy] = [toX - fromX, toY - fromY];
    const along = Math.min(1, Math.max(0, ((x - fromX) * dx + (y - fromY) * dy) / (dx * dx + dy * dy || 1)));
    return Math.hypot(fromX + along * dx - x, fromY + along * dy - y) <= reach;
  });
}

function isInside(area: readonly (readonly number[])[], x: number, y: number): boolean {
  let inside = false;
  area.forEach(([ax = 0, ay = 0], at) => {
    const [bx = 0, by = 0] = area[(at + 1) % area.length]!;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}

function around(points: readonly (readonly number[])[], margin: number): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x = 0, y = 0] of points) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return [left - margin, top - margin, right + margin, bottom + margin];
}

const longest = (text: string): number => Math.max(...text.split("\n").map((line) => line.length));
