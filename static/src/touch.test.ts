import { expect, it } from "vitest";
import type { Mark, Shape } from "./board";
import { boxOf, touches } from "./touch";

const shape = (name: Shape["shape"], points: Shape["points"], more: Partial<Shape> = {}): Mark => ({ kind: "shape", author: "teacher", id: "s", page: "p1", shape: name, color: "#000000", width: 40, dashed: false, points, ...more });

it("a rubber touches a stroke between its points, not beside it", () => {
  const mark: Mark = { kind: "stroke", author: "teacher", id: "s", page: "p1", tool: "pen", color: "#000000", width: 40, points: [[0, 0, 0, 500], [1000, 0, 16, 500]] };

  expect(touches(mark, [500, 60], 60)).toBe(true);
  expect(touches(mark, [500, 200], 60)).toBe(false);
  expect(touches(mark, [1200, 0], 60)).toBe(false);
});

it("a rubber touches a rectangle's sides, and all of a mask", () => {
  expect(touches(shape("rectangle", [[0, 0], [2000, 2000]]), [1000, 1000], 60)).toBe(false);
  expect(touches(shape("rectangle", [[0, 0], [2000, 2000]]), [2030, 1000], 60)).toBe(true);
  expect(touches(shape("mask", [[0, 0], [2000, 2000]]), [1000, 1000], 60)).toBe(true);
});

it("a rubber touches writing and formulas where they stand", () => {
  const text: Mark = { kind: "text", author: "teacher", id: "t", page: "p1", x: 1000, y: 1000, text: "解方程", color: "#000000", size: 300 };
  const formula: Mark = { kind: "formula", author: "teacher", id: "f", page: "p1", x: 1000, y: 1000, tex: "x^2", color: "#000000", size: 300 };

  expect([touches(text, [1300, 1200], 60), touches(text, [4000, 1200], 60)]).toEqual([true, false]);
  expect([touches(formula, [1200, 1200], 60), touches(formula, [4000, 1200], 60)]).toEqual([true, false]);
});

it("a mark's box holds its figures and numbers", () => {
  const [left, top, right, bottom] = boxOf(shape("numberline", [[1000, 3000], [9000, 3000]], { low: -5, high: 5 }));

  expect(left).toBeLessThan(1000);
  expect(top).toBeLessThan(2950);
  expect(right).toBeGreaterThan(9000);
  expect(bottom).toBeGreaterThan(3150);
});
