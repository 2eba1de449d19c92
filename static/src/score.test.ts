import { describe, expect, test } from "vitest";
import { replay } from "./board";
import type { BoardLine } from "./protocol";
import { Score } from "./score";

const line = (seq: number, at_ms: number, kind: string, body: Record<string, unknown>): BoardLine => ({ seq, id: `o${seq}`, author: "teacher", kind, body, at_ms });
const page = (seq: number, at: number, name: string): BoardLine => line(seq, at, "page", { page: name, paper: "blank", aspect: 6000 });
const turn = (seq: number, at: number, name: string): BoardLine => line(seq, at, "turn", { page: name });
const stroke = (seq: number, at: number, id: string, lasts = 1000): BoardLine =>
  line(seq, at, "stroke", { id, page: "p1", tool: "pen", color: "#000000", width: 40, points: [0, 0.25, 0.5, 0.75, 1].map((part) => [100, 100, part * lasts, 500]) });

const LOG = [page(1, 0, "p1"), stroke(2, 5_000, "a"), page(3, 6_000, "p2"), turn(4, 6_000, "p2"), line(5, 7_000, "lost", { page: "p2" }), turn(6, 9_000, "p1"), line(7, 9_500, "erase", { stroke: "a" }), stroke(8, 20_000, "b", 8_000)];

describe("a score", () => {
  test("shows a stroke growing before its line is in the log, and then as a mark", () => {
    const score = new Score(LOG);
    expect(score.at(3_900).live.size).toBe(0);
    expect(score.at(4_500).live.get("a")?.points).toHaveLength(3);
    const after = score.at(5_000);
    expect(after.live.size).toBe(0);
    expect([...after.board.marks.keys()]).toEqual(["a"]);
  });

  test("gives at every moment the board of the log so far, forwards and backwards", () => {
    const score = new Score(LOG);
    for (const now of [0, 6_000, 30_000, 9_200, 9_600, 4_000, 20_000, 100, 7_000]) {
      const so_far = LOG.filter(({ at_ms }) => at_ms <= now);
      expect(score.at(now).board.digest()).toBe(replay(so_far).digest());
    }
  });

  test("gives the same objects as long as nothing changes, so that nothing is painted in vain", () => {
    const score = new Score(LOG);
    const before = score.at(9_600);
    const later = score.at(11_000);
    expect(later.board).toBe(before.board);
    expect(later.live).toBe(before.live);
  });

  test("has a chapter for each page that stays, and knows where somebody was lost", () => {
    const score = new Score([...LOG.slice(0, 7), turn(8, 30_000, "p2"), turn(9, 30_100, "p1"), turn(10, 40_000, "p2")]);
    expect(score.chapters.map(({ at, number }) => [at, number])).toEqual([[0, 1], [6_000, 2], [9_000, 1], [40_000, 2]]);
    expect(score.lost).toEqual([7_000]);
  });

  test("begins a breath before the first mark and ends one after the last", () => {
    expect(new Score(LOG).begins).toBe(3_500);
    expect(new Score(LOG).ends).toBe(21_500);
    expect(new Score([page(1, 0, "p1")])).toMatchObject({ begins: 0, ends: 1_500 });
    expect(new Score([])).toMatchObject({ begins: 0, ends: 1_000 });
  });
});
