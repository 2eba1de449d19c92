import { expect, test } from "vitest";
import { addressOf, changed, marked, searchOf } from "./bank";

test("a link leads to the same search, and nothing else of an address counts", () => {
  const search = searchOf(new URLSearchParams("?q=%E5%8B%BE%E8%82%A1&subject=math&grade=&cohort=x&x=1"));
  expect(search).toEqual({ q: "勾股", subject: "math" });
  expect(searchOf(new URLSearchParams(addressOf(search)))).toEqual(search);
});

test("a knowledge point and a topic go with their subject", () => {
  const search = { q: "圆", subject: "math", stage: "junior", point: "圆", topic: "3", grade: "9" };
  expect(changed(search, { subject: "physics" })).toEqual({ q: "圆", subject: "physics", stage: "junior", grade: "9" });
  expect(changed(search, { grade: "" })).toEqual({ q: "圆", subject: "math", stage: "junior", point: "圆", topic: "3" });
  expect(changed(search, { subject: "math", stage: "junior", point: "勾股定理" }).point).toBe("勾股定理");
});

test("what was looked for is marked, overlapping pairs as one, and nothing of a text is lost", () => {
  expect(marked("用勾股定理求", ["勾股", "股定", "定理"])).toEqual([["用", false], ["勾股定理", true], ["求", false]]);
  expect(marked("ABC abc", ["abc"])).toEqual([["ABC", true], [" ", false], ["abc", true]]);
  expect(marked("<b>.*</b>", [".*", "", "("])).toEqual([["<b>", false], [".*", true], ["</b>", false]]);
  expect(marked("", ["x"])).toEqual([]);
  expect(marked("😀题😀", ["题"]).map(([piece]) => piece).join("")).toBe("😀题😀");
});
