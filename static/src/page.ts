// What every page does first: who is signed in, the link, and back to the door when nobody is.
import { effect, signal } from "@preact/signals";
import * as api from "./api";
import { Refusal } from "./api";
import { browserLink, type Link } from "./link";
import { listenForTouch } from "./notify";
import { isDemo, linkState } from "./parts";
import type { Me, Role } from "./protocol";
import { choose, language } from "./words";
import { recall, remember } from "./memory";

export const me = signal<Me | null>(null);
/** Set while the service can't be reached and nobody is known from before. */
export const unreachable = signal(false);
const AGAIN_MS = 3_000;

/** Under this name the browser keeps who was here; without the CSRF token: enough to take a question offline. */
export const REMEMBERED = "me";

let link: Link | null = null;

export function theLink(): Link {
  if (link === null) throw new Error("the page has not begun");
  return link;
}

/** Opens the page for a role, or for any of several; `ready` runs once, as soon as it is known who is here. */
export async function begin(roles: Role | readonly Role[], ready: (who: Me) => void): Promise<void> {
  choose(language.value);
  listenForTouch();
  registerWorker();
  effect(() => {
    if (api.signedOut.value) goToDoor();
  });
  const who = await whoIsHere();
  if (who === null) return;
  if (!who.roles.some((each) => roles.includes(each))) return location.replace("/");
  me.value = who;
  isDemo.value = who.demo;
  link = browserLink(api.ticket);
  link.onstate = (state) => (linkState.value = state);
  link.onsignedout = goToDoor;
  if (!navigator.onLine) link.offline();
  ready(who);
  link.start();
}

export async function leave(): Promise<void> {
  link?.stop();
  await api.signOut().catch(() => undefined);
  goToDoor();
}

function goToDoor(): void {
  remember(REMEMBERED, null);
  location.replace("/");
}

async function whoIsHere(): Promise<Me | null> {
  for (;;) {
    try {
      const who = await api.me();
      remember(REMEMBERED, JSON.stringify({ ...who, csrf: "" }));
      unreachable.value = false;
      return who;
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return null;
      const remembered = recall(REMEMBERED);
      if (remembered !== null) return JSON.parse(remembered) as Me;
      unreachable.value = true;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

function registerWorker(): void {
  if ("serviceWorker" in navigator && import.meta.env.PROD) void navigator.serviceWorker.register("/sw.js").catch(() => undefined);
}
