// Kept searches of the bank: one's own, and those that research staff share.
import { useState } from "preact/hooks";
import * as asks from "./bank";
import { type Search, addressOf } from "./bank";
import { bank } from "./bank-words";
import { me } from "./page";
import { Dialog, Empty, Notice, Skeleton } from "./parts";
import type { Cohorts, CohortView } from "./protocol";
import { useFound } from "./scopes";
import { sentence } from "./words";

export function Kept({ search, opened, onopen }: { search: Search; opened: string | null; onopen: (id: string) => void }) {
  const words = bank.value;
  const [dialog, setDialog] = useState<"list" | "save" | null>(null);
  const [copied, setCopied] = useState<string | null>(null);
  const here = `${location.origin}${location.pathname}?${addressOf(search)}`;
  const copy = (): void => void navigator.clipboard.writeText(here).then(() => setCopied(here), () => undefined);
  return (
    <>
      {opened !== null && <span class="tag">{words.opened(opened)}</span>}
      <div class="row wrap">
        <button class="button small" onClick={() => setDialog("list")}>{words.cohorts}</button>
        <button class="button small" onClick={() => setDialog("save")}>{words.save}</button>
        <button class="button small" onClick={copy}>{copied === here ? words.linked : words.link}</button>
      </div>
      {dialog === "list" && <List search={search} onopen={(id) => { setDialog(null); onopen(id); }} onclose={() => setDialog(null)} />}
      {dialog === "save" && <Save search={search} onclose={() => setDialog(null)} />}
    </>
  );
}

const researches = (): boolean => me.value?.roles.includes("researcher") ?? false;
const given = (search: Search): Record<string, string> => ({ ...search }) as Record<string, string>;

function Save({ search, onclose }: { search: Search; onclose: () => void }) {
  const words = bank.value;
  const [title, setTitle] = useState((search.q ?? search.point ?? "").slice(0, 30));
  const [shared, setShared] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const keep = (event: Event): void => {
    event.preventDefault();
    asks.keep({ title, search: given(search), shared }).then(onclose, (error: unknown) => setFailed(sentence(error)));
  };
  return (
    <Dialog title={words.save} onclose={onclose} actions={<><button class="button" onClick={onclose}>{words.cancel}</button><button class="button primary" form="keep" disabled={title.trim() === ""}>{words.keep}</button></>}>
      <form id="keep" onSubmit={keep}>
        <label class="field"><span>{words.name}</span><input value={title} maxLength={60} onInput={(event) => setTitle(event.currentTarget.value)} /></label>
        {researches() && <label class="check"><input type="checkbox" checked={shared} onChange={(event) => setShared(event.currentTarget.checked)} />{words.share}</label>}
        {failed !== null && <Notice kind="error">{failed}</Notice>}
      </form>
    </Dialog>
  );
}

function List({ search, onopen, onclose }: { search: Search; onopen: (id: string) => void; onclose: () => void }) {
  const words = bank.value;
  const { found, wrong, set } = useFound(asks.cohorts);
  const [failed, setFailed] = useState<string | null>(null);
  const put = (change: Promise<Cohorts>): void => void change.then((all) => (set(all), setFailed(null)), (error: unknown) => setFailed(sentence(error)));
  return (
    <Dialog title={words.cohorts} wide onclose={onclose} actions={<button class="button" onClick={onclose}>{words.close}</button>}>
      {failed !== null && <Notice kind="error">{failed}</Notice>}
      {found === null ? wrong ?? <Skeleton /> : found.cohorts.length === 0 ? <Empty title={words.cohortsNone} /> : (
        <ul class="cohorts">{found.cohorts.map((each) => <li key={each.id}><One of={each} search={search} put={put} onopen={onopen} /></li>)}</ul>
      )}
    </Dialog>
  );
}

function One({ of, search, put, onopen }: { of: CohortView; search: Search; put: (change: Promise<Cohorts>) => void; onopen: (id: string) => void }) {
  const words = bank.value;
  const [doing, setDoing] = useState<"rename" | "forget" | null>(null);
  const [title, setTitle] = useState(of.title);
  return (
    <>
      <p class="cohort-head"><button class="cohort-open" onClick={() => onopen(of.id)}>{of.title}</button><span class="muted small">{of.mine ? (of.shared ? words.shared : words.private) : words.by(of.who)}</span></p>
      {of.mine && doing === null && (
        <div class="row wrap">
          <button class="button small quiet" onClick={() => setDoing("rename")}>{words.rename}</button>
          <button class="button small quiet" onClick={() => put(asks.change(of.id, { search: given(search) }))}>{words.update}</button>
          {researches() && <button class="button small quiet" onClick={() => put(asks.change(of.id, { shared: !of.shared }))}>{of.shared ? words.unshare : words.doShare}</button>}
          <button class="button small quiet" onClick={() => setDoing("forget")}>{words.forget}</button>
        </div>
      )}
      {doing === "rename" && (
        <form class="row wrap" onSubmit={(event) => { event.preventDefault(); put(asks.change(of.id, { title })); setDoing(null); }}>
          <label class="field grow"><span class="visually-hidden">{words.name}</span><input value={title} maxLength={60} onInput={(event) => setTitle(event.currentTarget.value)} /></label>
          <button class="button small primary" disabled={title.trim() === ""}>{words.keep}</button>
          <button class="button small" type="button" onClick={() => setDoing(null)}>{words.cancel}</button>
        </form>
      )}
      {doing === "forget" && (
        <div class="row wrap" role="alert"><span>{words.forgetSure(of.title)}</span><button class="button small danger" onClick={() => put(asks.forget(of.id))}>{words.forget}</button><button class="button small" onClick={() => setDoing(null)}>{words.cancel}</button></div>
      )}
    </>
  );
}
