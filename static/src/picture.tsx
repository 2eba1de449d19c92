// The lecturer's camera as it is shown: a small picture that can be moved and hidden, her switch, and the check before.
import { useEffect, useRef, useState } from "preact/hooks";
import { airSay } from "./air-words";
import type { Auditorium } from "./auditorium";
import { Eye, cameras, filmable } from "./camera";
import { recall, remember } from "./memory";
import { Icon, Notice } from "./parts";

const STEP = 24; // px of an arrow key
const PLACE = "picture-place";

interface Place {
  x: number;
  y: number;
}

function placed(): Place {
  const [x, y] = (recall(PLACE) ?? "").split(",").map(Number);
  return { x: x || 0, y: y || 0 };
}

/** In a corner, and wherever it is drawn to with a finger or the arrow keys, within what holds it. */
export function Corner({ element, label, onhide }: { element: HTMLVideoElement; label: string; onhide?: () => void }) {
  const frame = useRef<HTMLDivElement>(null);
  const holder = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState(placed);
  const held = useRef<{ id: number; from: Place; at: Place } | null>(null);
  useEffect(() => {
    holder.current?.append(element);
    return () => element.remove();
  }, [element]);
  const move = (to: Place): void => setPlace(within(to, place, frame.current));
  useEffect(() => {
    const fit = (): void => setPlace((now) => within(now, now, frame.current));
    fit();
    addEventListener("resize", fit);
    return () => removeEventListener("resize", fit);
  }, []);
  useEffect(() => remember(PLACE, place.x === 0 && place.y === 0 ? null : `${place.x},${place.y}`), [place]);
  return (
    <div class="picture" ref={frame} style={{ transform: `translate(${place.x}px, ${place.y}px)` }}>
      <div
        class="picture-shown" ref={holder} role="group" tabIndex={0} aria-label={`${label}${airSay.value.list}${airSay.value.movable}`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          held.current = { id: event.pointerId, from: { x: event.clientX, y: event.clientY }, at: place };
        }}
        onPointerMove={(event) => {
          const grip = held.current;
          if (grip?.id === event.pointerId) move({ x: grip.at.x + event.clientX - grip.from.x, y: grip.at.y + event.clientY - grip.from.y });
        }}
        onPointerUp={() => (held.current = null)}
        onPointerCancel={() => (held.current = null)}
        onKeyDown={(event) => {
          const by = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
          if (by === undefined) return;
          event.preventDefault();
          move({ x: place.x + by[0]!, y: place.y + by[1]! });
        }}
      />
      {onhide !== undefined && <button class="picture-hide" aria-label={airSay.value.soundOnly} title={airSay.value.soundOnly} onClick={onhide}><Icon name="cross" /></button>}
    </div>
  );
}

/** As far as the frame stays inside what it is shown in. */
function within(to: Place, now: Place, frame: HTMLDivElement | null): Place {
  const room = frame?.offsetParent?.getBoundingClientRect();
  if (frame === null || room === undefined || room.width === 0) return to;
  const box = frame.getBoundingClientRect();
  const [left, top] = [box.left - now.x, box.top - now.y]; // where it would be unmoved
  const between = (value: number, least: number, most: number): number => Math.round(Math.max(least, Math.min(Math.max(least, most), value)));
  return { x: between(to.x, room.left - left, room.right - left - box.width), y: between(to.y, room.top - top, room.bottom - top - box.height) };
}

/** What a camera gives just now, mirrored as a mirror is. */
function ownVideo(stream: MediaStream): HTMLVideoElement {
  const video = document.createElement("video");
  video.muted = video.playsInline = video.autoplay = true;
  video.className = "picture-own";
  video.srcObject = stream;
  return video;
}

/** In the room: the lecturer's own picture for her, hers for the others, and how to get it back. */
export function RoomPicture({ hall }: { hall: Auditorium }) {
  const words = airSay.value;
  const stream = hall.camera.stream.value;
  const [own, setOwn] = useState<HTMLVideoElement | null>(null);
  useEffect(() => setOwn(stream === null ? null : ownVideo(stream)), [stream]);
  const screen = hall.sight.screen.value;
  if (hall.me === "lecturer") return own !== null && hall.draws ? <Corner element={own} label={words.ownPicture} /> : null;
  if (screen === null || !screen.shows.value) return null;
  return <Corner element={screen.element} label={words.picture} onhide={() => hall.sight.want(false)} />;
}

/** What is to be said of the picture. */
export function PictureNotes({ hall }: { hall: Auditorium }) {
  const words = airSay.value;
  const { sight } = hall;
  if (hall.me === "lecturer") {
    const said = ({ refused: words.cameraRefused, none: words.noCamera, held: words.cameraHeld, unplugged: words.cameraLost, busy: words.cameraBusy, slow: words.cameraSlow } as Record<string, string>)[hall.camera.state.value];
    return said === undefined ? null : <Notice kind="warning">{said}</Notice>;
  }
  if (!sight.isOn.value) return null;
  if (!sight.able.value) return <Notice>{words.noPictureHere}</Notice>;
  if (sight.wants.value) return null;
  return (
    <div class={sight.slow.value ? "notice notice-warning notice-acts" : "notice notice-acts"} role="status">
      <span>{sight.slow.value ? words.tooSlow : words.onlySound}</span>
      <button class="button small" onClick={() => sight.want(true)}><Icon name="camera" />{words.seePicture}</button>
    </div>
  );
}

/** Her switch. */
export function AirCamera({ hall }: { hall: Auditorium }) {
  const words = airSay.value;
  const { camera, broadcast } = hall;
  if (filmable() === null) return null;
  const on = camera.isOn;
  const may = broadcast.now !== null || on;
  return (
    <button class={on ? "mic mic-on" : "mic"} aria-pressed={on} disabled={!may || camera.state.value === "asking"} aria-label={on ? `${words.cameraOn}${words.list}${words.stopCamera}` : words.startCamera} onClick={() => void (on ? camera.stop() : camera.start())}>
      <Icon name="camera" /><span class="mic-words">{on ? words.cameraOn : words.cameraOff}</span>
    </button>
  );
}

/** Before going on air: which camera, what it shows, and whether it is to be on from the beginning. */
export function CameraCheck({ hall }: { hall: Auditorium }) {
  const words = airSay.value;
  const { device, wanted } = hall.camera;
  const [eye, setEye] = useState<Eye | null>(null);
  const [why, setWhy] = useState<"refused" | "held" | "none" | "lost" | null>(null);
  const [found, setFound] = useState<readonly MediaDeviceInfo[]>([]);
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (eye === null) return;
    const video = ownVideo(eye.stream);
    holder.current?.append(video);
    return () => {
      video.remove();
      eye.close();
    };
  }, [eye]);
  const open = async (): Promise<void> => {
    setEye(null);
    const mine = await Eye.open(device.value);
    if (typeof mine === "string") {
      wanted.value = false;
      return setWhy(mine);
    }
    setWhy(null);
    mine.onlost = () => {
      setEye(null);
      setWhy("lost");
      wanted.value = false;
    };
    setEye(mine);
    setFound(await cameras());
  };
  if (filmable() === null) return null;
  const said = why === null ? null : { refused: words.cameraRefused, held: words.cameraHeld, none: words.noCamera, lost: words.cameraLost }[why];
  return (
    <div class="check">
      <Icon name={eye === null ? "camera" : "check"} />
      <span>{words.camera}</span>
      {eye === null ? <button class="button small" onClick={() => void open()}>{words.checkCamera}</button> : <button class="button small" onClick={() => { setEye(null); wanted.value = false; }}>{words.closeCamera}</button>}
      {said !== null ? <span class="warn small" role="status">{said}</span> : eye === null && <span class="muted small">{words.cameraOptional}</span>}
      {eye !== null && <div class="check-picture" ref={holder} role="img" aria-label={words.ownPicture} />}
      {eye !== null && found.length > 1 && (
        <label class="field check-wide"><span class="visually-hidden">{words.whichCamera}</span>
          <select value={device.value ?? eye.stream.getVideoTracks()[0]?.getSettings().deviceId} onChange={(event) => { device.value = event.currentTarget.value; void open(); }}>{found.map(({ deviceId, label }, n) => <option key={deviceId} value={deviceId}>{label || words.cameraN(n + 1)}</option>)}</select>
        </label>
      )}
      {eye !== null && <label class="check-wide check-want"><input type="checkbox" checked={wanted.value} onChange={(event) => (wanted.value = event.currentTarget.checked)} />{words.cameraFromStart}</label>}
    </div>
  );
}
