// A voice over the socket: slices that come twice, late or never.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Listening, type Slice } from "./wire";

let played: string[] = [];

class Buffer extends EventTarget {
  mode = "";
  updating = false;
  buffered = { length: 0 };
  appendBuffer(bytes: ArrayBuffer): void {
    played.push(new TextDecoder().decode(bytes));
    this.dispatchEvent(new Event("updateend"));
  }
}

class Source extends EventTarget {
  static isTypeSupported = (): boolean => true;
  readyState = "open";
  constructor() {
    super();
    queueMicrotask(() => this.dispatchEvent(new Event("sourceopen")));
  }
  addSourceBuffer = (): Buffer => new Buffer();
}

const slice = (take: string, n: number): Slice => ({ take, n, type: "audio/webm", bytes: btoa(`${take}${n}`) });

describe("a listener", () => {
  let asked = 0;
  const hear = async (...slices: Slice[]): Promise<string[]> => {
    const listening = new Listening({ removeAttribute: () => undefined } as unknown as HTMLAudioElement, () => asked++);
    for (const each of slices) {
      listening.hears(each);
      await Promise.resolve();
    }
    return played;
  };

  beforeEach(() => {
    [played, asked] = [[], 0];
    vi.stubGlobal("MediaSource", Source);
    vi.stubGlobal("URL", { createObjectURL: () => "blob:", revokeObjectURL: () => undefined });
  });
  afterEach(() => vi.unstubAllGlobals());

  it("hears a slice once that comes twice", async () => {
    expect(await hear(slice("a", 0), slice("a", 0), slice("a", 1), slice("a", 1), slice("a", 0), slice("a", 2))).toEqual(["a0", "a1", "a2"]);
    expect(asked).toBe(0);
  });

  it("asks once for a new take when a slice is missing, and plays nothing that it can not decode", async () => {
    expect(await hear(slice("a", 0), slice("a", 2), slice("a", 3), slice("a", 1))).toEqual(["a0"]);
    expect(asked).toBe(1);
  });

  it("goes on with the new take, whatever still comes of the old one", async () => {
    expect(await hear(slice("a", 0), slice("a", 2), slice("b", 0), slice("a", 3), slice("b", 1))).toEqual(["a0", "b0", "b1"]);
    expect(asked).toBe(1);
  });

  it("that comes in the middle waits for a beginning", async () => {
    expect(await hear(slice("a", 7), slice("a", 8), slice("b", 0))).toEqual(["b0"]);
  });
});
