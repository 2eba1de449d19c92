// What the pupil who asked thinks of the answer, by one tap; another tap changes it.
import { useState } from "preact/hooks";
import * as api from "./api";
import type { AnswerView } from "./protocol";
import { say, sentence } from "./words";

const ALL = [1, 2, 3, 4, 5] as const;

export function Stars({ answer }: { answer: AnswerView }) {
  const words = say.value;
  const [chosen, setChosen] = useState(answer.stars);
  const [said, setSaid] = useState("");
  const choose = (stars: number): void => {
    setChosen(stars);
    api.rate(answer.id, { stars }).then(() => setSaid(words.rated), (error: unknown) => {
      setChosen(answer.stars);
      setSaid(sentence(error));
    });
  };
  return (
    <div class="stars" role="group" aria-label={words.rateThis}>
      <span>{words.rateThis}</span>
      {ALL.map((n) => (
        <button key={n} class={chosen !== null && n <= chosen ? "star star-on" : "star"} aria-pressed={chosen === n} aria-label={words.starsOf(n)} onClick={() => choose(n)}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3.5l2.6 5.6 6 .7-4.5 4.1 1.2 6L12 16.9 6.7 19.9l1.2-6-4.5-4.1 6-.7z" /></svg>
        </button>
      ))}
      <span class="muted small" role="status">{said}</span>
    </div>
  );
}
