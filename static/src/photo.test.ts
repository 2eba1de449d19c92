import { describe, expect, it } from "vitest";
import { BLURRED_BELOW, fit, pulled, sharpness, shifted } from "./photo";

const SIZE = 200;

/** Dark lines on paper, as print is; `soft` pixels of blur. */
function page(soft: number): number[] {
  const sharp = (x: number, y: number): number => (y % 20 < 3 && x % 10 < 7 ? 40 : 230);
  const grey: number[] = [];
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      let sum = 0;
      let count = 0;
      for (let dy = -soft; dy <= soft; dy++) {
        for (let dx = -soft; dx <= soft; dx++) {
          sum += sharp(Math.max(0, x + dx), Math.max(0, y + dy));
          count++;
        }
      }
      grey.push(sum / count);
    }
  }
  return grey;
}

describe("sharpness", () => {
  it("tells print in focus from a shaken hand", () => {
    expect(sharpness(page(0), SIZE, SIZE)).toBeGreaterThan(BLURRED_BELOW * 10);
    expect(sharpness(page(5), SIZE, SIZE)).toBeLessThan(BLURRED_BELOW);
  });
});

describe("a finished photo", () => {
  it("has at most 2048 pixels, is never enlarged, and turns its sides", () => {
    const whole = { x: 0, y: 0, width: 1, height: 1 };

    expect(fit({ width: 4096, height: 3072 }, 0, whole)).toEqual({ width: 2048, height: 1536 });
    expect(fit({ width: 4096, height: 3072 }, 1, whole)).toEqual({ width: 1536, height: 2048 });
    expect(fit({ width: 800, height: 600 }, 0, { ...whole, width: 0.5 })).toEqual({ width: 400, height: 600 });
  });
});

describe("a crop", () => {
  it("stays on the photo and large enough to hold", () => {
    const crop = { x: 0.2, y: 0.2, width: 0.5, height: 0.5 };

    expect(pulled(crop, "nw", -9, -9)).toEqual({ x: 0, y: 0, width: 0.7, height: 0.7 });
    expect(pulled(crop, "se", -9, -9).width).toBeCloseTo(0.08);
    expect(shifted(crop, 9, -9)).toEqual({ x: 0.5, y: 0, width: 0.5, height: 0.5 });
  });
});
