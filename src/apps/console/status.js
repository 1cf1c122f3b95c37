// The Status view for operators: a verdict, the figures that decide it, the tasks, and what was set apart.
import { $, clock, count, div, duration, h, para, region, say, setText, span, svg } from "/dom.js";
import { plain, sentence } from "/vocabulary.js";

const EVERY_MS = 2000;
const page = { timer: 0, parts: null };
const finite = (v) => typeof v === "number" && Number.isFinite(v);
const array = (v) => (Array.isArray(v) ? v : []);
const entries = (v) =>
  Object.entries(v && typeof v === "object" ? v : {})
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1]);

function line(points, name, unit) {
  const W = 440,
    H = 84,
    right = W - 38,
    series = array(points).filter((p) => Array.isArray(p) && finite(p[0]) && finite(p[1]));
  if (series.length < 2) return para("sub nodata", "Not enough data for a line yet");
  const ms = (t) => (t < 1e11 ? t * 1000 : t),
    first = series[0][0],
    span_ = series.at(-1)[0] - first || 1;
  const peak = Math.max(...series.map((p) => p[1])),
    step = 10 ** Math.floor(Math.log10(peak || 1)),
    top = peak > 0 ? Math.ceil(peak / step) * step : 1;
  const x = (t) => ((t - first) / span_) * right,
    y = (v) => H - 14 - (v / top) * (H - 22);
  const text = (tx, ty, anchor, value) => svg("text", { x: tx, y: ty, ta: anchor }, value);
  const short = (v) => (v >= 1000 ? `${+(v / 1000).toFixed(1)} k` : `${+v.toPrecision(3)}`);
  return svg(
    "svg",
    {
      viewBox: `0 0 ${W} ${H}`,
      role: "img",
      al: `${name} from ${clock(ms(first))} to ${clock(ms(series.at(-1)[0]))}, peak ${short(peak)} ${unit}`,
    },
    svg("line", { x1: 0, x2: right, y1: y(0), y2: y(0), stroke: "var(--line)" }),
    text(W, y(top) + 8, "end", short(top)),
    text(W, y(0), "end", "0"),
    text(0, H - 1, "start", clock(ms(first))),
    text(right, H - 1, "end", clock(ms(series.at(-1)[0]))),
    svg("path", {
      d: series.map((p, i) => (i ? "L" : "M") + x(p[0]).toFixed(1) + " " + y(p[1]).toFixed(1)).join(""),
      fill: "none",
      stroke: "var(--accent)",
      "stroke-width": 1.8,
    }),
  );
}
const tile = (title, big, small, ok, drawing) =>
  h(
    "section",
    { c: "card tile" },
    h("h2", {}, title, ok ? span(ok === "good" ? "ok" : "wn ok", ok) : null),
    h("p", { c: "big" }, big, h("small", {}, small)),
    drawing,
  );
function table(caption, heads, rows, none) {
  if (!rows.length) return para("sub none-yet", none);
  const right = (i) => (heads[i][0] === "#" ? "r" : "");
  return h(
    "table",
    {},
    h("caption", { c: "vh" }, caption),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        heads.map((t, i) => h("th", { scope: "col", c: right(i) }, t.replace("#", ""))),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((r) =>
        h(
          "tr",
          {},
          r.map((v, i) => (i ? h("td", { c: right(i) }, v) : h("th", { scope: "row" }, v))),
        ),
      ),
    ),
  );
}
const bars = (rows, total) =>
  h(
    "ul",
    { c: "shares" },
    rows.map(([name, n]) =>
      h(
        "li",
        {},
        span("", name),
        h("span", { c: "share", ah: true, $w: total ? (n / total) * 100 : 0 }),
        span("r", count(n)),
        span("sub r", total ? `${Math.round((n / total) * 100)} %` : ""),
      ),
    ),
  );

function tiles(s) {
  const tasks = array(s.tasks),
    lag = tasks.reduce((n, t) => n + (Number(t.lag_messages) || 0), 0),
    oldest = Math.max(0, ...tasks.map((t) => Number(t.lag_seconds) || 0));
  const rates = s.rates ?? {},
    latency = s.latency ?? {},
    commit = s.commit ?? {},
    dead = array(s.dead_letters),
    letters = dead.reduce((n, d) => n + (Number(d.n) || 0), 0);
  const c = s.counts ?? {},
    rejected = entries(c.rejected).reduce((n, [, v]) => n + v, 0),
    series = s.series ?? {};
  const ms = (v) => (finite(v) ? `${v < 10 ? +v.toFixed(1) : Math.round(v)} ms` : "–");
  const rate = (v) => (finite(v) ? `${count(v < 10 ? +v.toFixed(1) : Math.round(v))}` : "–");
  return [
    tile(
      "Lag",
      `${count(lag)} ${lag === 1 ? "message" : "messages"}`,
      `oldest ${duration(oldest)}`,
      oldest > 30 ? "watch" : "good",
      line(series.lag, "Lag", "messages"),
    ),
    tile(
      "Throughput",
      `${rate(rates.signals_per_s)} signals/s`,
      `${rate(rates.recommendations_per_s)} recommendations/s`,
      "",
      line(series.throughput, "Signals per second", "per second"),
    ),
    tile(
      "Signal to recommendation, p99",
      ms(latency.p99_ms),
      `p50 ${ms(latency.p50_ms)}`,
      "",
      line(series.p99, "99th percentile", "ms"),
    ),
    tile("Commits", count(commit.ok), `${count(commit.failed)} failed`, commit.failed > 0 ? "watch" : "good", null),
    tile(
      "Dead letters",
      count(letters),
      dead.length ? `${dead.length} ${dead.length === 1 ? "reason" : "reasons"}` : "none",
      letters ? "watch" : "good",
      null,
    ),
    tile(
      "Signals read",
      count(c.consumed),
      `${count(rejected)} rejected · ${count(c.duplicate)} duplicate · ${count(c.late)} late`,
      "",
      null,
    ),
  ];
}
const STATE = { __proto__: null, running: "ok", restoring: "wn", assigned: "wn", "catching up": "wn" };
function fill(s) {
  const { parts } = page,
    tasks = array(s.tasks),
    verdict = s.verdict ?? "watch",
    reasons = array(s.reasons);
  const words =
    { __proto__: null, good: "All is well", watch: "To watch", bad: "Something is wrong" }[verdict] ??
    sentence(verdict);
  parts.verdict.className = "card strip " + ({ __proto__: null, good: "g", bad: "" }[verdict] ?? "w");
  setText(
    parts.verdict,
    `${words}. ${reasons.length ? reasons.map((r) => sentence(r)).join(". ") : `${tasks.filter((t) => t.state === "running").length} of ${tasks.length} tasks run`}.`,
  );
  parts.tiles.replaceChildren(...tiles(s));
  setText(
    parts.tasksNote,
    `${tasks.length} ${tasks.length === 1 ? "task" : "tasks"}${finite(s.uptime_s) ? ` · up ${duration(s.uptime_s)}` : ""}${s.version ? ` · version ${s.version}` : ""}`,
  );
  parts.tasks.replaceChildren(
    table(
      "Tasks",
      ["Task", "State", "#Lag", "#Behind", "#Consumed"],
      tasks.map((t) => [
        `${t.sub ?? "task"}-${t.partition ?? "?"}`,
        span(STATE[t.state] ?? "wn", plain(t.state || "unknown")),
        count(t.lag_messages),
        finite(t.lag_seconds) ? duration(t.lag_seconds) : "–",
        count(t.consumed),
      ]),
      "No task is assigned to this process yet.",
    ),
  );
  const dead = array(s.dead_letters);
  parts.dead.replaceChildren(
    table(
      "Dead letters",
      ["Reason", "#Records"],
      dead.map((d) => [sentence(d.reason), count(d.n)]),
      "Nothing has been set apart.",
    ),
  );
  const rejected = entries(s.counts?.rejected),
    outcomes = ["offered", "abstained", "handed_over"].map((k) => [sentence(k), Number(s.counts?.outcomes?.[k]) || 0]),
    total = outcomes.reduce((n, [, v]) => n + v, 0);
  parts.rejected.replaceChildren(
    rejected.length
      ? bars(
          rejected.map(([k, n]) => [sentence(k), n]),
          rejected.reduce((n, [, v]) => n + v, 0),
        )
      : para("sub none-yet", "Nothing was rejected."),
  );
  parts.outcomes.replaceChildren(bars(outcomes, total));
}

async function poll(onStatus) {
  try {
    const answer = await fetch("/v1/status", { headers: { accept: "application/json" }, cache: "no-store" });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    const status = await answer.json();
    if (page.parts?.root.isConnected) fill(status);
    onStatus(status);
  } catch (error) {
    if (!page.parts?.root.isConnected) return;
    page.parts.verdict.className = "card strip";
    setText(
      page.parts.verdict,
      `The status could not be loaded (${error.message}). The figures below are the last ones known.`,
    );
  }
}
export function stopStatus() {
  clearInterval(page.timer);
}
export function statusView(main, onStatus) {
  const card = (title, note, body, name) =>
    h("section", { c: "card scroll", ...region(name) }, div("cap", h("h2", {}, title), note), body);
  const parts = (page.parts = {
    verdict: h("p", { c: "card strip w", role: "status" }, "Loading the status …"),
    tiles: div("kt"),
    tasksNote: span("sub"),
    tasks: div(""),
    dead: div(""),
    rejected: div(""),
    outcomes: div(""),
  });
  parts.root = h(
    "div",
    { c: "page", ...region("Status") },
    parts.verdict,
    parts.tiles,
    div(
      "sg",
      card("Tasks", parts.tasksNote, parts.tasks, "Tasks"),
      div(
        "col",
        card("Decisions", span("sub", "since the start"), parts.outcomes, "Decisions"),
        card("Dead letters by reason", null, parts.dead, "Dead letters"),
        card("Rejected signals by reason", null, parts.rejected, "Rejected signals"),
      ),
    ),
  );
  main.append(parts.root);
  stopStatus();
  poll(onStatus);
  page.timer = setInterval(() => poll(onStatus), EVERY_MS);
  say("Status view");
  return $("main");
}
