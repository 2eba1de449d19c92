// A photo on its way out: upright, cropped, turned, small enough for a weak network and still legible.
import { bytesOf } from "./ids";

export interface Crop {
  x: number; // all four from 0 to 1, of the picture after turning
  y: number;
  width: number;
  height: number;
}

export interface Picture {
  source: CanvasImageSource;
  width: number;
  height: number;
}

export type Corner = "nw" | "ne" | "sw" | "se";

export const WHOLE: Crop = { x: 0, y: 0, width: 1, height: 1 };
export const LONGEST = 2048; // pixels: print of 8 points on a page of A4 keeps strokes two pixels wide
const LEAST = 0.08; // of the photo, in each direction: a crop that a thumb can still hold
const QUALITY = 0.85;
const LOOKED_AT = 512; // pixels across, enough to judge sharpness in a few milliseconds
export const BLURRED_BELOW = 45; // measured: text in focus gives hundreds, a shaken hand 5 to 40

/** Decodes a file with its orientation applied; null where this browser can't (HEIC), then the server will. */
export async function load(file: Blob): Promise<Picture | null> {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    return { source: bitmap, width: bitmap.width, height: bitmap.height };
  } catch {
    return loadByElement(file);
  }
}

const PICTURES = ["ffd8ff", "89504e47", "47494638", "52494646........57454250"]; // JPEG, PNG, GIF, WebP: every phone shows them
const FOREIGN = ["........66747970(68656963|68656978|68657663|6d696631|6d736631|61766966)", "424d", "49492a00", "4d4d002a"]; // HEIC, AVIF, BMP, TIFF
const VIDEOS = ["........66747970", "........6d6f6f76", "........77696465", "........6d646174", "1a45dfa3", "000001b", "52494646........41564920"]; // MP4, WebM, MPEG, AVI

/** What a file is by its first bytes: a picture that should have opened is "broken", one that only servers read "foreign". */
export async function sniffed(file: Blob): Promise<"broken" | "foreign" | "video" | "other"> {
  const bytes = new Uint8Array(await bytesOf(file.slice(0, 16)).catch(() => new ArrayBuffer(0)));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const begins = (forms: readonly string[]): boolean => forms.some((form) => new RegExp(`^${form}`).test(hex));
  if (begins(PICTURES)) return "broken";
  if (begins(FOREIGN)) return "foreign";
  return begins(VIDEOS) ? "video" : "other";
}

function loadByElement(file: Blob): Promise<Picture | null> {
  return new Promise((resolve) => {
    const url = URL.createObjectURL(file);
    const image = new Image();
    image.onload = () => {
      URL.revokeObjectURL(url);
      resolve({ source: image, width: image.naturalWidth, height: image.naturalHeight });
    };
    image.onerror = () => {
      URL.revokeObjectURL(url);
      resolve(null);
    };
    image.src = url;
  });
}

/** The picture turned by quarter turns clockwise, drawn no larger than `longest`. */
export function turned(picture: Picture, turns: number, longest: number): HTMLCanvasElement {
  const sideways = turns % 2 === 1;
  const width = sideways ? picture.height : picture.width;
  const height = sideways ? picture.width : picture.height;
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = sized(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const pen = pencil(canvas);
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.rotate((turns * Math.PI) / 2);
  pen.scale(scale, scale);
  pen.drawImage(picture.source, -picture.width / 2, -picture.height / 2);
  return canvas;
}

/** What is sent: turned, cropped, at most 2048 pixels, JPEG. */
export function finished(picture: Picture, turns: number, crop: Crop): Promise<Blob> {
  const { width, height } = fit(picture, turns, crop);
  const full = Math.max(width / crop.width, height / crop.height);
  const whole = turned(picture, turns, full);
  const canvas = sized(width, height);
  pencil(canvas).drawImage(
    whole,
    crop.x * whole.width, crop.y * whole.height, crop.width * whole.width, crop.height * whole.height,
    0, 0, width, height,
  );
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", QUALITY),
  );
}

/** Pixels of the finished photo. */
export function fit(picture: { width: number; height: number }, turns: number, crop: Crop): { width: number; height: number } {
  const sideways = turns % 2 === 1;
  const width = (sideways ? picture.height : picture.width) * crop.width;
  const height = (sideways ? picture.width : picture.height) * crop.height;
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

export function isBlurred(picture: Picture): boolean {
  const canvas = turned(picture, 0, LOOKED_AT);
  const { data, width, height } = pencil(canvas).getImageData(0, 0, canvas.width, canvas.height);
  const grey = new Float32Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = 0.3 * data[4 * i]! + 0.59 * data[4 * i + 1]! + 0.11 * data[4 * i + 2]!;
  return sharpness(grey, width, height) < BLURRED_BELOW;
}

/** Variance of the Laplacian over the busiest tenth of the tiles: blank paper around a sharp line is no blur. */
export function sharpness(grey: ArrayLike<number>, width: number, height: number): number {
  const tile = 32;
  const variances: number[] = [];
  for (let top = 1; top + tile < height; top += tile) {
    for (let left = 1; left + tile < width; left += tile) variances.push(tileVariance(grey, width, left, top, tile));
  }
  variances.sort((a, b) => b - a);
  const busiest = variances.slice(0, Math.max(1, Math.ceil(variances.length / 10)));
  return busiest.reduce((sum, value) => sum + value, 0) / busiest.length || 0;
}

function tileVariance(grey: ArrayLike<number>, width: number, left: number, top: number, tile: number): number {
  let sum = 0;
  let squares = 0;
  for (let y = top; y < top + tile; y++) {
    for (let x = left; x < left + tile; x++) {
      const at = y * width + x;
      const edge = grey[at - 1]! + grey[at + 1]! + grey[at - width]! + grey[at + width]! - 4 * grey[at]!;
      sum += edge;
      squares += edge * edge;
    }
  }
  const count = tile * tile;
  return squares / count - (sum / count) ** 2;
}

/** The crop with one corner pulled, never smaller than a thumb can hold and never beyond the photo. */
export function pulled(crop: Crop, corner: Corner, dx: number, dy: number): Crop {
  let { x: left, y: top } = crop;
  let right = left + crop.width;
  let bottom = top + crop.height;
  if (corner.endsWith("w")) left = between(0, left + dx, right - LEAST);
  else right = between(left + LEAST, right + dx, 1);
  if (corner.startsWith("n")) top = between(0, top + dy, bottom - LEAST);
  else bottom = between(top + LEAST, bottom + dy, 1);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

export function shifted(crop: Crop, dx: number, dy: number): Crop {
  return { ...crop, x: between(0, crop.x + dx, 1 - crop.width), y: between(0, crop.y + dy, 1 - crop.height) };
}

const between = (low: number, value: number, high: number): number => Math.min(high, Math.max(low, value));

function sized(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

function pencil(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("no canvas");
  context.imageSmoothingQuality = "high";
  return context;
}
