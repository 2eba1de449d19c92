// The few pieces that several pages share: top bar, link badge, photo strip, dialog, notices.
import type { ComponentChildren } from "preact";
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { LinkState } from "./link";
import type { MediaView } from "./protocol";
import { muted, setMuted } from "./notify";
import { useSteady } from "./steady";
import { choose, language, say } from "./words";

export const linkState = signal<LinkState>("reconnecting");
export const isDemo = signal(false);

const ICONS = {
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  mic: "M12 4a3 3 0 0 0-3 3v4a3 3 0 0 0 6 0V7a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v3",
  write: "M5 19h14M6 15l9-9 3 3-9 9H6z",
  video: "M4 7h10v10H4zM14 11l6-3v8l-6-3z",
  check: "M5 12l5 5 9-10",
  cross: "M6 6l12 12M18 6L6 18",
  differ: "M7 8h10M7 12h10M7 16h10M16 4L8 20",
  back: "M14 6l-6 6 6 6",
  next: "M10 6l6 6-6 6",
  plus: "M12 5v14M5 12h14",
  left: "M9 5L5 9l4 4M5 9h9a5 5 0 0 1 0 10h-4",
  right: "M15 5l4 4-4 4M19 9h-9a5 5 0 0 0 0 10h4",
  redo: "M15 6l4 4-4 4M19 10h-9a5 5 0 0 0 0 10h2",
  eraser: "M9 19l-5-5 9-9 6 6-8 8zM8.5 9.5l6 6M9 19h11",
  shapes: "M4 4h8v8H4zM16 11a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z",
  line: "M5 19L19 5",
  arrow: "M5 19L19 5M10 5h9v9",
  rectangle: "M4 6h16v12H4z",
  ellipse: "M12 6c5 0 9 2.7 9 6s-4 6-9 6-9-2.7-9-6 4-6 9-6z",
  polygon: "M12 4l8 6-3 9H7l-3-9z",
  numberline: "M3 12h18M18 9l3 3-3 3M7 10v4M12 10v4",
  axes: "M4 14h17M10 21V3M7.5 5.5L10 3l2.5 2.5M18.5 11.5L21 14l-2.5 2.5",
  arc: "M4 17a10 10 0 0 1 16-8M12 17h.01",
  angle: "M4 19h16M4 19L15 6M11 19a7 7 0 0 0-2.3-5.3",
  mask: "M4 6h16v12H4zM4 12l6-6M5 18L17 6M11 18l9-9",
  formula: "M17 5H7l6 7-6 7h10",
  laser: "M4 20l9-9M15 9l.01 0M17 4v2M20 7h-2M19 12l-1.5-1M12 5l1 1.5",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  unlock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 5.6-1.5",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  pages: "M8 4h11v13H8zM5 8v12h11",
  up: "M6 14l6-6 6 6",
  down: "M6 10l6 6 6-6",
  undo: "M9 6L5 10l4 4M5 10h9a5 5 0 0 1 0 10h-2",
  pen: "M5 19l1-4L16 5l3 3L9 18z",
  highlighter: "M8 13l7-8 4 4-8 7zM8 13l-2 4 4-1M5 20h14",
  text: "M6 6h12M12 6v13",
  "hand-up": "M8 12V6a1.5 1.5 0 0 1 3 0v5M11 10V4.5a1.5 1.5 0 0 1 3 0V11M14 6.5a1.5 1.5 0 0 1 3 0V14a7 7 0 0 1-7 6c-3 0-4.5-2-6-5.5a1.5 1.5 0 0 1 2.7-1.3L8 14",
  hand: "M12 4v16M4 12h16M12 4L9.5 6.5M12 4l2.5 2.5M12 20l-2.5-2.5M12 20l2.5-2.5M4 12l2.5-2.5M4 12l2.5 2.5M20 12l-2.5-2.5M20 12l-2.5 2.5",
  chat: "M5 5h14v11h-8l-4 3v-3H5z",
  bell: "M7 16V11a5 5 0 0 1 10 0v5l1.5 2h-13zM10 20h4",
  bellOff: "M7 16V11a5 5 0 0 1 8-4M17 12v4M5.5 18H16M10 20h4M4 4l16 16",
  leave: "M10 5H5v14h5M14 8l4 4-4 4M18 12H9",
  eye: "M2.5 12s3.5-6.5 9.5-6.5 9.5 6.5 9.5 6.5-3.5 6.5-9.5 6.5S2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  sound: "M5 10v4h3l4 4V6L8 10zM15 9a4 4 0 0 1 0 6M17.5 6.5a8 8 0 0 1 0 11",
  people: "M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3.5 19a5.5 5.5 0 0 1 11 0M16 11.5a2.5 2.5 0 1 0-1-4.8M16 14a5 5 0 0 1 4.5 5",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14M16 5v14",
  lost: "M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1.2-1.5 2.3M12 18.5h.01",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2",
} as const;

export type IconName = keyof typeof ICONS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={ICONS[name]} fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

export function TopBar({ who, onsignout, children }: { who: string; onsignout: () => void; children?: ComponentChildren }) {
  const words = say.value;
  return (
    <header class="bar">
      <Seal />
      <span class="brand">{words.name}</span>
      {children}
      <span class="bar-gap" />
      <LinkBadge />
      <MuteButton />
      <LanguageButton />
      <button class="bar-button" onClick={onsignout} aria-label={`${words.signOut} (${who})`} title={words.signOut}>
        <Icon name="leave" />
      </button>
    </header>
  );
}

export function Seal({ big = false }: { big?: boolean }) {
  return <span class={big ? "seal seal-big" : "seal"} aria-hidden="true">答</span>;
}

export function LinkBadge() {
  const state = linkState.value;
  return (
    <span class={`link link-${state}`} role="status">
      <span class="link-dot" aria-hidden="true" />
      {say.value[state]}
    </span>
  );
}

export function LanguageButton() {
  const other = language.value === "zh" ? "en" : "zh";
  return (
    <button class="bar-button bar-word" lang={other === "zh" ? "zh-CN" : "en"} onClick={() => choose(other)}>
      {say.value.otherLanguage}
    </button>
  );
}

function MuteButton() {
  const words = say.value;
  return (
    <button class="bar-button" aria-pressed={muted.value} onClick={() => setMuted(!muted.value)} aria-label={muted.value ? words.unmute : words.mute}>
      <Icon name={muted.value ? "bellOff" : "bell"} />
    </button>
  );
}

export function DemoBanner() {
  return isDemo.value ? <aside class="demo" aria-label={say.value.demoWord}>{say.value.demoBanner}</aside> : null;
}

export function Notice({ kind = "info", children }: { kind?: "info" | "warning" | "error"; children: ComponentChildren }) {
  return <div class={`notice notice-${kind}`} role={kind === "error" ? "alert" : "status"}>{children}</div>;
}

const CUT_MS = 2_500; // a shorter gap mends itself before it is read

/** Whether this side's own link is gone, and not just for a blink. */
export function useCut(): boolean {
  const away = linkState.value !== "online";
  const [cut, setCut] = useState(false);
  useEffect(() => {
    if (!away) return setCut(false);
    const timer = setTimeout(() => setCut(true), linkState.value === "offline" ? 0 : CUT_MS);
    return () => clearTimeout(timer);
  }, [away, linkState.value === "offline"]);
  return cut && away;
}

/** This page was sent away for good, until a person asks for it again. */
export function Stopped() {
  if (linkState.value !== "stopped") return null;
  return (
    <div class="notice notice-error notice-acts" role="alert">
      <span>{say.value.stoppedNote}</span>
      <button class="button small" onClick={() => location.reload()}>{say.value.reconnect}</button>
    </div>
  );
}

export function Unreached() {
  return (
    <Empty title={say.value.cannotLoad}>
      {say.value.cannotLoadMore}
    </Empty>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p class="muted">{children}</p>}
    </div>
  );
}

export function Skeleton() {
  return (
    <div aria-busy="true">
      <span class="visually-hidden">{say.value.loading}</span>
      <div class="skeleton" aria-hidden="true" />
      <div class="skeleton" aria-hidden="true" />
    </div>
  );
}

/** What a pupil attached. */
export function Attachments({ media, large = false }: { media: readonly MediaView[]; large?: boolean }) {
  const photos = media.filter(({ kind }) => kind === "photo");
  return (
    <>
      {photos.length > 0 && (
        <div class={large ? "photos photos-large" : "photos"}>
          {photos.map((photo, n) => <Photo key={photo.id} photo={photo} n={n + 1} large={large} />)}
        </div>
      )}
      {media.filter(({ kind }) => kind === "voice").map((voice) => <Voice key={voice.id} voice={voice} />)}
      {media.filter(({ kind }) => kind === "video").map((clip) => <Clip key={clip.id} clip={clip} />)}
    </>
  );
}

function Photo({ photo, n, large }: { photo: MediaView; n: number; large: boolean }) {
  const [address, renew] = useSteady(large ? photo.url : (photo.thumb_url ?? photo.url));
  return (
    <a href={photo.url} target="_blank" rel="noopener">
      <img src={address ?? undefined} alt={say.value.photoN(n)} loading="lazy" onError={() => renew()} />
    </a>
  );
}

function Voice({ voice }: { voice: MediaView }) {
  const [address, renew] = useSteady(voice.url);
  const words = say.value;
  return (
    <div class="voice">
      <p class="muted small">{words.voiceNote}{voice.duration_ms !== null && ` · ${words.seconds(Math.max(1, Math.round(voice.duration_ms / 1000)))}`}</p>
      <audio controls preload="none" src={address ?? undefined} aria-label={words.voiceListen} onError={() => renew()} />
    </div>
  );
}

function Clip({ clip }: { clip: MediaView }) {
  const [address, renew] = useSteady(clip.url);
  const [poster] = useSteady(clip.thumb_url);
  return <video class="clip" controls playsInline preload="metadata" src={address ?? undefined} poster={poster ?? undefined} aria-label={say.value.video} onError={() => renew()} />;
}

interface DialogProps {
  title: string;
  children?: ComponentChildren;
  onclose: () => void;
  actions: ComponentChildren;
  wide?: boolean;
}

/** A question that wants an answer first; Escape means no. */
export function Dialog({ title, children, onclose, actions, wide = false }: DialogProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.querySelector<HTMLElement>("button, input, textarea")?.focus();
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  return (
    <div class="veil" onKeyDown={(event) => keepInside(event, box.current, onclose)}>
      <div class={wide ? "dialog dialog-wide" : "dialog"} role="dialog" aria-modal="true" aria-labelledby="dialog-title" ref={box}>
        <h2 id="dialog-title">{title}</h2>
        {children}
        <div class="dialog-actions">{actions}</div>
      </div>
    </div>
  );
}

function keepInside(event: KeyboardEvent, box: HTMLElement | null, onclose: () => void): void {
  if (event.key === "Escape") return onclose();
  if (event.key !== "Tab" || box === null) return;
  const stops = [...box.querySelectorAll<HTMLElement>("button:not(:disabled), input, textarea, select, a[href]")];
  const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
  if (document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? stops[stops.length - 1] : stops[0])?.focus();
}
