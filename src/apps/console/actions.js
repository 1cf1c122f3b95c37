// What an analyst does: shown at once, sent at once, taken back when the server does not take it.
import { $, button, div, h, para, say } from "/dom.js";
import { CONDITIONS, STAGES, stageWord } from "/vocabulary.js";
import { best, store } from "/store.js";
import { visitor } from "/list.js";

const UNDO_MS = 5000;
let changed = () => {},
  toastTimer = 0,
  stamps = 0;
export const onChange = (f) => {
  changed = f;
};

function key() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return "ui-" + Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
export function toast(text, ...buttons) {
  const element = $("toast");
  element.replaceChildren(h("span", {}, text), ...buttons);
  element.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    element.hidden = true;
  }, UNDO_MS);
}
const hideToast = () => {
  $("toast").hidden = true;
};

async function post(body) {
  const answer = await fetch("/v1/feedback", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    keepalive: true,
  });
  if (answer.ok) return;
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail ?? problem.title ?? `the server answered ${answer.status}`);
}
function mark(prospect, entry) {
  if (entry) store.acted.set(prospect, { ...entry, stamp: ++stamps });
  else store.acted.delete(prospect);
  changed(prospect);
}

// `entry` is what the list shows meanwhile. The same idempotency key is used for every try.
async function commit(row, message, entry) {
  const prospect = row.prospect;
  mark(prospect, { ...entry, pending: true });
  try {
    await post(message);
    mark(prospect, { ...entry, pending: false, at: Date.now() });
    say(entry.text);
  } catch (error) {
    mark(prospect, null);
    toast(
      `${visitor(row)}: not recorded, ${error.message}`,
      button("Try again", () => {
        hideToast();
        commit(row, message, entry);
      }),
    );
  }
}
const envelope = (row, body) => ({
  decision_id: row.decision.id,
  prospect: row.prospect,
  actor: "analyst",
  idempotency_key: key(),
  ...body,
});

// What was supplied cannot be taken back: it is sent at once.
function sendNow(row, body, entry) {
  flush();
  toast(`${visitor(row)}: ${entry.text}`);
  commit(row, envelope(row, body), entry);
}
// The rest shows at once and goes out when the time to undo is over, the next action comes, or the page is left.
// Feedback in the log is final, so an undo has to come before it.
let waiting = null;
function sendUnlessUndone(row, body, entry) {
  flush();
  const message = envelope(row, body);
  const settle = (send) => () => {
    if (waiting !== mine) return;
    clearTimeout(mine.timer);
    waiting = null;
    hideToast();
    if (send) commit(row, message, entry);
    else {
      mark(row.prospect, null);
      say("Undone");
    }
  };
  const mine = { send: settle(true), timer: 0 };
  waiting = mine;
  const undo = settle(false);
  mark(row.prospect, { ...entry, pending: true, undo });
  toast(`${visitor(row)}: ${entry.text}`, button("Undo", undo));
  mine.timer = setTimeout(mine.send, UNDO_MS);
}
export function flush() {
  waiting?.send();
}

const DISMISS = [
  ["already_seen", "Already seen by this account"],
  ["wrong_person", "Wrong for this person"],
  ["too_early", "Too early to offer this"],
  ["would_hurt", "Would hurt the deal"],
  ["not_a_buyer", "Not a buyer (student, job seeker, support)"],
];
function tomorrowMorning() {
  const at = new Date();
  at.setDate(at.getDate() + 1);
  return at.setHours(8, 0, 0, 0);
}
const SNOOZE = [
  ["One hour from now", () => Date.now() + 36e5],
  ["Tomorrow 08:00", tomorrowMorning],
  ["Three days from now", () => Date.now() + 3 * 864e5],
  ["One week from now", () => Date.now() + 7 * 864e5],
];

function ask(title, row, options) {
  const dialog = $("dlg");
  dialog.replaceChildren(
    h("h2", { id: "dlg-title" }, title),
    para("sub", `${visitor(row)} · kept in the feedback log; takes effect at once`),
    div(
      "opts" + (options.length > 8 ? " c2" : ""),
      options.map(([text, pick]) =>
        button(text, () => {
          dialog.close();
          pick();
        }),
      ),
    ),
    button("Cancel", () => dialog.close()),
  );
  dialog.showModal();
}

export function act(action, row) {
  if (!row || row.gap || store.acted.has(row.prospect)) return;
  const content = best(row)?.id;
  if (action === "accept" && content) sendNow(row, { action, content }, { text: "Supplied by you" });
  else if (action === "dismiss" && content) {
    ask(
      "Dismiss: why?",
      row,
      DISMISS.map(([reason, text]) => [
        text,
        () => sendUnlessUndone(row, { action, content, reason }, { text: `Dismissed: ${text}`, hide: true }),
      ]),
    );
  } else if (action === "snooze") {
    ask(
      "Snooze until",
      row,
      SNOOZE.map(([text, until]) => [
        text,
        () => sendUnlessUndone(row, { action, until: until() }, { text: `Snoozed: ${text.toLowerCase()}`, hide: true }),
      ]),
    );
  } else if (action === "wrong") {
    ask(
      "Which stage is right?",
      row,
      [...STAGES, ...CONDITIONS].map(([stage], i) => [
        stageWord(i + 1),
        () => sendUnlessUndone(row, { action, stage }, { text: `Stage set: ${stageWord(i + 1)}` }),
      ]),
    );
  }
}

export function keysDialog(singleKeys, setSingleKeys) {
  const dialog = $("dlg"),
    keys = [
      ["↑ ↓ J K", "Move in the list"],
      ["Enter", "Open the details"],
      ["Home", "Newest, and follow"],
      ["1 2 3", "Live, Accounts, Status"],
      ["/", "Search"],
      ["P", "Pause, resume"],
      ["H F", "Hot list, feed"],
      ["A", "Supply now"],
      ["D S", "Dismiss with reason, snooze"],
      ["W", "Wrong stage"],
      ["Esc", "Close, clear search"],
    ];
  dialog.replaceChildren(
    h("h2", { id: "dlg-title" }, "Keys"),
    h(
      "dl",
      { c: "km" },
      keys.map(([k, text]) => [
        h(
          "dt",
          {},
          k.split(" ").map((x) => [h("kbd", {}, x), " "]),
        ),
        h("dd", {}, text),
      ]),
    ),
    h(
      "label",
      {},
      h("input", {
        type: "checkbox",
        checked: singleKeys,
        change() {
          setSingleKeys(this.checked);
        },
      }),
      "Single-letter keys are on",
    ),
    div(
      "row-end",
      button("Close", () => dialog.close()),
    ),
  );
  dialog.showModal();
}
