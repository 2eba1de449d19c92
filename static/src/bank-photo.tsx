// Search by a photo of a problem: it is read once, as a pupil's is, and kept nowhere.
import { useEffect, useRef, useState } from "preact/hooks";
import { photo, readPhoto } from "./bank";
import { bank } from "./bank-words";
import { Dialog, Empty, Notice } from "./parts";
import { WHOLE, finished, load } from "./photo";
import type { BankProblem } from "./protocol";
import { send } from "./upload";
import { sentence } from "./words";

const AGAIN_MS = 700;
const PATIENCE_MS = 60_000;

export function ByPhoto({ onclose, onread }: { onclose: () => void; onread: (problem: BankProblem) => void }) {
  const words = bank.value;
  const [state, setState] = useState<"choose" | "reading" | "nothing">("choose");
  const [problems, setProblems] = useState<readonly BankProblem[]>([]);
  const [failed, setFailed] = useState<string | null>(null);
  const here = useRef(true);
  useEffect(() => () => void (here.current = false), []);
  const take = async (file: File): Promise<void> => {
    setState("reading");
    setFailed(null);
    setProblems([]);
    try {
      const picture = await load(file);
      const blob = picture === null ? file : await finished(picture, 0, WHOLE);
      const kept = await send(blob, { kind: "photo", content_type: blob.type || "image/jpeg" }, null, () => Promise.resolve(), () => undefined);
      let found = await readPhoto(kept.id);
      for (const until = Date.now() + PATIENCE_MS; found.state === "reading" && Date.now() < until && here.current; found = await photo(found.id)) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      if (!here.current) return;
      if (found.state !== "read") return setState("choose"), setFailed(words.photoFailed);
      if (found.problems.length === 1) return onread(found.problems[0]!);
      setProblems(found.problems);
      setState(found.problems.length === 0 ? "nothing" : "choose");
    } catch (error) {
      if (here.current) setState("choose"), setFailed(sentence(error));
    }
  };
  return (
    <Dialog title={words.photoTitle} wide onclose={onclose} actions={<button class="button" onClick={onclose}>{words.close}</button>}>
      <p class="muted">{words.photoMore}</p>
      {failed !== null && <Notice kind="error">{failed}</Notice>}
      {state === "reading" ? <p role="status">{words.reading}</p> : (
        <label class="field"><span>{words.choose}</span><input type="file" accept="image/*" onChange={({ currentTarget }) => currentTarget.files?.[0] && void take(currentTarget.files[0])} /></label>
      )}
      {state === "nothing" && <Empty title={words.photoNothing} />}
      {problems.length > 1 && (
        <>
          <p>{words.which}</p>
          <ul class="bank-problems">{problems.map((each, n) => <li key={n}><button class="button wide" onClick={() => onread(each)}>{each.text.slice(0, 80) || words.drawing}</button></li>)}</ul>
        </>
      )}
    </Dialog>
  );
}
