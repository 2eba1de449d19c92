import { expect, test } from "vitest";
import type { PollView } from "./protocol";
import { lostNow, percentOf, withPoll } from "./pulse";

const poll = (over: Partial<PollView> = {}): PollView => ({ number: 1, version: 1, text: "?", options: ["a", "b", "c"], counts: [0, 0, 0], at_ms: 0, closed: false, quiz: true, right: null, ...over });

test("an older count is not believed, and the lecturer's page goes on knowing what is right", () => {
  const known = [poll({ version: 5, counts: [3, 1, 0], right: 2 })];
  expect(withPoll(known, poll({ version: 4, counts: [2, 1, 0] }))).toEqual(known);
  expect(withPoll(known, poll({ version: 6, counts: [3, 2, 0] }))).toEqual([poll({ version: 6, counts: [3, 2, 0], right: 2 })]);
  expect(withPoll([], poll({ number: 2 })).concat(known).length).toBe(2);
});

test("shares are of those who answered, and of nobody none", () => {
  expect([1, 2, 3].map((option) => percentOf(poll({ counts: [2, 1, 0] }), option))).toEqual([67, 33, 0]);
  expect(percentOf(poll(), 1)).toBe(0);
});

test("the meter tells of the last minute, and of many only when it is many", () => {
  expect(lostNow({ counts: [9, 0, 2], came: 40, marks: [] })).toEqual({ count: 2, many: false });
  expect(lostNow({ counts: [0, 5, 1], came: 40, marks: [] })).toEqual({ count: 5, many: true });
  expect(lostNow({ counts: [], came: 0, marks: [] })).toEqual({ count: 0, many: false });
});
