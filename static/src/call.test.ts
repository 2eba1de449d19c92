import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Call } from "./call";

/** A browser's connection as far as a call asks for it; it finds no path until it is told to. */
class Peer {
  static made: Peer[] = [];
  localDescription: RTCSessionDescriptionInit | null = null;
  iceConnectionState: RTCIceConnectionState = "new";
  oniceconnectionstatechange: (() => void) | null = null;
  readonly #lines: unknown[] = [];

  constructor() {
    Peer.made.push(this);
  }

  addTransceiver() {
    const line = { sender: { replaceTrack: async () => undefined }, receiver: { track: {} } };
    this.#lines.push(line);
    return line;
  }

  getTransceivers() {
    return this.#lines;
  }

  async createOffer() {
    return { type: "offer", sdp: "v=0" };
  }

  async createAnswer() {
    return { type: "answer", sdp: "v=0" };
  }

  async setLocalDescription(description: RTCSessionDescriptionInit) {
    this.localDescription = description;
  }

  async setRemoteDescription() {}

  close() {}

  becomes(state: RTCIceConnectionState) {
    this.iceConnectionState = state;
    this.oniceconnectionstatechange?.();
  }
}

let said: Record<string, unknown>[];

const called = (me: "teacher" | "student") => new Call(me, (each) => said.push(each), async () => []);
const hellos = () => said.filter((each) => "hello" in each).length;
const offers = () => said.filter((each) => "description" in each).length;

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  Peer.made = [];
  vi.stubGlobal("RTCPeerConnection", Peer);
  vi.stubGlobal("MediaStream", class {});
  vi.stubGlobal("MediaSource", { isTypeSupported: () => true });
  vi.stubGlobal("Audio", class {
    srcObject: unknown = null;
    paused = false;
    async play() {}
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a hello that got lost is said again, until somebody answers", async () => {
  const call = called("student");
  call.hello();
  await vi.advanceTimersByTimeAsync(11_000);
  expect(hellos()).toBe(3);

  await call.hears({ description: { type: "offer", sdp: "" }, round: "1" });
  said = [];
  await vi.advanceTimersByTimeAsync(4_000);
  expect(hellos()).toBe(0);
  call.close();
});

test("an offer that nobody answers gives way to the socket, and is made again later", async () => {
  const call = called("teacher");
  await call.hears({ hello: true });
  expect(offers()).toBe(1);

  await vi.advanceTimersByTimeAsync(5_000);
  expect(said).toContainEqual({ relay: true, plays: true });
  await vi.advanceTimersByTimeAsync(65_000);
  expect(hellos()).toBe(2);

  await call.hears({ hello: true });
  expect(offers()).toBe(2);
  Peer.made.at(-1)?.becomes("connected");
  expect(call.state.value).toBe("talking");
  said = [];
  await vi.advanceTimersByTimeAsync(600_000);
  expect(said).toEqual([]);
  call.close();
});

test("a closed call says nothing more", async () => {
  const call = called("teacher");
  call.hello();
  call.close();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(hellos()).toBe(1);
});
