import { describe, expect, test } from "vitest";
import type { SessionView } from "./protocol";
import { due } from "./vigil";

const OPENED = Date.parse("2026-11-24T19:00:00Z");
const session = (paused_at: string | null = null): SessionView => ({ ends_at: "2026-11-24T19:30:00Z", paused_at }) as SessionView;
const minutes = (n: number): number => OPENED + n * 60_000;

describe("the clock of a session", () => {
  test("asks after two silent minutes, and again after four", () => {
    expect([1.9, 2, 3.9, 4, 6.9].map((n) => due(session(), minutes(n), OPENED))).toEqual(["nothing", "ask", "ask", "ask again", "ask again"]);
  });

  test("warns five minutes before the end, of those who are there", () => {
    expect(due(session(), minutes(24.9), minutes(24))).toBe("nothing");
    expect(due(session(), minutes(25), minutes(24))).toBe("warning");
    expect(due(session(), minutes(28), minutes(24))).toBe("ask again");
  });

  test("asks nobody in a pause", () => {
    expect(due(session("2026-11-24T19:01:00Z"), minutes(8), OPENED)).toBe("nothing");
  });
});
