// The settled marks of a page on a canvas: what is new is painted on top, what goes is taken out where it lay.
import { PAGE_WIDTH, type Board, type Mark, type Page } from "./board";
import { Painter, carried, seenBox, type View } from "./paint";
import type { Box } from "./touch";

// A full board appears over some frames: while nobody draws it takes most of each, else ink would stutter.
const [SLICE_MS, CALM_SLICE_MS] = [9, 60];

/** What a layer shows. */
export interface Scene {
  board: Board;
  page: Page;
  image: HTMLImageElement | null;
  view: View;
  calm: boolean; // nobody's pen is down
}

export class Layer {
  readonly #painter: Painter;
  #scene: Scene | null = null;
  #painted: Mark[] = []; // in their order
  #wanted: Mark[] = [];
  #whole = true; // begin anew

  constructor(
    readonly canvas: HTMLCanvasElement,
    painter: Painter,
  ) {
    this.#painter = painter;
  }

  /** Everything is to be painted again: another page, photo, size or view. */
  stale(): void {
    this.#whole = true;
  }

  shows(page: Page | null): boolean {
    return this.#scene?.page.page === page?.page;
  }

  /** Shows the scene through another view at once, by moving the pixels there are; `paint` makes it sharp. */
  carry(view: View): void {
    if (this.#scene) this.canvas.style.transform = carried(this.#scene.view, view);
  }

  clear(): void {
    this.#scene = null;
    this.#painted = this.#wanted = [];
    this.#whole = true;
    this.canvas.style.transform = "";
    this.#pen().clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** Paints for a slice of a frame; true when there is more to paint. */
  paint(scene: Scene): boolean {
    this.#scene = scene;
    this.#wanted = [];
    for (const mark of scene.board.marks.values()) if (mark.page === scene.page.page) this.#wanted.push(mark);
    if (this.#whole) this.#begin(scene);
    else this.#mend(scene);
    return this.#goOn(scene);
  }

  #begin(scene: Scene): void {
    this.#whole = false;
    this.#painted = [];
    this.canvas.style.transform = "";
    const pen = this.#pen();
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.#on(scene, (on) => this.#painter.page(on, scene.page, scene.image));
  }

  /** Where marks went, or came to lie between others, all is painted again that touches them. */
  #mend(scene: Scene): void {
    let same = 0;
    while (same < this.#painted.length && this.#painted[same] === this.#wanted[same]) same++;
    if (same === this.#painted.length) return;
    const wanted = new Set(this.#wanted);
    const left = this.#painted.filter((mark) => wanted.has(mark));
    const gone = this.#painted.filter((mark) => !wanted.has(mark));
    const onlyGone = left.every((mark, at) => mark === this.#wanted[at]);
    const changed = onlyGone ? gone : [...this.#painted.slice(same), ...this.#wanted.slice(same)];
    this.#painted = onlyGone ? left : [...this.#wanted];
    const hole = changed.map((mark) => this.#painter.box(mark)).reduce(together);
    this.#on(scene, (pen) => {
      pen.beginPath();
      pen.rect(hole[0], hole[1], hole[2] - hole[0], hole[3] - hole[1]);
      pen.clip();
      this.#painter.page(pen, scene.page, scene.image);
      for (const mark of this.#painted) if (meet(this.#painter.box(mark), hole)) this.#painter.mark(pen, mark);
    });
  }

  #goOn(scene: Scene): boolean {
    if (this.#painted.length === this.#wanted.length) return false;
    const until = performance.now() + (scene.calm ? CALM_SLICE_MS : SLICE_MS);
    const seen = seenBox(scene.view, this.canvas.clientWidth, this.canvas.clientHeight);
    this.#on(scene, (pen) => {
      while (this.#painted.length < this.#wanted.length && performance.now() < until) {
        const mark = this.#wanted[this.#painted.length]!;
        if (meet(this.#painter.box(mark), seen)) this.#painter.mark(pen, mark);
        this.#painted.push(mark);
      }
    });
    return this.#painted.length < this.#wanted.length;
  }

  #on({ view, page }: Scene, work: (pen: CanvasRenderingContext2D) => void): void {
    const pen = this.#pen();
    const ratio = devicePixelRatio || 1;
    pen.save();
    pen.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.x, ratio * view.y);
    pen.beginPath();
    pen.rect(0, 0, PAGE_WIDTH, page.aspect); // nothing is drawn beside the page
    pen.clip();
    work(pen);
    pen.restore();
  }

  #pen(): CanvasRenderingContext2D {
    return this.canvas.getContext("2d")!;
  }
}

const together = (a: Box, b: Box): Box => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];

const meet = (a: Box, b: Box): boolean => a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
