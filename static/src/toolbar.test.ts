import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { COLORS } from "./toolbar";

type Triple = [number, number, number];
type Matrix = [Triple, Triple, Triple];

const PAPER = "#ffffff";
const APART = 20; // CIE 1976 ΔE: 2.3 is seen side by side; thin lines far from each other need several times as much

/** Linear RGB as eyes without one kind of cone see it: G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, A
 * Physiologically-based Model for Simulation of Color Vision Deficiency, IEEE TVCG 15 (2009), severity 1.0. */
const EYES: Record<string, Matrix> = {
  "with all cones": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  "with protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  "with deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  "with tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};
const XYZ: Matrix = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]; // of linear sRGB
const DAYLIGHT: Triple = [0.95047, 1, 1.08883]; // D65

const by = (matrix: Matrix, [a, b, c]: Triple): Triple => matrix.map(([x, y, z]) => x * a + y * b + z * c) as Triple;

function linear(color: string): Triple {
  return [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Triple;
}

function lab(color: string, eyes: Matrix): Triple {
  const seen = by(eyes, linear(color)).map((part) => Math.min(1, Math.max(0, part))) as Triple;
  const [x, y, z] = by(XYZ, seen).map((part, n) => {
    const t = part / DAYLIGHT[n]!;
    return t > 216 / 24_389 ? Math.cbrt(t) : ((24_389 / 27) * t + 16) / 116;
  }) as Triple;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

test.each(Object.entries(EYES))("eyes %s tell the inks from one another and from the paper", (_, eyes) => {
  const all = [...COLORS, PAPER];
  const near = all.flatMap((one, n) => all.slice(n + 1).map((other) => ({ one, other, apart: Math.hypot(...lab(one, eyes).map((part, at) => part - lab(other, eyes)[at]!)) }))).filter(({ apart }) => apart < APART);

  expect(near).toEqual([]);
});

test("the swatches show the inks' own colours", () => {
  const style = readFileSync(new URL("style.css", import.meta.url), "utf8");
  const shown = COLORS.map((_, n) => new RegExp(`\\.swatch-${n} \\{ background: (#\\w+); \\}`).exec(style)?.[1]);

  expect(shown).toEqual([...COLORS]);
});
