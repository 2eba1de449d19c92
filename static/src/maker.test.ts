import { describe, expect, it } from "vitest";
import type { Place, ShapeName } from "./board";
import { Maker, onPage, type Made } from "./maker";

const plan = (shape: ShapeName) => ({ shape, color: "#0072b2", width: 40, dashed: false });

function drag(maker: Maker, ...places: Place[]): Made | null {
  maker.begin(places[0]!);
  for (const place of places.slice(1)) maker.drag(place);
  return maker.end();
}

describe("a shape is made", () => {
  it("by one drag", () => {
    expect(drag(new Maker(plan("rectangle")), [100, 100], [500, 900])).toEqual({ ...plan("rectangle"), points: [[100, 100], [500, 900]] });
  });

  it("by no slip of the hand", () => {
    expect(drag(new Maker(plan("line")), [100, 100], [120, 110])).toBeNull();
  });

  it("level when it is nearly level, upright when nearly upright", () => {
    expect(drag(new Maker(plan("line")), [100, 100], [3000, 160])?.points).toEqual([[100, 100], [3000, 100]]);
    expect(drag(new Maker(plan("arrow")), [100, 3000], [140, 100])?.points).toEqual([[100, 3000], [100, 100]]);
    expect(drag(new Maker(plan("rectangle")), [100, 100], [3000, 160])?.points).toEqual([[100, 100], [3000, 160]]);
  });

  it("of corners one by one, until the first is touched again", () => {
    const maker = new Maker(plan("polygon"));

    const before = ([[0, 0], [2000, 0], [2000, 2000]] as Place[]).map((corner) => drag(maker, corner));
    const made = drag(maker, [100, 100]);

    expect(before).toEqual([null, null, null]);
    expect(made?.points).toEqual([[0, 0], [2000, 0], [2000, 2000]]);
    expect(maker.isUnderWay).toBe(false);
  });

  it("not of two corners", () => {
    const maker = new Maker(plan("polygon"));
    drag(maker, [0, 0]);
    drag(maker, [2000, 0]);

    expect(maker.close()).toBeNull();
    expect(maker.shown()).toHaveLength(1);
  });

  it("as an arc by a compass that goes more than half around", () => {
    const maker = new Maker(plan("arc"));
    drag(maker, [5000, 3000], [6000, 3000]);

    const made = drag(maker, [6000, 3000], [5000, 4000], [4000, 3000], [5000, 2000]);

    expect(made).toMatchObject({ points: [[5000, 3000], [6000, 3000]], sweep: 2700 });
  });

  it("as an angle by its two arms", () => {
    const maker = new Maker(plan("angle"));
    drag(maker, [5000, 3000], [6000, 3000]);

    expect(drag(maker, [5000, 3000], [5000, 2000])?.points).toEqual([[5000, 3000], [6000, 3000], [5000, 2000]]);
  });

  it("anew when another shape is chosen, and on with another colour", () => {
    const maker = new Maker(plan("polygon"));
    drag(maker, [0, 0]);
    maker.plan({ ...plan("polygon"), color: "#000000" });
    expect(maker.isUnderWay).toBe(true);

    maker.plan(plan("line"));

    expect(maker.isUnderWay).toBe(false);
  });
});

it("a place beside the page is at its edge", () => {
  expect(onPage(-3.4, 99_999, 6000)).toEqual([0, 6000]);
});
