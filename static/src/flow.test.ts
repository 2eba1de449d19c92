import { describe, expect, it } from "vitest";
import { flowed } from "./flow";

describe("a text that was read from paper", () => {
  it("flows on where only the paper broke it", () => {
    expect(flowed("某商店销售一种成本为每件40元的商品。当售价\n为每件60元时，每天可卖出200件")).toBe("某商店销售一种成本为每件40元的商品。当售价为每件60元时，每天可卖出200件");
    expect(flowed("She usually takes\nthe bus.")).toBe("She usually takes the bus.");
  });

  it("keeps options, parts and sentences on lines of their own", () => {
    for (const text of ["下列说法正确的是\nA. 2 是质数\nB. 1 是质数", "已知 f(x)=x²。\n(1) 求 f(2)；\n(2) 求 f(-2)", "① 加热\n② 冷却", "1.先算\n2、再算"]) {
      expect(flowed(text)).toBe(text);
    }
  });

  it("leaves what is on one line alone", () => {
    expect(flowed("解方程：3(x-2)=2x+5。")).toBe("解方程：3(x-2)=2x+5。");
    expect(flowed("")).toBe("");
  });
});
