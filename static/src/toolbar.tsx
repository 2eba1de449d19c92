// The board's tools: pen, highlighter, text, move; colour and width; undo; pages.
import type { Signal } from "@preact/signals";
import type { Board } from "./board";
import type { Nib } from "./ink";
import { Icon, type IconName } from "./parts";
import { say } from "./words";

/** Black, blue, vermilion, green: told apart by people with any colour vision (Okabe and Ito, 2008). */
export const COLORS = ["#1f2937", "#0072b2", "#d55e00", "#00805f"] as const;
export const WIDTHS = [26, 45, 80] as const; // units of the page
const HIGHLIGHT = 5; // a highlighter is so much wider than a pen

type Choice = "pen" | "highlighter" | "text" | "hand";
const CHOICES: readonly Choice[] = ["pen", "highlighter", "text", "hand"];

/** What the person chose; the nib follows from it. */
export interface Tools {
  choice: Choice;
  color: number;
  width: number;
}

export const FIRST: Tools = { choice: "pen", color: 1, width: 1 };

export function nibOf({ choice, color, width }: Tools): Nib {
  const thick = WIDTHS[width] ?? WIDTHS[1];
  return {
    mode: choice === "hand" ? "move" : choice === "text" ? "write" : "draw",
    tool: choice === "highlighter" ? "highlighter" : "pen",
    color: COLORS[color] ?? COLORS[0],
    width: choice === "highlighter" ? thick * HIGHLIGHT : thick,
  };
}

interface ToolbarProps {
  tools: Signal<Tools>;
  canUndo: boolean;
  onundo: () => void;
  onwrite: () => void; // at once, where no pointer says the place
}

export function Toolbar({ tools, canUndo, onundo, onwrite }: ToolbarProps) {
  const words = say.value;
  const { choice, color, width } = tools.value;
  const set = (part: Partial<Tools>): void => void (tools.value = { ...tools.value, ...part });
  const choose = (each: Choice, event: MouseEvent): void => {
    set({ choice: each });
    if (each === "text" && event.detail === 0) onwrite(); // pressed by a key
  };
  return (
    <div class="toolbar" role="toolbar" aria-label={words.tools}>
      <div class="tool-group" role="group" aria-label={words.tools}>
        {CHOICES.map((each) => (
          <button key={each} class="tool" aria-pressed={choice === each} aria-label={words[each]} title={words[each]} onClick={(event) => choose(each, event)}>
            <Icon name={each as IconName} />
          </button>
        ))}
        <button class="tool" disabled={!canUndo} aria-label={words.undo} title={words.undo} onClick={onundo}><Icon name="undo" /></button>
      </div>
      <div class="tool-group" role="group" aria-label={words.color}>
        {COLORS.map((each, n) => (
          <button key={each} class="tool" aria-pressed={color === n} aria-label={words.colors[n]} onClick={() => set({ color: n })}><span class={`swatch swatch-${n}`} /></button>
        ))}
      </div>
      <div class="tool-group" role="group" aria-label={words.width}>
        {WIDTHS.map((each, n) => (
          <button key={each} class="tool" aria-pressed={width === n} aria-label={words.widths[n]} onClick={() => set({ width: n })}><span class={`stroke-sample stroke-${n}`} /></button>
        ))}
      </div>
    </div>
  );
}

interface PagesProps {
  board: Board;
  teacher: boolean;
  onturn: (page: string) => void;
  onadd: () => void;
}

/** Which page is shown; only the teacher turns, and the pupil follows. */
export function Pages({ board, teacher, onturn, onadd }: PagesProps) {
  const words = say.value;
  const names = [...board.pages.keys()];
  const at = names.indexOf(board.current ?? "");
  const turn = (to: number) => () => names[to] !== undefined && onturn(names[to]);
  return (
    <div class="pages" role="group" aria-label={words.pageOf(at + 1, names.length)}>
      {teacher && <button class="tool" disabled={at <= 0} aria-label={words.prevPage} onClick={turn(at - 1)}><Icon name="back" /></button>}
      <span class="digits" aria-live="polite">{words.pageOf(at + 1, names.length)}</span>
      {teacher && <button class="tool" disabled={at >= names.length - 1} aria-label={words.nextPage} onClick={turn(at + 1)}><Icon name="next" /></button>}
      {teacher && <button class="tool tool-words" onClick={onadd}><Icon name="plus" />{words.addPage}</button>}
    </div>
  );
}
