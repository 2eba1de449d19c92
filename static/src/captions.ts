// What was said, in writing, under what plays: the cues of a file of ours, one at a time, on and off.
import { useEffect, useState } from "preact/hooks";
import { recall, remember } from "./memory";

export interface Cue {
  from: number; // ms
  until: number;
  text: string;
}

/** The cues of a file of ours (media/captions.py). */
export function cuesIn(vtt: string): Cue[] {
  const ms = (h: string, m: string, s: string): number => (Number(h) * 60 + Number(m)) * 60_000 + Math.round(Number(s) * 1_000);
  return vtt.split("\n\n").flatMap((block) => {
    const [times, ...text] = block.trim().split("\n");
    const found = /^(\d+):(\d\d):([\d.]+) --> (\d+):(\d\d):([\d.]+)$/.exec(times ?? "");
    if (found === null) return [];
    const [, h, m, s, toH, toM, toS] = found as unknown as [string, string, string, string, string, string, string];
    return [{ from: ms(h, m, s), until: ms(toH, toM, toS), text: text.join(" ").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&") }];
  });
}

export interface Captions {
  on: boolean;
  has: boolean;
  turn: () => void;
  at: (now: number) => string;
}

/** Of the file at this address, which is read anew when `of` is another. */
export function useCaptions(address: string | null, of: unknown): Captions {
  const has = address !== null;
  const [cues, setCues] = useState<Cue[]>([]);
  const [on, setOn] = useState(recall("captions") !== "off");
  useEffect(() => {
    setCues([]);
    if (has) void read(address).then(setCues, () => undefined);
  }, [of]);
  const turn = (): void => {
    remember("captions", on ? "off" : "on");
    setOn(!on);
  };
  return { on, has, turn, at: (now) => (on ? (cues.find(({ from, until }) => from <= now && now < until)?.text ?? "") : "") };
}

async function read(address: string): Promise<Cue[]> {
  const answer = await fetch(address);
  return answer.ok ? cuesIn(await answer.text()) : [];
}
