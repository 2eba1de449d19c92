import { describe, expect, it } from "vitest";
import { Link, backoff, type Socket } from "./link";
import type { Act, AnyClientFrame, AnyEvent, AnyServerFrame } from "./protocol";

/** A world whose clock and network the test moves. */
class World {
  now = 1_000_000;
  readonly sockets: FakeSocket[] = [];
  #timers: { at: number; work: () => void }[] = [];

  readonly link = new Link({
    ticket: () => Promise.resolve(`ticket ${this.sockets.length}`),
    open: () => {
      const socket = new FakeSocket();
      this.sockets.push(socket);
      return socket;
    },
    now: () => this.now,
    random: () => 0.5,
    later: (ms, work) => {
      const timer = { at: this.now + ms, work };
      this.#timers.push(timer);
      return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
    },
  });

  get socket(): FakeSocket {
    return this.sockets[this.sockets.length - 1]!;
  }

  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      await settled();
      const due = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.now = Math.max(this.now, due.at);
      due.work();
    }
    this.now = until;
  }

  async connected(resumed: string[] = []): Promise<void> {
    await settled();
    this.socket.onopen?.();
    this.socket.says(welcome(resumed));
    await settled();
  }
}

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: AnyClientFrame[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as AnyClientFrame);
  }

  close(): void {
    this.closed = true;
  }

  says(frame: AnyServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  of<F extends AnyClientFrame["frame"]>(frame: F): Extract<AnyClientFrame, { frame: F }>[] {
    return this.sent.filter((sent): sent is Extract<AnyClientFrame, { frame: F }> => sent.frame === frame);
  }
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

const welcome = (resumed: string[] = []): AnyServerFrame => ({
  frame: "welcome", node: "n", now: new Date(1_005_000).toISOString(), beat_every_s: 15, resync: [], degraded: false,
  resumed: Object.fromEntries(resumed.map((name) => [name, { epoch: "e", offset: 0 }])),
});

const told = (offset: number, epoch = "e"): AnyServerFrame => ({ frame: "event", channel: "c", epoch, offset, event: alarm(offset) });

const alarm = (n: number): AnyEvent => ({ type: "alarm", question_id: String(n), subject: "math", stage: "junior", waiting_since: "" });

const stroke: Act = { frame: "act", id: "a1", session: "s", assignment_epoch: 1, kind: "say", body: { text: "?" } };

function listening(world: World): { heard: string[]; loads: () => number } {
  const heard: string[] = [];
  let loads = 0;
  world.link.watch("c", {
    load: () => Promise.resolve({ epoch: "e", offset: 10 * ++loads }),
    event: (event) => heard.push(event.type === "alarm" ? event.question_id : event.type),
  });
  world.link.start();
  return { heard, loads: () => loads };
}

describe("backoff", () => {
  it("doubles up to twenty seconds, and spreads over the whole of it", () => {
    expect([0, 1, 2, 10].map((attempt) => backoff(attempt, () => 1))).toEqual([500, 1000, 2000, 20_000]);
    expect(backoff(5, () => 0)).toBe(0);
  });
});

describe("a link", () => {
  it("subscribes from where the snapshot stands, and hears each event once", async () => {
    const world = new World();
    const { heard } = listening(world);
    await world.connected(["c"]);

    for (const offset of [11, 12, 12, 11]) world.socket.says(told(offset));

    expect(world.socket.of("hello")[0]?.resume).toEqual({ c: { epoch: "e", offset: 10 } });
    expect(heard).toEqual(["11", "12"]);
  });

  it("loads the snapshot again after a gap, another epoch, or a resync", async () => {
    const world = new World();
    const { heard, loads } = listening(world);
    await world.connected();
    const before = loads();

    world.socket.says(told(before * 10 + 2));
    await settled();
    world.socket.says(told(before * 10 + 11, "another"));
    await settled();
    world.socket.says({ frame: "resync", channel: "c" });
    await settled();

    expect(heard).toEqual([]);
    expect(loads()).toBe(before + 3);
  });

  it("comes back after a lost socket with the last position, and resends what was not acknowledged", async () => {
    const world = new World();
    const { heard } = listening(world);
    await world.connected(["c"]);
    world.socket.says(told(11));
    void world.link.act(stroke);

    world.socket.onclose?.({ code: 4008 });
    await world.pass(1_000);
    await settled();
    world.socket.onopen?.();
    world.socket.says(welcome(["c"]));

    expect(world.sockets).toHaveLength(2);
    expect(world.socket.of("hello")[0]?.resume?.["c"]?.offset).toBe(11);
    expect(world.socket.of("act").map(({ id }) => id)).toEqual(["a1"]);
    expect(heard).toEqual(["11"]);
  });

  it("forgets an act once it is acknowledged, and tells its number", async () => {
    const world = new World();
    listening(world);
    await world.connected();

    const answer = world.link.act(stroke);
    world.socket.says({ frame: "ack", id: "a1", seq: 7 });

    expect(await answer).toBe(7);
    expect(world.link.unacknowledged).toBe(0);
  });

  it("tries an act again when the server could not do it just now", async () => {
    const world = new World();
    listening(world);
    await world.connected();
    void world.link.act(stroke);

    world.socket.says({ frame: "refused", id: "a1", code: "unavailable", zh: "", en: "" });
    await world.pass(2_500);

    expect(world.socket.of("act")).toHaveLength(2);
  });

  it("takes a socket for dead after two and a half silent beats", async () => {
    const world = new World();
    listening(world);
    await world.connected();
    const first = world.socket;

    await world.pass(45_000);

    expect(first.closed).toBe(true);
    expect(world.sockets.length).toBeGreaterThan(1);
    expect(first.of("beat")).toHaveLength(2);
  });

  it("answers a beat that it did not ask for, and no other", async () => {
    const world = new World();
    listening(world);
    await world.connected();
    const beat: AnyServerFrame = { frame: "beat", now: new Date(world.now).toISOString() };

    world.socket.says(beat);
    expect(world.socket.of("beat")).toHaveLength(1);
    world.socket.says(beat); // the server's answer to ours
    expect(world.socket.of("beat")).toHaveLength(1);
  });

  it("comes back from a node that stops when it was told to, and a lesson before the crowd", async () => {
    const [crowd, lesson] = [new World(), new World()];
    for (const world of [crowd, lesson]) {
      listening(world);
      await world.connected();
    }
    lesson.link.watch("session:s", { load: () => Promise.resolve({ epoch: "e", offset: 0 }), event: () => {} });

    for (const world of [crowd, lesson]) {
      world.socket.says({ frame: "go", after_s: 20 });
      world.socket.onclose?.({ code: 4009 });
      await world.pass(3_000);
    }
    expect([crowd.sockets.length, lesson.sockets.length]).toEqual([1, 2]);
    await crowd.pass(18_000);
    expect(crowd.sockets).toHaveLength(2);
  });

  it("says offline from the start until there is a network", async () => {
    const world = new World();
    world.link.offline();
    listening(world);
    await settled();
    expect(world.link.state).toBe("offline");

    world.link.nudge();
    expect(world.link.state).toBe("reconnecting");
    await world.connected();
    expect(world.link.state).toBe("online");
  });

  it("is online again after a gap that the socket outlived", async () => {
    const world = new World();
    listening(world);
    await world.connected();

    world.link.offline();
    await world.pass(2_000);
    world.link.nudge();

    expect([world.link.state, world.sockets.length]).toEqual(["online", 1]);
  });

  it("leaves a socket that a new network killed, as soon as a beat stays unanswered", async () => {
    const world = new World();
    listening(world);
    await world.connected();

    await world.pass(1_000);
    world.link.nudge();
    await world.pass(3_500);

    expect(world.sockets).toHaveLength(2);
  });

  it("stays away when the server says so, and goes to the door when signed out", async () => {
    const world = new World();
    let atDoor = false;
    world.link.onsignedout = () => (atDoor = true);
    listening(world);
    await world.connected();

    world.socket.onclose?.({ code: 4102 });
    await world.pass(60_000);

    expect([atDoor, world.link.state, world.sockets.length]).toEqual([true, "stopped", 1]);
  });

  it("polls the snapshot while the server is degraded, and once more after", async () => {
    const world = new World();
    const { loads } = listening(world);
    await world.connected();
    const before = loads();

    world.socket.says({ frame: "degraded", on: true });
    await world.pass(9_500);
    world.socket.says({ frame: "degraded", on: false });
    await settled();

    expect(loads() - before).toBe(4);
  });

  it("knows the server's clock", async () => {
    const world = new World();
    listening(world);

    await world.connected();

    expect(world.link.now() - world.now).toBe(5_000);
  });
});
