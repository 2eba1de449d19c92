// What the pupil of a session was explained lately: a line each, and its replay beside the board.
import { useState } from "preact/hooks";
import * as api from "./api";
import { Dialog, Icon } from "./parts";
import type { AnswerView, RelatedView } from "./protocol";
import { Replay } from "./replay";
import { moment, say } from "./words";

export function Related({ related }: { related: readonly RelatedView[] }) {
  const words = say.value;
  const [open, setOpen] = useState<AnswerView | null>(null);
  if (related.length === 0) return null;
  const show = (id: string): void => void api.answer(id).then(setOpen, () => undefined);
  return (
    <>
      <h2>{words.related}</h2>
      <ul class="related">
        {related.map(({ answer_id, problem_text, answered_at }) => (
          <li key={answer_id}>
            <button class="line" onClick={() => show(answer_id)}><Icon name="play" /><span class="line-body"><span class="line-text">{problem_text}</span><span class="muted small">{moment(answered_at)}</span></span></button>
          </li>
        ))}
      </ul>
      {open !== null && (
        <Dialog title={open.problem_text.slice(0, 40) || words.related} onclose={() => setOpen(null)} actions={<button class="button" onClick={() => setOpen(null)}>{words.close}</button>}>
          <Replay answer={open} />
        </Dialog>
      )}
    </>
  );
}
