import { describe, expect, it } from "vitest";
import { sideBySide, without, type Piece } from "./compare";

const marked = (pieces: Piece[]): string[] => pieces.filter(({ differs }) => differs).map(({ text }) => text);

describe("two problems side by side", () => {
  it("marks the numbers that were exchanged, and nothing else", () => {
    const [mine, theirs] = sideBySide("妈妈买了 2.5 千克苹果，付给 50 元", "妈妈买了3.5千克苹果，付给30元。");

    expect([marked(mine), marked(theirs)]).toEqual([["2.5", "50"], ["3.5", "30"]]);
  });

  it("takes full-width and half-width, spaces and punctuation for the same", () => {
    const [mine, theirs] = sideBySide("解方程：３（ｘ－２）＝５。", "解方程: 3(x-2) = 5");

    expect([marked(mine), marked(theirs)]).toEqual([[], []]);
  });

  it("knows a minus from a plus, however it is printed", () => {
    const [mine, theirs] = sideBySide("3(x-2)=5", "3(x+2)=5");

    expect([marked(mine), marked(theirs)]).toEqual([["-"], ["+"]]);
    expect(sideBySide("3(x−2)", "3(x-2)").map(marked)).toEqual([[], []]);
  });

  it("shows what a photo lost on the one side only", () => {
    const [mine, theirs] = sideBySide("每千克元，付给 50 元", "每千克 8.4 元，付给 50 元");

    expect([marked(mine), marked(theirs)]).toEqual([[], ["8.4"]]);
  });

  it("keeps every character of both texts", () => {
    const texts = ["A. 3/4 ≤ x 😀\n第二行", "B. 0.75 < x"] as const;

    expect(sideBySide(...texts).map((side) => side.map(({ text }) => text).join(""))).toEqual(texts);
  });

  it("stays quick for a novel", () => {
    const begin = Date.now();
    const [mine] = sideBySide("长".repeat(5_000) + "尾", "长".repeat(5_000));

    expect(marked(mine)).toEqual([]);
    expect(Date.now() - begin).toBeLessThan(2_000);
  });
});

describe("a list without another", () => {
  it("counts what comes twice", () => {
    expect(without(["3", "3", "5"], ["3", "4"])).toEqual(["3", "5"]);
  });
});
