// The pulse of a lecture's room as signals: polls and one's answers, raised hands, who is lost (server/web/pulse.py).
import { signal, type Signal } from "@preact/signals";
import { call } from "./api";
import { newId } from "./ids";
import type { AnyEvent, AskPoll, HandPlace, HandsView, LostView, Muted, PollView, RoomSnapshot } from "./protocol";

const WINDOW_MS = 30_000; // as in server/domain/pulse.py
const MINUTE = 2; // windows
const MANY = 0.1; // of those who came

const post = <T>(path: string, body: object = {}): Promise<T> => call<T>("POST", path, body, newId());

/** Polls with one as it is now; what the lecturer's page knows of the right answer stays known. */
export function withPoll(polls: readonly PollView[], heard: PollView): PollView[] {
  const known = polls.find(({ number }) => number === heard.number);
  if (known !== undefined && known.version >= heard.version) return [...polls];
  const others = polls.filter(({ number }) => number !== heard.number);
  return [...others, { ...heard, right: heard.right ?? known?.right ?? null }].sort((a, b) => a.number - b.number);
}

export const answersOf = ({ counts }: PollView): number => counts.reduce((sum, count) => sum + count, 0);

/** Whole percents of an option; nothing of nothing is 0. */
export const percentOf = (poll: PollView, option: number): number => Math.round((100 * (poll.counts[option - 1] ?? 0)) / Math.max(1, answersOf(poll)));

/** How many were lost within about a minute, and whether that is many. */
export function lostNow({ counts, came }: LostView): { count: number; many: boolean } {
  const count = Math.max(0, ...counts.slice(-MINUTE));
  return { count, many: count >= Math.max(3, came * MANY) };
}

export class Pulse {
  readonly polls: Signal<readonly PollView[]> = signal([]);
  readonly answered: Signal<ReadonlyMap<number, number>> = signal(new Map()); // by poll, one's own option
  readonly hand: Signal<HandPlace | null> = signal(null);
  readonly hands: Signal<HandsView | null> = signal(null);
  readonly lost: Signal<LostView | null> = signal(null);
  readonly saidLost = signal(false); // within this window

  constructor(readonly id: string) {}

  get open(): PollView | null {
    return this.polls.value.find(({ closed }) => !closed) ?? null;
  }

  take({ polls, answered, hand, hands, lost, room }: RoomSnapshot): void {
    this.polls.value = polls.reduce((known, poll) => withPoll(known, poll), [...this.polls.value]);
    this.answered.value = new Map([...answered.map(({ number, option }) => [number, option] as const), ...this.answered.value]);
    [this.hand.value, this.hands.value, this.lost.value] = [hand, hands, lost];
    this.#word = room.has_the_word;
  }

  #word: number | null = null;

  hears(event: AnyEvent): void {
    if (event.type === "poll") this.polls.value = withPoll(this.polls.value, event.poll);
    if (event.type === "hands") this.hands.value = event.hands;
    if (event.type === "lost") this.lost.value = event.lost;
    if (event.type !== "room") return;
    const before = this.#word;
    this.#word = event.room.has_the_word;
    if (before !== null && before !== this.#word && this.hand.value?.number === before) this.hand.value = null; // has had the word
  }

  async ask(body: AskPoll): Promise<void> {
    this.polls.value = withPoll(this.polls.value, await post<PollView>(`${this.#at}/polls`, body));
  }

  async answer(number: number, option: number): Promise<void> {
    await post(`${this.#at}/polls/${number}/answer`, { option });
    this.answered.value = new Map(this.answered.value).set(number, option);
  }

  async close(number: number): Promise<void> {
    this.polls.value = withPoll(this.polls.value, await post<PollView>(`${this.#at}/polls/${number}/close`));
  }

  async raise(): Promise<void> {
    this.hand.value = await post<HandPlace>(`${this.#at}/hand`);
  }

  async lower(): Promise<void> {
    await post(`${this.#at}/hand/withdraw`);
    this.hand.value = null;
  }

  async takeHand(number: number): Promise<void> {
    this.hands.value = await post<HandsView>(`${this.#at}/hands/${number}/take`);
  }

  /** By voice, where the school and the guardian have agreed; a hand that is only up has the word with it. */
  async askToSpeak(number: number): Promise<void> {
    this.hands.value = await post<HandsView>(`${this.#at}/hands/${number}/speak`);
  }

  async handDone(number: number): Promise<void> {
    this.hands.value = await post<HandsView>(`${this.#at}/hands/${number}/done`);
  }

  async sayLost(): Promise<void> {
    this.saidLost.value = true;
    try {
      await post(`${this.#at}/lost`);
      setTimeout(() => (this.saidLost.value = false), WINDOW_MS);
    } catch (error) {
      this.saidLost.value = false;
      throw error;
    }
  }

  muted(): Promise<Muted> {
    return call("GET", `${this.#at}/muted`);
  }

  get #at(): string {
    return `/api/lectures/${this.id}`;
  }
}
