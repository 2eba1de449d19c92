// Live voice between the two of a session: WebRTC, audio only, no host but ours.
//
// Each side says hello when it comes; the teacher answers every hello with a fresh offer, so there is one who offers and
// never two at once. Microphones are put on and off the agreed line, which needs no new agreement.
import { signal } from "@preact/signals";
import { newId } from "./ids";

export type CallState = "waiting" | "connecting" | "talking" | "lost";

type Said =
  | { hello: true }
  | { description: RTCSessionDescriptionInit; round: string }
  | { candidate: RTCIceCandidateInit; round: string };

export class Call {
  readonly state = signal<CallState>("waiting");
  /** Set while the browser wants a touch before it lets the other side be heard. */
  readonly silenced = signal(false);

  readonly #teacher: boolean;
  readonly #say: (said: Said) => void;
  readonly #loudspeaker = new Audio();
  #peer: RTCPeerConnection | null = null;
  #track: MediaStreamTrack | null = null;
  #round = ""; // names the offer under way; what belongs to an earlier one is dropped
  #early: RTCIceCandidateInit[] = [];

  constructor(me: "teacher" | "student", say: (data: Record<string, unknown>) => void) {
    this.#teacher = me === "teacher";
    this.#say = say;
  }

  static get possible(): boolean {
    return typeof RTCPeerConnection !== "undefined" && "addTransceiver" in RTCPeerConnection.prototype;
  }

  hello(): void {
    this.#say({ hello: true });
  }

  async hears(data: Record<string, unknown>): Promise<void> {
    if ("hello" in data) return this.#teacher ? this.#offer() : this.hello();
    if ("description" in data) return this.#agree(data["description"] as RTCSessionDescriptionInit, String(data["round"]));
    if ("candidate" in data && data["round"] === this.#round) return this.#try(data["candidate"] as RTCIceCandidateInit);
  }

  /** Puts our microphone on the line, or takes it off. */
  async speak(track: MediaStreamTrack | null): Promise<void> {
    this.#track = track;
    await this.#line()?.sender.replaceTrack(track);
  }

  /** Called from a touch, when the browser asked for one. */
  listen(): void {
    this.#loudspeaker.play().then(
      () => (this.silenced.value = false),
      () => (this.silenced.value = true),
    );
  }

  close(): void {
    this.#hangUp();
    this.#loudspeaker.srcObject = null;
  }

  async #offer(): Promise<void> {
    const peer = this.#open(newId());
    const line = peer.addTransceiver("audio", { direction: "sendrecv" });
    await line.sender.replaceTrack(this.#track);
    await peer.setLocalDescription(await peer.createOffer());
    this.#describe(peer);
  }

  async #agree(description: RTCSessionDescriptionInit, round: string): Promise<void> {
    const peer = description.type === "offer" ? this.#open(round) : this.#peer;
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

  #open(round: string): RTCPeerConnection {
    this.#hangUp();
    this.#round = round;
    const peer = new RTCPeerConnection();
    this.#peer = peer;
    this.state.value = "connecting";
    peer.onicecandidate = ({ candidate }) => candidate && this.#say({ candidate: candidate.toJSON(), round });
    peer.ontrack = ({ track }) => {
      this.#loudspeaker.srcObject = new MediaStream([track]);
      this.listen();
    };
    peer.oniceconnectionstatechange = () => {
      if (peer === this.#peer) this.#moved(peer.iceConnectionState);
    };
    return peer;
  }

  #moved(state: RTCIceConnectionState): void {
    if (state === "connected" || state === "completed") this.state.value = "talking";
    if (state === "disconnected") this.state.value = "connecting";
    if (state === "failed") {
      this.state.value = "lost";
      this.hello(); // the other side's hello, or our offer, begins anew
    }
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
}
