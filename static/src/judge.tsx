// Matches that the matcher was least sure of, for a teacher to judge: the same problem, or another.
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { flowed } from "./flow";
import { Notice } from "./parts";
import type { PairView } from "./protocol";
import { say, sentence, subjectAndGrade } from "./words";
import { Pair } from "./why";

/** One pair at a time, nothing when there is none: it is for a quiet moment. `calm` is one. */
export function Judging({ calm }: { calm: boolean }) {
  const words = say.value;
  const [pairs, setPairs] = useState<readonly PairView[]>([]);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  useEffect(() => {
    if (calm) void api.pairs().then(({ pairs }) => setPairs(pairs), () => undefined);
  }, [calm]);
  const pair = pairs[0];
  if (pair === undefined) return null;
  const judge = async (same: boolean): Promise<void> => {
    setBusy(true);
    setWrong(null);
    try {
      setPairs((await api.judge(pair.question_id, { known_id: pair.known_id, same })).pairs);
    } catch (error) {
      setWrong(sentence(error));
    }
    setBusy(false);
  };
  return (
    <section class="card judging" aria-labelledby="judging-title">
      <h2 id="judging-title">{words.judging}</h2>
      <p class="muted small">{pair.outcome === "not_mine" ? words.judgingNotMine : words.judgingMore}</p>
      <p><span class="tag">{subjectAndGrade(pair.subject, pair.grade)}</span></p>
      <Pair mine={flowed(pair.asked)} theirs={flowed(pair.known)} fromPhoto={false} titles={{ mine: words.judgingAsked, theirs: words.judgingKnown }} />
      {wrong && <Notice kind="error">{wrong}</Notice>}
      <div class="row wrap answers">
        <button class="button success grow" disabled={busy} onClick={() => void judge(true)}>{words.judgeSame}</button>
        <button class="button grow" disabled={busy} onClick={() => void judge(false)}>{words.judgeOther}</button>
      </div>
      <p class="muted small">{words.judgingLeft(pairs.length)}</p>
    </section>
  );
}
