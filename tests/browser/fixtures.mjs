// Rows and answers as docs/formats/recommendations.md describes them, for the mock server.
const ACCOUNTS = [
  "Halvorsen Cold Chain",
  "Brackwater Foods",
  "Whitlock Builders",
  "Marston Water",
  "Oakmere Hospitals",
  "Vantaa Breweries",
  "Penrose Care Homes",
  "Delgado Produce",
  "Hollis Aerospace",
  "Castellan Ferries",
  "Quayside Pharma",
  "",
];
const QUERIES = [
  "wms payback template finance director",
  "usual penalty for missed go-live date in software contracts",
  "payroll",
  "rent a trial pump and measure flow",
  "siem vendor comparison detection rate independent test",
  "deciding between last two pump offers",
  "how do we compare two payroll final offers",
  "capex approval form template warehouse system",
  "data processing agreement signature steps",
  "discount three year payroll agreement",
  "long list template warehouse software",
  "why do picked quantities never match the order",
];
const ITEMS = [
  ["payback-wms", "Payback model: warehouse software", "roi_argument", "gated", 12],
  ["case-dairy", "Payroll in nine weeks: Brandt Dairy", "case_study", "gated", 8],
  ["compare-pumps", "Side by side: four suppliers of process pumps", "competitor_comparison", "gated", 8],
  ["talk-wms", "Talk to a warehouse software specialist", "conversation", "analyst_approved", 25],
  ["signs-wms", "Five signs that warehouse software will fail", "early_warning_signs", "public", 3],
  ["terms", "Terms for threat detection", "contract_pack", "sales_only", 30],
];
const ROLES = ["cfo", "procurement", "it_lead", "operations", "line_of_business", "legal"];
const MOMENTS = ["know", "go", "do", "buy", "unclear"];
const REASONS = ["uncertain", "value", "harm", "cap", "consent", "rejected", "thin", "noise"];
let serial = 0;
export const item = (i) => {
  const [id, title, kind, tier, minutes] = ITEMS[i % ITEMS.length];
  return { id, title, kind, tier, minutes, url: `https://www.example.com/${id}` };
};

export function odds(mode, stalled = 0.04, rejected = 0.01) {
  const raw = Array.from({ length: 12 }, (_, i) => Math.exp(-((i + 1 - mode) ** 2) / 1.1)),
    sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((x) => (x / sum) * (1 - stalled - rejected));
}
// Row number i: every outcome, moment, device, stage, stalled and rejected come up within two dozen.
export function row(i, now = Date.now(), change = {}) {
  const late = ((i * 5 + 8) % 12) + 1,
    condition = i % 9 === 5 ? 13 : i % 13 === 7 ? 14 : 0,
    stalled = condition === 13 ? 0.55 : 0.05,
    rejected = condition === 14 ? 0.6 : 0.01;
  const p = odds(late, stalled, rejected),
    outcome = i % 3 === 1 ? "abstained" : i % 11 === 6 ? "handed_over" : "offered",
    content = item(i);
  const parts = [
    { code: "stage_fit", arg: "cost_benefit", value: 0.41 },
    { code: "moment_fit", arg: "do", value: 0.09 },
    { code: "role_fit", arg: "cfo", value: 0.06 },
    { code: "freshness", arg: "", value: 0.03 },
    { code: "harm", arg: "cost_benefit", value: -0.012 },
    { code: "effort", arg: "desktop", value: -0.038 },
  ];
  const score = parts.reduce((a, b) => a + b.value, 0),
    id = `d-${(0x6f1c0a93b2e4d811n + BigInt(++serial)).toString(16)}`,
    ts = now - 20 * i * 1000;
  return {
    v: 1,
    id,
    ts,
    event_ts: ts - 120,
    as_of: ts - 120,
    prospect: `v-${(0x3a10 + i).toString(16)}`,
    type: i % 17 === 12 ? "page" : "query",
    source: "native",
    synthetic: false,
    identity: {
      kind: i % 5 === 4 ? "known" : "anonymous",
      account: ACCOUNTS[i % ACCOUNTS.length],
      confidence: i % 5 === 4 ? 1 : ACCOUNTS[i % ACCOUNTS.length] ? 0.82 - (i % 4) * 0.12 : 0,
      basis: "network",
    },
    role: { name: ROLES[i % ROLES.length], p: 0.71 - (i % 3) * 0.1 },
    device: ["desktop", "desktop", "mobile", "tablet"][i % 4],
    consent: "granted",
    signal: {
      class: "query",
      query: i % 17 === 12 ? "" : QUERIES[i % QUERIES.length],
      url: i % 17 === 12 ? "https://www.example.com/pricing" : "",
      moment: MOMENTS[(i * 3 + 2) % 5],
      moment_p: [0.1, 0, 0.7, 0.1, 0.1],
    },
    series: { queries: 2 + (i % 7), offline: i % 3, signals: 5 + (i % 7) },
    stage: {
      p,
      stalled,
      rejected,
      mode: condition || late,
      mode_p: p[late - 1],
      from: i % 2 === 0 && late > 1 ? late - 1 : null,
    },
    decision: {
      id,
      outcome,
      reason_code: outcome === "abstained" ? REASONS[((i / 3) | 0) % REASONS.length] : "none",
      handover: outcome === "handed_over" ? "stall_late" : "none",
      content: outcome === "offered" ? content : null,
      slate: outcome === "offered" ? [{ id: content.id, score }] : [],
      score,
      threshold: 0.2,
      confidence: 0.95 - (i % 6) * 0.1,
      kill_risk: 0.01,
      propensity: 1,
      top_reason: parts[0],
      contributions: parts,
      rivals: [
        { content: item(i + 1), score: 0.31 },
        { content: item(i + 2), score: 0.22 },
      ],
      caps: { used: i % 3, limit: 3, window_h: 36 },
    },
    model: "m-2f6c",
    catalog: "12+9f3a11bc",
    policy: "1+0c22d1aa",
    ...change,
  };
}
export function prospect(row) {
  const now = row.ts,
    older = [
      ["do", "payback calculation wms 60 pickers two shifts", 8],
      ["know", "hidden costs of a wms implementation after year one", 8],
      ["unclear", "wms", 7],
      ["go", "warehouse software vendor demo near rotterdam", 6],
      ["know", "wms reviews implementation problems cold chain", 6],
      ["know", "who owns a wms budget, logistics or it", 3],
    ];
  return {
    row,
    consent: row.consent,
    conditions: ["surge"],
    series: [
      {
        ts: row.event_ts,
        class: row.type,
        moment: row.signal.moment,
        query: row.signal.query,
        mode_after: row.stage.mode,
        nats: 1.2,
      },
      ...older.map(([moment, query, mode], k) => ({
        ts: now - (k + 1) * 11 * 36e5,
        class: "query",
        moment,
        query,
        mode_after: mode,
        nats: 0.8,
      })),
      { ts: now - 6 * 864e5, class: "offline", moment: "unclear", query: "", mode_after: 8, nats: 1.6 },
    ],
    progress: { mean: 75, lo: 64, hi: 81 },
    dwell: { days: 19.2, median: 17, p90: 35 },
    forecast: { stage: Math.min(12, row.stage.mode + 1), p: 0.44, stall_p: 0.13, visit: { days: 1.2, p: 0.77 } },
    contributions: row.decision.contributions,
    score: row.decision.score,
    threshold: row.decision.threshold,
    rivals: row.decision.rivals,
    masked: [
      { content: { id: "terms", title: "Terms for warehouse software" }, code: "tier" },
      { content: { id: "guide", title: "Two-week trial plan" }, code: "length" },
    ],
    caps: row.decision.caps,
    changes_if: row.decision.outcome === "abstained" ? row.decision.reason_code : null,
    as_of: row.as_of,
    model: row.model,
    catalog: row.catalog,
    policy: row.policy,
  };
}
export function status(now = Date.now()) {
  const wave = (base, swing) =>
    Array.from({ length: 60 }, (_, i) => [
      now - (60 - i) * 30000,
      Math.max(
        0,
        base + Math.sin(i / 5 + base) * swing + ((i * 37) % 11) * swing * 0.06 + (i > 35 && i < 40 ? swing * 4 : 0),
      ),
    ]);
  return {
    verdict: "watch",
    reasons: ["dead letters are growing"],
    source: "embedded",
    synthetic: true,
    uptime_s: 5400,
    version: "0.1.0",
    tasks: Array.from({ length: 8 }, (_, i) => ({
      sub: i < 4 ? "intake" : "prospects",
      partition: i % 4,
      state: i === 6 ? "restoring" : "running",
      lag_messages: i === 6 ? 21 : (i % 2) * 2,
      lag_seconds: i === 6 ? 0.6 : 0,
      consumed: 61240 + i * 1873,
    })),
    rates: { signals_per_s: 48.2, recommendations_per_s: 44.9 },
    counts: {
      consumed: 489321,
      rejected: { invalid_json: 4, bad_time: 17, no_prospect: 9 },
      duplicate: 211,
      late: 87,
      outcomes: { offered: 28210, abstained: 18004, handed_over: 2431 },
    },
    latency: { p50_ms: 6.1, p99_ms: 41 },
    commit: { ok: 51234, failed: 0 },
    dead_letters: [
      { reason: "bad_time", n: 17 },
      { reason: "no_prospect", n: 9 },
      { reason: "invalid_json", n: 4 },
    ],
    series: { lag: wave(30, 18), throughput: wave(4180, 260), p99: wave(40, 7) },
  };
}

// An account as GET /v1/accounts/{id} answers. `text`: what stands in every field that holds words, or a broken shape.
export function account(id, text, now = Date.now()) {
  const day = 864e5,
    word = (w) => (typeof text === "string" ? text : w);
  const member = (i, role, known, mode, days) => ({
    id: `0x${i}`,
    known,
    same_person_as: i === 3 ? "0x1" : null,
    basis: word(["declared", "domain", "network"][i % 3]),
    confidence: [1, 0.85, 0.4][i % 3],
    first_seen: now - days.at(-1) * day,
    last_seen: now - days[0] * day,
    signals: days.length * 3,
    offline: 1,
    active: i === 1 ? 0.2 : 0.9,
    mode,
    stage: mode - 0.2,
    role: word(role),
    role_p: 0.7,
    days: days.map((d, n) => ({
      ts: Math.floor((now - d * day) / day) * day,
      signals: 3,
      visits: 1,
      offline: n === 1 ? 1 : 0,
      spoke_for: n % 2 ? null : mode,
    })),
  });
  const answer = {
    v: 2,
    account: word(id),
    as_of: now,
    people: { seen: 7, active_30d: 4, kept: 6 },
    signals: 1204,
    last_activity: now - 6e5,
    stage: {
      p: odds(9).map((p, i) => (i === 8 ? 0.61 : p / 3)),
      stalled: 0.08,
      rejected: 0.01,
      mode: 9,
      low: [],
      high: [],
    },
    progress: { mean: 75, lo: 64, hi: 81 },
    dwell: { days: 18.4, median: 17, p90: 33 },
    forecast: { stage: 10, p: 0.44, stall_p: 0.08, visit: { days: 2, p: 0.7 } },
    offline: { signals: 4, unobserved_share: 0.55 },
    committee: {
      size: { mean: 7.1, low: 6, high: 9 },
      told_apart: 3,
      anonymous_ids: 4,
      roles: [{ role: word("cfo"), p: 0.8 }],
      missing: [
        { role: word("legal"), p: 0.12, needed_at: 9 },
        { role: word("security"), p: 0.21, needed_at: 9 },
      ],
      spread: 2.6,
      consensus: 0.48,
      split: true,
      buying: false,
    },
    likelihoods: { warning_signs: 0.02, no_decision_risk: 0.14, stalled: 0.08, silently_rejected: 0.04 },
    surge: { signals: 21, usual: 3.4 },
    conditions: [word("surge"), word("split")],
    members: [
      member(0, "operations", true, 9, [0, 5, 20, 60, 150]),
      member(1, "end_user", false, 2, [110, 120]),
      member(2, "cio", false, 8, [15, 30, 45]),
      member(3, "procurement", true, 9, [8, 40]),
      member(4, "head_of_software", false, 8, [1, 2, 9]),
      member(5, "unknown", false, 9, [0, 3]),
    ],
    weeks: Array.from({ length: 26 }, (_, w) => ({
      start: now - (26 - w) * 7 * day,
      p: odds(1 + (w * 8) / 25),
      stalled: w > 11 && w < 16 ? 0.5 : 0.04,
      rejected: 0.01,
      unobserved_share: 0.5,
    })),
    partition: 3,
    as_of_offset: 91,
    stale: false,
  };
  if (text && typeof text === "object")
    for (const name of ["stage", "committee", "members", "weeks", "conditions", "people", "forecast"]) answer[name] = 7;
  return answer;
}
