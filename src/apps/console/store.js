// The rows the page holds, what arrived meanwhile, the filters, and the order of the hot list. No DOM here.
import { abstainWords, kindWord, roleWord } from "/vocabulary.js";

export const MOST_ROWS = 5000;
const params = new URLSearchParams(location.search);
const parse = {
  stage: (v) => (/^\d+$/.test(v ?? "") && +v < 14 ? +v : null),
  min: (v) => (["55", "70", "85"].includes(v) ? +v : 0),
  oneOf: (v, allowed) => (allowed.includes(v) ? v : allowed[0]),
};

export const filters = {
  q: (params.get("q") ?? "").slice(0, 200),
  stage: parse.stage(params.get("stage")),
  moment: parse.oneOf(params.get("moment"), ["", "know", "go", "do", "buy", "unclear"]),
  offer: parse.oneOf(params.get("offer"), ["", "yes", "no"]),
  min: parse.min(params.get("min")),
  mode: parse.oneOf(params.get("mode"), ["hot", "feed"]),
};
export const ui = {
  view: parse.oneOf(params.get("view"), ["live", "account", "status"]),
  account: (params.get("account") ?? "").slice(0, 256),
  paused: params.get("paused") === "1",
  selected: null,
  singleKeys: true,
};
export const store = {
  rows: [], // newest first, at most MOST_ROWS
  held: [], // arrived while the list was held, oldest first
  acted: new Map(), // prospect -> what this analyst did
  hello: {},
  unreadable: 0,
  dropped: 0, // held rows that were given up for newer ones
};

export function saveAddress() {
  const to = new URLSearchParams(location.search);
  const set = (key, value, plain) => (value === plain || value === null ? to.delete(key) : to.set(key, value));
  set("q", filters.q, "");
  set("stage", filters.stage, null);
  set("moment", filters.moment, "");
  set("offer", filters.offer, "");
  set("min", filters.min, 0);
  set("mode", filters.mode, "hot");
  set("view", ui.view, "live");
  set("account", ui.view === "account" ? ui.account : "", "");
  const text = to.toString();
  history.replaceState(null, "", text ? "?" + text : location.pathname);
}
export function clearFilters() {
  Object.assign(filters, { q: "", stage: null, moment: "", offer: "", min: 0 });
  saveAddress();
}

const number = (v, otherwise = 0) => (typeof v === "number" && Number.isFinite(v) ? v : otherwise);
const object = (v) => (v && typeof v === "object" && !Array.isArray(v) ? v : {});
const list = (v) => (Array.isArray(v) ? v : []);
let serial = 0;

// A row as the page needs it, whatever is missing in what came; null when it is no row at all.
export function readRow(raw) {
  const row = object(raw);
  if (typeof row.prospect !== "string" || !row.prospect) return null;
  const stage = object(row.stage),
    decision = object(row.decision),
    identity = object(row.identity),
    signal = object(row.signal);
  const p = Array.from({ length: 12 }, (_, i) => number(list(stage.p)[i]));
  const last = p.indexOf(Math.max(...p));
  const mode = Math.min(14, Math.max(1, number(stage.mode, last + 1)));
  const outcome = ["offered", "abstained", "handed_over"].includes(decision.outcome) ? decision.outcome : "abstained";
  return {
    key: ++serial,
    id: String(row.id ?? decision.id ?? ""),
    ts: number(row.ts, Date.now()),
    eventTs: number(row.event_ts, number(row.ts, Date.now())),
    asOf: number(row.as_of, number(row.event_ts)),
    prospect: row.prospect,
    type: String(row.type ?? signal.class ?? "query"),
    synthetic: row.synthetic === true,
    identity: {
      kind: String(identity.kind ?? "anonymous"),
      account: String(identity.account_name ?? identity.account ?? ""),
      confidence: number(identity.confidence),
      basis: String(identity.basis ?? ""),
    },
    role: { name: String(object(row.role).name ?? ""), p: number(object(row.role).p) },
    device: String(row.device ?? "unknown"),
    consent: String(row.consent ?? "absent"),
    query: typeof signal.query === "string" ? signal.query : "",
    url: typeof signal.url === "string" ? signal.url : "",
    moment: String(signal.moment ?? "unclear"),
    series: {
      queries: number(object(row.series).queries),
      offline: number(object(row.series).offline),
      signals: number(object(row.series).signals),
    },
    p,
    last: last + 1,
    stalled: number(stage.stalled),
    rejected: number(stage.rejected),
    mode,
    from: number(stage.from, 0) || null,
    decision: {
      ...decision,
      mode,
      modeP: mode === 13 ? number(stage.stalled) : mode === 14 ? number(stage.rejected) : p[mode - 1],
      outcome,
      id: String(decision.id ?? row.id ?? ""),
      score: number(decision.score),
      threshold: number(decision.threshold),
      confidence: number(decision.confidence),
      needed: number(decision.confidence_threshold),
      content: decision.content ? object(decision.content) : null,
      contributions: list(decision.contributions).map(object),
      rivals: list(decision.rivals).map(object),
      caps: object(decision.caps),
    },
    model: String(row.model ?? ""),
    catalog: String(row.catalog ?? ""),
    policy: String(row.policy ?? ""),
  };
}

// Puts rows (oldest first) in front; a decision already shown is not shown twice. Returns how many were new.
export function add(rows) {
  const known = new Set(store.rows.map((r) => r.id));
  let fresh = 0;
  for (const row of rows) {
    if (row.erased) store.rows = store.rows.filter((r) => r.prospect !== row.prospect);
    else if (row.gap || !row.id || !known.has(row.id)) {
      store.rows.unshift(row);
      known.add(row.id);
      fresh += 1;
    }
  }
  if (store.rows.length > MOST_ROWS) store.rows.length = MOST_ROWS;
  return fresh;
}
export function hold(rows) {
  store.held.push(...rows);
  const over = store.held.length - MOST_ROWS;
  if (over > 0) {
    store.held.splice(0, over);
    store.dropped += over;
  }
}
export function release() {
  const rows = store.held;
  store.held = [];
  if (store.dropped) rows.unshift(gapRow(store.dropped));
  store.dropped = 0;
  return add(rows);
}
export const gapRow = (missed) => ({ gap: true, key: ++serial, id: "", prospect: "", missed, ts: Date.now() });

export const abstained = (row) => row.decision.outcome === "abstained";
export const best = (row) => row.decision.content ?? row.decision.rivals[0]?.content ?? null;
const haystack = (row) =>
  (row.text ??= [
    row.identity.account,
    row.prospect,
    row.query,
    row.url,
    row.decision.content?.title,
    best(row)?.title,
    kindWord(best(row)?.kind),
    roleWord(row.role.name),
  ]
    .join(" ")
    .toLowerCase());

function matches(row) {
  const f = filters;
  if (row.gap) return f.stage === null && !f.moment && !f.offer && !f.min && !f.q;
  return (
    (f.stage === null || row.mode === f.stage + 1) &&
    (!f.moment || row.moment === f.moment) &&
    (!f.offer || (f.offer === "no") === abstained(row)) &&
    row.decision.confidence * 100 >= f.min &&
    (!f.q || (haystack(row) + (row.lead?.query ?? "").toLowerCase()).includes(f.q.toLowerCase()))
  );
}

// Later stages weigh more, fresh data too, and what somebody can act on; stalled and rejected stay up for days.
function heat(row, now) {
  const condition = row.mode > 12;
  const age = Math.max(0, now - row.eventTs) / (condition ? 36 * 36e5 : 36e5);
  const worth = 1 + row.last / 14 + (condition ? 0.2 : 0);
  return (worth * (abstained(row) ? 1 : 1.6)) / (1 + age * 1.3);
}
const leavesHotList = (row) =>
  store.acted.get(row.prospect)?.hide === true || (abstained(row) && row.decision.reason_code === "snoozed");

function hotList(rows) {
  const seen = new Map(),
    one = [];
  for (const row of rows) {
    if (row.gap) continue;
    const head = seen.get(row.prospect);
    if (!head) {
      seen.set(row.prospect, row);
      if (!leavesHotList(row)) one.push(row);
    } else if (!head.query && !head.lead && row.query) head.lead = row; // the last thing that was asked
  }
  return one;
}
// Each further visitor of an account weighs half, so that no account fills the list.
function byHeat(rows) {
  const now = Date.now(),
    seen = new Map();
  return rows
    .map((row) => [row, heat(row, now)])
    .sort((a, b) => b[1] - a[1])
    .map(([row, value]) => {
      const account = row.identity.account,
        before = account ? (seen.get(account) ?? 0) : 0;
      seen.set(account, before + 1);
      return [row, value * 0.5 ** before];
    })
    .sort((a, b) => b[1] - a[1])
    .map(([row]) => row);
}

// What the list shows now: the rows, and how many per stage before the filters.
export function view() {
  let rows = filters.mode === "hot" ? hotList(store.rows) : store.rows;
  const counts = Array(14).fill(0),
    total = rows.length;
  for (const row of rows) if (!row.gap) counts[row.mode - 1] += 1;
  rows = rows.filter(matches);
  return { rows: filters.mode === "hot" ? byHeat(rows) : rows, counts, total };
}
export const latestOf = (prospect) => store.rows.find((r) => r.prospect === prospect) ?? null;
export const abstainedShare = () => {
  const rows = hotList(store.rows);
  return rows.length ? rows.filter(abstained).length / rows.length : null;
};
export const why = (row) => abstainWords(row.decision);
