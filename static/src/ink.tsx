// The shared sheet: pointer or keys -> strokes, shapes and a rubber -> canvas, and the other side's ink while their pen
// is still down.
import { effect, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { PAGE_WIDTH, type Board, type Mark, type Page, type Point, type ShapeName, type Stroke, type Tool } from "./board";
import { FormulaLayer } from "./formulas";
import { Hand, pointOf, type Mode, type Touch } from "./gesture";
import { newId } from "./ids";
import { Layer } from "./layer";
import { Maker, onPage, type Made } from "./maker";
import { Painter, fitted, held, seenBox, showing, type View } from "./paint";
import type { Look } from "./room";
import { plain } from "./steady";
import { touches } from "./touch";
import { say } from "./words";

/** How the person draws just now. */
export interface Nib {
  mode: Mode;
  tool: Tool | "eraser" | ShapeName;
  color: string;
  width: number;
  dashed: boolean;
}

/** What the sheet tells. */
export interface Hearer {
  ink(stroke: Stroke, from: number): boolean; // points from one on, while the pen is down; false: not sent
  stroke(stroke: Stroke): void;
  shape(shape: Made): void;
  erase(mark: Mark): void;
  tap(x: number, y: number): void;
  look(look: Look): void;
  roam(): void; // the person moved the view
}

export interface SheetProps {
  board: Board;
  page: Page | null;
  address: string | null; // of the page's photo
  nib: Nib;
  author: string; // whose marks the rubber takes
  locked: boolean;
  live: ReadonlySignal<ReadonlyMap<string, Stroke>>; // strokes under way on the other side
  follow: Look | null; // where the other side looks, while we look along
  fit: number; // the whole page is shown each time this grows
  hearer: Hearer;
}

const INK_EVERY_MS = 12.5; // a frame of live ink for each of the screen's, of a screen faster than 80 Hz for every second
const LONGEST = 1_500; // points: a stroke's frame stays below 64 KiB; a longer line goes on as the next stroke
const NEAR = 5; // units: a point so near to the last shows nothing new
const RUBBER_PX = 10;
const SHARP_MS = 140; // of rest after the view moved, then the page is painted sharp
const [STEP, FAR_STEP] = [100, 500]; // units that an arrow key moves the crosshair

export function Sheet(props: SheetProps) {
  const base = useRef<HTMLCanvasElement>(null);
  const formulas = useRef<HTMLDivElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const sheet = useRef<Drawing | undefined>(undefined);
  useEffect(() => {
    sheet.current = new Drawing(base.current!, formulas.current!, over.current!);
    return () => sheet.current?.close();
  }, []);
  useEffect(() => sheet.current?.show(props));
  return (
    <div class="sheet">
      <canvas ref={base} class="sheet-layer" aria-hidden="true" />
      <div class="sheet-layer sheet-formulas"><div ref={formulas} class="formulas" /></div>
      <canvas ref={over} class="sheet-layer sheet-top" role="application" tabIndex={0} aria-label={say.value.board} aria-describedby="sheet-keys" />
      <p id="sheet-keys" class="visually-hidden">{say.value.boardKeys}</p>
    </div>
  );
}

/** The canvases: below what is settled, above what moves; formulas between them. */
export class Drawing {
  readonly #painter = new Painter();
  readonly #layer: Layer;
  readonly #formulas: FormulaLayer;
  readonly #maker = new Maker({ shape: "line", color: "#000000", width: 40, dashed: false });
  readonly #hand: Hand;
  readonly #stop: (() => void)[] = [];
  #props: SheetProps | null = null;
  #view: View | null = null; // null: the whole page
  #image: { address: string; element: HTMLImageElement; failed: boolean } | null = null;
  #pen = false; // is down
  #stroke: Stroke | null = null;
  #guessed: Point[] = []; // where the browser thinks that the pen goes next: drawn here, never sent
  #beganAt = 0;
  #toldUpTo = 0;
  #toldAt = 0;
  #frame = 0;
  #settled = false; // the lower canvas is up to date
  #sharpen: ReturnType<typeof setTimeout> | null = null;
  #cross: [number, number] | null = null; // where the keys draw
  #drawsByKey = false;
  readonly #rubbed = new Set<string>(); // by the drag under way

  constructor(
    base: HTMLCanvasElement,
    formulas: HTMLElement,
    readonly over: HTMLCanvasElement,
  ) {
    this.#layer = new Layer(base, this.#painter);
    this.#formulas = new FormulaLayer(formulas);
    this.#hand = new Hand({
      begin: (touch) => this.#begin(touch),
      extend: (touches) => this.#extend(touches),
      end: () => this.#end(),
      cancel: () => this.#cancel(),
      tap: (touch) => this.#tap(touch),
      move: (dx, dy) => this.#roam(({ scale, x, y }) => ({ scale, x: x + dx, y: y + dy })),
      pinch: (factor, x, y) => this.#zoom(factor, x, y),
      fit: () => this.#fit(),
    });
    this.#listen();
    this.#watchSize();
  }

  show(props: SheetProps): void {
    const before = this.#props;
    if (before === null) this.#stop.push(effect(() => void (props.live.value.size >= 0 && this.#schedule())));
    const turned = props.page?.page !== before?.page?.page;
    if (turned) {
      this.#end();
      this.#maker.cancel();
      this.#view = null;
    }
    this.#props = props;
    if (turned || props.page !== before?.page) this.#layer.stale();
    if (turned || props.fit !== before?.fit) this.#fit();
    if (props.follow !== null && props.follow !== before?.follow) this.#followTo(props.follow);
    this.#hand.mode = props.locked && props.nib.mode !== "move" ? "still" : props.nib.mode;
    const { tool, color, width, dashed } = props.nib;
    if (isShape(tool)) this.#maker.plan({ shape: tool, color, width, dashed });
    else this.#maker.cancel();
    this.over.style.cursor = CURSORS[this.#hand.mode];
    this.#loadImage(props.address);
    this.#formulas.show(props.board, props.page);
    this.#formulas.look(this.#current());
    this.#repaint();
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#sharpen ?? undefined);
    for (const stop of this.#stop) stop();
  }

  // What the hand does.

  #begin(touch: Touch): void {
    const tool = this.#props?.nib.tool;
    if (tool !== undefined && isShape(tool)) return this.#make(() => this.#maker.begin(this.#placeOf(touch)));
    this.#pen = true;
    this.#extend([touch]);
  }

  /** A line that leaves the page ends at its edge, and goes on as another where it comes back. */
  #extend(touches: Touch[]): void {
    const tool = this.#props?.nib.tool;
    for (const touch of touches) {
      if (tool === "eraser") this.#rub(touch);
      else if (tool !== undefined && isShape(tool)) this.#maker.drag(this.#placeOf(touch));
      else if (!this.#isOnPage(touch)) this.#finish();
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
      this.#stroke = { id: newId(), page: page.page, tool: nib.tool as Tool, color: nib.color, width: nib.width, points: [] };
    }
    const { points } = this.#stroke;
    const last = points[points.length - 1] ?? null;
    const point = pointOf(touch, this.#current(), page.aspect, this.#beganAt, last);
    if (last !== null && Math.hypot(point[0] - last[0], point[1] - last[1]) < NEAR) return;
    points.push(point);
    this.#guessed = [];
    if (points.length < LONGEST) return;
    this.#finish();
    this.#add(touch);
  }

  #guess(touches: Touch[]): void {
    const { points } = this.#stroke ?? {};
    const page = this.#props?.page;
    if (!points || !page) return;
    this.#guessed = touches.map((touch) => pointOf(touch, this.#current(), page.aspect, this.#beganAt, points[points.length - 1] ?? null));
  }

  #rub(touch: Touch): void {
    const { board, page, author, hearer } = this.#props!;
    const place = this.#placeOf(touch);
    const radius = RUBBER_PX / this.#current().scale;
    this.#cross = place;
    for (const mark of board.marks.values()) {
      if (mark.page === page?.page && mark.author === author && mark.id !== "asked" && !this.#rubbed.has(mark.id) && touches(mark, place, radius)) {
        this.#rubbed.add(mark.id);
        hearer.erase(mark);
      }
    }
  }

  #end(): void {
    this.#pen = false;
    this.#rubbed.clear();
    if (this.#props?.nib.tool === "eraser" && !this.#drawsByKey) this.#cross = null;
    this.#finish();
    this.#make(() => this.#maker.end());
  }

  /** A step of a shape; when it is complete it is told. */
  #make(step: () => Made | null | void): void {
    const made = step();
    if (made) this.#props?.hearer.shape(made);
    this.#schedule();
  }

  #finish(): void {
    const stroke = this.#stroke;
    this.#stroke = null;
    this.#guessed = [];
    if (stroke) this.#props?.hearer.stroke(stroke);
  }

  #cancel(): void {
    this.#pen = false;
    this.#stroke = null;
    this.#maker.cancel();
    this.#schedule();
  }

  #tap(touch: Touch): void {
    if (this.#isOnPage(touch)) this.#props?.hearer.tap(...this.#placeOf(touch));
  }

  // Where one looks.

  #isOnPage(touch: Touch): boolean {
    const { scale, x, y } = this.#current();
    const aspect = this.#props?.page?.aspect ?? 0;
    return touch.x >= x && touch.x <= x + PAGE_WIDTH * scale && touch.y >= y && touch.y <= y + aspect * scale;
  }

  #placeOf(touch: Touch): [number, number] {
    const { scale, x, y } = this.#current();
    return onPage((touch.x - x) / scale, (touch.y - y) / scale, this.#props?.page?.aspect ?? 0);
  }

  #zoom(factor: number, atX: number, atY: number): void {
    this.#roam(({ scale, x, y }) => ({ scale: scale * factor, x: atX - (atX - x) * factor, y: atY - (atY - y) * factor }));
  }

  #roam(change: (view: View) => View): void {
    if (!this.#props?.page) return;
    this.#look(change(this.#current()));
    this.#props.hearer.roam();
    this.#tellLook();
  }

  #fit(): void {
    this.#view = null;
    clearTimeout(this.#sharpen ?? undefined);
    this.#sharpen = null;
    this.#layer.stale();
    this.#formulas.look(this.#current());
    this.#repaint();
    this.#tellLook();
  }

  #followTo(look: Look): void {
    if (look.page === this.#props?.page?.page) this.#look(showing(look, this.over.clientWidth, this.over.clientHeight));
  }

  #look(view: View): void {
    const page = this.#props?.page;
    if (!page) return;
    this.#view = held(view, this.over.clientWidth, this.over.clientHeight, page.aspect);
    this.#moved();
  }

  /** The pixels there are move at once; they become sharp when the hand rests. */
  #moved(): void {
    const view = this.#current();
    this.#layer.carry(view);
    this.#formulas.look(view);
    clearTimeout(this.#sharpen ?? undefined);
    this.#sharpen = setTimeout(() => {
      this.#sharpen = null;
      this.#layer.stale();
      this.#repaint();
    }, SHARP_MS);
    this.#schedule();
  }

  #tellLook(): void {
    const page = this.#props?.page;
    if (!page) return;
    const [left, top, right, bottom] = seenBox(this.#current(), this.over.clientWidth, this.over.clientHeight).map(Math.round) as [number, number, number, number];
    const [x, y] = [Math.max(0, left), Math.max(0, top)];
    this.#props!.hearer.look({ page: page.page, x, y, width: Math.min(PAGE_WIDTH, right) - x, height: Math.min(page.aspect, bottom) - y });
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
    image.element.onload = () => {
      this.#layer.stale();
      this.#repaint();
    };
    image.element.onerror = () => (image.failed = true); // the next address may serve
    image.element.src = address;
    this.#image = image;
  }

  // Painting.

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
    const waits = this.#sharpen !== null && this.#layer.shows(this.#props?.page ?? null); // no pixels of another page are moved
    if (!this.#settled && !waits) this.#paintBase();
    const pen = this.over.getContext("2d")!;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.over.width, this.over.height);
    const page = this.#props?.page;
    if (!page) return;
    const ratio = devicePixelRatio || 1;
    const { scale, x, y } = this.#current();
    pen.save();
    pen.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * x, ratio * y);
    pen.beginPath();
    pen.rect(0, 0, PAGE_WIDTH, page.aspect); // nothing is drawn beside the page
    pen.clip();
    for (const stroke of this.#props!.live.value.values()) if (stroke.page === page.page) this.#painter.growing(pen, stroke);
    if (this.#stroke) this.#painter.growing(pen, { ...this.#stroke, points: [...this.#stroke.points, ...this.#guessed] });
    for (const shape of this.#maker.shown()) this.#painter.shape(pen, shape);
    if (this.#cross) this.#paintCross(pen, this.#cross, scale);
    pen.restore();
  }

  #paintBase(): void {
    const { page, board } = this.#props ?? {};
    this.#settled = true;
    if (!page || !board) return this.#layer.clear();
    const element = this.#image?.element;
    const image = element?.complete && element.naturalWidth > 0 ? element : null;
    const calm = !this.#pen && this.#props!.live.value.size === 0;
    const more = this.#layer.paint({ board, page, image, view: this.#current(), calm });
    if (more) this.#repaint();
  }

  #paintCross(pen: CanvasRenderingContext2D, [x, y]: [number, number], scale: number): void {
    const isRubber = this.#props?.nib.tool === "eraser";
    const size = (isRubber ? RUBBER_PX : 14) / scale;
    pen.strokeStyle = "#b3261e";
    pen.lineWidth = 2 / scale;
    pen.beginPath();
    if (isRubber) pen.arc(x, y, size, 0, 2 * Math.PI);
    else {
      pen.moveTo(x - size, y);
      pen.lineTo(x + size, y);
      pen.moveTo(x, y - size);
      pen.lineTo(x, y + size);
    }
    pen.stroke();
  }

  /** Sends the points that came since the last time; those that could not be sent go with the next. */
  #tell(): void {
    const stroke = this.#stroke;
    if (!stroke || stroke.points.length === this.#toldUpTo) return;
    const now = performance.now();
    if (now - this.#toldAt < INK_EVERY_MS) return this.#schedule();
    this.#toldAt = now;
    if (this.#props?.hearer.ink(stroke, this.#toldUpTo)) this.#toldUpTo = stroke.points.length;
  }

  #watchSize(): void {
    const resize = (): void => {
      const ratio = devicePixelRatio || 1;
      for (const canvas of [this.#layer.canvas, this.over]) {
        canvas.width = Math.round(canvas.clientWidth * ratio);
        canvas.height = Math.round(canvas.clientHeight * ratio);
      }
      this.#layer.stale();
      this.#formulas.look(this.#current());
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

  // Pointers and keys.

  #listen(): void {
    const on = <K extends keyof HTMLElementEventMap>(name: K, work: (event: HTMLElementEventMap[K]) => void): void => {
      const listener = (event: Event): void => work(event as HTMLElementEventMap[K]);
      this.over.addEventListener(name, listener, { passive: false });
    };
    on("wheel", (event) => this.#wheel(event));
    on("keydown", (event) => this.#key(event));
    on("blur", () => this.#leaveKeys());
    if (!("PointerEvent" in window)) return this.#listenToTouches(on);
    on("pointerdown", (event) => {
      if (event.button > 0) return;
      event.preventDefault();
      this.#leaveKeys();
      this.over.setPointerCapture(event.pointerId);
      this.#hand.press(this.#touch(event));
    });
    on("pointermove", (event) => {
      const parts = "getCoalescedEvents" in event ? event.getCoalescedEvents() : [];
      this.#hand.drag((parts.length > 0 ? parts : [event]).map((part) => this.#touch(part)));
      if (this.#stroke && "getPredictedEvents" in event) this.#guess(event.getPredictedEvents().map((part) => this.#touch(part)));
    });
    on("pointerup", (event) => this.#hand.lift(event.pointerId, event.timeStamp));
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
    on("touchend", (event) => each(event, ({ id }) => this.#hand.lift(id, event.timeStamp)));
    on("touchcancel", (event) => each(event, ({ id }) => this.#hand.lose(id)));
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const { left, top } = this.over.getBoundingClientRect();
    if (!event.ctrlKey) return this.#roam(({ scale, x, y }) => ({ scale, x: x - event.deltaX, y: y - event.deltaY }));
    this.#zoom(Math.exp(-event.deltaY / 300), event.clientX - left, event.clientY - top);
  }

  /** Arrows move a crosshair, space presses and lifts it like a pen: whatever a pointer draws, keys draw too. */
  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [middleX, middleY] = [this.over.clientWidth / 2, this.over.clientHeight / 2];
    const moves: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (move !== undefined) this.#moveCross(move, event.shiftKey ? FAR_STEP : STEP, event.timeStamp);
    else if (event.key === " " || event.key === "Enter") this.#pressCross(event);
    else if (event.key === "Escape") this.#leaveKeys();
    else if (event.key === "+" || event.key === "=") this.#zoom(1.25, middleX, middleY);
    else if (event.key === "-") this.#zoom(0.8, middleX, middleY);
    else if (event.key === "0") this.#fit();
    else return;
    event.preventDefault();
  }

  #moveCross([dx, dy]: [number, number], step: number, at: number): void {
    const aspect = this.#props?.page?.aspect ?? 0;
    const [x, y] = this.#cross ?? [PAGE_WIDTH / 2, aspect / 2];
    this.#cross = onPage(x + dx * step, y + dy * step, aspect);
    if (this.#drawsByKey) this.#extend([this.#crossTouch(at)]);
    this.#schedule();
  }

  #pressCross(event: KeyboardEvent): void {
    if (event.repeat) return;
    const aspect = this.#props?.page?.aspect ?? 0;
    this.#cross ??= onPage(PAGE_WIDTH / 2, aspect / 2, aspect);
    const touch = this.#crossTouch(event.timeStamp);
    if (this.#hand.mode === "write") return this.#tap(touch);
    if (this.#hand.mode !== "draw") return;
    if (event.key === "Enter" && this.#props?.nib.tool === "polygon") return this.#make(() => this.#maker.close());
    this.#drawsByKey = !this.#drawsByKey;
    if (this.#drawsByKey) this.#begin(touch);
    if (!this.#drawsByKey || this.#props?.nib.tool === "polygon") {
      this.#drawsByKey = false;
      this.#end();
    }
  }

  #leaveKeys(): void {
    if (this.#drawsByKey) this.#cancel();
    this.#drawsByKey = false;
    this.#cross = null;
    this.#schedule();
  }

  #crossTouch(at: number): Touch {
    const { scale, x, y } = this.#current();
    return { id: -1, type: "keys", x: x + this.#cross![0] * scale, y: y + this.#cross![1] * scale, pressure: 0.5, at };
  }

  #touch(event: PointerEvent): Touch {
    const { left, top } = this.over.getBoundingClientRect();
    const pressure = event.pointerType === "pen" && event.pressure > 0 ? event.pressure : 0.5;
    return { id: event.pointerId, type: event.pointerType, x: event.clientX - left, y: event.clientY - top, pressure, at: event.timeStamp };
  }
}

const CURSORS: Record<Mode, string> = { draw: "crosshair", write: "text", move: "grab", still: "default" };
const INKS: readonly string[] = ["pen", "highlighter", "laser", "eraser"];
const isShape = (tool: Nib["tool"]): tool is ShapeName => !INKS.includes(tool);
