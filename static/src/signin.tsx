// The door: sign in, the first sign-in with a school's code, and the demo's accounts.
import "./style.css";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { LanguageButton, Notice, Seal } from "./parts";
import { REMEMBERED } from "./page";
import type { Me } from "./protocol";
import { choose, language, say, sentence } from "./words";
import { recall } from "./memory";

const SHORTEST_PASSWORD = 8;

function pageOf(who: Me): string | null {
  if (who.roles.includes("teacher")) return "/teacher";
  if (who.roles.includes("finance") || who.roles.includes("auditor")) return "/subsidies";
  if (who.roles.includes("researcher")) return "/monday";
  if (who.roles.includes("research_head")) return "/topics#quotas";
  if (who.roles.includes("reviewer")) return "/review";
  if (who.roles.includes("school_admin")) return "/school";
  if (who.roles.includes("lecturer")) return "/lectures";
  if (who.roles.includes("guardian")) return "/guardian";
  return who.roles.includes("student") ? "/student" : null;
}

function Door() {
  const words = say.value;
  const [first, setFirst] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);

  const enter = async (knock: () => Promise<Me>): Promise<void> => {
    setBusy(true);
    setWrong(null);
    try {
      const page = pageOf(await knock());
      if (page !== null) return location.assign(page);
      setWrong(say.value.noPageForYou);
    } catch (error) {
      setWrong(sentence(error));
    }
    setBusy(false);
  };

  return (
    <main class="signin">
      <div class="signin-card">
        <div class="signin-language"><LanguageButton /></div>
        <h1><Seal big />{words.name}</h1>
        <p class="muted">{words.welcome}</p>
        <div class="card">
          {first ? <FirstTime busy={busy} enter={enter} refuse={setWrong} wrong={wrong} /> : <Return busy={busy} enter={enter} refuse={setWrong} wrong={wrong} />}
          <button class="button quiet wide" type="button" onClick={() => { setFirst(!first); setWrong(null); }}>
            {first ? words.haveAccount : words.firstTime}
          </button>
        </div>
        <Demo busy={busy} enter={enter} />
        <p class="signin-foot"><a href="/disclosure">{words.publicPage}</a></p>
      </div>
    </main>
  );
}

interface FormProps {
  busy: boolean;
  enter: (knock: () => Promise<Me>) => Promise<void>;
  refuse: (why: string) => void;
  wrong: string | null;
}

function field(event: SubmitEvent, name: string): string {
  return String(new FormData(event.currentTarget as HTMLFormElement).get(name) ?? "");
}

function Return({ busy, enter, refuse, wrong }: FormProps) {
  const words = say.value;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const [login, password] = [field(event, "login").trim(), field(event, "password")];
    if (!login || !password) return refuse(words.fillIn);
    void enter(() => api.signIn({ login, password }));
  };
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <label class="field"><span>{words.login}</span><input name="login" autoComplete="username" autoCapitalize="none" spellcheck={false} required /></label>
      <Password label={words.password} autoComplete="current-password" />
      {wrong !== null && <Notice kind="error">{wrong}</Notice>}
      <button class="button primary wide large" disabled={busy}>{busy ? words.signingIn : words.signIn}</button>
    </form>
  );
}

function FirstTime({ busy, enter, refuse, wrong }: FormProps) {
  const words = say.value;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const [login, code, password] = [field(event, "login").trim(), field(event, "code").trim(), field(event, "password")];
    if (!login || !code) return refuse(words.fillInCode);
    if (password.length < SHORTEST_PASSWORD) return refuse(words.tooShort);
    void enter(() => api.activate({ login, code, password }));
  };
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <label class="field"><span>{words.login}</span><input name="login" autoComplete="username" autoCapitalize="none" spellcheck={false} required /></label>
      <label class="field"><span>{words.code}</span><input name="code" autoComplete="one-time-code" autoCapitalize="characters" spellcheck={false} required /></label>
      <Password label={words.newPassword} autoComplete="new-password" hint={words.passwordHint} />
      {wrong !== null && <Notice kind="error">{wrong}</Notice>}
      <button class="button primary wide large" disabled={busy}>{busy ? words.signingIn : words.activate}</button>
    </form>
  );
}

function Password({ label, autoComplete, hint }: { label: string; autoComplete: "current-password" | "new-password"; hint?: string }) {
  const words = say.value;
  const [shown, setShown] = useState(false);
  return (
    <div class="field">
      <label for="password">{label}</label>
      <span class="field-row">
        <input id="password" name="password" {...(shown ? { type: "text" as const } : { type: "password" as const })} autoComplete={autoComplete} required />
        <button class="button quiet" type="button" aria-pressed={shown} onClick={() => setShown(!shown)}>
          {shown ? words.hidePassword : words.showPassword}
        </button>
      </span>
      {hint && <small class="muted">{hint}</small>}
    </div>
  );
}

function Demo({ busy, enter }: Pick<FormProps, "busy" | "enter">) {
  const words = say.value;
  const [accounts, setAccounts] = useState<api.DemoAccount[]>([]);
  useEffect(() => {
    api.demo().then(({ accounts }) => setAccounts(accounts), () => undefined); // 404: no demo
  }, []);
  if (accounts.length === 0) return null;
  const role = (account: api.DemoAccount): string =>
    account.role === "student" ? words.demoStudent : account.role === "teacher" ? words.demoTeacher : words.demoOther;
  const useful = accounts.filter(({ role }) => role === "student" || role === "teacher");
  return (
    <section class="demo-accounts">
      <p class="demo">{words.demoBanner}</p>
      <h2>{words.demoAccounts}</h2>
      <div class="demo-grid">
        {useful.map((account) => (
          <button key={account.login} class="demo-account" disabled={busy} onClick={() => void enter(() => api.signIn({ login: account.login, password: account.password }))}>
            <span class={`tag tag-${account.role}`}>{role(account)}</span><span>{account.nickname}</span>
          </button>
        ))}
      </div>
    </section>
  );
}

async function start(): Promise<void> {
  choose(language.value);
  const root = document.getElementById("app")!;
  const typed = [...root.querySelectorAll("input")].map(({ name, value }) => [name, value] as const); // before this script came
  root.textContent = "";
  root.className = "";
  render(<Door />, root);
  for (const [name, value] of typed) {
    const input = root.querySelector<HTMLInputElement>(`input[name="${name}"]`);
    if (input && value) input.value = value;
  }
  if (recall(REMEMBERED) === null) return; // nobody was here: no need to ask
  const page = await api.me().then(pageOf, () => null);
  api.signedOut.value = false;
  if (page !== null) location.replace(page);
}

void start();
