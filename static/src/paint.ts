// Marks -> pixels: a board's page on a canvas, at any scale.
import { getStroke } from "perfect-freehand";
import { PAGE_WIDTH, type Mark, type Page, type Point, type Stroke, type Writing } from "./board";

/** Where the page lies on the canvas: CSS pixels for each unit, and the page's corner. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

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

/** Paints pages and remembers each mark's outline, so that a full board is repainted in a few milliseconds. */
export class Painter {
  readonly #outlines = new Map<string, Path2D>();

  page(pen: CanvasRenderingContext2D, page: Page, image: CanvasImageSource | null): void {
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, PAGE_WIDTH, page.aspect);
    if (image !== null) pen.drawImage(image, 0, 0, PAGE_WIDTH, page.aspect);
  }

  mark(pen: CanvasRenderingContext2D, mark: Mark): void {
    if (mark.kind === "text") return this.#write(pen, mark);
    let outline = this.#outlines.get(mark.id);
    if (outline === undefined) this.#outlines.set(mark.id, (outline = outlineOf(mark)));
    ink(pen, mark, outline);
  }

  /** A stroke that still grows. */
  growing(pen: CanvasRenderingContext2D, stroke: Stroke): void {
    ink(pen, stroke, outlineOf(stroke));
  }

  #write(pen: CanvasRenderingContext2D, { x, y, text, color, size }: Writing): void {
    pen.font = `${size}px system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif`;
    pen.textBaseline = "top";
    pen.fillStyle = color;
    lines(pen, text, PAGE_WIDTH - x - 100).forEach((line, n) => pen.fillText(line, x, y + n * size * LINE));
  }
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
