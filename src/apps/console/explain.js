// The parts of the details pane: the series, where it points, what to supply and the reasons that add up to it.
import { bold, button, dayOrTime, div, h, icon, iso, para, safeLink, span, stageColour, svg } from "/dom.js";
import {
  CONDITIONS,
  STAGES,
  abstainWords,
  changeWords,
  conditionWords,
  handoverWords,
  kindWord,
  maskWords,
  partWords,
  percent,
  signed,
  stageFull,
  stageNumber,
  stageWord,
} from "/vocabulary.js";
import { condition, momentChip, tier } from "/list.js";

const SHORT_SERIES = 5;
const array = (v) => (Array.isArray(v) ? v : []);
const asMode = (v) => (typeof v === "number" ? v : stageNumber(v) + 1);
const finite = (v) => typeof v === "number" && Number.isFinite(v);

function seriesItem(e) {
  const query = typeof e.query === "string" && e.query,
    type = String(e.class ?? e.type ?? "query"),
    offline = type === "offline";
  const mode = asMode(e.mode_after);
  return h(
    "li",
    { c: offline ? "o" : "" },
    h("time", { title: iso(e.ts) }, dayOrTime(e.ts)),
    h(
      "span",
      { c: "rail", ah: true },
      svg(
        "svg",
        { viewBox: "0 0 16 17" },
        offline
          ? svg("path", { class: "f", d: "M8 3.5 13 8.5 8 13.5 3 8.5z" })
          : svg("circle", { cx: 8, cy: 8.5, r: 3.6 }),
      ),
    ),
    span(
      "t",
      momentChip(type, String(e.moment ?? "unclear")),
      query
        ? `“${query}”`
        : String(e.url || e.title || (type === "query" ? "text not kept" : type.replaceAll("_", " "))),
      typeof e.pown === "string" ? span("sub", ` ${e.pown}`) : null,
    ),
    h(
      "span",
      {
        c: "x",
        title:
          mode > 0
            ? `then most likely: ${stageWord(mode)}${finite(e.nats) ? `; evidence ${e.nats.toFixed(2)} nats` : ""}`
            : null,
      },
      mode > 0 ? `→ ${mode <= 12 ? mode : stageWord(mode).toLowerCase()}` : "",
    ),
  );
}
export function seriesPart(row, more, whole, toggle) {
  const all = array(more?.series)
    .slice()
    .sort((a, b) => b.ts - a.ts);
  const items = all.length
    ? all
    : [{ ts: row.eventTs, class: row.type, moment: row.moment, query: row.query, url: row.url, mode_after: row.mode }];
  const link = items.length > SHORT_SERIES ? button(whole ? "latest" : `all ${items.length}`, toggle, "lnk") : null;
  return [
    h(
      "h3",
      {},
      "Query series",
      link,
      span("sub", `${row.series.queries} queries, ${row.series.offline} offline · → stage`),
    ),
    h("ol", { c: "ser" }, items.slice(0, whole ? items.length : SHORT_SERIES).map(seriesItem)),
  ];
}

export function chartPart(row, more) {
  const top = Math.max(0.45, ...row.p),
    columns = [];
  const column = (label, p, colour, c) =>
    div(
      c,
      span("pc", p >= 0.03 || c.includes("m") ? Math.round(p * 100) : ""),
      h("div", { c: "col", $p: Math.min(100, (p / top) * 100), $k: colour }),
      bold("", label),
    );
  row.p.forEach((p, i) => {
    if (i === 4 || i === 8) columns.push(h("span"));
    columns.push(column(i + 1, p, stageColour(i), i === row.mode - 1 ? "m" : ""));
  });
  columns.push(h("span"));
  CONDITIONS.forEach(([name, full], i) => {
    const element = column("", i ? row.rejected : row.stalled, "", row.mode === 13 + i ? "h m" : "h");
    element.lastChild.append(icon(name, full));
    columns.push(element);
  });
  const name =
    "Odds per stage in per cent: " +
    row.p.map((p, i) => `${STAGES[i][2]} ${Math.round(p * 100)}`).join(", ") +
    `, stalled ${Math.round(row.stalled * 100)}, rejected ${Math.round(row.rejected * 100)}`;
  const progress = more?.progress,
    known = finite(progress?.mean),
    scale = (v) => (v <= 1 && progress.hi <= 1 ? v * 100 : v);
  const said = known
    ? `progress ${Math.round(scale(progress.mean))} %, 90 %: ${Math.round(scale(progress.lo))}–${Math.round(scale(progress.hi))}`
    : "";
  return [
    h("h3", {}, `Stage: ${stageFull(row.mode)}`, span("sub", said)),
    h("div", { c: "sc", role: "img", al: name }, columns),
    known
      ? h(
          "div",
          { c: "pi", ah: true },
          h("span", { c: "iv", $a: scale(progress.lo), $w: scale(progress.hi) - scale(progress.lo) }),
          h("span", { c: "pt", $a: scale(progress.mean) }),
        )
      : null,
  ];
}

export function forecastPart(row, more) {
  const fact = (title, value, below) => div("", para("sub", title), para("b e", value), below),
    none = para("sub", "not known yet");
  const d = more?.dwell,
    f = more?.forecast,
    parts = [];
  const hidden =
    row.mode === 13 ? condition("stalled", row.stalled) : row.mode === 14 ? condition("rejected", row.rejected) : null;
  if (finite(d?.days)) {
    const over = d.days > d.p90,
      usual = finite(d.median) ? `, usual ${Math.round(d.median)}` : "",
      full = Math.max(1, d.p90 || 1);
    parts.push(
      fact(
        "Stall clock",
        hidden ?? `day ${Math.floor(d.days) + 1}${usual}`,
        h(
          "div",
          {
            c: "clk" + (over ? " over" : ""),
            $w: Math.min(100, (d.days / full) * 85),
            $m: Math.min(100, ((d.median || 0) / full) * 85),
            role: "img",
            al: `Day ${Math.floor(d.days) + 1}; usual ${Math.round(d.median || 0)}; nine in ten by ${Math.round(d.p90 || 0)}${over ? "; overdue" : ""}`,
          },
          h("u"),
        ),
      ),
    );
  } else parts.push(fact("Stall clock", hidden ?? "–", none.cloneNode(true)));
  const next = f ? asMode(f.stage) : 0;
  parts.push(
    fact(
      "Within 14 days",
      next > 0 ? `${stageWord(next)} ${percent(f.p)}` : "–",
      finite(f?.stall_p) ? para("sub", `stalls ${percent(f.stall_p)}`) : none.cloneNode(true),
    ),
  );
  const v = f?.visit;
  parts.push(
    fact(
      "Next visit",
      finite(v?.days)
        ? v.days < 1
          ? "today"
          : v.days < 2
            ? "tomorrow"
            : `in ${Math.round(v.days)} days`
        : "none expected",
      finite(v?.p) ? para("sub", `${percent(v.p)} likely`) : none,
    ),
  );
  return div("three", parts);
}

// What is the matter with the visitor; the likelihoods are the engine's.
export function mattersPart(more) {
  const holding = array(more?.conditions).map(String);
  if (!holding.length) return null;
  return h(
    "ul",
    { c: "conds" },
    holding.map((name) => h("li", {}, span("wn", conditionWords(name)))),
  );
}

// Shown cents add up to the shown score: the largest remainders take the rounding.
export function cents(parts, score) {
  const exact = parts.map((v) => v * 100),
    shown = exact.map(Math.trunc);
  let rest = Math.round(score * 100) - shown.reduce((a, b) => a + b, 0);
  const order = exact.map((v, i) => [v - shown[i], i]).sort((a, b) => (rest > 0 ? b[0] - a[0] : a[0] - b[0]));
  for (let k = 0; rest !== 0 && k < order.length * 2 && order.length; ++k) {
    shown[order[k % order.length][1]] += Math.sign(rest);
    rest -= Math.sign(rest);
  }
  return shown;
}
function waterfall(parts, score, threshold) {
  const values = parts.map((p) => Number(p.value) || 0),
    sum = values.reduce((a, b) => a + b, 0),
    shown = cents(values, score);
  let low = Math.min(0, score),
    high = Math.max(threshold, score, 0.01),
    at = 0;
  for (const v of values) {
    at += v;
    low = Math.min(low, at);
    high = Math.max(high, at);
  }
  const x = (v) => ((v - low) / (high - low)) * 100;
  at = 0;
  const bars = parts.map((part, i) => {
    const v = values[i],
      from = Math.min(at, at + v),
      words = partWords(part);
    at += v;
    return [
      h("span", { c: "e", title: words }, words),
      h(
        "span",
        { c: "z" + (v < 0 ? " neg" : ""), ah: true, $o: x(0) + "%" },
        h("i", { $a: x(from), $w: (Math.abs(v) / (high - low)) * 100 }),
      ),
      span("v", signed(shown[i] / 100)),
    ];
  });
  return [
    h(
      "div",
      { c: "wf", role: "group", al: "Contributions to the score" },
      bars,
      span("tot", `Score, offered from ${signed(threshold)}`),
      h(
        "span",
        { c: "z tot", ah: true },
        h("i", { $a: x(Math.min(0, score)), $w: (Math.abs(score) / (high - low)) * 100 }),
        h("u", { $t: x(threshold) }),
      ),
      span("v tot", signed(score)),
    ),
    Math.abs(sum - score) > 1e-6 && values.length
      ? para("chg wn", `These parts add up to ${signed(sum)}, not to the score.`)
      : null,
  ];
}
// The decision as the server would take it now, whole or not at all: parts of two decisions never stand side by side.
function current(row, more) {
  if (!finite(more?.score) || !Array.isArray(more.contributions)) return row.decision;
  const d = {
    ...row.decision,
    score: more.score,
    threshold: finite(more.threshold) ? more.threshold : row.decision.threshold,
    contributions: more.contributions,
    rivals: array(more.rivals),
    caps: more.caps ?? row.decision.caps,
  };
  for (const name of ["outcome", "reason_code", "handover", "content", "confidence", "kill_risk"])
    if (more[name] !== undefined) d[name] = more[name];
  return d;
}
export function offerPart(row, more) {
  const d = current(row, more),
    offered = d.outcome === "offered",
    content = d.content ?? d.rivals[0]?.content ?? null,
    over = d.outcome === "handed_over";
  const parts = d.contributions,
    caps = d.caps;
  const title = content ? content.title || content.id || "untitled" : "";
  const meta = offered
    ? para(
        "meta",
        span("", kindWord(content?.kind), finite(content?.minutes) ? `, ${content.minutes} min` : ""),
        tier(content),
        finite(caps?.limit) ? span("", `offers used ${caps.used} of ${caps.limit} in ${caps.window_h ?? 36} h`) : null,
      )
    : para(
        "meta",
        `${over ? sentenceCase(handoverWords(d)) : "because " + abstainWords(d)}.`,
        title ? ` Best candidate: ${title}.` : "",
      );
  const heading = offered
    ? content?.url
      ? safeLink(content.url, title)
      : span("", title)
    : [icon(over ? "person" : "none"), span("", over ? "Hand over to a person" : "Nothing offered")];
  const changes = more?.changes_if ?? (offered ? null : d.reason_code);
  return [
    h("h3", {}, offered ? "Next best content" : "Decision", span("sub", `confidence ${percent(d.confidence)}`)),
    div(
      "rec" + (offered ? "" : " abst"),
      div("tt", heading),
      meta,
      parts.length ? waterfall(parts, d.score, d.threshold) : null,
      changes && changes !== "none" ? para("chg", changeWords(changes)) : null,
    ),
  ];
}
const sentenceCase = (text) => text.replace(/^./, (c) => c.toUpperCase());
export function rivalsPart(row, more) {
  const d = current(row, more),
    rivals = d.rivals.slice(0, 2),
    masked = array(more?.masked),
    item = (content, text) =>
      h(
        "li",
        {},
        h("b", { c: "e" }, content?.title || content?.id || "untitled"),
        content?.tier ? tier(content) : span(""),
        span("", text),
      );
  if (!rivals.length && !masked.length) return null;
  return [
    h("h3", {}, "Not chosen", masked.length > 6 ? span("sub", `${masked.length} held back`) : null),
    h(
      "ul",
      { c: "alt" },
      rivals.map((r) =>
        item(
          r.content,
          `scores ${signed(Number(r.score) || 0)}, ${Math.abs(d.score - (Number(r.score) || 0)).toFixed(2)} ${r.score > d.score ? "above" : "below"}`,
        ),
      ),
      masked.slice(0, 6).map((m) => item(m.content, `held back: ${maskWords(m.code)}`)),
    ),
  ];
}
