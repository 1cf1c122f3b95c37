// Words for the closed sets of the engine: wording is this file's business, codes and numbers are the engine's.

// [name in the API, full name, short name]
export const STAGES = [
  ["problem_realization", "Initial problem realization", "Problem"],
  ["scoping", "Scoping the challenge", "Scope"],
  ["champion_search", "Search for internal budget champion", "Champion"],
  ["solution_visualization", "Visualization of the solution", "Visualize"],
  ["long_listing", "Long-listing", "Long-list"],
  ["supplier_outreach", "Early supplier outreach", "Outreach"],
  ["shortlisting", "Shortlisting", "Shortlist"],
  ["internal_poc", "Internal proof-of-concept", "Proof"],
  ["cost_benefit", "Cost/benefit analysis", "Cost/benefit"],
  ["bake_off", "Final bake-off", "Bake-off"],
  ["negotiation", "Deal negotiation", "Negotiate"],
  ["sign_off", "Sign-off", "Sign-off"],
];
export const CONDITIONS = [
  ["stalled", "Stalled, no decision", "Stalled"],
  ["rejected", "Rejected us", "Rejected"],
];
export const MOMENTS = ["know", "go", "do", "buy", "unclear"];
export const TIERS = ["public", "gated", "analyst_approved", "sales_only"];

const ALL = [...STAGES, ...CONDITIONS];
export const stageNumber = (name) => ALL.findIndex((s) => s[0] === name);
export const short = (i) => (i === 8 ? "Cost/ben." : (ALL[i]?.[2] ?? "unknown"));
// "9 Cost/benefit", "Stalled"; `mode` counts from 1 as the API does.
export const stageWord = (mode) =>
  mode >= 1 && mode <= 12 ? `${mode} ${STAGES[mode - 1][2]}` : (ALL[mode - 1]?.[2] ?? "unknown");
export const stageFull = (mode) =>
  mode >= 1 && mode <= 12 ? `${mode} ${STAGES[mode - 1][1]}` : (ALL[mode - 1]?.[1] ?? "unknown");

export const plain = (code) => String(code ?? "").replaceAll("_", " ");
export const sentence = (code) => plain(code).replace(/^./, (c) => c.toUpperCase());

const KINDS = {
  __proto__: null,
  how_to: "How-to",
  roi_argument: "RoI argument",
  poc_guide: "Proof-of-concept guide",
  human_conversation: "Conversation",
};
export const kindWord = (kind) => KINDS[kind] ?? sentence(kind || "content");
export const tierWord = (tier) => String(tier ?? "sales_only").replaceAll("_", "-");
const ROLES = { __proto__: null, cfo: "CFO", cio: "CIO", hr: "HR" };
export const roleWord = (role) => ROLES[role] ?? sentence(role);

export const percent = (x) => `${Math.round((Number(x) || 0) * 100)} %`;
export const signed = (x) => (Math.abs(x) < 0.005 ? "" : x < 0 ? "−" : "+") + Math.abs(x).toFixed(2);
const two = (x) => signed(Number(x) || 0);

// Why nothing is offered. Every code of the closed set has words; an unknown one is shown as it came.
const ABSTAINED = {
  __proto__: null,
  uncertain: (d) =>
    d.mode
      ? `stage too uncertain: the likeliest, ${stageWord(d.mode)}, has ${percent(d.modeP)}`
      : "stage too uncertain",
  value: (d) => `best option scores ${two(d.score)}, an offer needs ${two(d.threshold)}`,
  harm: (d) => `the risk of harm, ${((d.kill_risk ?? 0) * 100).toFixed(1)} %, is above the limit`,
  cap: (d) =>
    d.caps?.limit
      ? `${d.caps.used} of ${d.caps.limit} offers in ${d.caps.window_h ?? 36} h: cap reached`
      : "offer cap reached",
  consent: () => "no consent to personalise",
  rejected: () => "probably rejected us: follow up in person",
  thin: () => "too little is known so far",
  snoozed: () => "snoozed by an analyst",
  noise: () => "this does not look like a buyer of ours",
  none: () => "no reason was given",
};
export const abstainWords = (d) =>
  (ABSTAINED[d.reason_code] ?? (() => plain(d.reason_code || "no reason was given")))(d);

const HANDOVER = {
  __proto__: null,
  best_action: "a talk is the best action",
  ambiguous_late: "late and ambiguous: a person should look",
  stage_jump: "the stage jumped",
  stall_late: "stalled at a late stage",
  rejected: "probably rejected us: follow up in person",
  harm_cap: "content would risk harm here",
};
export const handoverWords = (d) => HANDOVER[d.handover] ?? plain(d.handover || "a person should look");

const MASKED = {
  __proto__: null,
  tier: "not for this visitor: its tier",
  consent: "needs consent",
  consumed: "already read",
  repeat: "offered lately",
  cap: "offer cap reached",
  length: "too long for this device",
  price_early: "no price or contract this early",
  expired: "no longer valid",
  rejected: "probably rejected us: a person only",
  language: "other language",
  dismissed: "dismissed by an analyst",
};
export const maskWords = (code) => MASKED[code] ?? plain(code);

const CHANGES = {
  __proto__: null,
  uncertain: "Changes with one more query that agrees with the stage.",
  value: "Changes when a better fitting item is in the catalog or the stage gets clearer.",
  harm: "Changes when the stage gets clearer.",
  cap: "Changes when the offers of the last 36 hours run out of the window.",
  consent: "Changes when the visitor consents.",
  rejected: "Changes when the visitor comes back with buying signals.",
  thin: "Changes with the next query.",
  snoozed: "Changes when the snooze ends.",
  noise: "Changes when the queries look like buying.",
};
export const changeWords = (code) => CHANGES[code] ?? `Changes if: ${plain(code)}.`;

const asStage = (arg) => (stageNumber(arg) >= 0 ? stageWord(stageNumber(arg) + 1) : plain(arg));
const PARTS = {
  __proto__: null,
  stage_fit: (a) => (a ? `Fits ${asStage(a)}` : "Fits the stage"),
  moment_fit: (a, v) => `${plain(a) || "the"}-moment ${v < 0 ? "does not fit" : "fits"}`,
  role_fit: (a, v) => `${a ? roleWord(a) : "Role"} ${v < 0 ? "unlikely to care" : "likely to care"}`,
  freshness: () => "Age of the content",
  novelty: (a, v) => (v < 0 ? "Much like what was read" : "New to this visitor"),
  harm: (a) => (a ? `Risk of harm at ${asStage(a)}` : "Risk of harm"),
  effort: (a) => (a ? `Effort: ${kindWord(a).toLowerCase()}` : "Effort to read"),
  person: () => "Time of a person",
};
export const partWords = (part) =>
  (PARTS[part.code] ?? ((a) => sentence(part.code) + (a ? `: ${asStage(a)}` : "")))(part.arg, part.value);

export const grade = (identity) =>
  identity.kind === "known"
    ? "known"
    : !identity.account
      ? "no account"
      : identity.confidence > 0.8
        ? "likely"
        : identity.confidence > 0.6
          ? "probable"
          : "possible";

const MATTERS = {
  __proto__: null,
  warning_signs: "Early warning signs: a problem is being looked into, no project yet",
  surge: "Surge: far more signals than usual",
  no_decision_risk: "Likely to end without a decision",
  stalled: "Likely stalled",
  silently_rejected: "Likely decided for somebody else without a word",
  split: "Split: its people are stages apart",
  buying: "Buying: the last stages, with the people it takes",
};
export const conditionWords = (name) => MATTERS[name] ?? sentence(name);
