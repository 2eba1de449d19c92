// A pupil's next lecture, wherever the pupil is: half an hour before it begins, and while it is on air.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { lectureSay } from "./lecture-words";
import * as lectures from "./lectures";
import { Icon } from "./parts";
import type { AnyEvent, LectureView } from "./protocol";

const LOOK_MS = 20_000;
const SPREAD_MS = 2_000; // a cancelled lecture is told to hundreds at once; they don't all ask in the same second

/** The lectures in which the pupil holds a place; null before it is known. */
export const places = signal<readonly LectureView[] | null>(null);

export async function loadPlaces(): Promise<{ epoch: string; offset: number }> {
  const found = await lectures.mine();
  places.value = found.lectures;
  return { epoch: found.epoch, offset: found.offset };
}

/** What the pupil's own channel told: a place or a lecture is another now. */
export function placeHeard(event: AnyEvent): void {
  if (event.type === "place") setTimeout(() => void loadPlaces().catch(() => undefined), Math.random() * SPREAD_MS);
}

export function Reminder({ here = false }: { here?: boolean }) {
  const words = lectureSay.value;
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  const due = lectures.dueSoon(places.value ?? [], now);
  if (due === null) return null;
  const minutes = Math.max(0, Math.ceil((Date.parse(due.starts_at) - now) / 60_000));
  return (
    <div class="turn-banner reminder" role="status">
      <p><Icon name="clock" /><strong>{due.state === "live" ? words.reminderLive(due.title) : words.reminderSoon(due.title, minutes)}</strong></p>
      {lectures.isOpenNow(due, now) ? <a class="button" href={`/lectures#room=${due.id}`}>{words.enter}</a> : !here && <a class="button" href={`/lectures#lecture=${due.id}`}>{words.look}</a>}
    </div>
  );
}
