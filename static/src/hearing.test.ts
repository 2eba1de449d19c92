import { describe, expect, it } from "vitest";
import { whyNot } from "./camera";
import { Order, steered, wayOf, type Means } from "./hearing";
import { Pace } from "./pace";
import { inPlaylist } from "./reel";
import { Joined, inStep } from "./screen";
import { Watched, pieceAt, piecesIn, type Piece } from "./tape";
import { Thrift, saves } from "./thrift";

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

describe("what a browser has to play with", () => {
  const sound = 'audio/mp4; codecs="mp4a.40.2"';
  const picture = 'video/mp4; codecs="avc1.42c00d"';
  const some = (...types: string[]) => ({ isTypeSupported: (type: string) => types.includes(type) });
  const lists = (type: string): boolean => type === "application/vnd.apple.mpegurl";
  const way = (means: Means): string[] => [wayOf(sound, means), wayOf(picture, means)];

  it("decides how sound and picture come, each by itself", () => {
    expect(way({ MediaSource: some(sound, picture), plays: () => false })).toEqual(["MediaSource", "MediaSource"]); // Chrome, Android, WeChat
    expect(way({ MediaSource: some(sound, picture), ManagedMediaSource: some(sound, picture), plays: lists })).toEqual(["MediaSource", "MediaSource"]); // Safari on a desk, an iPad
    expect(way({ ManagedMediaSource: some(sound, picture), plays: lists })).toEqual(["ManagedMediaSource", "ManagedMediaSource"]); // an iPhone since iOS 17.1
    expect(way({ plays: lists })).toEqual(["playlist", "playlist"]); // an older one
    expect(way({ MediaSource: some(sound), plays: () => false })).toEqual(["MediaSource", "none"]); // a Chromium without H.264 hears
    expect(way({ plays: () => false })).toEqual(["none", "none"]);
  });
});

describe("the lecturer's picture", () => {
  it("is each part once, and after a hole from one that needs no other", () => {
    const joined = new Joined();
    const parts: [number, number, boolean][] = [[1, 7, false], [1, 12, true], [1, 13, false], [1, 13, false], [1, 12, true], [1, 15, false], [1, 16, false], [1, 18, true], [2, 1, false], [2, 6, true], [1, 19, false], [2, 7, false]];
    expect(parts.filter(([take, n, key]) => joined.admits({ take, n, key })).map(([take, n]) => [take, n])).toEqual([[1, 12], [1, 13], [1, 18], [2, 6], [2, 7]]);
  });

  it("follows the sound: a little faster or slower, and at once where it is far", () => {
    expect(inStep(5, 5.02, 1)).toEqual({ speed: 1, jump: false });
    expect(inStep(5, 5.1, 1).speed).toBeGreaterThan(1);
    expect(inStep(5.1, 5, 2).speed).toBeLessThan(2);
    expect(inStep(5, 6, 1).jump).toBe(true);
  });

  it("is left out when a third of what comes is late or missing, and not for one bad second", () => {
    const thrift = new Thrift();
    const verdicts = (from: number, to: number, each: (n: number) => boolean): boolean => {
      let slow = false;
      for (let n = from; n < to; n++) slow ||= thrift.came({ take: 1, n }, each(n), n * 213);
      return slow;
    };
    expect(verdicts(0, 40, (n) => n % 10 === 0)).toBe(false);
    expect(verdicts(40, 44, () => true)).toBe(false);
    expect(verdicts(44, 70, (n) => n % 2 === 0)).toBe(true);
    thrift.forget();
    expect([0, 20, 21, 40].map((n) => thrift.came({ take: 2, n }, false, n * 213)).at(-1)).toBe(true); // holes
    expect([saves({ saveData: true }), saves({ effectiveType: "2g" }), saves({ effectiveType: "4g" }), saves(undefined)]).toEqual([true, true, false, false]);
  });

  it("has a place in a playlist without silences", () => {
    const piece = (from: number, until: number): Piece => ({ from, until, address: "", offset: 0, beginning: "" });
    const pieces = [piece(2, 5), piece(9, 12)];
    expect([1, 2, 4.5, 5, 10, 12].map((moment) => inPlaylist(pieces, moment))).toEqual([null, 0, 2.5, null, 4, null]);
  });

  it("says why there is none", () => {
    expect(["NotAllowedError", "NotReadableError", "NotFoundError", "OverconstrainedError"].map((name) => whyNot(new DOMException("", name)))).toEqual(["refused", "held", "none", "none"]);
  });
});
