// Ending a session: with an answer, once what was said is safe; or by handing the question back.
import { useState } from "preact/hooks";
import * as api from "./api";
import type { Lesson } from "./lesson";
import { Dialog, Notice } from "./parts";
import { DoubtLine } from "./doubt";
import { Points } from "./points";
import type { AnswerView, Difficulty, SessionView, Stage, Subject } from "./protocol";
import { DIFFICULTIES, research } from "./research-words";
import type { Room } from "./room";
import { say, sentence } from "./words";

interface Props {
  room: Room;
  session: SessionView;
  lesson: Lesson;
  onfinished: (answer: AnswerView) => void;
  onhandedback: () => void;
}

type Asked = "nothing" | "finish" | "hand back" | "without voice";

export function Ending({ room, session, lesson, onfinished, onhandedback }: Props) {
  const words = say.value;
  const labels = research.value;
  const [asked, setAsked] = useState<Asked>("nothing");
  const [points, setPoints] = useState<ReadonlySet<string>>(new Set(session.knowledge_points.slice(0, 1))); // the likeliest
  const [difficulty, setDifficulty] = useState<Difficulty | null>(null); // a model's guess is shown, and is no teacher's word
  const [really, setReally] = useState<{ asked_about?: Subject; asked_at?: Stage }>({});
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const close = (): void => {
    if (!busy) setAsked("nothing");
  };

  const during = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setWrong(null);
    await work().catch((error: unknown) => setWrong(sentence(error)));
    setBusy(false);
  };
  const finishWith = async (recordings: string[]): Promise<void> => {
    const body = { assignment_epoch: session.assignment_epoch, recordings, knowledge_points: [...points], difficulty, ...really };
    onfinished(await api.finish(room.id, body, `finish-${room.id}`));
  };
  const finish = (): Promise<void> =>
    during(async () => {
      let recordings: string[];
      try {
        recordings = await lesson.recordings();
      } catch (error) {
        setAsked("without voice");
        throw error;
      }
      await finishWith(recordings);
    });
  const handBack = (): Promise<void> =>
    during(async () => {
      await lesson.stop();
      await api.handBack(room.id, { assignment_epoch: session.assignment_epoch });
      onhandedback();
    });

  return (
    <>
      <button class="button quiet-light" onClick={() => setAsked("hand back")}>{words.handBack}</button>
      <button class="button primary-light" onClick={() => setAsked("finish")}>{words.finish}</button>
      {asked === "finish" && (
        <Dialog title={words.finishSure} onclose={close} actions={
          <>
            <button class="button" disabled={busy} onClick={close}>{words.keepTeaching}</button>
            <button class="button primary" disabled={busy} onClick={() => void finish()}>{busy ? words.finishing : words.finish}</button>
          </>
        }>
          <p>{words.finishMore}</p>
          <Points subject={session.subject} grade={session.grade} likely={session.knowledge_points} chosen={points} onchoose={setPoints} />
          <div class="points" role="group" aria-label={labels.whyHard}>
            <p class="small muted">{labels.whyHard}{session.difficulty && ` · ${labels.guessed(labels.difficulties[session.difficulty])}`}</p>
            {DIFFICULTIES.map((each) => (
              <button key={each} class="button small" aria-pressed={difficulty === each} onClick={() => setDifficulty(difficulty === each ? null : each)}>{labels.difficulties[each]}</button>
            ))}
          </div>
          {session.doubts?.map((doubt) => <DoubtLine key={doubt.kind} doubt={doubt} said={doubt.kind === "subject" ? really.asked_about : really.asked_at} onsay={(value) => setReally({ ...really, [doubt.kind === "subject" ? "asked_about" : "asked_at"]: value })} />)}
          {lesson.state.value === "refused" && <p class="muted">{words.micRefused}</p>}
          {wrong && <Notice kind="error">{wrong}</Notice>}
        </Dialog>
      )}
      {asked === "without voice" && (
        <Dialog title={words.micLost} onclose={close} actions={
          <>
            <button class="button" disabled={busy} onClick={() => void during(() => finishWith(lesson.arrived))}>{words.finishWithout}</button>
            <button class="button primary" disabled={busy} onClick={() => void finish()}>{busy ? words.finishing : words.tryAgain}</button>
          </>
        }>
          <p>{words.micLostMore}</p>
          {wrong && <Notice kind="error">{wrong}</Notice>}
        </Dialog>
      )}
      {asked === "hand back" && (
        <Dialog title={words.handBackSure} onclose={close} actions={
          <>
            <button class="button" disabled={busy} onClick={close}>{words.keepTeaching}</button>
            <button class="button danger" disabled={busy} onClick={() => void handBack()}>{words.handBack}</button>
          </>
        }>
          <p>{words.handBackMore}</p>
          {wrong && <Notice kind="error">{wrong}</Notice>}
        </Dialog>
      )}
    </>
  );
}
