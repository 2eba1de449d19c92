import { describe, expect, it } from "vitest";
import type { EarningView, QuestionView } from "./protocol";
import { newTurns, offerLeft, studentHears, teacherHears, withSnapshot } from "./state";

const question = (id: string, version: number, more: Partial<QuestionView> = {}): QuestionView => ({
  id, version, state: "waiting", subject: "math", grade: 8, text: "", read_text: "", received_at: `2026-03-02T11:0${id.length}:00Z`, media: [], turned_away: false, corrected: false, problems: [], chosen: null,
  verdict: null, followers: 0, leader_state: null, place: 1, wait_s: 60, promised_at: null, suggestion: null, worked_examples: [], answer: null, more_answers: [], being_recorded: false, session_id: null, watch_id: null,
  teacher_name: null, answered_at: null, ...more,
});

const line: EarningView = { id: "l1", amount_fen: 2000, work: "live_answer", done_at: "2026-03-02T11:00:00Z", question_id: null, subject: "math", summary: "" };

describe("a pupil's questions", () => {
  it("keep the newer view, whatever order the views come in", () => {
    const late = studentHears([question("a", 3, { place: 1 })], { type: "question", question: question("a", 2, { place: 5 }) });

    expect(late).toHaveLength(1);
    expect(late[0]?.place).toBe(1);
  });

  it("stand newest first", () => {
    const all = studentHears([question("a", 1)], { type: "question", question: question("aa", 1) });

    expect(all.map(({ id }) => id)).toEqual(["aa", "a"]);
  });

  it("are those of the snapshot, but none goes back to an older version", () => {
    const all = withSnapshot([question("a", 5, { state: "answering" }), question("aa", 1)], [question("a", 4)]);

    expect(all.map(({ id, state }) => [id, state])).toEqual([["a", "answering"]]);
  });

  it("call for a turn once", () => {
    const waiting = [question("a", 1)];
    const called = [question("a", 2, { state: "answering", session_id: "s" })];

    expect(newTurns(waiting, called)).toHaveLength(1);
    expect(newTurns(called, called)).toHaveLength(0);
  });
});

describe("what a teacher knows", () => {
  it("counts a line of money once, however often it is told", () => {
    const told = { type: "earned", line, total_fen: 2000 } as const;

    const once = teacherHears({ duty: null, earnings: null }, told);
    const twice = teacherHears(once, told);

    expect(twice.earnings).toEqual({ total_fen: 2000, month_fen: 2000, lines: [line] });
  });
});

describe("an offer's time", () => {
  const offer = { made_at: "2026-03-02T11:00:00Z", expires_at: "2026-03-02T11:00:15Z" };

  it("runs from one to nothing by the server's clock", () => {
    const begin = Date.parse(offer.made_at);

    expect([-5_000, 0, 7_500, 15_000, 60_000].map((ms) => offerLeft(offer, begin + ms))).toEqual([1, 1, 0.5, 0, 0]);
  });
});
