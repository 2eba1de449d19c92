// Presses and drags on the page -> a shape, as it is being made. Knows no canvas and no network.
import { MAX_CORNERS, PAGE_WIDTH, type Place, type Shape, type ShapeName } from "./board";
import { bearing } from "./figure";

/** What a shape will look like apart from its places. */
export interface Plan {
  shape: ShapeName;
  color: string;
  width: number;
  dashed: boolean;
}

export type Made = Omit<Shape, "id" | "page">;

const SMALLEST = 60; // units: less is a slip of the hand
const CLOSES = 260; // units from a polygon's first corner that mean it
const STRAIGHT = 4; // degrees: a line so near to level or upright is meant to be
const [NUMBERS, COORDINATES] = [5, 5]; // how far a new number line and new axes go

/**
 * Most shapes are dragged from one place to another. A polygon takes its corners one by one until the first is touched
 * again; an arc takes a second drag around its centre, an angle one for its second arm.
 */
export class Maker {
  #plan: Plan;
  #from: Place | null = null; // where the drag under way began
  #to: Place | null = null;
  #fixed: Place[] = []; // what earlier drags and taps have set
  #sweep = 0; // degrees, of an arc's second drag
  #last = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Another colour or width serves at once; another shape begins anew. */
  plan(plan: Plan): void {
    if (plan.shape !== this.#plan.shape) this.cancel();
    this.#plan = plan;
  }

  get isUnderWay(): boolean {
    return this.#from !== null || this.#fixed.length > 0;
  }

  begin(place: Place): void {
    this.#from = place;
    this.#to = place;
    if (this.#turns) this.#last = bearing(this.#fixed[0]!, place);
  }

  drag(place: Place): void {
    if (this.#from === null) return;
    this.#to = place;
    if (!this.#turns) return;
    const now = bearing(this.#fixed[0]!, place);
    this.#sweep = clamp(this.#sweep + ((now - this.#last + 540) % 360) - 180, -360, 360);
    this.#last = now;
  }

  /** The pointer is up: the shape, once it is complete. */
  end(): Made | null {
    const [from, to] = [this.#from, this.#to];
    this.#from = null;
    this.#to = null;
    if (from === null || to === null) return null;
    switch (this.#plan.shape) {
      case "polygon":
        return this.#corner(to);
      case "arc":
      case "angle":
        return this.#second(from, to);
      default:
        return far(from, to) ? this.#made([from, this.#straightened(from, to)]) : null;
    }
  }

  /** Whoever taps twice or presses Enter closes a polygon. */
  close(): Made | null {
    if (this.#plan.shape !== "polygon" || this.#fixed.length < 3) return null;
    return this.#made(this.#fixed.splice(0));
  }

  cancel(): void {
    this.#from = null;
    this.#to = null;
    this.#fixed = [];
    this.#sweep = 0;
  }

  /** What there is so far, to be shown. */
  shown(): Made[] {
    const { shape } = this.#plan;
    const to = this.#to;
    if (shape === "polygon") {
      const corners = to === null ? this.#fixed : [...this.#fixed, to];
      const sides = corners.slice(1).map((corner, n) => this.#made([corners[n]!, corner], "line"));
      return corners.length === 1 ? [this.#made([corners[0]!, corners[0]!], "line")] : sides;
    }
    if (this.#fixed.length === 2) {
      const arm = this.#made(this.#fixed, "line");
      if (shape === "arc") return [arm, ...(to === null ? [] : [this.#made(this.#fixed)])];
      return to === null ? [arm] : [this.#made([...this.#fixed, to])];
    }
    if (this.#from === null || to === null) return [];
    if (shape === "arc" || shape === "angle") return [this.#made([this.#from, to], "line")];
    return [this.#made([this.#from, this.#straightened(this.#from, to)])];
  }

  get #turns(): boolean {
    return this.#plan.shape === "arc" && this.#fixed.length === 2;
  }

  #corner(place: Place): Made | null {
    const first = this.#fixed[0];
    if (first !== undefined && this.#fixed.length >= 3 && distance(first, place) < CLOSES) return this.close();
    if (this.#fixed.length === 0 || distance(this.#fixed[this.#fixed.length - 1]!, place) > SMALLEST) this.#fixed.push(place);
    return this.#fixed.length === MAX_CORNERS ? this.close() : null;
  }

  #second(from: Place, to: Place): Made | null {
    if (this.#fixed.length < 2) {
      if (far(from, to)) this.#fixed = [from, to];
      return null;
    }
    if (this.#plan.shape === "arc" && Math.abs(this.#sweep) < 1) return null;
    const made = this.#made(this.#plan.shape === "arc" ? this.#fixed : [...this.#fixed, to]);
    this.cancel();
    return made;
  }

  #straightened(from: Place, to: Place): Place {
    if (!["line", "arrow", "numberline"].includes(this.#plan.shape)) return to;
    const turned = Math.abs(bearing(from, to));
    if (turned < STRAIGHT || turned > 180 - STRAIGHT) return [to[0], from[1]];
    return Math.abs(turned - 90) < STRAIGHT ? [from[0], to[1]] : to;
  }

  #made(points: readonly Place[], shape: ShapeName = this.#plan.shape): Made {
    const made: Made = { ...this.#plan, shape, points: [...points] };
    if (shape === "arc") return { ...made, sweep: Math.round(this.#sweep * 10) };
    if (shape === "numberline") return { ...made, low: -NUMBERS, high: NUMBERS };
    return shape === "axes" ? { ...made, high: COORDINATES } : made;
  }
}

/** A place of the page in whole units, wherever the pointer is. */
export const onPage = (x: number, y: number, aspect: number): Place => [clamp(Math.round(x), 0, PAGE_WIDTH), clamp(Math.round(y), 0, aspect)];

const distance = (a: Place, b: Place): number => Math.hypot(a[0] - b[0], a[1] - b[1]);
const far = (a: Place, b: Place): boolean => distance(a, b) > SMALLEST;
const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
