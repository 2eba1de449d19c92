// Every sentence that a person reads, Chinese first, English beside it.
import { computed, signal } from "@preact/signals";
import type { Problem, Stage, Subject } from "./protocol";
import { Refusal } from "./api";
import { recall, remember } from "./memory";

export type Language = "zh" | "en";

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

const zh = {
  name: "答疑",
  otherLanguage: "English",
  // sign-in
  signIn: "登录", publicPage: "补贴公示", login: "账号", password: "密码", showPassword: "显示密码", hidePassword: "隐藏密码",
  welcome: "拍一道题，马上有人讲", signingIn: "正在登录…", signOut: "退出登录",
  firstTime: "第一次来？用学校发的激活码", haveAccount: "已有账号，去登录", activate: "激活并登录", code: "激活码",
  newPassword: "设一个新密码", passwordHint: "至少 8 个字", demoAccounts: "演示账号，点一下就能进", demoStudent: "学生", demoTeacher: "老师", demoOther: "其他",
  fillIn: "账号和密码都要填。", fillInCode: "账号和激活码都要填。", tooShort: "密码至少 8 个字。", noPageForYou: "这个账号的页面还没有开放，请用学生或老师账号登录。",
  // link
  online: "已连接", reconnecting: "重连中", offline: "离线", stopped: "已断开", reconnect: "在这里继续",
  offlineNote: "现在没有网络。照样可以提问：题目先存在手机里，有网时自动发出，只发一次。",
  cannotLoad: "暂时连不上", cannotLoadMore: "正在自动重试，连上后这里会自己打开。", tryAgain: "再试一次", loading: "正在打开…", unreachable: "网络不通，请稍后再试。",
  stoppedNote: "这个账号同时打开的页面太多，这一页先停下了。", teacherOffline: "网络断了，正在重连。断开时不会派题给你。",
  // asking
  haveProblem: "有不会的题？", haveProblemMore: "拍下来，几秒就有讲解；没有现成的，老师马上来。",
  shoot: "拍照提问", camera: "拍照", gallery: "相册", voice: "语音", write: "打字", video: "视频",
  newQuestion: "提一个问题", textLabel: "补充说明（可不填）", textPlaceholder: "哪一步不懂？写在这里",
  subject: "学科", grade: "年级", send: "提交问题", sendLater: "存下，有网就发", cancelAsk: "不问了", chooseSubject: "先选学科", chooseGrade: "先选年级", nothingYet: "先拍一张照片，或者说一句、写一句。",
  draftPhotos: "照片", photoN: (n: number) => `第 ${n} 张照片`, editPhoto: "裁剪、旋转", remove: "删除", editing: "裁好这道题", cropHint: "拖动四角，只留下要问的这道题",
  corners: { nw: "左上角", ne: "右上角", sw: "左下角", se: "右下角" },
  turnLeft: "向左转", turnRight: "向右转", useWhole: "用整张", done: "好了", cancel: "取消",
  blurred: "这张有点糊，老师可能看不清。重拍一张更快有答案。", small: "这张太小，字可能看不清。", retake: "重拍", useAnyway: "就用这张",
  cannotOpenHere: "这里显示不了，老师那边能看到", notPhoto: "这个文件不是照片。请拍一张，或从相册里选一张。", brokenPhoto: "这张照片打不开：可能坏了，也可能太大。请重新拍一张。", notVideo: "这个文件不是视频。请录一段，或选一段视频。", tooLong: (most: number) => `最多写 ${most} 个字，后面的没有放进来。题目很长就拍照，更快。`,
  resume: "还有一个没提交的问题", resumeNow: "接着写", resumeDrop: "不要了", preparing: "正在处理照片…",
  record: "语音，开始录音", stopRecord: "说完了", recording: "正在录音", noMic: "用不了麦克风。请在系统设置里允许，或者打字说明。", voiceNote: "语音", playVoice: "播放语音",
  videoTooLong: "视频最长 60 秒，这个太长了。", videoTooBig: "视频最大 100 MB，这个太大了。", photoTooBig: "照片最大 20 MB，这张太大了。",
  tooManyParts: "一个问题最多 9 个附件。",
  // outbox
  waitsForNetwork: "等网络", waitsForNetworkMore: "存在手机里了，有网就自动发出，只发一次。可以先去做别的题。",
  partNames: { photo: "照片", voice: "语音", video: "视频" },
  sending: (percent: number) => `正在发送 ${percent}%`, sendingNow: "正在发送…", notSent: "没有发出去", revise: "改一改再发", sendNow: "现在发", discard: "删掉", sure: "删掉这个还没发出的问题？", sureMore: "删掉就找不回来了。",
  // a question's life
  myQuestions: "我的问题", listLater: "有网络后，你的问题会显示在这里", noQuestions: "还没有提过问题", noQuestionsMore: "点“拍照提问”，问出第一道题。",
  earlier: "以前的问题", evenEarlier: "看更早的问题", open: "展开", close: "收起", askedAt: (when: string) => `${when} 提问`,
  received: "收到了", receivedMore: "你的问题已经存好，不会丢。", reading: "正在看题", readingMore: "在认题目里的字、数和式子…",
  readAs: "认出的题目", unread: "没认准题目里的字。手写的字不作识别，老师会直接看你发来的内容。",
  readCorrected: "你改好的题目", correct: "认错了？改一改", correctAgain: "再改一改", correctTyped: "写错了？改一改", correctLabel: "把题目改成原题的样子", correctNote: "改好后马上重新找讲过的同一道题，排队的位置不变。", correctDone: "改好了，重新找",
  which: "你要问哪一道？", whichMore: "照片里有好几道题，点一下你要问的那道。不点也会有老师来看。", whichPhoto: "你拍的整页题目", whichOther: "换一道",
  matching: "正在找讲过的同一道题", found: "这道题老师讲过，先看讲解", foundAfter: "老师讲完了，看讲解",
  whyMatched: "为什么推荐它", agrees: "一样", differs: "不一样", unsure: "没认出", allAgrees: "和你的题对得上。", someDiffers: "有不一样的地方，先看看是不是你的题。", someUnread: "题目没有认全，先看看是不是你的题。", mine: "你的题", mineRead: "你的题（认出来的）", theirs: "视频里讲的题",
  otherSubject: (theirs: string, mine: string) => `这道题是在“${theirs}”里找到的，你选的是“${mine}”。`, otherStage: (theirs: string) => `这道题是${theirs}同学问过的。`, stages: { primary: "小学", junior: "初中", senior: "高中" } as Record<Stage, string>,
  solved: "解决了", notMine: "不是我的题", stillStuck: "还是不懂", backNote: "点“不是我的题”或“还是不懂”，马上回到队里原来的位置，老师来讲。",
  following: "同学也在问这道题，你已加入", followingNow: "老师正在讲这道题，你已加入", followingDone: "老师讲完了，录像正在生成", followingMore: (n: number) => (n > 0 ? `一起等的有 ${n + 1} 人。老师讲一次，录像马上给你。` : "老师讲完，录像马上给你。"), followingSoon: "几十秒就好，好了自动出现在这里。",
  leaveFollowing: "不是同一道题",
  waiting: "排队中", place: (n: number) => `前面还有 ${n} 题`, next: "下一个就是你", placeBefore: "排在第", placeUnit: "位",
  waitAbout: (s: number) => (s < 60 ? "大约 1 分钟内轮到你" : `大约还要 ${Math.ceil(s / 60)} 分钟`), waitUnknown: "正在找合适的老师",
  placeKept: "锁屏、断网、关掉页面都不会丢位置。", promised: (when: string) => `现在没有老师值班，${when} 开始有人答`, promisedSoon: "值班老师正在上岗，很快有人答", promisedLate: "值班老师还没上线，已经告诉值班管理员", promisedMore: "不用一直等着：老师来了，这里会响铃；你不在，老师也会讲好，录像留给你。",
  noShift: "现在没有老师值班，已经告诉值班管理员", noShiftMore: "位置给你留着。老师来了，这里会响铃；你不在，老师也会讲好，录像留给你。",
  offered: "老师正在看你的题", offeredMore: "马上就来。", answering: "老师来了", answeringMore: (teacher: string) => `${teacher}正在同屏等你`, enter: "进入同屏", someTeacher: "老师",
  yourTurnTitle: "【轮到你了】老师来了", answered: "讲完了", rendering: "讲解录像正在生成，几十秒就好。", renderFailed: "录像没有生成出来。还是不懂就再问一次，排在原来的位置。", resolved: "已解决", withdrawn: "已撤回", turnedAway: "没有再排队", turnedAwayMore: "审核老师看过，觉得这不是一道要答疑的题。想问题目，拍清楚再问一次就好。",
  reopen: "还是不懂，再问", withdraw: "撤回问题", withdrawSure: "撤回后就不再排队了，确定吗？", yes: "确定", no: "先不",
  workedExample: "数字不同的例题", workedExampleMore: "边等边看：方法一样，数字不同。你的位置不变。",
  likeExample: "相近的例题", likeExampleMore: "边等边看：和你的题很像，不一定是同一道。你的位置不变。",
  followers: (n: number) => `${n} 位同学也在等`, videoBy: (teacher: string) => `${teacher}讲解`, watch: "看讲解", voiceListen: "听语音",
  progress: "进度", steps: { received: "收到", reading: "看题", waiting: "排队", answering: "讲解", done: "完成" },
  // duty
  duty: "值班", ready: "值班中", away: "暂离", off: "下班",
  goOnDuty: "开始值班", comeBack: "回来值班", restTitle: "先歇一会儿", startTitle: "准备好了就开始", waitingNow: (n: number) => (n === 0 ? "队里没有题" : `队里有 ${n} 题`), calm: "没有等你的题", calmMore: "有题会响铃并显示在这里，一次只来一道。", offMore: "题目一次只来一道，不催；讲完一题记一笔补贴。", awayMore: "暂离时不会派题给你，点下面的按钮回来。",
  offer: "有同学在问", offerEnds: "剩余时间", accept: "接受", decline: "婉拒", declined: "已婉拒，会转给别的老师", lapsed: "时间到了，已转给别的老师。",
  crowd: (n: number) => `${n} 人在等这道题`, asked: (when: string) => `${when} 提问`, readText: "认出的文字", studentSays: "同学说", noText: "没有文字", seconds: (n: number) => `${n} 秒`,
  judging: "是同一道题吗？", judgingAsked: "学生问的", judgingKnown: "系统找到的", judgingMore: "系统拿不准这一对。你看一眼，以后就推得更准。", judgingNotMine: "学生说推给他的不是他的题。你看呢？", judgeSame: "是同一道", judgeOther: "不是同一道", judgingLeft: (n: number) => `还有 ${n} 对，有空再看`,
  reliability: "匹配准不准", reliabilityMore: "按学科：系统说的把握，和学生、老师判断下来真正相同的比例。两根条一样长，就是说到做到。", reliabilityNone: "还没有足够的判断", reliabilityNoneMore: "学生点“解决了”或“不是我的题”，老师核对匹配，都会记在这里；少于五条的不显示。",
  judged: (n: number) => `${n} 条判断`, precisionIs: (share: string) => `推送中 ${share} 是同一道题`, precisionFew: "推送的判断还不到五条", barIs: (share: string) => `把握到 ${share} 才推送`, barNever: "暂停推送，都交给老师", saidSure: "系统的把握", wasRight: "真正相同", sureFrom: (low: string, high: string) => `把握 ${low}–${high}`, inForce: (n: number, when: string) => `第 ${n} 次校准，${when} 起用`, inForceNone: "用的是出厂的校准",
  mute: "关闭提示音", unmute: "打开提示音",
  // earnings
  allLines: (n: number) => `看全部 ${n} 笔`, earnings: "我的补贴", earningsMore: "明细和结算单", thisMonth: "本月", total: "累计", noEarnings: "还没有补贴记录", noEarningsMore: "讲完一题，这里就会多一行，写明因为哪道题。",
  work: { session: "同屏答疑", shown: "录像再用", lecture: "名师直播", answer: "录制解答", shift: "值班", substitution: "代班", visit: "送教上门", top_up: "保底补足" } as Record<string, string>, justDone: "刚讲完的", videoRendering: "录像生成中", videoPublished: "已入库", videoFailed: "录像没有生成", videoWithdrawn: "已撤下",
  micHeld: "麦克风正被别的程序或电话占用，这段没有声音。挂断后自动接上。",
  micElsewhere: "另一个标签页正在用麦克风，这里只管写。", micTake: "改用这里的麦克风",
  micUnplugged: "麦克风断开了，只录板书。插好后会自动接上。", voiceRelayed: "语音没有直连，正走备用线路，声音会慢半秒左右。", noMicShort: "用不了麦克风",
  cutAnswer: "剪辑", saveCut: "存成新版", cutBefore: (at: string) => `剪掉 ${at} 之前`, cutAfter: (at: string) => `剪掉 ${at} 之后`, cutFrom: (at: string) => `从 ${at} 起剪`, cutTo: (from: string, to: string) => `剪掉 ${from} – ${to}`, cutList: "要剪掉的", keepIt: "不剪这段",
  remaking: (percent: number) => `新版生成中 ${percent}%，做好前大家看的还是这一版。`, wholeAgain: "恢复全部", takeDown: "撤下", takeDownSure: "撤下这段讲解？", takeDownMore: "撤下后，谁也看不到它了，题库里也不再推荐。",
  endsSoon: (left: string) => `还有 ${left} 就到时间了，可以准备收尾。`, stillThere: (left: string) => `好一会儿没有动静了，还在吗？${left} 后这次答疑会自己结束。`, iAmHere: "还在",
  pauseLesson: "暂停一下", goOn: "继续讲", pausedMine: "已暂停：不录音，也不计没有动静的时间。", pausedTheirs: "老师暂停一下，马上回来。", reminder: "提醒：只讲这道题，不讲新课；引导思路，不直接报答案。", understood: "知道了",
  related: "这位同学最近问过", whatAbout: "这道题讲的是（点一下确认）", rateThis: "给讲解打分", starsOf: (n: number) => `${n} 颗星`, rated: "谢谢！",
  breath: "两题之间", breathOf: (s: number) => (s === 0 ? "不歇，接着来" : s < 60 ? `歇 ${s} 秒` : `歇 ${s / 60} 分钟`), resting: (left: string) => `歇一会儿 ${left}`, restingMore: "到点后才会派下一题，喝口水。", readyNow: "现在就接下一题",
  lostHere: "这里没听懂", lostTold: "老师知道了", pupilLost: "同学刚才没听懂这里，换个说法再讲一遍？", quickPhrases: "常用语",
  phrases: { teacher: ["听懂了吗？", "你来试一试", "看这里", "很好！"], student: ["懂了", "请再讲一遍", "慢一点", "没听清"] } as Record<"teacher" | "student", string[]>,
  replay: "板书回放", play: "播放", pause: "暂停", position: "播放位置", speed: "播放速度", times: (n: number) => `${n} 倍`, chapters: "分段", chapterN: (n: number) => `第 ${n} 页`,
  lostShort: "没听懂", lostAt: (when: string) => `${when} 处没听懂，从这里前几秒再听`, loadingReplay: "正在打开回放…", voiceComing: "声音马上就好，可以先看板书。",
  making: (percent: number) => (percent > 0 ? `录像生成中 ${percent}%，可以先看回放` : "录像生成中，可以先看回放"), watchReplay: "看板书回放，省流量", watchVideo: "看录像", videoGone: "这段讲解已撤下。", captions: "字幕",
  // a session
  live: "同屏答疑", board: "白板", tools: "画具", pen: "笔", highlighter: "荧光笔", text: "文字", hand: "移动", undo: "撤销", color: "颜色", width: "粗细",
  boardKeys: "方向键移动十字，空格落笔和抬笔，回车闭合多边形，加号减号缩放，0 看整页，Esc 放弃。",
  eraser: "橡皮", shapes: "图形", redo: "重做", formula: "公式", laser: "激光笔", lockPen: "收起同学的笔", unlockPen: "还给同学笔", penLocked: "老师暂时收起了你的笔，看老师写。", style: "颜色和粗细", dashed: "虚线", fit: "看整页",
  figures: { line: "直线", arrow: "箭头", rectangle: "矩形", ellipse: "椭圆", polygon: "多边形", numberline: "数轴", axes: "坐标系", arc: "圆弧（圆规）", angle: "角（量角器）", mask: "遮住" },
  figureHints: { line: "", arrow: "", rectangle: "", ellipse: "", polygon: "依次点各个顶点，点回第一个顶点就闭合", numberline: "", axes: "", arc: "先从圆心拖到起点，再拖着转一圈", angle: "先从顶点拖出一条边，再拖出另一条边", mask: "拖出一块，盖住名字等不想让人看到的内容" },
  allPages: "全部页", newPage: "加一页", papers: { photo: "照片", blank: "白纸", squared: "方格纸", lined: "横线纸", axes: "坐标纸", staff: "五线谱" }, pageN: (n: number, paper: string) => `第 ${n} 页，${paper}`, earlierPage: "往前移", laterPage: "往后移", goToPage: "翻到这一页", teacherHere: "老师在这页",
  followTeacher: "回到老师那里", framePhoto: "旋转、裁剪照片", frameHint: "拖动四角，只留下这道题。写过字的照片不能再裁。", texHere: "用 LaTeX 写公式，例如 \\frac{1}{2}", texPreview: "预览", texParts: { fraction: "分数", root: "根号", power: "上标", index: "下标", times: "乘", divide: "除", most: "小于等于", least: "大于等于", degrees: "度", pi: "圆周率", angle: "角", triangle: "三角形" },
  colors: ["黑", "蓝", "橙", "绿", "紫", "黄"], widths: ["细", "中", "粗"], addPage: "加一页", prevPage: "上一页", nextPage: "下一页", pageOf: (n: number, of: number) => `第 ${n} / ${of} 页`,
  writeHere: "写在白板上的字", put: "写上", chat: "对话", chatPlaceholder: "说一句…", say: "发送", noChat: "可以在这里打字", you: "你", teacher: "老师", student: "同学",
  teacherSees: "老师会看到", watchLive: "旁听这次讲解", youWatch: "你在旁听：能看能听，不能写；没有人知道你是谁。", watched: (n: number) => `有 ${n} 位同问的同学在旁听`,
  peerHere: "对方在线", peerGone: "对方暂时不在", peerGoneStudent: "同学暂时不在线，讲的都会录下来。", peerGoneTeacher: "老师的网络断了，正在重连；60 秒内回不来，你会回到队里原来的位置。",
  finish: "结束讲解", finishSure: "结束这次讲解？", finishMore: "板书和录音会合成录像，发给提问的同学并存入题库。", finishing: "正在保存录音…", keepTeaching: "继续讲", handBack: "转给别人", handBackSure: "把这道题交回队列？", handBackMore: "同学会回到原来的位置，由别的老师来讲。",
  micOn: "正在录音", micOff: "没有录音", micRefused: "用不了麦克风，只录板书。可以在系统设置里允许后再点一次。", micStart: "打开麦克风", micStop: "关闭麦克风", micLost: "录音没能全部上传", micLostMore: "可以再试一次；也可以只用板书结束。", finishWithout: "只用板书结束", level: "音量",
  hear: "点一下，听老师说话", voiceLost: "语音没接通，看板书和文字", speak: "我要说话", speakStop: "关话筒",
  unsaved: (n: number) => `${n} 笔还没送到，网络恢复后自动补上`, problem: "题目", leave: "返回",
  ended: {
    student: { finished: ["讲完了", "录像生成后就能回看，几十秒就好。"], handed_back: ["老师把题转给了别的老师", "你排在原来的位置，不用重新提问。"], teacher_gone: ["老师掉线了", "你已回到队里原来的位置，会有别的老师来讲。"], silent: ["太久没有动静，先结束了", "你排在原来的位置；已经会了就撤回。"], withdrawn: ["问题已撤回", ""], dropped: ["讲完了", ""] },
    follower: { finished: ["讲完了", "录像一做好就自动出现在你的问题里。"], handed_back: ["老师把题转给了别的老师", "你还在等的人里，换了老师就接着讲。"], teacher_gone: ["老师掉线了", "你还在等的人里，会有别的老师来讲。"], silent: ["太久没有动静，先结束了", "你还在等的人里。"], withdrawn: ["提问的同学撤回了问题", "你的问题会继续排队。"], dropped: ["讲完了", ""] },
    teacher: { finished: ["讲完了", "录像正在生成。"], handed_back: ["这道题已交回队列", "同学排在原来的位置。"], teacher_gone: ["你离线太久，这道题转给了别的老师", "画过的都留着。"], silent: ["太久没有动静，这道题回到了队里", "画过的都留着，下一位老师接着讲。"], withdrawn: ["同学撤回了问题", "可以接下一题了。"], dropped: ["这次录制没有留下", ""] },
  }, backHome: "返回",
  loadingBoard: "正在打开白板…", noSession: "没有找到这次讲解", noSessionMore: "可能已经结束了，回到首页看看。", ownLinkLost: "网络断了，正在重连。画的和写的都留着，连上后自动补上。",
  demoWord: "演示", demoBanner: "演示环境：人物和题目均为虚构",
  // words of time and place
  today: "今天", yesterday: "昨天", tomorrow: "明天",
  subjects: { chinese: "语文", math: "数学", english: "英语", physics: "物理", chemistry: "化学", biology: "生物", history: "历史", geography: "地理", politics: "道法", science: "科学" } as Record<Subject, string>,
  grades: ["一年级", "二年级", "三年级", "四年级", "五年级", "六年级", "初一", "初二", "初三", "高一", "高二", "高三"],
  list: "、",
  numbersAgree: (all: string) => `数字都一样：${all}`, numbersMoved: (all: string) => `数字一样，位置不一样：${all}`, numbersUnread: (lost: string) => `没认出这些数：${lost}。看一眼你的题里有没有`,
  numbersDiffer: (mine: string, theirs: string) => `数字不一样：你的题是 ${mine}，视频里是 ${theirs}`, numbersLost: (lost: string) => `视频里的题还有这些数：${lost}`, numbersNew: (fresh: string) => `你的题里多出这些数：${fresh}`,
  optionsAgree: "选项都一样", asksAgree: (ask: string) => `问的一样：${ask}`, wordsAgree: "题目的话几乎一样", wordsDiffer: "题目的话有些不一样，看下面标出来的地方", peopleDiffer: "题里的人调换了：看看谁是谁，问的是谁", placesDiffer: "用的词一样，位置却换了：看看谁比谁多，先算什么",
  exchanged: { units: "单位", relations: "数量关系", negation: "正反说法", options: "选项", asks: "问的" } as Record<string, string>,
  exchange: (what: string, mine: string, theirs: string) => `${what}不一样：你的题是“${mine || "没有"}”，视频里是“${theirs || "没有"}”`,
};

type Words = typeof zh;

const en: Words = {
  name: "Dayi",
  otherLanguage: "中文",
  signIn: "Sign in", publicPage: "Subsidies, made public", login: "Account", password: "Password", showPassword: "Show password", hidePassword: "Hide password",
  welcome: "Photograph a problem, have it explained", signingIn: "Signing in…", signOut: "Sign out",
  firstTime: "First time? Use your school's code", haveAccount: "I have an account", activate: "Activate and sign in", code: "Activation code",
  newPassword: "Choose a password", passwordHint: "At least 8 characters", demoAccounts: "Demo accounts: one tap", demoStudent: "Pupil", demoTeacher: "Teacher", demoOther: "Other",
  fillIn: "Please fill in both account and password.", fillInCode: "Please fill in both account and activation code.", tooShort: "A password has at least 8 characters.", noPageForYou: "There is no page for this account yet. Please use a pupil's or a teacher's account.",
  online: "Connected", reconnecting: "Reconnecting", offline: "Offline", stopped: "Disconnected", reconnect: "Go on here",
  offlineNote: "No network now. You can still ask: the question stays on this phone and goes out by itself, once.",
  cannotLoad: "Can't reach the service", cannotLoadMore: "Trying again by itself; this page opens as soon as it works.", tryAgain: "Try again", loading: "Opening…", unreachable: "No connection. Please try again later.",
  stoppedNote: "Too many pages are open for this account; this one has stopped.", teacherOffline: "The network is gone; reconnecting. No questions come meanwhile.",
  haveProblem: "Stuck on a problem?", haveProblemMore: "Photograph it. An explanation comes in seconds; if there is none yet, a teacher comes.",
  shoot: "Photograph it", camera: "Camera", gallery: "Gallery", voice: "Voice", write: "Type", video: "Video",
  newQuestion: "Ask a question", textLabel: "Anything to add? (optional)", textPlaceholder: "Which step is unclear?",
  subject: "Subject", grade: "Grade", send: "Send question", sendLater: "Keep, send when online", cancelAsk: "Cancel", chooseSubject: "Choose a subject", chooseGrade: "Choose a grade", nothingYet: "Take a photo first, or say or write something.",
  draftPhotos: "Photos", photoN: (n) => `Photo ${n}`, editPhoto: "Crop and turn", remove: "Remove", editing: "Frame the problem", cropHint: "Drag the corners: keep only the problem you ask about",
  corners: { nw: "Top left corner", ne: "Top right corner", sw: "Bottom left corner", se: "Bottom right corner" },
  turnLeft: "Turn left", turnRight: "Turn right", useWhole: "Whole photo", done: "Done", cancel: "Cancel",
  blurred: "This one is blurred; a new photo gets you an answer faster.", small: "This one is small; the print may be unreadable.", retake: "Take again", useAnyway: "Use it anyway",
  cannotOpenHere: "Can't be shown here; the teacher will see it", notPhoto: "This file is no photo. Take one, or choose one from the gallery.", brokenPhoto: "This photo can't be opened: it may be damaged or too large. Please take another one.", notVideo: "This file is no video. Record one, or choose one.", tooLong: (most) => `${most} characters at most; the rest was left out. A long problem is quicker as a photo.`,
  resume: "A question is not sent yet", resumeNow: "Go on", resumeDrop: "Drop it", preparing: "Preparing the photo…",
  record: "Voice: start recording", stopRecord: "Done speaking", recording: "Recording", noMic: "The microphone can't be used. Allow it in the settings, or type.", voiceNote: "Voice note", playVoice: "Play voice note",
  videoTooLong: "A video may last 60 seconds; this one is longer.", videoTooBig: "A video may have 100 MB; this one has more.", photoTooBig: "A photo may have 20 MB; this one has more.",
  tooManyParts: "A question takes nine attachments at most.",
  waitsForNetwork: "Waiting for network", waitsForNetworkMore: "Kept on this phone; goes out by itself, once. You can go on with other problems.",
  partNames: { photo: "Photo", voice: "Voice", video: "Video" },
  sending: (percent) => `Sending ${percent}%`, sendingNow: "Sending…", notSent: "Not sent", revise: "Change and send", sure: "Discard this unsent question?", sureMore: "It can't be brought back.", sendNow: "Send now", discard: "Discard",
  myQuestions: "My questions", listLater: "Your questions show here once you are online", noQuestions: "No questions yet", noQuestionsMore: "“Photograph it” is where the first one starts.",
  earlier: "Earlier questions", evenEarlier: "Show earlier ones", open: "Open", close: "Close", askedAt: (when) => `Asked ${when}`,
  received: "Received", receivedMore: "Your question is stored and can't get lost.", reading: "Reading it", readingMore: "Recognising words, numbers and formulas…",
  readAs: "What was read", unread: "The text could not be read for sure. Handwriting is not read; the teacher will look at what you sent.",
  readCorrected: "As you put it right", correct: "Wrongly read? Fix it", correctAgain: "Fix it again", correctTyped: "Mistyped? Fix it", correctLabel: "Make it say what your problem says", correctNote: "It is matched again at once; your place in the queue stays.", correctDone: "Done, look again",
  which: "Which one do you ask about?", whichMore: "The photo shows several problems: tap the one you mean. If you don't, a teacher comes all the same.", whichPhoto: "The page you photographed", whichOther: "Another one",
  matching: "Looking for the same problem", found: "A teacher has explained this one: watch first", foundAfter: "The teacher has explained it",
  whyMatched: "Why this one", agrees: "same", differs: "different", unsure: "not read", allAgrees: "It matches your problem.", someDiffers: "Something differs: check first that it is yours.", someUnread: "Not all of it was read: check first that it is yours.", mine: "Yours", mineRead: "Yours, as it was read", theirs: "The problem in the video",
  otherSubject: (theirs, mine) => `Found under ${theirs}. You chose ${mine}.`, otherStage: (theirs) => `Pupils in ${theirs} asked it.`, stages: { primary: "primary school", junior: "junior high", senior: "senior high" },
  solved: "Solved", notMine: "Not my question", stillStuck: "Still stuck", backNote: "“Not my question” and “Still stuck” take you straight back to your old place in the queue, for a teacher.",
  following: "Others asked this too: you're in", followingNow: "A teacher is explaining it now: you're in", followingDone: "Explained; the video is being made", followingSoon: "Less than a minute; it appears here by itself.", followingMore: (n) => `${n > 0 ? `${n + 1} are waiting together. ` : ""}You get the video as soon as the teacher has explained it.`,
  leaveFollowing: "Not the same problem",
  waiting: "In the queue", place: (n) => `${count(n, "question", "questions")} before yours`, next: "You are next", placeBefore: "Place", placeUnit: "",
  waitAbout: (s) => (s < 60 ? "Your turn within about a minute" : `About ${Math.ceil(s / 60)} minutes`), waitUnknown: "Finding the right teacher",
  placeKept: "Lock the screen, lose the network, close the page: your place stays.", promised: (when) => `Nobody is on duty now; teachers are back ${when}`, promisedSoon: "A teacher is due on duty now", promisedLate: "The teacher on the roster is not here yet; the duty office was told", promisedMore: "No need to wait: this page rings when the teacher comes. If you are away, the video is left for you.",
  noShift: "Nobody is on duty now; the duty office was told", noShiftMore: "Your place is kept. This page rings when a teacher comes; if you are away, the video is left for you.",
  offered: "A teacher is looking at it", offeredMore: "Coming in a moment.", answering: "The teacher is here", answeringMore: (teacher) => `${teacher} is waiting on the shared board`, enter: "Join the board", someTeacher: "A teacher",
  yourTurnTitle: "[Your turn] The teacher is here", answered: "Explained", rendering: "The video is being made; less than a minute.", renderFailed: "The video could not be made. Still stuck? Ask again and keep your place.", resolved: "Solved", withdrawn: "Withdrawn", turnedAway: "Not queued", turnedAwayMore: "A reviewer looked at it and found no problem to be explained. To ask about one, take a clear photo and ask again.",
  reopen: "Still stuck, ask again", withdraw: "Withdraw", withdrawSure: "It leaves the queue. Are you sure?", yes: "Yes", no: "Not yet",
  workedExample: "Worked example, other numbers", workedExampleMore: "While you wait: same method, other numbers. Your place is kept.",
  likeExample: "Worked example, much alike", likeExampleMore: "While you wait: much like yours, perhaps not the same. Your place is kept.",
  followers: (n) => `${count(n, "other is", "others are")} waiting too`, videoBy: (teacher) => `Explained by ${teacher}`, watch: "Watch", voiceListen: "Listen",
  progress: "Progress", steps: { received: "Received", reading: "Read", waiting: "Queue", answering: "Explain", done: "Done" },
  duty: "Duty", ready: "On duty", away: "Away", off: "Off",
  goOnDuty: "Go on duty", comeBack: "Back on duty", restTitle: "Take a rest", startTitle: "Ready when you are", waitingNow: (n) => (n === 0 ? "Nobody is waiting" : `${count(n, "question is", "questions are")} waiting`), calm: "No question for you now", calmMore: "It will ring and show here, one at a time.", offMore: "One question at a time, no hurry; each answer is credited.", awayMore: "No questions come to you while you are away.",
  offer: "A pupil asks", offerEnds: "Time left", accept: "Accept", decline: "Decline", declined: "Declined; another teacher gets it", lapsed: "Time is up; it went to another teacher.",
  crowd: (n) => `${count(n, "pupil is", "pupils are")} waiting for this`, asked: (when) => `Asked ${when}`, readText: "What was read", studentSays: "The pupil says", noText: "No text", seconds: (n) => `${n} s`,
  judging: "The same problem?", judgingAsked: "The pupil's", judgingKnown: "What the system found", judgingMore: "The system is not sure of this pair. A look from you makes it better.", judgingNotMine: "The pupil said that the video is not of this problem. What do you say?", judgeSame: "The same", judgeOther: "Another one", judgingLeft: (n) => `${count(n, "pair", "pairs")} to look at, when there is time`,
  reliability: "How right matches are", reliabilityMore: "By subject: how sure the system said it was, and how often pupils and teachers found it right. Two bars of one length: it keeps its word.", reliabilityNone: "Not enough has been judged yet", reliabilityNoneMore: "“Solved” and “Not my question” of pupils, and pairs judged by teachers, are counted here; groups of fewer than five are not shown.",
  judged: (n) => count(n, "judgement", "judgements"), precisionIs: (share) => `${share} of what was pushed was the same problem`, precisionFew: "Fewer than five pushes were judged", barIs: (share) => `Pushed from ${share} on`, barNever: "Nothing is pushed: teachers take all", saidSure: "Said", wasRight: "Right", sureFrom: (low, high) => `Sure ${low}–${high}`, inForce: (n, when) => `Calibration ${n}, in force since ${when}`, inForceNone: "The calibration that was shipped",
  mute: "Mute sounds", unmute: "Unmute sounds",
  allLines: (n) => `Show all ${n}`, earnings: "My subsidy", earningsMore: "Lines and statements", thisMonth: "This month", total: "In all", noEarnings: "Nothing earned yet", noEarningsMore: "Each finished answer adds a line here, with its cause.",
  work: { session: "Live answer", shown: "Video shown again", lecture: "Lecture", answer: "Recorded answer", shift: "Shift", substitution: "Substitution", visit: "Visit", top_up: "Top-up" }, justDone: "Just finished", videoRendering: "Video being made", videoPublished: "In the bank", videoFailed: "No video could be made", videoWithdrawn: "Taken down",
  micHeld: "A call or another program has the microphone: nothing is heard now. It goes on by itself afterwards.",
  micElsewhere: "The other tab has the microphone; this one draws.", micTake: "Take it over here",
  micUnplugged: "The microphone is gone: only the board is recorded. It goes on by itself when plugged in again.", voiceRelayed: "No direct line: the voice takes another way, about half a second later.", noMicShort: "No microphone",
  cutAnswer: "Cut", saveCut: "Save as a new edition", cutBefore: (at) => `Leave out all before ${at}`, cutAfter: (at) => `Leave out all after ${at}`, cutFrom: (at) => `Leave out from ${at}`, cutTo: (from, to) => `Leave out ${from} – ${to}`, cutList: "To be left out", keepIt: "Keep this",
  remaking: (percent) => `New edition ${percent}% made; this one is watched until then.`, wholeAgain: "All of it again", takeDown: "Take down", takeDownSure: "Take this explanation down?", takeDownMore: "Nobody can watch it any more, and it is no longer suggested.",
  endsSoon: (left) => `${left} left; time to round off.`, stillThere: (left) => `Nothing has happened for a while. Still there? This session ends by itself in ${left}.`, iAmHere: "I'm here",
  pauseLesson: "Pause", goOn: "Go on", pausedMine: "Paused: nothing is recorded, and silence does not count.", pausedTheirs: "The teacher paused and will be right back.", reminder: "Please stay with this problem: no new teaching, and lead to the answer rather than telling it.", understood: "All right",
  related: "Explained to this pupil lately", whatAbout: "What it was about (tap to confirm)", rateThis: "Rate it", starsOf: (n) => count(n, "star", "stars"), rated: "Thank you!",
  breath: "Between two", breathOf: (s) => (s === 0 ? "No break" : s < 60 ? `${s} s break` : `${s / 60} min break`), resting: (left) => `A breath: ${left}`, restingMore: "The next question comes after it. Have a sip of water.", readyNow: "Ready for the next one",
  lostHere: "I'm lost here", lostTold: "The teacher knows", pupilLost: "The pupil got lost just now: say it in another way?", quickPhrases: "Quick phrases",
  phrases: { teacher: ["Clear so far?", "Now you try", "Look here", "Well done!"], student: ["Got it", "Once more, please", "Slower, please", "I didn't hear that"] },
  replay: "Replay of ink and voice", play: "Play", pause: "Pause", position: "Position", speed: "Speed", times: (n) => `${n}×`, chapters: "Chapters", chapterN: (n) => `Page ${n}`,
  lostShort: "Lost here", lostAt: (when) => `Lost at ${when}: hear the seconds before it again`, loadingReplay: "Opening the replay…", voiceComing: "The voice comes in a moment; the ink is here already.",
  making: (percent) => (percent > 0 ? `Video ${percent}% made; watch the replay meanwhile` : "Video being made; watch the replay meanwhile"), watchReplay: "Ink and voice, less data", watchVideo: "Watch the video", videoGone: "This explanation was taken down.", captions: "Captions",
  live: "Live session", board: "Board", tools: "Tools", pen: "Pen", highlighter: "Highlighter", text: "Text", hand: "Move", undo: "Undo", color: "Colour", width: "Width",
  boardKeys: "Arrows move a crosshair, space puts the pen down and lifts it, Enter closes a polygon, plus and minus zoom, 0 shows the whole page, Esc gives up.",
  eraser: "Eraser", shapes: "Shapes", redo: "Redo", formula: "Formula", laser: "Laser pointer", lockPen: "Put the pupil's pen away", unlockPen: "Give the pupil's pen back", penLocked: "The teacher has put your pen away for the moment.", style: "Colour and width", dashed: "Dashed", fit: "Whole page",
  figures: { line: "Line", arrow: "Arrow", rectangle: "Rectangle", ellipse: "Ellipse", polygon: "Polygon", numberline: "Number line", axes: "Axes", arc: "Arc (compass)", angle: "Angle (protractor)", mask: "Mask" },
  figureHints: { line: "", arrow: "", rectangle: "", ellipse: "", polygon: "Tap the corners one by one; the first one again closes it", numberline: "", axes: "", arc: "Drag from the centre to the beginning, then drag around", angle: "Drag one arm from the vertex, then the other", mask: "Drag over a name or whatever nobody should see" },
  allPages: "All pages", newPage: "Add page", papers: { photo: "Photo", blank: "Blank", squared: "Squared", lined: "Lined", axes: "Graph paper", staff: "Music staves" }, pageN: (n, paper) => `Page ${n}, ${paper}`, earlierPage: "Move forward", laterPage: "Move back", goToPage: "Go to this page", teacherHere: "The teacher is here",
  followTeacher: "Back to the teacher", framePhoto: "Turn and crop the photo", frameHint: "Drag the corners: keep only the problem. A photo with ink on it stays as it is.", texHere: "A formula in LaTeX, such as \\frac{1}{2}", texPreview: "Preview", texParts: { fraction: "Fraction", root: "Root", power: "Power", index: "Index", times: "Times", divide: "Divided by", most: "At most", least: "At least", degrees: "Degrees", pi: "Pi", angle: "Angle", triangle: "Triangle" },
  colors: ["Black", "Blue", "Orange", "Green", "Purple", "Yellow"], widths: ["Thin", "Medium", "Thick"], addPage: "Add page", prevPage: "Previous page", nextPage: "Next page", pageOf: (n, of) => `Page ${n} of ${of}`,
  writeHere: "Text for the board", put: "Put", chat: "Chat", chatPlaceholder: "Say something…", say: "Send", noChat: "You can type here", you: "You", teacher: "Teacher", student: "Pupil",
  teacherSees: "What the teacher sees", watchLive: "Watch it live", youWatch: "You are watching: you see and hear, and nobody learns who you are.", watched: (n) => `${count(n, "pupil who asked the same watches", "pupils who asked the same watch")}`,
  peerHere: "Connected with you", peerGone: "Away for a moment", peerGoneStudent: "The pupil is away; everything is being recorded.", peerGoneTeacher: "The teacher's network broke off. If it isn't back within 60 seconds, you return to your old place.",
  finish: "Finish", finishSure: "Finish this explanation?", finishMore: "Board and voice become a video for the pupil and for the bank.", finishing: "Saving your voice…", keepTeaching: "Go on", handBack: "Hand back", handBackSure: "Put this question back?", handBackMore: "The pupil keeps the old place; another teacher takes it.",
  micOn: "Recording", micOff: "Not recording", micRefused: "No microphone: only the board is recorded. Allow it in the settings and tap again.", micStart: "Turn microphone on", micStop: "Turn microphone off", micLost: "Your voice was not fully saved", micLostMore: "Try again, or finish with the board only.", finishWithout: "Finish with board only", level: "Level",
  hear: "Tap to hear the teacher", voiceLost: "No voice; follow board and chat", speak: "Let me speak", speakStop: "Turn my microphone off",
  unsaved: (n) => `${count(n, "mark", "marks")} not yet sent; will follow by itself`, problem: "Problem", leave: "Back",
  ended: {
    student: { finished: ["Explained", "You can watch it again once the video is made; less than a minute."], handed_back: ["The teacher passed it to a colleague", "You keep your old place; nothing to ask again."], teacher_gone: ["The teacher lost the connection", "You are back at your old place; another teacher will come."], silent: ["Ended: nothing happened for a while", "You keep your old place; withdraw if it is clear now."], withdrawn: ["The question is withdrawn", ""], dropped: ["Explained", ""] },
    follower: { finished: ["Explained", "The video appears with your question as soon as it is made."], handed_back: ["The teacher passed it to a colleague", "You wait with the others as before."], teacher_gone: ["The teacher lost the connection", "You wait with the others; another teacher will come."], silent: ["Ended: nothing happened for a while", "You wait with the others as before."], withdrawn: ["The pupil who asked withdrew the question", "Yours goes on waiting."], dropped: ["Explained", ""] },
    teacher: { finished: ["Explained", "The video is being made."], handed_back: ["The question went back to the queue", "The pupil keeps the old place."], teacher_gone: ["You were away too long; a colleague gets the question", "What you drew is kept."], silent: ["Nothing happened; the question went back to the queue", "What you drew is kept for the next teacher."], withdrawn: ["The pupil withdrew the question", "The next one can come."], dropped: ["Nothing of this recording was kept", ""] },
  }, backHome: "Back",
  loadingBoard: "Opening the board…", noSession: "This session was not found", noSessionMore: "It may be over; have a look at your page.", ownLinkLost: "The network is gone; reconnecting. What you draw and write is kept and follows.",
  demoWord: "Demo", demoBanner: "Demo: people and problems are fictional",
  today: "today", yesterday: "yesterday", tomorrow: "tomorrow",
  subjects: { chinese: "Chinese", math: "Maths", english: "English", physics: "Physics", chemistry: "Chemistry", biology: "Biology", history: "History", geography: "Geography", politics: "Civics", science: "Science" },
  grades: ["Grade 1", "Grade 2", "Grade 3", "Grade 4", "Grade 5", "Grade 6", "Grade 7", "Grade 8", "Grade 9", "Grade 10", "Grade 11", "Grade 12"],
  list: ", ",
  numbersAgree: (all) => `Same numbers: ${all}`, numbersMoved: (all) => `Same numbers in other places: ${all}`, numbersUnread: (lost) => `Not read of yours: ${lost}. Check whether yours has them`,
  numbersDiffer: (mine, theirs) => `Other numbers: yours ${mine}, the video ${theirs}`, numbersLost: (lost) => `The video's problem also has: ${lost}`, numbersNew: (fresh) => `Only yours has: ${fresh}`,
  optionsAgree: "Same options", asksAgree: (ask) => `Asks the same: ${ask}`, wordsAgree: "Nearly the same words", wordsDiffer: "Some words differ; they are marked below", peopleDiffer: "The people changed places: check who is who, and who is asked about", placesDiffer: "The same words in other places: check which is more than which, and what comes first",
  exchanged: { units: "Units", relations: "Relation", negation: "“Not”", options: "Options", asks: "What is asked" },
  exchange: (what, mine, theirs) => `${what}: yours “${mine || "none"}”, the video “${theirs || "none"}”`,
};

export const language = signal<Language>(known(recall("language")));

function known(said: string | null): Language {
  return said === "en" ? "en" : "zh";
}

/** The words of the chosen language: `say.value.send`. */
export const say = computed<Words>(() => (language.value === "en" ? en : zh));

export function choose(next: Language): void {
  language.value = next;
  remember("language", next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}

/** What was chosen in one tab holds in all. A test without a browser has no tabs. */
if (typeof window !== "undefined") {
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key === "language") choose(known(newValue));
  });
}

/** The sentence for whatever went wrong. */
export function sentence(error: unknown): string {
  return error instanceof Refusal ? problemIn(error.problem) : say.value.unreachable;
}

export function problemIn(problem: Problem): string {
  return language.value === "en" ? problem.en : problem.zh;
}

/** ¥1,234.50 for 123,450 fen. */
export const yuan = (fen: number): string => `¥${(fen / 100).toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ",")}`;

/** 4:05 for 245,000 ms. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** 今天 19:30, 3月2日 19:30: by the reader's clock and calendar. */
export function moment(iso: string, now = new Date()): string {
  const then = new Date(iso);
  const time = `${String(then.getHours()).padStart(2, "0")}:${String(then.getMinutes()).padStart(2, "0")}`;
  const days = Math.round((midnight(then) - midnight(now)) / 86_400_000);
  const near = new Map([[0, say.value.today], [-1, say.value.yesterday], [1, say.value.tomorrow]]).get(days);
  if (near !== undefined) return `${near} ${time}`;
  const date = language.value === "zh" ? `${then.getMonth() + 1}月${then.getDate()}日` : `${then.getDate()} ${MONTHS[then.getMonth()]}`;
  return `${date} ${time}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

const midnight = (day: Date): number => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();

export function subjectAndGrade(subject: Subject, grade: number): string {
  return `${say.value.subjects[subject]} · ${say.value.grades[grade - 1] ?? ""}`;
}
