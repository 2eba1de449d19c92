import { expect, test } from "vitest";
import { lineChanges } from "./lines";

test("what stays, what goes and what comes are told line by line", () => {
  expect(lineChanges("a\nb\nc", "a\nx\nc")).toEqual([["same", "a"], ["out", "b"], ["in", "x"], ["same", "c"]]);
});

test("equal texts have no change", () => {
  expect(lineChanges("a\nb", "a\nb").every(([kind]) => kind === "same")).toBe(true);
});

test("taking the lines that stay and come gives the new text, those that stay and go the old one", () => {
  const [before, after] = ["1\n2\n3\n4", "0\n2\n4\n5"];
  const changes = lineChanges(before, after);

  expect(changes.filter(([kind]) => kind !== "out").map(([, line]) => line).join("\n")).toBe(after);
  expect(changes.filter(([kind]) => kind !== "in").map(([, line]) => line).join("\n")).toBe(before);
});
