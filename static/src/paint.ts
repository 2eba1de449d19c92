// Marks -> pixels: a board's page on a canvas, at any scale.
import { getStroke } from "perfect-freehand";
import { PAGE_WIDTH, type Mark, type Page, type Point, type Shape, type Stroke, type Writing } from "./board";
import { RULE, figure, ruling } from "./figure";
import { boxOf, type Box } from "./touch";

/** Where the page lies on the canvas: CSS pixels for each unit, and the page's corner. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

const LASER = "#e01e37";
const HIGHLIGHTER_ALPHA = 0.32;
const LINE = 1.35; // of a text's size, from line to line

/** The whole page in the middle of the canvas. */
export function fitted(width: number, height: number, aspect: number): View {
  const scale = Math.min(width / PAGE_WIDTH, height / aspect);
  return { scale, x: (width - PAGE_WIDTH * scale) / 2, y: (height - aspect * scale) / 2 };
}

/** The same view held so that the page can't be lost: at least a quarter of the canvas shows it. */
export function held(view: View, width: number, height: number, aspect: number): View {
  const least = fitted(width, height, aspect).scale;
  const scale = Math.min(least * 8, Math.max(least, view.scale));
  return {
    scale,
    x: kept(view.x, PAGE_WIDTH * scale, width),
    y: kept(view.y, aspect * scale, height),
  };
}

function kept(at: number, size: number, room: number): number {
  if (size <= room) return (room - size) / 2;
  return Math.min(room * 0.1, Math.max(room * 0.9 - size, at));
}

/** How a view becomes another: as a matrix for pixels that were painted for the first. */
export function carried(from: View, to: View): string {
  const scale = to.scale / from.scale;
  return `matrix(${scale}, 0, 0, ${scale}, ${to.x - from.x * scale}, ${to.y - from.y * scale})`;
}

/** The part of the page that a canvas of this size shows, as left, top, right, bottom. */
export function seenBox({ scale, x, y }: View, width: number, height: number): Box {
  return [-x / scale, -y / scale, (width - x) / scale, (height - y) / scale];
}

/** The view that shows a part of the page as large as it fits. */
export function showing(part: { x: number; y: number; width: number; height: number }, width: number, height: number): View {
  const scale = Math.min(width / Math.max(1, part.width), height / Math.max(1, part.height));
  return { scale, x: width / 2 - (part.x + part.width / 2) * scale, y: height / 2 - (part.y + part.height / 2) * scale };
}

/** Paints pages and remembers each mark's outline, so that a full board is repainted in a few milliseconds. */
export class Painter {
  readonly #outlines = new WeakMap<Mark, Path2D>();
  readonly #boxes = new WeakMap<Mark, Box>();

  page(pen: CanvasRenderingContext2D, page: Page, image: CanvasImageSource | null): void {
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, PAGE_WIDTH, page.aspect);
    if (image !== null) photo(pen, page, image);
    pen.lineWidth = RULE;
    for (const { x, y, to_x, to_y, color } of ruling(page.paper, page.aspect)) {
      pen.strokeStyle = color;
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(to_x, to_y);
      pen.stroke();
    }
  }

  box(mark: Mark): Box {
    let box = this.#boxes.get(mark);
    if (box === undefined) this.#boxes.set(mark, (box = boxOf(mark)));
    return box;
  }

  mark(pen: CanvasRenderingContext2D, mark: Mark): void {
    switch (mark.kind) {
      case "stroke": {
        let outline = this.#outlines.get(mark);
        if (outline === undefined) this.#outlines.set(mark, (outline = outlineOf(mark)));
        return ink(pen, mark, outline);
      }
      case "shape":
        return this.shape(pen, mark);
      case "text":
        return write(pen, mark);
      case "formula": // is an element over the canvas
    }
  }

  shape(pen: CanvasRenderingContext2D, shape: Omit<Shape, "id" | "page">): void {
    const { lines: edges, areas, labels } = figure(shape);
    pen.strokeStyle = pen.fillStyle = shape.color;
    pen.lineWidth = shape.width;
    pen.lineCap = pen.lineJoin = "round";
    for (const edge of edges) {
      pen.beginPath();
      edge.forEach(([x, y], n) => (n === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)));
      pen.stroke();
    }
    for (const area of areas) {
      pen.beginPath();
      area.forEach(([x, y], n) => (n === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)));
      pen.fill();
    }
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (const { x, y, size, text } of labels) {
      pen.font = `${size}px ${FONT}`;
      pen.fillText(text, x, y);
    }
    pen.textAlign = "start";
  }

  /** A stroke that still grows; of a laser's the last moment. */
  growing(pen: CanvasRenderingContext2D, stroke: Stroke): void {
    if (stroke.tool === "laser") return glow(pen, stroke);
    ink(pen, stroke, outlineOf(stroke));
  }
}

const FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

/** The photo as it was turned and cut, in the page's frame. */
function photo(pen: CanvasRenderingContext2D, { aspect, quarter = 0, crop }: Page, image: CanvasImageSource): void {
  const [[left, top], [right, bottom]] = crop ?? [[0, 0], [PAGE_WIDTH, PAGE_WIDTH]];
  const width = (PAGE_WIDTH * PAGE_WIDTH) / (right - left); // of the whole turned photo, in units of the page
  const height = (aspect * PAGE_WIDTH) / (bottom - top);
  pen.save();
  pen.beginPath();
  pen.rect(0, 0, PAGE_WIDTH, aspect);
  pen.clip();
  pen.translate((-left / PAGE_WIDTH) * width + width / 2, (-top / PAGE_WIDTH) * height + height / 2);
  pen.rotate((quarter * Math.PI) / 2);
  const [wide, high] = quarter % 2 === 0 ? [width, height] : [height, width];
  pen.drawImage(image, -wide / 2, -high / 2, wide, high);
  pen.restore();
}

const GLOW_MS = 900;

function glow(pen: CanvasRenderingContext2D, { points, width }: Stroke): void {
  const last = points[points.length - 1];
  if (last === undefined) return;
  pen.save();
  pen.strokeStyle = pen.fillStyle = LASER;
  pen.lineCap = "round";
  for (let at = 1; at < points.length; at++) {
    const [[fromX, fromY], [x, y, ms]] = [points[at - 1]!, points[at]!];
    const fresh = 1 - (last[2] - ms) / GLOW_MS;
    if (fresh <= 0) continue;
    pen.globalAlpha = fresh * 0.8;
    pen.lineWidth = width * fresh;
    pen.beginPath();
    pen.moveTo(fromX, fromY);
    pen.lineTo(x, y);
    pen.stroke();
  }
  pen.globalAlpha = 1;
  pen.beginPath();
  pen.arc(last[0], last[1], width * 0.9, 0, 2 * Math.PI);
  pen.fill();
  pen.restore();
}

function write(pen: CanvasRenderingContext2D, { x, y, text, color, size }: Writing): void {
  pen.font = `${size}px ${FONT}`;
  pen.textBaseline = "top";
  pen.fillStyle = color;
  lines(pen, text, PAGE_WIDTH - x - 100).forEach((line, n) => pen.fillText(line, x, y + n * size * LINE));
}

function ink(pen: CanvasRenderingContext2D, stroke: Pick<Stroke, "tool" | "color">, outline: Path2D): void {
  pen.save();
  pen.fillStyle = stroke.color;
  if (stroke.tool === "highlighter") {
    pen.globalAlpha = HIGHLIGHTER_ALPHA;
    pen.globalCompositeOperation = "multiply";
  }
  pen.fill(outline);
  pen.restore();
}

function outlineOf({ points, width, tool }: Stroke): Path2D {
  const pressed = points.map(([x, y, , pressure]: Point) => [x, y, pressure / 1000]);
  const flat = tool === "highlighter" || points.every((point) => point[3] === 500); // a mouse or finger presses alike
  const edge = getStroke(pressed, { size: width, thinning: flat ? 0 : 0.55, smoothing: 0.5, streamline: 0.35, simulatePressure: false });
  const path = new Path2D();
  edge.forEach(([x = 0, y = 0], n) => {
    const [nextX = 0, nextY = 0] = edge[(n + 1) % edge.length] ?? [];
    if (n === 0) path.moveTo((x + nextX) / 2, (y + nextY) / 2);
    else path.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  });
  path.closePath();
  return path;
}

function lines(pen: CanvasRenderingContext2D, text: string, room: number): string[] {
  return text.split("\n").flatMap((paragraph) => {
    const found: string[] = [""];
    for (const letter of paragraph) {
      const line = found[found.length - 1]! + letter;
      if (pen.measureText(line).width > room && found[found.length - 1] !== "") found.push(letter);
      else found[found.length - 1] = line;
    }
    return found;
  });
}
