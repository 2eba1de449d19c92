import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Board, type Point, type Stroke } from "./board";
import { Drawing, type Hearer, type SheetProps } from "./ink";
import { Painter } from "./paint";

const SIZE = { clientWidth: 1_000, clientHeight: 600 }; // shows the whole page with ten units for a pixel
const PAGE = { page: "p", paper: "blank", aspect: 6_000 } as const;
const NEXT = { ...PAGE, page: "q", paper: "squared" } as const;

/** A canvas or an element of a page, as far as a sheet asks for it. */
class Thing extends EventTarget {
  readonly style: Record<string, string> = {};
  readonly clientWidth = SIZE.clientWidth;
  readonly clientHeight = SIZE.clientHeight;
  getContext() {
    return new Proxy({}, { get: () => () => undefined, set: () => true });
  }
  getBoundingClientRect() {
    return { left: 0, top: 0 };
  }
  setPointerCapture() {}
}

let frames: (() => void)[];
let told: Point[][]; // the points of each frame of live ink
let ended: Stroke[];
let drawn: Stroke[]; // as the canvas shows it while the pen is down
let over: Thing;
let drawing: Drawing;
let props: SheetProps;
let painted: string[]; // pages, as often as one is painted from its ground
let online: boolean;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  vi.stubGlobal("window", { PointerEvent: class {} });
  vi.stubGlobal("devicePixelRatio", 1);
  vi.stubGlobal("ResizeObserver", class { observe() {} });
  vi.stubGlobal("requestAnimationFrame", (work: () => void) => frames.push(work));
  vi.spyOn(Painter.prototype, "growing").mockImplementation((_, stroke) => void drawn.push(stroke));
  vi.spyOn(Painter.prototype, "page").mockImplementation((_, { page }) => void painted.push(page));
  [frames, told, ended, drawn, painted, online] = [[], [], [], [], [], true];
  vi.advanceTimersByTime(1_000);
  sheet();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A sheet with one blank page, and the canvas of it that pointers touch. */
function sheet(): void {
  const nothing = (): void => {};
  const hearer: Hearer = {
    ink: (stroke, from) => (online && told.push(stroke.points.slice(from)), online),
    stroke: (stroke) => ended.push(stroke),
    shape: nothing, erase: nothing, tap: nothing, look: nothing, roam: nothing,
  };
  const thing = (): HTMLCanvasElement => new Thing() as unknown as HTMLCanvasElement;
  const top = thing();
  over = top as unknown as Thing;
  drawing = new Drawing(thing(), thing(), top);
  props = {
    board: new Board(), page: PAGE, address: null, nib: { mode: "draw", tool: "pen", color: "#000000", width: 45, dashed: false },
    author: "teacher", locked: false, live: signal(new Map()), follow: null, fit: 0, hearer,
  };
  drawing.show(props);
}

/** The screen shows what there is, so long after it did so last. */
function frame(ms = 16): void {
  vi.advanceTimersByTime(ms);
  for (const work of frames.splice(0)) work();
}

function pen(type: string, x: number, guessed: number[] = []): void {
  const at = (clientX: number) => ({ pointerId: 1, pointerType: "pen", button: 0, pressure: 0.5, clientX, clientY: 100 });
  const guesses = guessed.map((each) => ({ ...at(each), timeStamp: performance.now() }));
  over.dispatchEvent(Object.assign(new Event(type), at(x), { getCoalescedEvents: () => [], getPredictedEvents: () => guesses }));
}

const across = (points: readonly Point[]): number[] => points.map(([x]) => x);

test("points that the browser guesses are drawn and never sent", () => {
  pen("pointerdown", 100);
  pen("pointermove", 200, [250, 300]);
  frame();
  expect(across(drawn.at(-1)!.points)).toEqual([1_000, 2_000, 2_500, 3_000]);

  pen("pointermove", 220);
  frame();
  expect(across(drawn.at(-1)!.points)).toEqual([1_000, 2_000, 2_200]); // the guess was another
  pen("pointermove", 230, [260]);
  pen("pointerup", 230);
  frame();

  expect(told.map(across)).toEqual([[1_000, 2_000], [2_200]]);
  expect(ended.map(({ points }) => across(points))).toEqual([[1_000, 2_000, 2_200, 2_300]]);
});

test("all points between two frames of the screen are one frame of ink, and a fast screen sends every second", () => {
  pen("pointerdown", 100);
  for (const x of [110, 120, 130]) pen("pointermove", x);
  expect(told).toEqual([]);
  frame();
  expect(told.map(across)).toEqual([[1_000, 1_100, 1_200, 1_300]]);

  for (const x of [140, 150, 160, 170]) {
    pen("pointermove", x);
    frame(8);
  }
  expect(told.slice(1).map(across)).toEqual([[1_400, 1_500], [1_600, 1_700]]);
});

test("points that found no way go with the next", () => {
  pen("pointerdown", 100);
  online = false;
  frame();
  pen("pointermove", 110);
  online = true;
  frame();

  expect(told.map(across)).toEqual([[1_000, 1_100]]);
});

test("a page that is turned to is painted at once, though the other side is moving over it", () => {
  frame();
  expect(painted).toEqual(["p"]);

  drawing.show({ ...props, page: NEXT, follow: { page: "q", x: 0, y: 0, width: 5_000, height: 3_000 } });
  frame();
  expect(painted).toEqual(["p", "q"]);

  for (const x of [100, 200, 300]) {
    drawing.show({ ...props, page: NEXT, follow: { page: "q", x, y: 0, width: 5_000, height: 3_000 } });
    frame();
  }
  expect(painted).toEqual(["p", "q"]); // its pixels move; it is sharp when she rests
  frame(200);
  frame();
  expect(painted).toEqual(["p", "q", "q"]);
});
