// The details pane: the query series, where it points, what to supply and why, as GET /v1/prospects/{id} explains it.
import { ago, button, clock, div, h, icon, para, region, span } from "/dom.js";
import { chartPart, forecastPart, mattersPart, offerPart, rivalsPart, seriesPart } from "/explain.js";
import { grade, percent, roleWord } from "/vocabulary.js";
import { best, store } from "/store.js";
import { visitor } from "/list.js";

const pane = { element: null, row: null, more: null, all: false, error: "", timer: 0, request: null };
let act = () => {},
  closed = () => {},
  toAccount = () => {};
export const ACTIONS = [
  ["accept", "Supply now", "A"],
  ["dismiss", "Dismiss", "D"],
  ["snooze", "Snooze", "S"],
  ["wrong", "Wrong stage", "W"],
];

function actionsPart(row) {
  const done = store.acted.get(row.prospect),
    offered = row.decision.outcome === "offered";
  if (done)
    return h(
      "div",
      { c: "df", role: "group", al: "Actions" },
      span(
        "done",
        icon("check"),
        done.text,
        span("sub", done.undo ? "" : done.pending ? "sending …" : "recorded"),
        done.undo ? button("Undo", done.undo) : null,
      ),
    );
  return h(
    "div",
    { c: "df", role: "group", al: "Actions" },
    ACTIONS.map(([action, text, key]) => {
      if ((action === "accept" || action === "dismiss") && !best(row)) return null;
      return h(
        "button",
        {
          c: "btn" + (action === "accept" ? " w3" + (offered ? " pri" : "") : ""),
          type: "button",
          title: `${text} (${key})`,
          "data-action": action,
          click: () => act(action),
        },
        action === "accept" && !offered ? "Supply anyway" : text,
        action === "accept" ? h("kbd", { ah: true }, key) : null,
      );
    }),
  );
}

function render() {
  const { element, row, more } = pane,
    i = row.identity,
    old = element.querySelector(".db"),
    keep = old && element.dataset.prospect === row.prospect ? old.scrollTop : 0;
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const again =
    focused?.dataset.action ??
    (focused?.classList.contains("db")
      ? "body"
      : focused?.classList.contains("close")
        ? "close"
        : focused
          ? "body"
          : "");
  const known = i.kind === "known",
    account = i.account
      ? ` · account ${grade(i)} ${percent(i.confidence)}${i.basis ? ` (${i.basis.replaceAll("_", " ")})` : ""}`
      : " · no account yet";
  const body = h(
    "div",
    { c: "db", ...region("Prospect details") },
    pane.error ? para("strip w", pane.error) : null,
    seriesPart(row, more, pane.all, () => {
      pane.all = !pane.all;
      render();
    }),
    chartPart(row, more),
    forecastPart(row, more),
    mattersPart(more),
    offerPart(row, more),
    rivalsPart(row, more),
    para(
      "sub ver",
      `as of ${clock(row.asOf)} · model ${row.model || "–"} · catalog ${row.catalog || "–"} · policy ${row.policy || "–"}`,
    ),
  );
  const consent = more?.consent ?? row.consent;
  element.dataset.prospect = row.prospect;
  element.replaceChildren(
    div(
      "dh",
      h("h2", { id: "details-title" }, span("e", visitor(row)), button("Close", close, "btn close")),
      h(
        "p",
        { c: "sub e", title: row.prospect },
        `${known ? "Known person" : "Anonymous"} ${row.prospect}${known && !i.account ? "" : account}${row.role.name && row.role.name !== "unknown" ? ` · ${roleWord(row.role.name)} ${percent(row.role.p)}` : ""}`,
      ),
      para(
        "sub l",
        icon(row.device),
        span(
          "e",
          `${row.device} · consent: ${typeof consent === "string" ? consent : "absent"} · data ${ago(row.asOf)}${ago(row.asOf) === "now" ? "" : " old"}`,
        ),
        i.account ? button("Account", () => toAccount(i.account), "btn acc") : null,
      ),
    ),
    body,
    actionsPart(row),
  );
  body.scrollTop = keep;
  if (again === "body") body.focus({ preventScroll: true });
  else if (again)
    (element.querySelector(again === "close" ? ".close" : `[data-action="${again}"]`) ?? body).focus({
      preventScroll: true,
    });
}

async function load() {
  const { row } = pane;
  pane.request?.abort();
  const request = (pane.request = new AbortController());
  try {
    const answer = await fetch("/v1/prospects/" + encodeURIComponent(row.prospect), {
      signal: request.signal,
      headers: { accept: "application/json" },
      cache: "no-store",
    });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    const more = await answer.json();
    if (pane.request !== request) return;
    pane.more = more;
    pane.error = "";
  } catch (error) {
    if (pane.request !== request || error.name === "AbortError") return;
    pane.error = `The details could not be loaded (${error.message}). The row is shown as it came.`;
  }
  render();
}
// Shows the row at once, then what the server knows beyond it.
export function show(row, after = 120) {
  const same = pane.row?.prospect === row.prospect;
  pane.row = row;
  if (!same) Object.assign(pane, { more: null, all: false, error: "" });
  if (pane.more && pane.more.row?.id !== row.id) pane.more = { ...pane.more, score: null, changes_if: null };
  render();
  clearTimeout(pane.timer);
  pane.timer = setTimeout(load, after);
}
export const refresh = () => pane.row && pane.element.isConnected && render();
export const reload = () => pane.row && load();
export const shownRow = () => pane.row;
export function nothing(text) {
  pane.row = null;
  pane.element.replaceChildren(h("p", { c: "msg", id: "details-title" }, text));
}
export function open() {
  pane.element.classList.add("open");
  pane.element.querySelector(".close")?.focus();
}
export function close() {
  pane.element.classList.remove("open");
  closed();
}
export const isOpen = () => !!pane.element?.classList.contains("open");
export function makePane(onAct, onClose, onAccount) {
  act = onAct;
  closed = onClose;
  toAccount = onAccount;
  pane.row = null;
  pane.element = h("aside", { c: "card det", "aria-labelledby": "details-title" });
  return pane.element;
}
