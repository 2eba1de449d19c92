// The shared sheet: pointer -> strokes -> canvas, and the other side's ink while their pen is still down.
import { useEffect, useRef } from "preact/hooks";
import type { Board, Mark, Page, Point, Stroke, Tool } from "./board";
import { PAGE_WIDTH } from "./board";
import { Hand, pointOf, type Mode, type Touch } from "./gesture";
import { newId } from "./ids";
import { Painter, fitted, held, type View } from "./paint";
import { plain } from "./steady";
import { say } from "./words";

/** How the person draws just now. */
export interface Nib {
  mode: Mode;
  tool: Tool;
  color: string;
  width: number;
}

export interface SheetProps {
  board: Board;
  page: Page | null;
  address: string | null; // of the page's photo
  nib: Nib;
  locked: boolean;
  live: ReadonlyMap<string, Stroke>; // strokes under way on the other side
  onink(stroke: Stroke, points: Point[]): void;
  onstroke(stroke: Stroke): void;
  ontap(x: number, y: number): void;
}

const INK_EVERY_MS = 30; // some 33 frames a second of live ink, below the server's 80 with room for the rest
const LONGEST = 1_500; // points: a stroke's frame stays below 64 KiB; a longer line goes on as the next stroke

export function Sheet(props: SheetProps) {
  const base = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const sheet = useRef<Drawing | undefined>(undefined);
  useEffect(() => {
    sheet.current = new Drawing(base.current!, over.current!);
    return () => sheet.current?.close();
  }, []);
  useEffect(() => sheet.current?.show(props));
  return (
    <div class="sheet" onDblClick={() => sheet.current?.fit()}>
      <canvas ref={base} class="sheet-layer" aria-hidden="true" />
      <canvas ref={over} class="sheet-layer sheet-top" role="img" aria-label={say.value.board} />
    </div>
  );
}

/** The two canvases: below what is settled, above what moves. */
class Drawing {
  readonly #painter = new Painter();
  readonly #hand: Hand;
  readonly #stop: (() => void)[] = [];
  #props: SheetProps | null = null;
  #view: View | null = null; // null: the whole page
  #image: { address: string; element: HTMLImageElement; failed: boolean } | null = null;
  #pen = false; // is down
  #stroke: Stroke | null = null;
  #beganAt = 0;
  #toldUpTo = 0;
  #toldAt = 0;
  #frame = 0;
  #settled = false; // the lower canvas is up to date

  constructor(
    readonly base: HTMLCanvasElement,
    readonly over: HTMLCanvasElement,
  ) {
    this.#hand = new Hand({
      begin: (touch) => this.#begin(touch),
      extend: (touches) => this.#extend(touches),
      end: () => this.#end(),
      cancel: () => this.#cancel(),
      tap: (touch) => this.#tap(touch),
      move: (dx, dy) => this.#look(({ scale, x, y }) => ({ scale, x: x + dx, y: y + dy })),
      pinch: (factor, atX, atY) =>
        this.#look(({ scale, x, y }) => ({ scale: scale * factor, x: atX - (atX - x) * factor, y: atY - (atY - y) * factor })),
    });
    this.#listen();
    this.#watchSize();
  }

  show(props: SheetProps): void {
    const turned = props.page?.page !== this.#props?.page?.page;
    if (turned) {
      this.#end();
      this.#view = null;
    }
    this.#props = props;
    this.#hand.mode = props.locked ? "move" : props.nib.mode;
    this.over.style.cursor = this.#hand.mode === "move" ? "grab" : this.#hand.mode === "write" ? "text" : "crosshair";
    this.#loadImage(props.address);
    this.#repaint();
  }

  fit(): void {
    this.#view = null;
    this.#repaint();
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    for (const stop of this.#stop) stop();
  }

  #begin(touch: Touch): void {
    this.#pen = true;
    this.#extend([touch]);
  }

  /** A line that leaves the page ends at its edge, and goes on as another where it comes back. */
  #extend(touches: Touch[]): void {
    for (const touch of touches) {
      if (!this.#isOnPage(touch)) this.#finish();
      else if (this.#pen) this.#add(touch);
    }
    this.#schedule();
  }

  #add(touch: Touch): void {
    const { page, nib } = this.#props ?? {};
    if (!page || !nib) return;
    if (this.#stroke === null) {
      this.#beganAt = touch.at;
      this.#toldUpTo = 0;
      this.#stroke = { id: newId(), page: page.page, tool: nib.tool, color: nib.color, width: nib.width, points: [] };
    }
    const { points } = this.#stroke;
    points.push(pointOf(touch, this.#current(), page.aspect, this.#beganAt, points[points.length - 1] ?? null));
    if (points.length < LONGEST) return;
    this.#finish();
    this.#add(touch);
  }

  #isOnPage(touch: Touch): boolean {
    const { scale, x, y } = this.#current();
    const aspect = this.#props?.page?.aspect ?? 0;
    return touch.x >= x && touch.x <= x + PAGE_WIDTH * scale && touch.y >= y && touch.y <= y + aspect * scale;
  }

  #end(): void {
    this.#pen = false;
    this.#finish();
    this.#schedule();
  }

  #finish(): void {
    const stroke = this.#stroke;
    this.#stroke = null;
    if (stroke) this.#props?.onstroke(stroke);
  }

  #cancel(): void {
    this.#pen = false;
    this.#stroke = null;
    this.#schedule();
  }

  #tap(touch: Touch): void {
    const view = this.#current();
    const page = this.#props?.page;
    if (!page) return;
    const x = Math.round((touch.x - view.x) / view.scale);
    const y = Math.round((touch.y - view.y) / view.scale);
    if (x >= 0 && x <= PAGE_WIDTH && y >= 0 && y <= page.aspect) this.#props?.ontap(x, y);
  }

  #look(change: (view: View) => View): void {
    const page = this.#props?.page;
    if (!page) return;
    this.#view = held(change(this.#current()), this.over.clientWidth, this.over.clientHeight, page.aspect);
    this.#repaint();
  }

  #current(): View {
    return this.#view ?? fitted(this.over.clientWidth, this.over.clientHeight, this.#props?.page?.aspect ?? PAGE_WIDTH);
  }

  #loadImage(address: string | null): void {
    const known = this.#image;
    if (plain(address) === plain(known?.address ?? null) && !known?.failed) return; // a fresh signature is no other photo
    if (known?.failed && known.address === address) return;
    this.#image = null;
    if (address === null) return;
    const image = { address, element: new Image(), failed: false };
    image.element.onload = () => this.#repaint();
    image.element.onerror = () => (image.failed = true); // the next address may serve
    image.element.src = address;
    this.#image = image;
  }

  #repaint(): void {
    this.#settled = false;
    this.#schedule();
  }

  #schedule(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  #paint(): void {
    this.#tell();
    if (!this.#settled) this.#paintBase();
    this.#settled = true;
    const pen = this.#clear(this.over);
    const page = this.#props?.page;
    if (!page) return;
    clip(pen, page);
    for (const stroke of this.#props!.live.values()) if (stroke.page === page.page) this.#painter.growing(pen, stroke);
    if (this.#stroke) this.#painter.growing(pen, this.#stroke);
  }

  #paintBase(): void {
    const pen = this.#clear(this.base);
    const { page, board } = this.#props ?? {};
    if (!page || !board) return;
    clip(pen, page);
    const image = this.#image?.element;
    this.#painter.page(pen, page, image?.complete && image.naturalWidth > 0 ? image : null);
    for (const mark of board.marks.values() as Iterable<Mark>) if (mark.page === page.page) this.#painter.mark(pen, mark);
  }

  #clear(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
    const pen = canvas.getContext("2d")!;
    const ratio = devicePixelRatio || 1;
    const view = this.#current();
    pen.restore(); // of the last painting's clip
    pen.save();
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.x, ratio * view.y);
    return pen;
  }

  /** Sends the points that came since the last time. */
  #tell(): void {
    const stroke = this.#stroke;
    if (!stroke || stroke.points.length === this.#toldUpTo) return;
    const now = performance.now();
    if (now - this.#toldAt < INK_EVERY_MS) return this.#later();
    this.#toldAt = now;
    this.#props?.onink(stroke, stroke.points.slice(this.#toldUpTo));
    this.#toldUpTo = stroke.points.length;
  }

  #later(): void {
    setTimeout(() => this.#schedule(), INK_EVERY_MS);
  }

  #watchSize(): void {
    const resize = (): void => {
      const ratio = devicePixelRatio || 1;
      for (const canvas of [this.base, this.over]) {
        canvas.width = Math.round(canvas.clientWidth * ratio);
        canvas.height = Math.round(canvas.clientHeight * ratio);
      }
      this.#repaint();
    };
    resize();
    if (typeof ResizeObserver === "undefined") {
      addEventListener("resize", resize);
      this.#stop.push(() => removeEventListener("resize", resize));
    } else {
      const observer = new ResizeObserver(resize);
      observer.observe(this.over);
      this.#stop.push(() => observer.disconnect());
    }
  }

  #listen(): void {
    const on = <K extends keyof HTMLElementEventMap>(name: K, work: (event: HTMLElementEventMap[K]) => void): void => {
      const listener = (event: Event): void => work(event as HTMLElementEventMap[K]);
      this.over.addEventListener(name, listener, { passive: false });
    };
    on("wheel", (event) => this.#wheel(event));
    if (!("PointerEvent" in window)) return this.#listenToTouches(on);
    on("pointerdown", (event) => {
      if (event.button > 0) return;
      event.preventDefault();
      this.over.setPointerCapture(event.pointerId);
      this.#hand.press(this.#touch(event));
    });
    on("pointermove", (event) => {
      const parts = "getCoalescedEvents" in event ? event.getCoalescedEvents() : [];
      this.#hand.drag((parts.length > 0 ? parts : [event]).map((part) => this.#touch(part)));
    });
    on("pointerup", (event) => this.#hand.lift(event.pointerId));
    on("pointercancel", (event) => this.#hand.lose(event.pointerId));
  }

  /** iOS 12 knows touches but no pointers. */
  #listenToTouches(on: <K extends keyof HTMLElementEventMap>(name: K, work: (event: HTMLElementEventMap[K]) => void) => void): void {
    const each = (event: TouchEvent, work: (touch: Touch) => void): void => {
      event.preventDefault();
      for (const touch of Array.from(event.changedTouches)) {
        const { left, top } = this.over.getBoundingClientRect();
        work({ id: touch.identifier, type: "touch", x: touch.clientX - left, y: touch.clientY - top, pressure: 0.5, at: event.timeStamp });
      }
    };
    on("touchstart", (event) => each(event, (touch) => this.#hand.press(touch)));
    on("touchmove", (event) => each(event, (touch) => this.#hand.drag([touch])));
    on("touchend", (event) => each(event, ({ id }) => this.#hand.lift(id)));
    on("touchcancel", (event) => each(event, ({ id }) => this.#hand.lose(id)));
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const { left, top } = this.over.getBoundingClientRect();
    const [atX, atY] = [event.clientX - left, event.clientY - top];
    if (!event.ctrlKey) return this.#look(({ scale, x, y }) => ({ scale, x: x - event.deltaX, y: y - event.deltaY }));
    const factor = Math.exp(-event.deltaY / 300);
    this.#look(({ scale, x, y }) => ({ scale: scale * factor, x: atX - (atX - x) * factor, y: atY - (atY - y) * factor }));
  }

  #touch(event: PointerEvent): Touch {
    const { left, top } = this.over.getBoundingClientRect();
    const pressure = event.pointerType === "pen" && event.pressure > 0 ? event.pressure : 0.5;
    return { id: event.pointerId, type: event.pointerType, x: event.clientX - left, y: event.clientY - top, pressure, at: event.timeStamp };
  }
}

/** Nothing is drawn beside the page. */
function clip(pen: CanvasRenderingContext2D, page: Page): void {
  pen.beginPath();
  pen.rect(0, 0, PAGE_WIDTH, page.aspect);
  pen.clip();
}
