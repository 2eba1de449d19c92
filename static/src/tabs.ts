// Of a person's tabs in one session, one speaks: a lock that a browser keeps for all pages of its origin.
// A browser without such locks (Chrome before 69, Safari before 15.4) lets each tab speak.

const SAVING_MS = 10_000; // for another tab to bring what was said to the server; then it is salvaged there

export class SpeakingTab {
  #free: (() => void) | null = null; // gives the lock back; null: another tab has it
  #queue: AbortController | null = null;
  #left = false;

  /** `lost` when another tab takes it. */
  constructor(
    readonly session: string,
    readonly lost: () => void,
  ) {}

  get isOurs(): boolean {
    return this.#free !== null;
  }

  /** Says at once whether it is ours; where it is not, `got` follows when the tab that has it is gone. */
  async join(got: () => void): Promise<boolean> {
    const free = await this.#ask({ ifAvailable: true }, () => {});
    if (!free) this.wait(got);
    return free;
  }

  wait(got: () => void): void {
    this.#queue = new AbortController();
    void this.#ask({ signal: this.#queue.signal }, got);
  }

  /** From whichever tab has it. */
  async take(): Promise<void> {
    this.#queue?.abort();
    await this.#ask({ steal: true }, () => {});
  }

  leave(): void {
    this.#left = true;
    this.#queue?.abort();
    this.#free?.();
    this.#free = null;
  }

  /** Tells the other tabs that something said here is not yet safe, until the answer is called. */
  saving(): () => void {
    let safe!: () => void;
    const until = new Promise<void>((resolve) => (safe = resolve));
    if ("locks" in navigator) void navigator.locks.request(`said ${this.session}`, { mode: "shared" }, () => until);
    return safe;
  }

  /** Waits until what was said in other tabs is safe, or cannot be awaited any longer. */
  async othersSaved(): Promise<void> {
    if (!("locks" in navigator)) return;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), SAVING_MS);
    await navigator.locks.request(`said ${this.session}`, { signal: patience.signal }, () => {}).catch(() => undefined);
    clearTimeout(timer);
  }

  /** Whether we got it; resolves when that is known. */
  #ask(options: LockOptions, got: () => void): Promise<boolean> {
    return new Promise((known) => {
      let had = false;
      const has = (): Promise<void> => {
        if (this.#left) return Promise.resolve();
        had = true;
        const until = new Promise<void>((free) => (this.#free = free));
        known(true);
        got();
        return until;
      };
      if (!("locks" in navigator)) return void has();
      navigator.locks.request(`voice ${this.session}`, options, (lock) => (lock === null ? known(false) : has())).catch(() => {
        if (!had) return known(false); // no longer waited for
        this.#free = null;
        this.lost();
      });
    });
  }
}
