// The board's tools: inks, shapes, writing, what takes back; colour and width; the pupil's pen.
import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ShapeName } from "./board";
import type { Nib } from "./ink";
import { Icon, type IconName } from "./parts";
import { say } from "./words";

/** Black, blue, vermilion, green, purple, yellow: told apart by eyes of any colour vision (after Okabe and Ito, 2008). */
export const COLORS = ["#1f2937", "#0b49a0", "#d55e00", "#00805f", "#8a3d78", "#e0b000"] as const;
export const WIDTHS = [26, 45, 80] as const; // units of the page
const HIGHLIGHT = 5; // a highlighter is so much wider than a pen
const LASER = 90;
const MASK = "#c9ced4";

const SHAPES: readonly ShapeName[] = ["line", "arrow", "rectangle", "ellipse", "polygon", "numberline", "axes", "arc", "angle", "mask"];

export type Choice = "pen" | "highlighter" | "eraser" | ShapeName | "text" | "formula" | "laser" | "hand";

/** The letter that chooses a tool while nothing is being typed. */
export const LETTERS: Record<string, Choice> = {
  p: "pen", h: "highlighter", e: "eraser", l: "line", a: "arrow", r: "rectangle", o: "ellipse", g: "polygon", n: "numberline", x: "axes",
  c: "arc", v: "angle", k: "mask", t: "text", f: "formula", z: "laser", m: "hand",
};

const letterOf = (choice: Choice): string => Object.keys(LETTERS).find((letter) => LETTERS[letter] === choice)!.toUpperCase();

/** What the person chose; the nib follows from it. */
export interface Tools {
  choice: Choice;
  shape: ShapeName; // chosen last
  color: number;
  width: number;
  dashed: boolean;
  open: "shapes" | "style" | null; // which drawer
}

export const FIRST: Tools = { choice: "pen", shape: "line", color: 1, width: 1, dashed: false, open: null };

const isShape = (choice: Choice): choice is ShapeName => (SHAPES as readonly string[]).includes(choice);

export function nibOf({ choice, color, width, dashed }: Tools): Nib {
  const thick = WIDTHS[width] ?? WIDTHS[1];
  const nib = { mode: "draw", color: COLORS[color] ?? COLORS[0], width: thick, dashed } as const;
  switch (choice) {
    case "hand":
      return { ...nib, mode: "move", tool: "pen" };
    case "text":
    case "formula":
      return { ...nib, mode: "write", tool: "pen" };
    case "highlighter":
      return { ...nib, tool: choice, width: thick * HIGHLIGHT };
    case "laser":
      return { ...nib, tool: choice, color: "#e01e37", width: LASER };
    case "mask":
      return { ...nib, tool: choice, color: MASK, dashed: false };
    default:
      return { ...nib, tool: choice };
  }
}

export function chosen(tools: Tools, choice: Choice): Tools {
  return { ...tools, choice, shape: isShape(choice) ? choice : tools.shape, open: null };
}

interface ToolbarProps {
  tools: Signal<Tools>;
  teacher: boolean;
  locked: boolean; // the pupil's pen
  canUndo: boolean;
  canRedo: boolean;
  onundo: () => void;
  onredo: () => void;
  onlock: ((locked: boolean) => void) | null; // null: nobody else has a pen
  onwrite: () => void; // at once, where no pointer says the place
}

export function Toolbar({ tools, teacher, locked, canUndo, canRedo, onundo, onredo, onlock, onwrite }: ToolbarProps) {
  const words = say.value;
  const { choice, shape, color, width, dashed, open } = tools.value;
  const away = locked && !teacher;
  const set = (part: Partial<Tools>): void => void (tools.value = { ...tools.value, ...part });
  const choose = (each: Choice) => (event: MouseEvent): void => {
    tools.value = chosen(tools.value, each);
    if ((each === "text" || each === "formula") && event.detail === 0) onwrite(); // pressed by a key
  };
  const tool = (each: Exclude<Choice, ShapeName>) => (
    <button key={each} class="tool" disabled={away && each !== "hand"} aria-pressed={choice === each} aria-keyshortcuts={letterOf(each)} aria-label={words[each]} title={`${words[each]} (${letterOf(each)})`} onClick={choose(each)}>
      <Icon name={each as IconName} />
    </button>
  );
  return (
    <div class="toolbar" role="toolbar" aria-label={words.tools}>
      <div class="tool-group" role="group" aria-label={words.tools}>
        {tool("pen")}
        {tool("highlighter")}
        {tool("eraser")}
        <button class="tool tool-more" disabled={away} aria-pressed={isShape(choice)} aria-expanded={open === "shapes"} aria-label={words.shapes} title={words.shapes} onClick={() => set({ open: open === "shapes" ? null : "shapes" })}>
          <Icon name={isShape(choice) ? shape : "shapes"} />
        </button>
        {tool("text")}
        {tool("formula")}
        {teacher && tool("laser")}
        {tool("hand")}
      </div>
      <div class="tool-group" role="group" aria-label={words.undo}>
        <button class="tool" disabled={!canUndo || away} aria-keyshortcuts="Control+Z" aria-label={words.undo} title={`${words.undo} (Ctrl+Z)`} onClick={onundo}><Icon name="undo" /></button>
        <button class="tool" disabled={!canRedo || away} aria-keyshortcuts="Control+Shift+Z" aria-label={words.redo} title={`${words.redo} (Ctrl+Shift+Z)`} onClick={onredo}><Icon name="redo" /></button>
        <button class="tool tool-more" disabled={away} aria-expanded={open === "style"} aria-label={words.style} title={words.style} onClick={() => set({ open: open === "style" ? null : "style" })}>
          <span class={`swatch swatch-${color} nib-${width}`} />
        </button>
        {teacher && onlock !== null && (
          <button class="tool" aria-pressed={locked} aria-label={locked ? words.unlockPen : words.lockPen} title={locked ? words.unlockPen : words.lockPen} onClick={() => onlock(!locked)}>
            <Icon name={locked ? "lock" : "unlock"} />
          </button>
        )}
      </div>
      {open === "shapes" && (
        <Drawer label={words.shapes} onclose={() => set({ open: null })}>
          <div class="drawer-grid">
            {SHAPES.map((each) => (
              <button key={each} class="tool tool-named" aria-pressed={choice === each} aria-keyshortcuts={letterOf(each)} onClick={choose(each)}>
                <Icon name={each} />{words.figures[each]}
              </button>
            ))}
          </div>
        </Drawer>
      )}
      {open === "style" && (
        <Drawer label={words.style} onclose={() => set({ open: null })}>
          <div class="tool-group" role="group" aria-label={words.color}>
            {COLORS.map((each, n) => (
              <button key={each} class="tool" aria-pressed={color === n} aria-label={words.colors[n]} title={words.colors[n]} onClick={() => set({ color: n })}><span class={`swatch swatch-${n}`} /></button>
            ))}
          </div>
          <div class="tool-group" role="group" aria-label={words.width}>
            {WIDTHS.map((each, n) => (
              <button key={each} class="tool" aria-pressed={width === n} aria-label={words.widths[n]} title={words.widths[n]} onClick={() => set({ width: n })}><span class={`stroke-sample stroke-${n}`} /></button>
            ))}
            <button class="tool tool-words" aria-pressed={dashed} onClick={() => set({ dashed: !dashed })}>{words.dashed}</button>
          </div>
        </Drawer>
      )}
    </div>
  );
}

/** A small box over the sheet; a press beside it, or Escape, closes it. */
export function Drawer({ label, onclose, children }: { label: string; onclose: () => void; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const opener = document.activeElement as HTMLElement | null;
    box.current?.querySelector<HTMLElement>("button:not(:disabled)")?.focus();
    const beside = (event: Event): void => {
      if (event.target instanceof Node && !box.current?.contains(event.target) && !opener?.contains(event.target)) onclose();
    };
    const key = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      onclose();
      opener?.focus();
    };
    addEventListener("pointerdown", beside, true);
    const element = box.current;
    element?.addEventListener("keydown", key);
    return () => {
      removeEventListener("pointerdown", beside, true);
      element?.removeEventListener("keydown", key);
    };
  }, []);
  return <div class="drawer" role="dialog" aria-label={label} ref={box}>{children}</div>;
}
