import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Board, Journal, pack, replay, unpack, type Point, type Snapshot } from "./board";
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

describe("a stroke's points", () => {
  const inks = JSON.parse(readFileSync(new URL("../../tests/vectors/ink.json", import.meta.url), "utf8")) as { name: string; points: Point[]; packed: string }[];

  it.each(inks)("are packed and unpacked as the server does: $name", ({ points, packed }) => {
    expect(pack(points)).toBe(packed);
    expect(unpack(packed)).toEqual(points);
    for (let cut = 0; cut <= Math.min(3, points.length); cut++) {
      const [before, rest] = [points.slice(0, cut), points.slice(cut)];
      const part = pack(rest, before.slice(-2));
      expect(pack(before) + part).toBe(packed);
      expect(unpack(part, before)).toEqual(rest);
    }
  });

  it.each(["A", "AAAAA", "g", "gggggggA", "AAA A"])("are not read out of %j", (nonsense) => {
    expect(unpack(nonsense)).toBeNull();
  });
});

/** As server/domain/board.py gives it. */
const snapshotOf = (board: Board): Snapshot => ({
  seq: board.seq, current: board.current, locked: board.locked, pages: [...board.pages.values()], said: board.said,
  marks: [...board.marks.values()].map((mark) => (mark.kind === "stroke" ? { ...mark, points: pack(mark.points) } : mark)),
});

describe("a snapshot and what came after it give the same board", () => {
  it.each(vectors)("$name", ({ log, digest }) => {
    const lines = [...new Map(log.map((line) => [line.seq, line])).values()].sort((a, b) => a.seq - b.seq);
    for (let cut = 0; cut <= lines.length; cut++) {
      const board = Board.restored(JSON.parse(JSON.stringify(snapshotOf(replay(lines.slice(0, cut))))) as Snapshot);
      for (const line of lines.slice(cut)) board.apply(line);

      expect(board.digest()).toBe(digest);
    }
  });
});

describe("a journal", () => {
  const page: BoardLine = { seq: 1, id: "a", author: "teacher", kind: "page", body: { page: "p1", paper: "blank", aspect: 7500 }, at_ms: 0 };
  const stroke = { id: "s1", page: "p1", tool: "pen", color: "#0072b2", width: 40, points: [[1, 1, 0, 500]] };

  it("shows one's own stroke before the server confirms it, and once after", () => {
    const journal = new Journal("student");
    journal.load([page]);
    journal.act({ id: "b", kind: "stroke", body: stroke });

    const before = [...journal.shown().marks.keys()];
    journal.confirm({ seq: 2, id: "b", author: "student", kind: "stroke", body: stroke, at_ms: 5 });
    const after = [...journal.shown().marks.keys()];

    expect(before).toEqual(["s1"]);
    expect(after).toEqual(["s1"]);
    expect(journal.pending.size).toBe(0);
  });

  it("forgets what a fresh snapshot already holds", () => {
    const journal = new Journal("student");
    journal.act({ id: "b", kind: "say", body: { text: "?" } });

    journal.load([page, { seq: 2, id: "b", author: "student", kind: "say", body: { text: "?" }, at_ms: 5 }]);

    expect(journal.shown().said).toHaveLength(1);
  });

  it("takes back what the server refused", () => {
    const journal = new Journal("student");
    journal.load([page]);
    journal.act({ id: "b", kind: "stroke", body: stroke });

    journal.drop("b");

    expect(journal.shown().marks.size).toBe(0);
  });

  it("lies in the server's order once all is confirmed, whatever came between", () => {
    const journal = new Journal("student");
    journal.load([page]);
    const line = (seq: number, id: string, author: string): BoardLine => ({ seq, id: `op-${id}`, author, kind: "stroke", body: { ...stroke, id }, at_ms: 0 });
    journal.act({ id: "op-mine", kind: "stroke", body: { ...stroke, id: "mine" } });

    journal.confirm(line(2, "theirs", "teacher"));
    const meanwhile = [...journal.shown().marks.keys()];
    journal.confirm(line(3, "mine", "student"));

    expect(meanwhile.sort()).toEqual(["mine", "theirs"]);
    expect([...journal.shown().marks.keys()]).toEqual(["theirs", "mine"]);
  });

  it("goes on from a snapshot that holds what was not confirmed yet", () => {
    const journal = new Journal("student");
    journal.act({ id: "b", kind: "stroke", body: stroke });

    journal.load([], snapshotOf(replay([page, { seq: 2, id: "b", author: "student", kind: "stroke", body: stroke, at_ms: 5 }])));

    expect(journal.pending.size).toBe(0);
    expect([...journal.shown().marks.keys()]).toEqual(["s1"]);
  });
});
