// The board with its tools, as both sides of a session have it before them.
import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { MAX_TEX, MAX_TEXT, PAGE_WIDTH, type Board, type Page, type Place } from "./board";
import { Frame } from "./crop";
import { formulaSetter } from "./formulas";
import { newId } from "./ids";
import { Sheet, type Hearer } from "./ink";
import { Pages } from "./pages";
import { Icon } from "./parts";
import { WHOLE, fit, load, type Crop, type Picture } from "./photo";
import type { SessionView } from "./protocol";
import type { Room } from "./room";
import { FIRST, LETTERS, Toolbar, chosen, nibOf, type Tools } from "./toolbar";
import { say } from "./words";

const BLANK_ASPECT = 6_000; // a page of the form of a tablet on its side, less the bars
const TEXT_SIZE = 320;
const FORMULA_SIZE = 380;
const LINE = 480; // of text of that size
const MARGIN = 500;
const QUIET_MS = 800; // of a board at rest, then its hash is shown
const HASH_MS = 6; // at a time

interface Spot {
  page: string;
  x: number;
  y: number;
  what: "text" | "formula";
}

/** `watching`: this side never draws. */
export function Desk({ room, session, watching = false }: { room: Room; session: SessionView; watching?: boolean }) {
  const words = say.value;
  const teacher = session.me === "teacher";
  const watches = watching || session.me === "follower";
  const tools = useSignal<Tools>(FIRST);
  const spot = useSignal<Spot | null>(null);
  const roaming = useSignal<string | null>(null); // the page that a pupil looks at alone
  const following = useSignal(true);
  const [fitted, setFitted] = useState(0);
  const [leaves, setLeaves] = useState(false);
  const [framing, setFraming] = useState<Page | null>(null);
  const board = room.board.value!;
  const locked = watches || (board.locked && !teacher);
  const alone = roaming.value !== null && board.pages.has(roaming.value) ? roaming.value : null;
  const shown = alone ?? board.current;
  const page = (shown === null ? null : board.pages.get(shown)) ?? null;
  const nib = nibOf(watches ? { ...FIRST, choice: "hand" } : tools.value);
  const away = !teacher && !following.value;

  const addressOf = (of: Page): string | null => {
    const media = of.media === undefined ? undefined : (room.knows.value.media[of.media] ?? session.media.find(({ id }) => id === of.media));
    return media?.url ?? null;
  };
  const turn = (to: string): void => {
    if (teacher) return room.turn(to);
    roaming.value = to;
    following.value = to === board.current;
  };
  const back = (): void => {
    roaming.value = null;
    following.value = true;
    setFitted(fitted + 1);
  };
  const writeBelow = (): void => {
    const what = tools.value.choice === "formula" ? "formula" : "text";
    if (page && !locked) spot.value = { page: page.page, x: MARGIN, y: freeLine(board, page), what };
  };
  const put = (text: string): void => {
    const { page, x, y, what } = spot.value!;
    const common = { id: newId(), page, x, y, color: nib.color };
    if (what === "formula") room.put("formula", { ...common, tex: text, size: FORMULA_SIZE });
    else room.put("text", { ...common, text, size: TEXT_SIZE });
    spot.value = null;
  };
  const latest = useRef({ page, tools: tools.value });
  latest.current = { page, tools: tools.value };
  const hearer = useMemo<Hearer>(() => ({
    ink: (stroke, from) => room.ink(stroke, from),
    stroke: (stroke) => (stroke.tool === "laser" ? room.point(stroke) : room.put("stroke", stroke)),
    shape: (made) => {
      const { page } = latest.current;
      if (page) room.put("shape", { id: newId(), page: page.page, ...made });
    },
    erase: (mark) => room.erase(mark),
    tap: (x, y) => {
      const { page, tools } = latest.current;
      if (page) spot.value = { page: page.page, x, y, what: tools.choice === "formula" ? "formula" : "text" };
    },
    look: (look) => teacher && room.look(look),
    roam: () => {
      if (teacher) return;
      roaming.value = latest.current.page?.page ?? null;
      following.value = false;
    },
  }), [room]);
  useKeys(tools, room, locked, (by) => {
    const names = [...room.board.value!.pages.keys()];
    const to = names[names.indexOf(latest.current.page?.page ?? "") + by];
    if (to !== undefined) turn(to);
  });
  const digest = useDigest(room);

  return (
    <section class="desk" aria-label={words.board} data-seq={digest.seq} data-digest={digest.hash}>
      <div class="stage">
        <Sheet
          board={board} page={page} address={page === null ? null : addressOf(page)} nib={nib} author={session.me} locked={locked}
          live={room.live} follow={away || teacher ? null : room.looked.value} fit={fitted} hearer={hearer}
        />
        <Pages
          board={board} shown={shown} teacher={teacher} open={leaves} addressOf={addressOf} onopen={setLeaves} onturn={turn}
          onadd={(paper) => {
            room.addPage(paper, BLANK_ASPECT);
            setLeaves(false);
          }}
          onorder={(name, to) => room.order(name, to)} onfit={() => (away ? back() : setFitted(fitted + 1))}
          onframe={teacher && page?.paper === "photo" && board.isBare(page.page) ? () => setFraming(page) : null}
        />
        {away && <button class="button small primary follow" onClick={back}><Icon name="people" />{words.followTeacher}</button>}
        {words.figureHints[tools.value.shape] && tools.value.choice === tools.value.shape && <p class="sheet-hint" role="status">{words.figureHints[tools.value.shape]}</p>}
        {spot.value && <Writing what={spot.value.what} onput={put} oncancel={() => (spot.value = null)} />}
      </div>
      {!watches && (
        <Toolbar
          tools={tools} teacher={teacher} locked={board.locked} canUndo={room.canUndo.value} canRedo={room.canRedo.value}
          onundo={() => room.undo()} onredo={() => room.redo()} onlock={room.source === null ? (on) => room.lock(on) : null} onwrite={writeBelow}
        />
      )}
      {framing && (
        <Framing
          address={addressOf(framing)} page={framing} onclose={() => setFraming(null)}
          onframe={(quarter, crop, aspect) => {
            room.frame(framing.page, quarter, crop, aspect);
            setFraming(null);
          }}
        />
      )}
    </section>
  );
}

/** Letters choose tools and Ctrl+Z takes back, unless somebody types. */
function useKeys(tools: Signal<Tools>, room: Room, locked: boolean, turn: (by: number) => void): void {
  const now = useRef({ locked, turn });
  now.current = { locked, turn };
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (event.altKey || target.closest("input, textarea, select, [role=dialog]") !== null) return;
      const letter = event.key.toLowerCase();
      if (event.ctrlKey || event.metaKey) {
        if (now.current.locked || (letter !== "z" && letter !== "y")) return;
        if (letter === "y" || event.shiftKey) room.redo();
        else room.undo();
      } else if (event.key === "PageUp" || event.key === "PageDown") {
        now.current.turn(event.key === "PageUp" ? -1 : 1);
      } else if (LETTERS[letter] !== undefined && !event.shiftKey && !now.current.locked) {
        tools.value = chosen(tools.value, LETTERS[letter]);
      } else return;
      event.preventDefault();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [room]);
}

/** What the server's board hashes to when it stands at this number: two sides that differ can be told from outside. */
function useDigest(room: Room): { seq: number; hash: string } {
  const [digest, setDigest] = useState({ seq: 0, hash: "" });
  const seq = room.confirmed.seq;
  useEffect(() => {
    const step = (): void => {
      if (room.confirmed.hashed(HASH_MS)) setDigest({ seq: room.confirmed.seq, hash: room.confirmed.digest() });
      else timer = setTimeout(step, 2 * HASH_MS);
    };
    let timer = setTimeout(step, QUIET_MS);
    return () => clearTimeout(timer);
  }, [room, seq]);
  return digest;
}

/** The first line below all texts of a page: where somebody without a pointer goes on writing. */
function freeLine(board: Board, page: Page): number {
  const lines = [...board.marks.values()].flatMap((mark) => {
    if (mark.page !== page.page) return [];
    if (mark.kind === "text") return [mark.y + LINE * mark.text.split("\n").length];
    return mark.kind === "formula" ? [mark.y + 2 * LINE] : [];
  });
  return Math.min(Math.max(MARGIN, ...lines), page.aspect - LINE);
}

const PARTS = {
  fraction: ["½", "\\frac{}{}"], root: ["√", "\\sqrt{}"], power: ["x²", "^{}"], index: ["x₁", "_{}"], times: ["×", "\\times "], divide: ["÷", "\\div "],
  most: ["≤", "\\le "], least: ["≥", "\\ge "], degrees: ["°", "^\\circ "], pi: ["π", "\\pi "], angle: ["∠", "\\angle "], triangle: ["△", "\\triangle "],
} as const;

/** A text, or a formula in LaTeX with a preview, before it lies on the board. */
function Writing({ what, onput, oncancel }: { what: Spot["what"]; onput: (text: string) => void; oncancel: () => void }) {
  const words = say.value;
  const [text, setText] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  const preview = useRef<HTMLDivElement>(null);
  const formula = what === "formula";
  useEffect(() => box.current?.focus(), []);
  useEffect(() => {
    if (formula) formulaSetter().then((set) => preview.current && set(preview.current, text), () => undefined);
  }, [formula, text]);
  const insert = (part: string) => (): void => {
    const { selectionStart: from, selectionEnd: to } = box.current!;
    const inside = text.slice(from, to);
    const filled = part.replace("{}", `{${inside}}`);
    setText((text.slice(0, from) + filled + text.slice(to)).slice(0, MAX_TEX));
    requestAnimationFrame(() => {
      const hole = filled.indexOf("{}");
      const at = from + (hole < 0 ? filled.length : hole + 1);
      box.current?.focus();
      box.current?.setSelectionRange(at, at);
    });
  };
  const label = formula ? words.texHere : words.writeHere;
  return (
    <form class="writing" onSubmit={(event) => { event.preventDefault(); if (text.trim()) onput(text.trim()); }} onKeyDown={(event) => event.key === "Escape" && oncancel()}>
      {formula && <div class="tex-preview" ref={preview} role="img" aria-label={words.texPreview} />}
      {formula && (
        <div class="tex-parts">
          {(Object.keys(PARTS) as (keyof typeof PARTS)[]).map((part) => (
            <button key={part} type="button" class="tool" aria-label={`${PARTS[part][0]} ${words.texParts[part]}`} title={words.texParts[part]} onClick={insert(PARTS[part][1])}>{PARTS[part][0]}</button>
          ))}
        </div>
      )}
      <textarea ref={box} rows={2} maxLength={formula ? MAX_TEX : MAX_TEXT} aria-label={label} placeholder={label} value={text} spellcheck={!formula} onInput={(event) => setText(event.currentTarget.value)} />
      <button class="button" type="button" onClick={oncancel}>{words.cancel}</button>
      <button class="button primary">{words.put}</button>
    </form>
  );
}

/** A photo of the board, turned and cut before anything is written on it. */
function Framing({ address, page, onframe, onclose }: { address: string | null; page: Page; onframe: (quarter: number, crop: [Place, Place], aspect: number) => void; onclose: () => void }) {
  const words = say.value;
  const [picture, setPicture] = useState<Picture | null>(null);
  const [turns, setTurns] = useState(page.quarter ?? 0);
  const [crop, setCrop] = useState<Crop>(cropOf(page));
  useEffect(() => {
    if (address === null) return onclose();
    fetch(address).then((response) => response.blob()).then(load).then((loaded) => (loaded === null ? onclose() : setPicture(loaded)), onclose);
  }, [address]);
  const turn = (by: number) => (): void => {
    setTurns((turns + by + 4) % 4);
    setCrop(WHOLE);
  };
  const done = (): void => {
    if (picture === null) return;
    const { width, height } = fit(picture, turns, crop);
    const unit = (part: number): number => Math.round(part * PAGE_WIDTH);
    const aspect = Math.min(50_000, Math.max(1_000, Math.round((PAGE_WIDTH * height) / width)));
    onframe(turns, [[unit(crop.x), unit(crop.y)], [unit(crop.x + crop.width), unit(crop.y + crop.height)]], aspect);
  };
  return (
    <div class="crop" role="dialog" aria-modal="true" aria-label={words.framePhoto}>
      <header class="crop-head">
        <button class="bar-button" onClick={onclose} aria-label={words.cancel}><Icon name="cross" /></button>
        <h2>{words.framePhoto}</h2>
      </header>
      {picture && <Frame picture={picture} turns={turns} crop={crop} onchange={setCrop} />}
      <div class="crop-foot">
        <p class="crop-hint">{words.frameHint}</p>
        <div class="row">
          <button class="button dark" onClick={turn(-1)}><Icon name="left" />{words.turnLeft}</button>
          <button class="button dark" onClick={turn(1)}><Icon name="right" />{words.turnRight}</button>
          <button class="button dark" onClick={() => setCrop(WHOLE)}>{words.useWhole}</button>
        </div>
        <div class="row"><button class="button primary grow" disabled={picture === null} onClick={done}>{words.done}</button></div>
      </div>
    </div>
  );
}

function cropOf({ crop }: Page): Crop {
  if (crop === undefined) return WHOLE;
  const [[left, top], [right, bottom]] = crop;
  return { x: left / PAGE_WIDTH, y: top / PAGE_WIDTH, width: (right - left) / PAGE_WIDTH, height: (bottom - top) / PAGE_WIDTH };
}
