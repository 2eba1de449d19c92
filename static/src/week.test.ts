import { expect, test } from "vitest";
import { around, facetsOf, perMille, searchOf, shade, signed, sundayOf } from "./week";

test("a link leads to the same facets, and nothing else of an address counts", () => {
  const facets = facetsOf("?week=2026-03-02&grade=8&school=&x=1");
  expect(facets).toEqual({ week: "2026-03-02", grade: "8" });
  expect(facetsOf(searchOf(facets))).toEqual(facets);
});

test("rates are said per thousand, with as many digits as they have", () => {
  expect([perMille(0.0123), perMille(0.25), signed(-0.004), signed(0.01), signed(0)]).toEqual(["12.3", "250", "−4.0", "+10.0", "0.0"]);
  expect(around({ share: 0.02, low: 0.01, high: 0.03 })).toBe("10.0–30.0");
});

test("the darkest cell is 5, nothing is 0", () => {
  expect([shade(0.1, 0.1), shade(0.001, 0.1), shade(0, 0.1), shade(0, 0)]).toEqual([5, 1, 0, 0]);
});

test("a week ends on its Sunday, over months and years", () => {
  expect([sundayOf("2026-03-02"), sundayOf("2026-12-28")]).toEqual(["2026-03-08", "2027-01-03"]);
});
