import { expect, test } from "vitest";
import { NOTHING, Played, queryOf } from "./library";

test("what does not matter is not asked for", () => {
  expect(queryOf(NOTHING)).toBe("");
  expect(queryOf({ ...NOTHING, subject: "math", grade: 8, words: " 斜率 ", chapter: "一次函数" }, 24)).toBe("subject=math&chapter=%E4%B8%80%E6%AC%A1%E5%87%BD%E6%95%B0&grade=8&words=%E6%96%9C%E7%8E%87&skip=24");
});

test("what is played is one span, a leap or a pause begins another, and what could not be told is told later", () => {
  const played = new Played();
  for (const ms of [1_000, 1_250, 1_500, 60_000, 60_250]) played.tick(ms);
  played.breakOff();
  for (const ms of [5_000, 5_250, 5_100, 5_350]) played.tick(ms);
  const spans = played.take();
  expect(spans).toEqual([{ from_ms: 1_000, to_ms: 1_500 }, { from_ms: 60_000, to_ms: 60_250 }, { from_ms: 5_000, to_ms: 5_250 }, { from_ms: 5_100, to_ms: 5_350 }]);
  expect(played.take()).toEqual([]);
  played.untold(spans);
  played.tick(5_600);
  expect(played.take()).toHaveLength(4);
});
