// Whether a network carries the picture: what comes late or not at all is counted, and the picture goes before the sound does.
const WINDOW_MS = 8_000;
const LEAST = 12; // parts: two and a half seconds of them say something
const BAD = 0.3; // of them late or missing

interface Part {
  at: number;
  bad: boolean;
}

export class Thrift {
  #parts: Part[] = [];
  #last: { take: number; n: number } | null = null;

  /** A part of the sound or the picture; `late` when its moment has been heard already. True: the network is too slow. */
  came({ take, n }: { take: number; n: number }, late: boolean, now: number): boolean {
    const missing = this.#last !== null && this.#last.take === take ? Math.min(LEAST, Math.max(0, n - this.#last.n - 1)) : 0;
    this.#last = { take, n };
    this.#parts = this.#parts.filter(({ at }) => now - at < WINDOW_MS);
    for (let each = 0; each < missing; each++) this.#parts.push({ at: now, bad: true });
    this.#parts.push({ at: now, bad: late });
    return this.#parts.length >= LEAST && this.#parts.filter(({ bad }) => bad).length > BAD * this.#parts.length;
  }

  forget(): void {
    this.#parts = [];
    this.#last = null;
  }
}

/** What the browser says of the network: somebody who saves is not sent pictures. */
export function saves(connection: { saveData?: boolean; effectiveType?: string } | undefined): boolean {
  return connection?.saveData === true || /2g$/.test(connection?.effectiveType ?? "");
}
