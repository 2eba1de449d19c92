import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Journal, replay } from "./board";
import type { BoardLine } from "./protocol";

interface Vector {
  name: string;
  log: BoardLine[];
  seq: number;
  current: string | null;
  marks: string[];
  digest: string;
}

const vectors = JSON.parse(readFileSync(new URL("../../tests/vectors/board.json", import.meta.url), "utf8")) as Vector[];

describe("a board replays as the server's does", () => {
  it.each(vectors)("$name", ({ log, seq, current, marks, digest }) => {
    const board = replay(log);

    expect([board.seq, board.current, [...board.marks.keys()]]).toEqual([seq, current, marks]);
    expect(board.digest()).toBe(digest);
  });
});

describe("a journal", () => {
  const page: BoardLine = { seq: 1, id: "a", author: "teacher", kind: "page", body: { page: "p1", paper: "blank", aspect: 7500 }, at_ms: 0 };
  const stroke = { id: "s1", page: "p1", tool: "pen", color: "#0072b2", width: 40, points: [[1, 1, 0, 500]] };

  it("shows one's own stroke before the server confirms it, and once after", () => {
    const journal = new Journal("student");
    journal.load([page]);
    journal.pending.set("b", { id: "b", kind: "stroke", body: stroke });

    const before = [...journal.shown().marks.keys()];
    journal.confirm({ seq: 2, id: "b", author: "student", kind: "stroke", body: stroke, at_ms: 5 });
    const after = [...journal.shown().marks.keys()];

    expect(before).toEqual(["s1"]);
    expect(after).toEqual(["s1"]);
    expect(journal.pending.size).toBe(0);
  });

  it("forgets what a fresh snapshot already holds", () => {
    const journal = new Journal("student");
    journal.pending.set("b", { id: "b", kind: "say", body: { text: "?" } });

    journal.load([page, { seq: 2, id: "b", author: "student", kind: "say", body: { text: "?" }, at_ms: 5 }]);

    expect(journal.shown().said).toHaveLength(1);
  });
});
