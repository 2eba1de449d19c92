// One photo before it goes out: keep only the problem, turn it upright, be told when it is blurred.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon, Notice } from "./parts";
import { WHOLE, finished, fit, isBlurred, pulled, shifted, turned, type Corner, type Crop, type Picture } from "./photo";
import { say } from "./words";

const SHOWN = 1200; // pixels of the preview
const STEP = 0.02; // of the photo, for an arrow key
const LEGIBLE = 400; // pixels on the longer side: less is a thumbnail

const CORNERS: readonly Corner[] = ["nw", "ne", "sw", "se"];

interface Props {
  picture: Picture;
  ondone: (photo: Blob) => void;
  onretake: () => void;
  oncancel: () => void;
}

export function CropPhoto({ picture, ondone, onretake, oncancel }: Props) {
  const words = say.value;
  const [turns, setTurns] = useState(0);
  const [crop, setCrop] = useState<Crop>(WHOLE);
  const [busy, setBusy] = useState(false);
  const blurred = useMemo(() => isBlurred(picture), [picture]);
  const { width, height } = fit(picture, turns, crop);
  const small = Math.max(width, height) < LEGIBLE;

  const turn = (by: number): void => {
    setTurns((turns + by + 4) % 4);
    setCrop(WHOLE);
  };
  const use = async (): Promise<void> => {
    setBusy(true);
    ondone(await finished(picture, turns, crop));
  };

  return (
    <div class="crop" role="dialog" aria-modal="true" aria-label={words.editing}>
      <header class="crop-head">
        <button class="bar-button" onClick={oncancel} aria-label={words.cancel}><Icon name="cross" /></button>
        <h2>{words.editing}</h2>
      </header>
      <Frame picture={picture} turns={turns} crop={crop} onchange={setCrop} />
      <div class="crop-foot">
        {blurred || small ? <Notice kind="warning">{blurred ? words.blurred : words.small}</Notice> : <p class="crop-hint">{words.cropHint}</p>}
        <div class="row">
          <button class="button dark" onClick={() => turn(-1)}><Icon name="left" />{words.turnLeft}</button>
          <button class="button dark" onClick={() => turn(1)}><Icon name="right" />{words.turnRight}</button>
          <button class="button dark" onClick={() => setCrop(WHOLE)}>{words.useWhole}</button>
        </div>
        <div class="row">
          <button class="button dark grow" onClick={onretake}>{words.retake}</button>
          <button class="button primary grow" disabled={busy} onClick={() => void use()}>{busy ? words.preparing : blurred ? words.useAnyway : words.done}</button>
        </div>
      </div>
    </div>
  );
}

/** The picture with a frame to be pulled around what is kept. */
export function Frame({ picture, turns, crop, onchange }: { picture: Picture; turns: number; crop: Crop; onchange: (crop: Crop) => void }) {
  const words = say.value;
  const room = useRef<HTMLDivElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const shade = useRef<HTMLDivElement>(null);
  const preview = useMemo(() => turned(picture, turns, SHOWN), [picture, turns]);
  const drag = useRef<{ corner: Corner | null; x: number; y: number; from: Crop } | null>(null);

  useEffect(() => {
    const place = (): void => {
      const box = room.current!;
      const scale = Math.min((box.clientWidth - 32) / preview.width, (box.clientHeight - 32) / preview.height);
      stage.current!.style.width = `${preview.width * scale}px`;
      stage.current!.style.height = `${preview.height * scale}px`;
    };
    preview.className = "crop-picture";
    stage.current!.prepend(preview);
    place();
    addEventListener("resize", place);
    return () => {
      removeEventListener("resize", place);
      preview.remove();
    };
  }, [preview]);

  useEffect(() => {
    const { style } = shade.current!;
    style.left = `${crop.x * 100}%`;
    style.top = `${crop.y * 100}%`;
    style.width = `${crop.width * 100}%`;
    style.height = `${crop.height * 100}%`;
  }, [crop]);

  const press = (corner: Corner | null) => (event: PointerEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    drag.current = { corner, x: event.clientX, y: event.clientY, from: crop };
  };
  const move = (event: PointerEvent): void => {
    const start = drag.current;
    const box = stage.current;
    if (!start || !box) return;
    const dx = (event.clientX - start.x) / box.clientWidth;
    const dy = (event.clientY - start.y) / box.clientHeight;
    onchange(start.corner === null ? shifted(start.from, dx, dy) : pulled(start.from, start.corner, dx, dy));
  };
  const release = (): void => void (drag.current = null);
  const key = (corner: Corner) => (event: KeyboardEvent): void => {
    const [dx, dy] = ({ ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] } as Record<string, [number, number]>)[event.key] ?? [0, 0];
    if (dx === 0 && dy === 0) return;
    event.preventDefault();
    onchange(pulled(crop, corner, dx, dy));
  };

  return (
    <div class="crop-room" ref={room}>
      <div class="crop-stage" ref={stage}>
        <div class="crop-frame" ref={shade} onPointerDown={press(null)} onPointerMove={move} onPointerUp={release} onPointerCancel={release}>
          {CORNERS.map((corner) => (
            <button
              key={corner} class={`crop-corner crop-${corner}`} aria-label={words.corners[corner]} onKeyDown={key(corner)}
              onPointerDown={press(corner)} onPointerMove={move} onPointerUp={release} onPointerCancel={release}
            />
          ))}
        </div>
      </div>
    </div>
  );
}
