import { describe, expect, it } from "vitest";
import { Order, steered } from "./hearing";
import { Pace } from "./pace";
import { Watched, pieceAt, piecesIn } from "./tape";

describe("how a pupil stays close behind the lecturer", () => {
  it("goes a little faster until little is left over, and jumps when it is far behind", () => {
    expect(steered(0.3, 1)).toEqual({ speed: 1, jump: false });
    expect(steered(0.4, 1)).toEqual({ speed: 1.06, jump: false });
    expect(steered(0.3, 1.06)).toEqual({ speed: 1.06, jump: false });
    expect(steered(0.19, 1.06)).toEqual({ speed: 1, jump: false });
    expect(steered(0.04, 1)).toEqual({ speed: 0.96, jump: false });
    expect(steered(0.1, 0.96)).toEqual({ speed: 0.96, jump: false });
    expect(steered(0.15, 0.96)).toEqual({ speed: 1, jump: false });
    expect(steered(1.6, 1.06)).toEqual({ speed: 1, jump: true });
  });

  it("hears each part once, passes over a hole, and never goes back to an older take", () => {
    const order = new Order();
    const said = [[1, 0], [1, 1], [1, 1], [1, 3], [1, 2], [2, 0], [1, 4], [2, 1]].map(([take, n]) => order.admits({ take: take!, n: n! }));
    expect(said).toEqual(["anew", "yes", "no", "yes", "no", "anew", "no", "yes"]);
  });
});

describe("what is seen waits for what is heard", () => {
  it("in its order, and not for a sound that has stopped", () => {
    let [heard, now]: [number | null, number] = [1_000, 0];
    const seen: number[] = [];
    const pace = new Pace(() => heard, () => now);
    for (const at of [900, 1_500, 1_400, 9_000]) pace.when(at, () => seen.push(at));
    expect(seen).toEqual([900]);
    heard = 1_450;
    pace.drain();
    expect(seen).toEqual([900]); // what comes later is not seen sooner
    heard = 1_500;
    pace.drain();
    expect(seen).toEqual([900, 1_500, 1_400]);
    now = 2_600;
    pace.drain();
    expect(seen).toEqual([900, 1_500, 1_400, 9_000]);
  });

  it("at once where nothing is heard; a snapshot stands for all that waits", () => {
    let heard: number | null = null;
    const seen: number[] = [];
    const pace = new Pace(() => heard, () => 0);
    pace.when(5_000, () => seen.push(1));
    heard = 0;
    pace.when(5_000, () => seen.push(2));
    pace.clear();
    heard = 6_000;
    pace.drain();
    expect(seen).toEqual([1]);
  });
});

describe("a replay's sound", () => {
  const began = Date.parse("2026-03-02T11:00:00Z");
  const list = [
    "#EXTM3U", '#EXT-X-MAP:URI="i"', "#EXT-X-PROGRAM-DATE-TIME:2026-03-02T11:00:00.500+00:00", "#EXTINF:3.84000,", "/hls/a/l/1.0.m4s", "#EXTINF:1.00000,", "/hls/b/l/1.1.m4s",
    "#EXT-X-DISCONTINUITY", "#EXT-X-PROGRAM-DATE-TIME:2026-03-02T11:00:08.180+00:00", "#EXTINF:3.84000,", "/hls/c/l/1.2.m4s", "#EXT-X-ENDLIST",
  ].join("\n");

  it("is where it was said; a missing segment is a silence", () => {
    const pieces = piecesIn(list, began);
    expect(pieces.map(({ from, until }) => [from, until])).toEqual([[0.5, 4.34], [4.34, 5.34], [8.18, 12.02]]);
    expect(pieces[2]!.offset).toBeCloseTo(0.5); // its own times count from its take's beginning
    expect(pieceAt(pieces, 6)).toBeNull();
    expect(pieceAt(pieces, 4.34)!.address).toContain("1.1");
  });

  it("tells what was watched in few spans, and keeps them when they can't be told", () => {
    const watched = new Watched();
    for (const [from, to] of [[0, 100], [100, 300], [5_000, 5_100], [310, 300]] as const) watched.add(from, to);
    const told = watched.taken();
    expect(told).toEqual([{ from_ms: 0, to_ms: 300 }, { from_ms: 5_000, to_ms: 5_100 }]);
    expect(watched.taken()).toEqual([]);
    watched.back(told);
    expect(watched.taken()).toEqual(told);
  });
});
