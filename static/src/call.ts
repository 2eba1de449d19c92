// Live voice between the two of a session: WebRTC, audio only; where no path is found in time, over the socket.
//
// Each side says hello when it comes; the teacher answers every hello with a fresh offer, so there is one who offers and
// never two at once. Microphones are put on and off the agreed line, which needs no new agreement. A path that is found
// late takes the voice back from the socket.
import { signal } from "@preact/signals";
import { newId } from "./ids";
import { Listening, Speaking, type Slice } from "./wire";

/** "talking": heard on the direct line; "relayed": over the socket, half a second later; "lost": neither. */
export type CallState = "waiting" | "connecting" | "talking" | "relayed" | "lost";

const PATIENCE_MS = 5_000; // for a path between the two
const AGAIN_MS = { teacher: 30_000, student: 45_000 }; // before a path is looked for again: not by both at one moment

type Said =
  | { hello: true }
  | { description: RTCSessionDescriptionInit; round: string }
  | { candidate: RTCIceCandidateInit; round: string }
  | { relay: true; plays: boolean }
  | { slice: Slice };

export class Call {
  readonly state = signal<CallState>("waiting");
  /** Set while the browser wants a touch before it lets the other side be heard. */
  readonly silenced = signal(false);

  readonly #me: "teacher" | "student";
  readonly #say: (said: Said) => void;
  readonly #servers: () => Promise<RTCIceServer[]>;
  readonly #loudspeaker = new Audio();
  readonly #listening: Listening;
  #peer: RTCPeerConnection | null = null;
  #track: MediaStreamTrack | null = null;
  #round = ""; // names the offer under way; what belongs to an earlier one is dropped
  #early: RTCIceCandidateInit[] = [];
  #patience: ReturnType<typeof setTimeout> | undefined;
  #speaking: Speaking | null = null;
  #closed = false;

  /** `servers` are asked for at each try: what lets one use them runs out. */
  constructor(me: "teacher" | "student", say: (data: Record<string, unknown>) => void, servers: () => Promise<RTCIceServer[]>) {
    this.#me = me;
    this.#say = say;
    this.#servers = servers;
    this.#listening = new Listening(this.#loudspeaker, () => this.#say({ relay: true, plays: true }));
  }

  static get possible(): boolean {
    return Call.#direct || Speaking.possible;
  }

  static get #direct(): boolean {
    return typeof RTCPeerConnection !== "undefined" && "addTransceiver" in RTCPeerConnection.prototype;
  }

  hello(): void {
    this.#say({ hello: true });
    if (this.state.value === "connecting" || this.state.value === "talking") return;
    this.#again(this.state.value === "waiting" ? PATIENCE_MS : AGAIN_MS[this.#me]); // it may get lost, or no answer come
  }

  async hears(data: Record<string, unknown>): Promise<void> {
    if (this.#closed) return;
    if ("hello" in data) return this.#me === "teacher" ? this.#offer() : this.hello();
    if ("description" in data) return this.#agree(data["description"] as RTCSessionDescriptionInit, String(data["round"]));
    if ("candidate" in data && data["round"] === this.#round) return this.#try(data["candidate"] as RTCIceCandidateInit);
    if ("relay" in data) return this.#relay(data["plays"] === true);
    if ("slice" in data && this.state.value === "relayed") return this.#hear(data["slice"] as Slice);
  }

  /** Puts our microphone on the line, or takes it off. */
  async speak(track: MediaStreamTrack | null): Promise<void> {
    this.#track = track;
    if (this.#speaking !== null || this.state.value === "relayed") this.#speakOverSocket();
    await this.#line()?.sender.replaceTrack(track);
  }

  /** Called from a touch, when the browser asked for one. */
  listen(): void {
    this.#loudspeaker.play().then(
      () => (this.silenced.value = false),
      (error: unknown) => (this.silenced.value = error instanceof DOMException && error.name === "NotAllowedError"),
    );
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#patience);
    this.#hangUp();
    this.#speaking?.close();
    this.#listening.close();
    this.#loudspeaker.srcObject = null;
  }

  // The direct line.

  async #offer(): Promise<void> {
    const peer = await this.#open(newId());
    if (peer === null) return;
    const line = peer.addTransceiver("audio", { direction: "sendrecv" });
    await line.sender.replaceTrack(this.#track);
    await peer.setLocalDescription(await peer.createOffer());
    this.#describe(peer);
  }

  async #agree(description: RTCSessionDescriptionInit, round: string): Promise<void> {
    const peer = description.type === "offer" ? await this.#open(round) : this.#peer;
    if (peer === null || round !== this.#round) return;
    await peer.setRemoteDescription(description);
    for (const candidate of this.#early.splice(0)) await this.#try(candidate);
    if (description.type !== "offer") return;
    const line = this.#line();
    if (line) {
      line.direction = "sendrecv";
      await line.sender.replaceTrack(this.#track);
    }
    await peer.setLocalDescription(await peer.createAnswer());
    this.#describe(peer);
  }

  async #try(candidate: RTCIceCandidateInit): Promise<void> {
    if (!this.#peer?.remoteDescription) return void this.#early.push(candidate);
    await this.#peer.addIceCandidate(candidate).catch(() => undefined); // of a connection that was replaced meanwhile
  }

  #describe(peer: RTCPeerConnection): void {
    const { type, sdp } = peer.localDescription ?? { type: "rollback" as const, sdp: "" };
    if (peer === this.#peer && sdp) this.#say({ description: { type, sdp }, round: this.#round });
  }

  /** A connection for this round; null when another round began meanwhile, or this browser has no direct lines. */
  async #open(round: string): Promise<RTCPeerConnection | null> {
    this.#hangUp();
    this.#round = round;
    this.#wait();
    if (!Call.#direct) return null;
    const iceServers = await this.#servers().catch(() => []);
    if (round !== this.#round || this.#closed) return null;
    const peer = new RTCPeerConnection({ iceServers });
    this.#peer = peer;
    peer.onicecandidate = ({ candidate }) => candidate && this.#say({ candidate: candidate.toJSON(), round });
    peer.ontrack = ({ track }) => {
      if (this.state.value !== "relayed") this.#play(track);
    };
    peer.oniceconnectionstatechange = () => {
      if (peer === this.#peer) this.#moved(peer.iceConnectionState);
    };
    return peer;
  }

  #moved(state: RTCIceConnectionState): void {
    if (state === "connected" || state === "completed") this.#found();
    if (state === "disconnected" && this.state.value === "talking") this.#wait();
    if (state !== "failed") return;
    if (this.state.value === "relayed") this.#again(AGAIN_MS[this.#me]);
    else this.#relay(null);
  }

  #found(): void {
    clearTimeout(this.#patience);
    this.#speaking?.close();
    this.#speaking = null;
    this.#listening.close();
    this.state.value = "talking";
    const track = this.#line()?.receiver.track;
    if (track) this.#play(track);
  }

  #play(track: MediaStreamTrack): void {
    this.#loudspeaker.srcObject = new MediaStream([track]);
    this.listen();
  }

  #line(): RTCRtpTransceiver | undefined {
    return this.#peer?.getTransceivers()[0];
  }

  #hangUp(): void {
    const peer = this.#peer;
    this.#peer = null;
    this.#early = [];
    peer?.close();
  }

  // The socket.

  #wait(): void {
    if (this.state.value === "relayed") return this.#again(AGAIN_MS[this.#me]); // heard so until there is a path
    clearTimeout(this.#patience);
    this.state.value = "connecting";
    this.#patience = setTimeout(() => this.#relay(null), PATIENCE_MS);
  }

  /** Over to the socket; `theyPlay` is what the other side said of itself, null when it is we who begin. */
  #relay(theyPlay: boolean | null): void {
    if (this.#closed || this.state.value === "talking" && theyPlay === null) return;
    const plays = typeof MediaSource !== "undefined";
    const known = this.state.value === "relayed";
    this.state.value = Speaking.possible && plays && theyPlay !== false ? "relayed" : "lost";
    if (theyPlay === null || !known) this.#say({ relay: true, plays });
    if (this.state.value === "relayed") this.#speakOverSocket();
    this.#again(AGAIN_MS[this.#me]);
  }

  /** A hello later on: the other side's, or our offer, begins anew. */
  #again(after: number): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.hello(), after);
  }

  #speakOverSocket(): void {
    this.#speaking?.close();
    this.#speaking = this.#track === null || !Speaking.possible ? null : new Speaking(this.#track, (slice) => this.#say({ slice }));
  }

  #hear(slice: Slice): void {
    if (this.#loudspeaker.srcObject !== null) this.#loudspeaker.srcObject = null;
    this.#listening.hears(slice);
    if (slice.n === 0 || this.#loudspeaker.paused) this.listen();
  }
}
