import { describe, expect, it } from "vitest";
import { Hand, pointOf, type Touch } from "./gesture";

function handWithLog(): { hand: Hand; log: string[] } {
  const log: string[] = [];
  const hand = new Hand({
    begin: () => log.push("begin"),
    extend: () => log.push("extend"),
    end: () => log.push("end"),
    cancel: () => log.push("cancel"),
    tap: () => log.push("tap"),
    move: () => log.push("move"),
    pinch: () => log.push("pinch"),
    fit: () => log.push("fit"),
  });
  return { hand, log };
}

const at = (id: number, type: string, x: number, ms: number): Touch => ({ id, type, x, y: 0, pressure: 0.5, at: ms });

describe("a hand", () => {
  it("draws with a finger while no pen was seen", () => {
    const { hand, log } = handWithLog();

    hand.press(at(1, "touch", 0, 0));
    hand.drag([at(1, "touch", 9, 16)]);
    hand.lift(1, 0);

    expect(log).toEqual(["begin", "extend", "end"]);
  });

  it("rests its palm beside the pen without a mark", () => {
    const { hand, log } = handWithLog();

    hand.press(at(1, "pen", 0, 0));
    hand.press(at(2, "touch", 80, 10));
    hand.drag([at(2, "touch", 90, 20)]);
    hand.lift(2, 0);
    hand.drag([at(1, "pen", 5, 30)]);
    hand.lift(1, 0);

    expect(log).toEqual(["begin", "extend", "end"]);
  });

  it("writes with a pen whose palm came first, and pinches nothing", () => {
    const { hand, log } = handWithLog();
    hand.press(at(1, "pen", 0, 0));
    hand.lift(1, 5);

    hand.press(at(2, "touch", 80, 100));
    hand.press(at(3, "pen", 0, 400));
    hand.drag([at(2, "touch", 82, 410)]);
    hand.drag([at(3, "pen", 9, 420)]);
    hand.lift(3, 430);

    expect(log).toEqual(["begin", "end", "begin", "extend", "end"]);
  });

  it("neither draws nor moves with a pen that was put away, but still pinches", () => {
    const { hand, log } = handWithLog();
    hand.mode = "still";

    hand.press(at(1, "touch", 0, 0));
    hand.drag([at(1, "touch", 60, 16)]);
    hand.press(at(2, "touch", 200, 30));
    hand.drag([at(2, "touch", 240, 40)]);

    expect(log).toEqual(["move", "pinch"]);
  });

  it("shows the whole page when it taps twice, but not when it draws two dots", () => {
    const { hand, log } = handWithLog();
    const twice = (): void => {
      for (const ms of [0, 200]) {
        hand.press(at(1, "touch", 5, ms));
        hand.lift(1, ms + 50);
      }
    };

    twice();
    hand.mode = "move";
    twice();

    expect(log).toEqual(["begin", "end", "begin", "end", "fit"]);
  });

  it("takes back the palm's stroke when the pen comes after it", () => {
    const { hand, log } = handWithLog();

    hand.press(at(2, "touch", 80, 0));
    hand.press(at(1, "pen", 0, 40));
    hand.lift(1, 0);

    expect(log).toEqual(["begin", "cancel", "begin", "end"]);
  });

  it("moves the page with a finger once a pen was seen", () => {
    const { hand, log } = handWithLog();
    hand.press(at(1, "pen", 0, 0));
    hand.lift(1, 0);

    hand.press(at(2, "touch", 0, 500));
    hand.drag([at(2, "touch", 30, 520)]);

    expect(log.slice(2)).toEqual(["move"]);
  });

  it("pinches with two fingers and leaves no dot behind", () => {
    const { hand, log } = handWithLog();

    hand.press(at(1, "touch", 0, 0));
    hand.press(at(2, "touch", 50, 60));
    hand.drag([at(2, "touch", 90, 80)]);

    expect(log).toEqual(["begin", "cancel", "move", "pinch"]);
  });
});

describe("a point", () => {
  it("is whole, on the page, and never earlier than the one before", () => {
    const view = { scale: 0.05, x: 10, y: 20 };

    const point = pointOf(at(1, "pen", 260.4, 90), view, 6_000, 100, [0, 0, 40, 500]);

    expect(point).toEqual([5008, 0, 40, 500]);
  });
});
