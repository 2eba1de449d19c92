import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SpeakingTab } from "./tabs";

type Grant = (lock: object | null) => unknown;
interface Asked {
  shared: boolean;
  grant: Grant;
  settle: { resolve: (value: unknown) => void; reject: (why: Error) => void };
}

/** The browser's locks, as far as tabs ask for them. */
class Locks {
  readonly #held = new Map<string, Set<Asked>>();
  readonly #queues = new Map<string, Asked[]>();

  request(name: string, options: LockOptions, grant: Grant): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const asked = { shared: options.mode === "shared", grant, settle: { resolve, reject } };
      const holders = this.#held.get(name) ?? new Set();
      this.#held.set(name, holders);
      if (options.steal) {
        for (const each of holders) each.settle.reject(new Error("stolen"));
        holders.clear();
      }
      if (options.ifAvailable && holders.size > 0) return resolve(grant(null));
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, [...queue, asked]);
      options.signal?.addEventListener("abort", () => {
        this.#queues.set(name, this.#queues.get(name)!.filter((each) => each !== asked));
        reject(new Error("aborted"));
      });
      this.#next(name);
    });
  }

  #next(name: string): void {
    const [first, ...rest] = this.#queues.get(name) ?? [];
    const holders = this.#held.get(name)!;
    if (first === undefined || (holders.size > 0 && !(first.shared && [...holders].every(({ shared }) => shared)))) return;
    this.#queues.set(name, rest);
    holders.add(first);
    void Promise.resolve(first.grant({})).then((value) => {
      first.settle.resolve(value);
      holders.delete(first);
      this.#next(name);
    });
  }
}

function tab(): { tab: SpeakingTab; said: string[]; join: () => Promise<boolean> } {
  const said: string[] = [];
  const tab = new SpeakingTab("s", () => said.push("lost"));
  return { tab, said, join: () => tab.join(() => said.push("got")) };
}

beforeEach(() => vi.stubGlobal("navigator", { locks: new Locks() }));
afterEach(() => vi.unstubAllGlobals());

test("of two tabs the first speaks, and the second when the first is gone", async () => {
  const [one, two] = [tab(), tab()];

  expect([await one.join(), await two.join()]).toEqual([true, false]);
  expect([one.tab.isOurs, two.tab.isOurs]).toEqual([true, false]);
  one.tab.leave();
  await vi.waitFor(() => expect(two.said).toEqual(["got"]));

  expect([one.said, one.tab.isOurs, two.tab.isOurs]).toEqual([[], false, true]);
});

test("a tab that takes the voice over tells the other, which has it again afterwards", async () => {
  const [one, two] = [tab(), tab()];
  await one.join();
  await two.join();

  await two.tab.take();
  await vi.waitFor(() => expect(one.said).toEqual(["lost"]));
  one.tab.wait(() => one.said.push("got"));
  expect([one.tab.isOurs, two.tab.isOurs]).toEqual([false, true]);
  two.tab.leave();
  await vi.waitFor(() => expect(one.said).toEqual(["lost", "got"]));
  expect(two.said).toEqual([]);
});

test("a tab that was left before it was its turn never speaks", async () => {
  const [one, two, three] = [tab(), tab(), tab()];
  await one.join();
  await two.join();
  await three.join();

  two.tab.leave();
  one.tab.leave();
  await vi.waitFor(() => expect(three.said).toEqual(["got"]));
  expect(two.said).toEqual([]);
});

test("who ends the lesson waits until what another tab recorded is safe, and not for ever", async () => {
  vi.useFakeTimers();
  const [one, two] = [tab(), tab()];
  const safe = one.tab.saving();
  let waited = "";
  void two.tab.othersSaved().then(() => (waited = "safe"));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(waited).toBe("");

  safe();
  await vi.advanceTimersByTimeAsync(0);
  expect(waited).toBe("safe");

  one.tab.saving(); // of a tab that hangs
  void two.tab.othersSaved().then(() => (waited = "patience"));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(waited).toBe("patience");
  vi.useRealTimers();
});

test("a browser without locks lets every tab speak", async () => {
  vi.stubGlobal("navigator", {});
  const [one, two] = [tab(), tab()];

  expect([await one.join(), await two.join()]).toEqual([true, true]);
  await two.tab.othersSaved();
});
