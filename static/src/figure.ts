// What a shape looks like: lines, filled areas and small texts, in whole units of the page; the same rules, and the
// same test vectors (tests/vectors/figures.json), as server/domain/figure.py.
import { PAGE_WIDTH, type Paper, type Shape } from "./board";

type Place = readonly [x: number, y: number];
type Line = [x: number, y: number][];

const ROUND = 72; // corners of an ellipse
const STEP = 5; // degrees from corner to corner of an arc
const TICK = 60; // half of a tick's length
const LETTER = 240; // the size of figures beside an axis, where there is room

/** A small text with its middle at x, y. */
export interface Label {
  x: number;
  y: number;
  size: number;
  text: string;
}

/** Lines are drawn as wide as the shape says, areas are filled with its colour. */
export interface Figure {
  lines: Line[];
  areas: Line[];
  labels: Label[];
}

/** A straight line that is printed on the paper, RULE wide. */
export interface Rule {
  x: number;
  y: number;
  to_x: number;
  to_y: number;
  color: string;
}

const SQUARE = 500; // of squared paper
const STAFF_GAP = 150; // between two of a staff's five lines
export const RULE = 10; // as wide as printed lines are
const [FAINT, STRONG] = ["#d5e3ee", "#7d93a6"] as const; // of printed lines

/** The lines printed on a paper of that height. */
export function ruling(paper: Paper, aspect: number): Rule[] {
  const across = (y: number, color: string, margin = 0): Rule => ({ x: margin, y, to_x: PAGE_WIDTH - margin, to_y: y, color });
  const down = (x: number, color: string): Rule => ({ x, y: 0, to_x: x, to_y: aspect, color });
  const squares = (): Rule[] => [...range(SQUARE, PAGE_WIDTH, SQUARE).map((x) => down(x, FAINT)), ...range(SQUARE, aspect, SQUARE).map((y) => across(y, FAINT))];
  switch (paper) {
    case "squared":
      return squares();
    case "lined":
      return range(2 * SQUARE, aspect, 600).map((y) => across(y, FAINT));
    case "axes":
      return [...squares(), across(Math.floor(Math.floor(aspect / 2) / SQUARE) * SQUARE, STRONG), down(PAGE_WIDTH / 2, STRONG)];
    case "staff":
      return range(800, aspect - 4 * STAFF_GAP, 10 * STAFF_GAP).flatMap((top) => range(0, 5, 1).map((line) => across(top + line * STAFF_GAP, STRONG, 400)));
    default:
      return [];
  }
}

const range = (from: number, to: number, step: number): number[] => Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, n) => from + n * step);

export function figure(shape: Omit<Shape, "id" | "page" | "color">): Figure {
  const points: readonly Place[] = shape.points;
  const [first, second] = points as [Place, Place];
  const { width } = shape;
  const drawn: Figure = { lines: [], areas: [], labels: [] };
  switch (shape.shape) {
    case "line":
      drawn.lines = [whole(points)];
      break;
    case "arrow":
      arrow(drawn, first, second, width);
      break;
    case "rectangle":
      drawn.lines = [whole(closed(box(points)))];
      break;
    case "ellipse":
      drawn.lines = [whole(ellipse(points))];
      break;
    case "polygon":
      drawn.lines = [whole(closed(points))];
      break;
    case "arc":
      drawn.lines = [whole(arc(first, distance(first, second), bearing(first, second), (shape.sweep ?? 0) / 10)), whole([first, first])]; // and where the compass stood
      break;
    case "angle":
      angle(drawn, points);
      break;
    case "numberline":
      numberLine(drawn, first, second, shape.low ?? 0, shape.high ?? 1, width);
      break;
    case "axes":
      axes(drawn, points, shape.high ?? 1, width);
      break;
    case "mask":
      drawn.areas = [whole(box(points))];
  }
  if (shape.dashed) drawn.lines = drawn.lines.flatMap((line) => dashes(line, width));
  return drawn;
}

function arrow(drawn: Figure, begin: Place, end: Place, width: number): void {
  const length = distance(begin, end) || 1;
  const head = Math.min(length * 0.6, 90 + 4 * width);
  const along = [(end[0] - begin[0]) / length, (end[1] - begin[1]) / length] as const;
  const neck: Place = [end[0] - along[0] * head, end[1] - along[1] * head];
  const half = head * 0.38;
  drawn.lines.push(whole([begin, neck]));
  drawn.areas.push(whole([end, [neck[0] - along[1] * half, neck[1] + along[0] * half], [neck[0] + along[1] * half, neck[1] - along[0] * half]]));
}

/** Two arms, the arc between them on its shorter side, and how many degrees it spans. */
function angle(drawn: Figure, points: readonly Place[]): void {
  const [vertex, one, other] = points as [Place, Place, Place];
  const begin = bearing(vertex, one);
  const span = ((bearing(vertex, other) - begin + 540) % 360) - 180;
  const reach = Math.min(700, 0.5 * Math.min(distance(vertex, one), distance(vertex, other)));
  drawn.lines = [whole([one, vertex, other]), whole(arc(vertex, reach, begin, span))];
  drawn.labels = [label(around(vertex, reach + 260, begin + span / 2), LETTER, `${Math.floor(Math.abs(span) + 0.5)}°`)];
}

/** Half a step of line before the first and after the last number, and an arrow at the end. */
function numberLine(drawn: Figure, begin: Place, end: Place, low: number, high: number, width: number): void {
  const length = distance(begin, end) || 1;
  arrow(drawn, begin, end, width);
  const along = [(end[0] - begin[0]) / length, (end[1] - begin[1]) / length] as const;
  const below: Place = along[0] >= 0 ? [-along[1], along[0]] : [along[1], -along[0]];
  const step = length / (high - low + 1);
  for (let number = low; number <= high; number++) {
    const at = (number - low + 0.5) * step;
    const place: Place = [begin[0] + along[0] * at, begin[1] + along[1] * at];
    tick(drawn, place, below);
    if (isNamed(number, step)) name(drawn, place, below, letter(step), number);
  }
}

/** Both axes through the middle of the box, numbered from -high to high in equal steps. */
function axes(drawn: Figure, points: readonly Place[], high: number, width: number): void {
  const [[left, top], , [right, bottom]] = box(points) as [Place, Place, Place];
  const middle: Place = [(left + right) / 2, (top + bottom) / 2];
  const step = Math.min(right - left, bottom - top) / (2 * high + 2);
  const size = letter(step);
  arrow(drawn, [left, middle[1]], [right, middle[1]], width);
  arrow(drawn, [middle[0], bottom], [middle[0], top], width);
  for (let number = -high; number <= high; number++) {
    if (number === 0) continue;
    const across: Place = [middle[0] + number * step, middle[1]];
    const up: Place = [middle[0], middle[1] - number * step];
    tick(drawn, across, [0, 1]);
    tick(drawn, up, [-1, 0]);
    if (!isNamed(number, step)) continue;
    name(drawn, across, [0, 1], size, number);
    name(drawn, up, [-1, 0], size, number);
  }
  drawn.labels.push(
    label([middle[0] - size * 0.5, middle[1] + size * 0.75], size, "O"),
    label([right - size * 0.4, middle[1] + size], size, "x"),
    label([middle[0] + size, top + size * 0.5], size, "y"),
  );
}

const letter = (step: number): number => Math.max(110, Math.min(LETTER, Math.floor(step * 0.5)));
const isNamed = (number: number, step: number): boolean => step >= 260 || number % 5 === 0;

function tick(drawn: Figure, [x, y]: Place, across: Place): void {
  const [dx, dy] = [across[0] * TICK, across[1] * TICK];
  drawn.lines.push(whole([[x - dx, y - dy], [x + dx, y + dy]]));
}

function name(drawn: Figure, place: Place, side: Place, size: number, number: number): void {
  const off = TICK + size * 0.75;
  drawn.labels.push(label([place[0] + side[0] * off, place[1] + side[1] * off], size, number >= 0 ? String(number) : `−${-number}`));
}

const label = (place: Place, size: number, text: string): Label => ({ x: unit(place[0]), y: unit(place[1]), size, text });

/** The four corners, from the upper left one clockwise. */
function box(points: readonly Place[]): Place[] {
  const [[a, b], [c, d]] = points as [Place, Place];
  const [left, right, top, bottom] = [Math.min(a, c), Math.max(a, c), Math.min(b, d), Math.max(b, d)];
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

function ellipse(points: readonly Place[]): Place[] {
  const [[a, b], [c, d]] = points as [Place, Place];
  const [x, y, wide, high] = [(a + c) / 2, (b + d) / 2, Math.abs(c - a) / 2, Math.abs(d - b) / 2];
  return Array.from({ length: ROUND + 1 }, (_, corner) => {
    const turn = (2 * Math.PI * corner) / ROUND;
    return [x + wide * Math.cos(turn), y + high * Math.sin(turn)];
  });
}

/** Degrees, clockwise as a page is seen. */
function arc(centre: Place, radius: number, begin: number, sweep: number): Place[] {
  const pieces = Math.max(2, Math.ceil(Math.abs(sweep) / STEP));
  return Array.from({ length: pieces + 1 }, (_, piece) => around(centre, radius, begin + (sweep * piece) / pieces));
}

const around = (centre: Place, radius: number, bearing: number): Place => [
  centre[0] + radius * Math.cos((bearing * Math.PI) / 180),
  centre[1] + radius * Math.sin((bearing * Math.PI) / 180),
];

export const bearing = (centre: Place, place: Place): number => (Math.atan2(place[1] - centre[1], place[0] - centre[0]) * 180) / Math.PI;

const distance = (one: Place, other: Place): number => Math.hypot(other[0] - one[0], other[1] - one[1]);

const closed = (points: readonly Place[]): Place[] => [...points, points[0]!];

/** The pieces of a line that are drawn: as long as the gaps between them, from corner to corner. */
function dashes(line: Line, width: number): Line[] {
  const size = 100 + 2 * width;
  const pieces: Line[] = [];
  let gone = 0; // along the line so far
  for (let corner = 1; corner < line.length; corner++) {
    const [[x, y], [u, v]] = [line[corner - 1]!, line[corner]!];
    const length = distance([x, y], [u, v]);
    let at = 0;
    while (at < length) {
      const dash = Math.floor((gone + at) / size + 1e-9);
      const until = Math.min(length, (dash + 1) * size - gone);
      if (dash % 2 === 0) pieces.push(whole([at / length, until / length].map((end) => [x + (u - x) * end, y + (v - y) * end])));
      at = until;
    }
    gone += length;
  }
  return pieces;
}

const whole = (points: readonly Place[]): Line => points.map(([x, y]) => [unit(x), unit(y)]);

/** The nearest whole unit; what is all but a half is one, so that both languages round alike. */
const unit = (value: number): number => Math.floor(value + 0.5 + 1e-9);
