// The event stream: one EventSource that resumes by itself, batches that reach the page at most four times a second.
import { gapRow, readRow, store } from "/store.js";

const RENDER_EVERY_MS = 250;
const RETRY_MS = [1000, 2000, 5000, 10000];
// state: loading, live, reconnecting, error
export const link = {
  state: "loading",
  since: Date.now(),
  detail: "",
  retryAt: 0,
  rate: 0,
  lagMs: null,
  lastGap: null,
};

let source = null,
  queue = [],
  timer = 0,
  lastFlush = 0,
  attempts = 0,
  retryTimer = 0,
  deliver = () => {},
  changed = () => {};
const arrivals = [];

function flush() {
  timer = 0;
  lastFlush = Date.now();
  const rows = queue;
  queue = [];
  if (rows.length) deliver(rows);
}
function enqueue(rows) {
  queue.push(...rows);
  if (!timer) timer = setTimeout(flush, Math.max(0, lastFlush + RENDER_EVERY_MS - Date.now()));
}
function decode(event) {
  try {
    return JSON.parse(event.data);
  } catch {
    store.unreadable += 1;
    return null;
  }
}
function readRows(event) {
  const data = decode(event),
    rows = [];
  for (const raw of Array.isArray(data) ? data : data ? [data] : []) {
    const row =
      raw?.erased === true && typeof raw.prospect === "string"
        ? { erased: true, prospect: raw.prospect }
        : readRow(raw);
    if (row) rows.push(row);
    else store.unreadable += 1;
  }
  return rows;
}
function set(state, detail = "") {
  if (link.state === state && link.detail === detail) return;
  link.state = state;
  link.detail = detail;
  link.since = Date.now();
  changed();
}

function onRows(event) {
  const rows = readRows(event),
    now = Date.now();
  for (const row of rows) if (!row.erased) arrivals.push(now);
  const newest = rows.findLast((r) => !r.erased);
  if (newest) link.lagMs = Math.max(0, now - newest.ts);
  set("live");
  enqueue(rows);
}
function onGap(event) {
  const missed = decode(event)?.missed;
  link.lastGap = { missed: typeof missed === "number" ? missed : null, at: Date.now() };
  enqueue([gapRow(link.lastGap.missed)]);
  changed();
}
function onSnapshot(event) {
  set("live");
  enqueue(readRows(event).sort((a, b) => a.ts - b.ts));
  if (!queue.length) deliver([]);
}

// Why the stream cannot be opened, in the server's words where it has some.
async function ask() {
  try {
    const answer = await fetch("/-/ready", { headers: { accept: "application/json" }, cache: "no-store" });
    const body = await answer.json().catch(() => ({}));
    const reasons = body.reasons ?? body.detail ?? body.title ?? "";
    return `The server answered ${answer.status}${reasons.length ? ": " + [].concat(reasons).join(", ") : ""}. Nothing is lost.`;
  } catch {
    return "The server does not answer. Nothing that it took in is lost.";
  }
}
async function lost() {
  const wasLive = link.state === "live" || link.state === "reconnecting";
  link.retryAt = Date.now() + RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)];
  attempts += 1;
  if (wasLive) set("reconnecting");
  if (source?.readyState === EventSource.CLOSED) {
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, link.retryAt - Date.now());
    source = null;
  }
  if (!wasLive) {
    const detail = await ask();
    if (link.state === "loading" || link.state === "error") set("error", detail);
  }
}

export function connect() {
  clearTimeout(retryTimer);
  source?.close();
  source = new EventSource("/v1/stream");
  const mine = source;
  const on = (name, handle) => source.addEventListener(name, (event) => mine === source && handle(event));
  on("open", () => {
    attempts = 0;
  });
  on("hello", (event) => {
    Object.assign(store.hello, decode(event) ?? {});
    set("live");
    changed();
  });
  on("message", onRows);
  on("snapshot", onSnapshot);
  on("gap", onGap);
  on("bye", () => set("reconnecting"));
  on("error", lost);
}
export function start(onDelivery, onChange) {
  deliver = onDelivery;
  changed = onChange;
  connect();
  addEventListener("online", () => link.state !== "live" && connect());
  setInterval(() => {
    const from = Date.now() - 5000;
    while (arrivals.length && arrivals[0] < from) arrivals.shift();
    link.rate = arrivals.length / 5;
    changed();
  }, 1000);
}
