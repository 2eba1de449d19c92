// Signed addresses change with every view, the file behind them does not: what plays goes on playing.
import { useRef, useState } from "preact/hooks";

export const plain = (address: string | null): string | null => address?.split("?")[0] ?? null;

/** The address known first, as long as the file is the same; `renew` takes the newest after the old one ran out. */
export function useSteady(newest: string | null): [address: string | null, renew: () => boolean] {
  const kept = useRef(newest);
  const [, redraw] = useState(0);
  if (plain(kept.current) !== plain(newest)) kept.current = newest;
  const renew = (): boolean => {
    if (kept.current === newest) return false;
    kept.current = newest;
    redraw((n) => n + 1);
    return true;
  };
  return [kept.current, renew];
}

/** After a change of address, play on from where it was. */
export function playOn(player: HTMLMediaElement): void {
  const { currentTime, paused } = player;
  if (currentTime === 0 && paused) return;
  player.addEventListener("loadedmetadata", () => {
    player.currentTime = currentTime;
    if (!paused) void player.play().catch(() => undefined);
  }, { once: true });
}
