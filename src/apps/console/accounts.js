// The account view: where an account stands as one buyer, its story, its committee, and what is the matter with it.
import { ago, bold, button, count, dayOrTime, div, h, icon, para, region, say, span } from "/dom.js";
import { conditionWords, percent, roleWord, stageWord } from "/vocabulary.js";
import { WEEK_MS, array, clamp, finite, number, object, people, personGrade, personName, storyPart } from "/story.js";
import { chartPart, forecastPart } from "/explain.js";
import { momentChip } from "/list.js";
import { saveAddress, store, ui } from "/store.js";

const EVERY_MS = 5000;
const page = { timer: 0, body: null, request: null, last: "" };

export const seenAccounts = () => [...new Set(store.rows.map((r) => r.identity?.account).filter(Boolean))].sort();

// ---------- summary ----------
const fact = (name, value, sub) =>
  div("", h("dt", { c: "sub" }, name), h("dd", {}, bold("", value), " ", span("sub", sub)));
function sizeWords(size) {
  if (!finite(size.low) || !finite(size.high) || size.high === 0) return "nobody seen";
  return size.low === size.high ? people(size.low) : `${size.low} to ${size.high} people`;
}
function summary(a) {
  const stage = object(a.stage),
    mode = clamp(stage.mode),
    p = mode === 13 ? stage.stalled : mode === 14 ? stage.rejected : array(stage.p)[mode - 1];
  const progress = object(a.progress),
    dwell = object(a.dwell),
    next = object(a.forecast),
    committee = object(a.committee);
  return h(
    "section",
    { c: "card ahead", al: "Summary" },
    div(
      "",
      h("h2", { c: "e" }, String(a.account ?? "")),
      para(
        "sub",
        `${count(a.signals)} signals · last ${ago(a.last_activity)}${ago(a.last_activity) === "now" ? "" : " ago"}`,
      ),
    ),
    h(
      "dl",
      { c: "facts" },
      fact("Stage", a.stage ? stageWord(mode) : "–", a.stage ? percent(p) : ""),
      fact(
        "Progress",
        percent(number(progress.mean) / 100),
        `90 %: ${Math.round(number(progress.lo))}–${Math.round(number(progress.hi))}`,
      ),
      fact("Stall clock", `day ${Math.floor(number(dwell.days)) + 1}`, `usual ${Math.round(number(dwell.median))}`),
      fact("Next 14 days", stageWord(clamp(next.stage)), percent(next.p)),
      fact("Room", sizeWords(object(committee.size)), `90 % sure · ${count(object(a.people).seen)} ids seen`),
      fact("Not seen here", percent(object(a.offline).unobserved_share), "of this stage is offline"),
    ),
  );
}

// ---------- what is the matter ----------
function conditionsPart(a) {
  const holding = array(a.conditions).map(String),
    odds = object(a.likelihoods),
    surge = object(a.surge);
  const lines = [
    ...holding.map((name) => h("li", {}, span("wn", conditionWords(name)))),
    h(
      "li",
      {},
      `Stalled: ${percent(odds.stalled)} likely; no decision within 30 days: ${percent(odds.no_decision_risk)}`,
    ),
    h("li", {}, `Rejected us without a word: ${percent(odds.silently_rejected)} likely, never certain`),
    h("li", {}, `Signals on the last day: ${count(surge.signals)}, usual ${number(surge.usual).toFixed(1)}`),
  ];
  return h(
    "section",
    { c: "card", al: "Conditions" },
    h("h2", {}, "Conditions", span("sub", holding.length ? `${holding.length} now` : "none now")),
    h("ul", { c: "conds" }, lines),
  );
}

// ---------- the committee ----------
const BASIS = {
  __proto__: null,
  declared: "named by the source",
  domain: "by mail domain",
  network: "by company network",
};
function activity(m) {
  const days = array(m.days).map(object),
    now = Date.now();
  const weeks = Array.from({ length: 12 }, (_, w) =>
    days.some((d) => now - number(d.ts) >= (11 - w) * WEEK_MS && now - number(d.ts) < (12 - w) * WEEK_MS),
  );
  return h(
    "span",
    { c: "weeks", role: "img", al: `seen in ${weeks.filter(Boolean).length} of the last 12 weeks` },
    weeks.map((on) => h("i", { c: on ? "on" : "" })),
  );
}
function committeePart(a) {
  const members = array(a.members).map(object),
    missing = array(object(a.committee).missing).map(object),
    c = object(a.committee);
  const here = members.map((m) =>
    h(
      "li",
      {},
      h("b", {}, personName(m), m.role && m.role !== "unknown" ? ` ${percent(m.role_p)}` : ""),
      span("sub r", ago(m.last_seen)),
      span(
        "sub",
        `${personGrade(m)} · ${BASIS[m.basis] ?? String(m.basis ?? "")}${m.same_person_as ? " · one person with another id" : ""}`,
      ),
      activity(m),
    ),
  );
  const gone = missing.map((m) =>
    h(
      "li",
      { c: "miss" },
      h("b", {}, `${roleWord(String(m.role))}: not seen`),
      span("sub r", `present ${percent(m.p)}`),
      span("sub", `usual at ${stageWord(clamp(m.needed_at))}`),
    ),
  );
  return h(
    "section",
    { c: "card", al: "Buying committee" },
    h("h2", {}, "Buying committee", span("sub", "activity, last 12 weeks")),
    para(
      "sub",
      `${sizeWords(object(c.size))}; ${count(c.told_apart)} told apart, ${count(c.anonymous_ids)} anonymous ids. One person may have several ids, and several may share one.`,
    ),
    h("ul", { c: "room" }, here, gone),
  );
}
function standingPart(a) {
  const c = object(a.committee),
    members = array(a.members).map(object),
    x = (s) => ((s - 1) / 11) * 100;
  const verdict = c.split
    ? span("wn", `Split: spread ${number(c.spread).toFixed(1)} stages`)
    : span("sub", members.length > 1 ? `Consensus: spread ${number(c.spread).toFixed(1)} stages` : "one id only");
  return h(
    "section",
    { c: "card", al: "Where each person stands" },
    h("h2", {}, "Where each person stands", verdict),
    h(
      "ul",
      { c: "stand" },
      members.map((m) =>
        h(
          "li",
          {},
          span("e", personName(m)),
          h(
            "span",
            {
              c: "axis",
              role: "img",
              al: `${personName(m)}: at ${number(m.stage, 1).toFixed(1)} of 12, ${number(m.active) > 0.5 ? "active" : "not active lately"}`,
            },
            h("i", { c: number(m.active) > 0.5 ? "on" : "", $a: x(number(m.stage, 1)) }),
          ),
        ),
      ),
    ),
    para("sub", "1 to 12 from left to right. Filled: likely active."),
  );
}

// ---------- the stage and its outlook: the same parts as a prospect's ----------
function stagePart(a) {
  if (!a.stage) return null;
  const s = object(a.stage),
    row = {
      p: Array.from({ length: 12 }, (_, i) => number(array(s.p)[i])),
      stalled: number(s.stalled),
      rejected: number(s.rejected),
      mode: clamp(s.mode),
    };
  return h("section", { c: "card stagecard", al: "Stage" }, chartPart(row, a), forecastPart(row, a));
}
function seriesPart(a) {
  const rows = store.rows.filter((r) => !r.gap && r.identity.account === a.account).slice(0, 12);
  return h(
    "section",
    { c: "card", al: "Query series across people" },
    h("h2", {}, "Query series across people", span("sub", "as the live list has them · → stage")),
    rows.length
      ? h(
          "ol",
          { c: "across" },
          rows.map((r) =>
            h(
              "li",
              {},
              h("time", {}, dayOrTime(r.eventTs)),
              span("t", momentChip(r.type, r.moment), r.query ? `“${r.query}”` : r.url || "text not kept"),
              span("sub", `→ ${stageWord(r.mode)}`),
            ),
          ),
        )
      : para("sub", "No signal of this account is in the live list now."),
  );
}

function draw(a) {
  const text = JSON.stringify({ ...a, as_of_offset: 0, as_of: 0 });
  if (page.last === text && page.body.dataset.shape === "account") return;
  const held = page.body.contains(document.activeElement) && page.body.dataset.shape === "account";
  if (held && page.last) return; // a reader is in it: the next quiet moment will do
  page.last = text;
  page.body.dataset.shape = "account";
  page.body.replaceChildren(
    summary(a),
    a.stale ? para("strip w", "The log has not been heard of for a while: this may be behind.") : "",
    div(
      "acols",
      div("acol", storyPart(a), stagePart(a), seriesPart(a)),
      div("acol side", conditionsPart(a), committeePart(a), standingPart(a)),
    ),
  );
}
function message(title, detail, retry) {
  page.body.dataset.shape = "message";
  page.last = "";
  page.body.replaceChildren(
    div("card msg", bold("", title), para("", detail), retry ? button("Try again", load) : null),
  );
}
async function load() {
  clearTimeout(page.timer);
  const wanted = ui.account;
  page.request?.abort();
  const request = (page.request = new AbortController());
  try {
    const answer = await fetch("/v1/accounts/" + encodeURIComponent(wanted), {
      signal: request.signal,
      headers: { accept: "application/json" },
      cache: "no-store",
    });
    if (page.request !== request || !page.body?.isConnected) return;
    if (answer.status === 404)
      message(
        `Nothing is known of ${wanted}`,
        "An account appears once somebody who consents has named it, or is known to belong to it.",
      );
    else if (!answer.ok) throw new Error(`answered ${answer.status}`);
    else draw(object(await answer.json()));
  } catch (error) {
    if (page.request !== request || error.name === "AbortError") return;
    message("The account could not be loaded", error.message, true);
  }
  page.timer = setTimeout(load, EVERY_MS);
}
export function stopAccount() {
  clearTimeout(page.timer);
  page.request?.abort();
  page.request = null;
}
function choose(id) {
  ui.account = id.slice(0, 256);
  saveAddress();
  if (!ui.account) return;
  clearTimeout(page.timer);
  message("Loading", ui.account);
  load();
  say(`Account ${ui.account}`);
}
function chooser() {
  const known = h(
    "datalist",
    { id: "account-names" },
    seenAccounts().map((name) => h("option", { value: name })),
  );
  const input = h("input", {
    type: "search",
    list: "account-names",
    al: "Account",
    placeholder: "Account",
    value: ui.account,
  });
  return h(
    "form",
    {
      c: "tools",
      role: "search",
      al: "Account",
      submit(event) {
        event.preventDefault();
        choose(input.value.trim());
      },
    },
    div("search", icon("find"), input),
    known,
    h("button", { c: "btn", type: "submit" }, "Show"),
  );
}
export function accountView(main) {
  page.last = "";
  page.body = h("div", { c: "abody", "data-shape": "" });
  main.append(h("div", { c: "page apage", ...region("Account") }, chooser(), page.body));
  if (ui.account) load();
  else offerNames();
}
function offerNames() {
  if (ui.account || !page.body?.isConnected) return;
  const names = seenAccounts().slice(0, 24),
    shape = "names:" + names.join();
  if (page.body.dataset.shape !== shape && !page.body.contains(document.activeElement)) {
    page.body.dataset.shape = shape;
    page.body.replaceChildren(
      h(
        "section",
        { c: "card msg", al: "Accounts seen lately" },
        bold("", names.length ? "Choose an account" : "No account has been seen yet"),
        para(
          "",
          names.length
            ? "Those of the live list, or any other by its id above."
            : "Signals that name an account, or a network or domain of files.accounts, make one.",
        ),
        h(
          "ul",
          { c: "names" },
          names.map((name) =>
            h(
              "li",
              {},
              button(name, () => choose(name), "btn"),
            ),
          ),
        ),
      ),
    );
  }
  page.timer = setTimeout(offerNames, 1000);
}
