import { expect, test } from "vitest";
import { matching } from "./points";

const POINTS = [{ name: "相似三角形", area: "图形" }, { name: "三角形的内角和", area: "图形" }, { name: "一次函数", area: "函数" }];

test("a point is found by its name or its area, and what begins with the word comes first", () => {
  const names = (typed: string) => matching(POINTS, typed).map(({ name }) => name);
  expect(names("三角")).toEqual(["三角形的内角和", "相似三角形"]);
  expect(names("函数")).toEqual(["一次函数"]);
  expect(names("图形 相似")).toEqual(["相似三角形"]);
  expect([names(" "), names("概率")]).toEqual([[], []]);
});
