// The words of a lecture's sound: the microphone, what is heard, the replay.
import { computed } from "@preact/signals";
import { language } from "./words";

const zh = {
  mic: "话筒", speaking: "话筒开着", silent: "话筒静音", muteIt: "静音", unmuteIt: "取消静音", turnOn: "打开话筒", off: "话筒没开",
  refused: "用不了话筒：请在浏览器里允许使用麦克风，再点“打开话筒”。同学们还能看白板。", unplugged: "麦克风断开了，插好后会自动接上。白板不受影响。", held: "麦克风被别的程序或电话占用，用完会自动接上。", busy: "服务器正忙，声音稍后自动接上。", waiting: "网络不稳，你说的话正在补传，不会丢。", notKept: "声音同学们听得到，但回放暂时存不下来，请告诉管理员。",
  check: "开讲前检查", checkMic: "检查话筒", testing: "说一句话试试", loud: "声音正常", quiet: "听不到声音：说句话，或换一个麦克风", noMic: "没有可用的话筒", network: "网络", trip: (ms: number) => `来回 ${ms} 毫秒`, good: "很好", slow: "有点慢，声音会晚一些到", bad: "太慢了，请换一个网络", noNetwork: "连不上服务器", again: "再测一次",
  list: "，", camera: "摄像头", checkCamera: "检查摄像头", closeCamera: "关掉", whichCamera: "用哪个摄像头", cameraN: (n: number) => `摄像头 ${n}`, cameraOptional: "不开也可以上课。只拍老师，同学看到的是小画面。", cameraFromStart: "开讲时就打开摄像头", ownPicture: "你自己的画面", picture: "老师的画面", movable: "可以拖动，也可以用方向键移动", cameraOn: "摄像头开着", cameraOff: "摄像头", startCamera: "打开摄像头", stopCamera: "关掉摄像头",
  cameraRefused: "用不了摄像头：请在浏览器里允许使用摄像头，再点“打开摄像头”。声音和板书不受影响。", noCamera: "没有可用的摄像头。声音和板书不受影响。", cameraHeld: "摄像头被别的程序或电话占用，画面已停。声音和板书不受影响；用完再打开。", cameraLost: "摄像头断开了，画面已停。声音和板书不受影响；插好后再打开。", cameraBusy: "服务器正忙，画面稍后自动接上。", cameraSlow: "你的网络带不动画面，已先停掉，声音和板书照常。",
  soundOnly: "只听声音和笔迹", onlySound: "正在只听声音和笔迹。", seePicture: "看老师画面", tooSlow: "网络有点慢，先只听声音和笔迹。", noPictureHere: "这个浏览器看不了老师的画面，声音和板书照常。", deaf: "这个浏览器放不出声音，请换一个浏览器。", pictureWrong: "画面放不出来，声音和板书照常。",
  listen: "点一下听声音", listenMore: "浏览器要你点一下才放声音。", nobody: "老师的话筒还没开", muted: "老师静音了", missing: "声音断了，正在自动恢复…", hears: "声音正常",
  replay: "看回放", replays: "课程回放", replayOf: (title: string) => `回放：${title}`, kept: (when: string) => `保留到 ${when}`, views: (n: number) => `${n} 人看过`, loading: "正在打开回放…", noReplay: "没有这个回放", noReplays: "没有合适的回放", noSound: "这场课没有录到声音，可以看板书。", soundWrong: "声音放不出来，可以先看板书。", reload: "再试一次", hideReplay: "收起回放", showReplay: "放出回放", hiddenReplay: "同学们现在看不到这个回放。", lostHere: (n: number, at: string) => `${at} 有 ${n} 人没听懂`,
};

type Words = typeof zh;

const en: Words = {
  mic: "Microphone", speaking: "Microphone on", silent: "Muted", muteIt: "Mute", unmuteIt: "Unmute", turnOn: "Microphone on", off: "Microphone off",
  refused: "No microphone: allow it in your browser, then press “Microphone on”. Pupils still see the board.", unplugged: "The microphone was unplugged; it goes on by itself once it is back. The board goes on.", held: "Another program or a call holds the microphone; it goes on by itself.", busy: "The server is busy; sound goes on by itself in a moment.", waiting: "The network is unsteady; what you said is on its way and not lost.", notKept: "Pupils hear you, but the recording can't be stored just now; please tell the administrator.",
  check: "Before you begin", checkMic: "Check the microphone", testing: "Say something", loud: "You are heard", quiet: "Nothing is heard: say something, or choose another microphone", noMic: "There is no microphone", network: "Network", trip: (ms) => `${ms} ms there and back`, good: "good", slow: "a little slow: sound comes later", bad: "too slow: please use another network", noNetwork: "the server can't be reached", again: "Again",
  list: ", ", camera: "Camera", checkCamera: "Check the camera", closeCamera: "Close it", whichCamera: "Which camera", cameraN: (n) => `Camera ${n}`, cameraOptional: "You can teach without. It shows you alone, and small.", cameraFromStart: "Camera on from the beginning", ownPicture: "Your own picture", picture: "The lecturer's picture", movable: "drag it, or move it with the arrow keys", cameraOn: "Camera on", cameraOff: "Camera", startCamera: "Switch the camera on", stopCamera: "Switch the camera off",
  cameraRefused: "No camera: allow it in your browser, then switch it on. Sound and board go on.", noCamera: "There is no camera. Sound and board go on.", cameraHeld: "Another program or a call holds the camera; the picture has stopped. Sound and board go on; switch it on again later.", cameraLost: "The camera was unplugged; the picture has stopped. Sound and board go on; switch it on again once it is back.", cameraBusy: "The server is busy; the picture goes on by itself in a moment.", cameraSlow: "Your network doesn't carry a picture; it was stopped. Sound and board go on.",
  soundOnly: "Sound and ink only", onlySound: "Sound and ink only.", seePicture: "See the lecturer", tooSlow: "The network is slow: sound and ink only for now.", noPictureHere: "This browser can't show the lecturer's picture; sound and board go on.", deaf: "This browser can't play the sound; please use another.", pictureWrong: "The picture can't be played; sound and board go on.",
  listen: "Tap to listen", listenMore: "The browser wants a tap before it plays sound.", nobody: "The lecturer's microphone is off", muted: "The lecturer has muted the microphone", missing: "The sound is missing; it comes back by itself…", hears: "Sound on",
  replay: "Replay", replays: "Replays", replayOf: (title) => `Replay: ${title}`, kept: (when) => `Kept until ${when}`, views: (n) => `Watched by ${n}`, loading: "Opening the replay…", noReplay: "There is no such replay", noReplays: "No replay fits", noSound: "No sound was recorded; the board is here.", soundWrong: "The sound can't be played; the board is here.", reload: "Try again", hideReplay: "Hide the replay", showReplay: "Show the replay", hiddenReplay: "Pupils can't see this replay just now.", lostHere: (n, at) => `${n} were lost at ${at}`,
};

export const airSay = computed<Words>(() => (language.value === "en" ? en : zh));
