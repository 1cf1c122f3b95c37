// The live page: views, hold and pause. Rows come from stream.js, are kept by store.js and drawn by list.js.
import { $, bold, button, count, div, h, icon, para, say, segments, setName, span } from "/dom.js";
import { MOMENTS } from "/vocabulary.js";
import { add, clearFilters, filters, hold, latestOf, release, saveAddress, store, ui, view } from "/store.js";
import { connect, link, start } from "/stream.js";
import { draw, fillStrip, list, makeGrid, scrollTo, stageStrip } from "/list.js";
import { makePane, nothing, open, refresh, reload, show, shownRow } from "/details.js";
import { act, flush, onChange } from "/actions.js";
import { darkNow, frame, live, onLive, setTheme } from "/frame.js";
import { help, installKeys, narrow } from "/keys.js";
import { statusView, stopStatus } from "/status.js";
import { accountView, stopAccount } from "/accounts.js";

const busy = () =>
  ui.paused ||
  ui.view !== "live" ||
  list.hover ||
  (list.grid?.scrollTop ?? 0) > 4 ||
  document.activeElement === list.grid ||
  $("dlg").open;

// ---------- the list and its whole-list states ----------
function emptyState() {
  const signal = '{"prospect":"ada","type":"query","text":"wms payback template","consent":"granted"}';
  return [
    bold("", "Waiting for the first signal"),
    para("", "The list starts by itself when one arrives. Try:"),
    h(
      "code",
      {},
      `curl -s ${location.origin}/v1/signals -H 'content-type: application/json' \\`,
      h("br"),
      `  -d '${signal}'`,
    ),
  ];
}
function message(total) {
  const shape =
    link.state === "error" && !store.rows.length
      ? "error:" + link.detail
      : link.state === "loading"
        ? "loading"
        : !store.rows.length
          ? "empty"
          : "nomatch:" + total;
  if (live.shape === shape) return;
  live.shape = shape;
  const m = live.message;
  m.className = "msg";
  if (shape === "loading") {
    m.className = "skeleton";
    m.replaceChildren(
      span("vh", "Loading the live list"),
      ...Array.from({ length: 7 }, () => h("div", { c: "sk", ah: true }, h("i"), h("i"), h("i"), h("i"))),
    );
  } else if (shape === "empty") m.replaceChildren(...emptyState());
  else if (shape.startsWith("error"))
    m.replaceChildren(bold("", "The list could not be loaded"), para("", link.detail), button("Try again", connect));
  else
    m.replaceChildren(
      bold("", "No row matches"),
      para("", `${count(total)} ${total === 1 ? "row is" : "rows are"} hidden by the filters.`),
      button("Clear filters", () => {
        clearFilters();
        render();
      }),
    );
}
function filter() {
  if (!onLive()) return;
  const { rows, counts, total } = view();
  list.rows = rows;
  fillStrip(counts);
  setName(list.grid, "aria-rowcount", String(rows.length + 1));
  const none = !rows.length;
  list.grid.hidden = none;
  live.message.hidden = !none;
  if (none) message(total);
  else live.shape = "";
  if (!ui.selected && !none)
    select(
      rows.find((r) => !r.gap),
      false,
    );
  draw();
}
function refilter() {
  list.grid.scrollTop = 0;
  saveAddress();
  filter();
}
function select(row, andOpen) {
  if (!row || row.gap) return;
  ui.selected = row;
  const index = list.rows.findIndex((r) => r.key === row.key);
  if (index >= 0 && andOpen !== false) scrollTo(index);
  draw();
  show(row);
  if (andOpen === true && narrow()) open();
}
function letGo() {
  if (store.held.length) {
    release();
    follow();
    filter();
  }
  frame();
}
// In the hot list the selection stays with the visitor, so the details follow; a reader's focus or pointer holds them.
function follow() {
  if (!ui.selected || filters.mode !== "hot") return;
  const newest = latestOf(ui.selected.prospect);
  if (!newest || newest.key === ui.selected.key) return;
  ui.selected = newest;
  if (!live.pane.matches(":hover") && !live.pane.contains(document.activeElement)) show(newest, 0);
}
function settleActed(rows) {
  for (const row of rows) {
    const done = store.acted.get(row.prospect);
    // A new signal of the visitor after the action was recorded: a new decision, to be acted upon again.
    if (done && !done.pending && row.type !== "feedback" && row.ts > (done.at ?? Infinity))
      store.acted.delete(row.prospect);
  }
}
function deliver(rows) {
  for (const row of rows) if (!row.erased && row.asOf > live.asOf) live.asOf = row.asOf;
  settleActed(rows);
  const mine = shownRow() && rows.some((r) => r.type === "feedback" && r.prospect === shownRow().prospect);
  if (busy() && store.rows.length) hold(rows);
  else {
    release();
    add(rows);
    follow();
    filter();
  }
  if (mine) reload();
  frame();
}

// ---------- views ----------
function liveView(main) {
  live.shape = "";
  live.search = h("input", {
    type: "search",
    placeholder: "Search",
    al: "Search queries, accounts, content",
    value: filters.q,
    input() {
      filters.q = this.value;
      refilter();
    },
  });
  const pick = (name) => (value) => {
    filters[name] = value;
    refilter();
  };
  live.newer = h("button", {
    c: "btn pri newbar",
    type: "button",
    hidden: true,
    click() {
      list.grid.scrollTop = 0;
      letGo();
    },
  });
  live.message = h("div", { c: "msg", role: "status", hidden: true });
  live.strip = h("div", { c: "strip", role: "status", hidden: true }, span(""), button("Retry now", connect));
  live.pane = makePane(
    (action) => act(action, ui.selected),
    () => list.grid.focus(),
    (account) => {
      ui.account = account;
      go("account");
    },
  );
  const grid = makeGrid(
    select,
    (action) => act(action, ui.selected),
    () => {
      draw();
      if (!busy() && store.held.length) letGo();
    },
  );
  grid.addEventListener("blur", () =>
    setTimeout(() => {
      if (!busy()) letGo();
    }, 0),
  );
  const least = h(
    "select",
    {
      al: "Least confidence",
      change() {
        filters.min = +this.value;
        refilter();
      },
    },
    [
      [0, "Any confidence"],
      [55, "≥ 55 %"],
      [70, "≥ 70 %"],
      [85, "≥ 85 %"],
    ].map(([v, t]) => h("option", { value: v, selected: filters.min === v }, t)),
  );
  main.append(
    div(
      "live",
      div(
        "left",
        h(
          "div",
          { c: "tools", role: "search", al: "Filters" },
          div("search", icon("find"), live.search, h("kbd", { ah: true }, "/")),
          segments(
            "List",
            [
              ["hot", "Hot list"],
              ["feed", "Feed"],
            ],
            filters.mode,
            pick("mode"),
          ),
          segments("Moment", [["", "Any"], ...MOMENTS.map((m) => [m, m])], filters.moment, pick("moment")),
          segments(
            "Decision",
            [
              ["", "All"],
              ["yes", "Offered"],
              ["no", "Abstained"],
            ],
            filters.offer,
            pick("offer"),
          ),
          least,
        ),
        h(
          "section",
          { c: "card lcard", al: "Live list" },
          stageStrip(refilter),
          live.strip,
          div("gridbox", grid, live.message, live.newer),
        ),
      ),
      live.pane,
    ),
  );
  nothing("Nothing selected");
  const again = ui.selected && (latestOf(ui.selected.prospect) ?? ui.selected);
  ui.selected = again;
  filter();
  if (again) select(again, null);
}
function render() {
  const main = $("main");
  stopStatus();
  stopAccount();
  main.replaceChildren();
  list.grid = null;
  list.hover = false;
  for (const a of document.querySelectorAll("nav a"))
    a.dataset.view === ui.view ? a.setAttribute("aria-current", "page") : a.removeAttribute("aria-current");
  document.title = "juncture · " + ui.view;
  if (ui.view === "status")
    statusView(main, (s) => {
      for (const k of ["source", "synthetic"]) if (s[k] !== undefined) store.hello[k] ??= s[k];
    });
  else if (ui.view === "account") accountView(main);
  else {
    if (!ui.paused && store.held.length) release();
    liveView(main);
  }
  frame();
}
function go(name) {
  ui.view = name;
  saveAddress();
  render();
  say(name + " view");
}
function setPaused(paused) {
  ui.paused = paused;
  if (!paused && onLive()) {
    list.grid.scrollTop = 0;
    letGo();
  }
  frame();
  say(paused ? "Stream paused" : "Stream resumed");
}
// ---------- start ----------
for (const a of document.querySelectorAll("nav a"))
  a.addEventListener("click", (event) => {
    event.preventDefault();
    go(a.dataset.view);
  });
$("pause").addEventListener("click", () => setPaused(!ui.paused));
$("theme").addEventListener("click", () => {
  setTheme(darkNow() ? "light" : "dark");
  try {
    localStorage.setItem("juncture-theme", document.documentElement.dataset.theme);
  } catch {
    /* storage may be off: the choice holds for this page */
  }
});
$("help").addEventListener("click", help);
installKeys({ select, letGo, go, setPaused, refilter, render });
$("dlg").addEventListener("close", () => {
  if (!busy()) letGo();
});
addEventListener("resize", draw);
addEventListener("pagehide", flush);
document.addEventListener("visibilitychange", () => document.hidden && flush());
onChange((prospect) => {
  const at = list.rows.findIndex((r) => r.prospect === prospect),
    hidden = store.acted.get(prospect)?.hide && filters.mode === "hot";
  filter();
  if (hidden && ui.selected?.prospect === prospect) select(list.rows[Math.min(at, list.rows.length - 1)], "keep");
  else refresh();
});
let remembered = null;
try {
  remembered = localStorage.getItem("juncture-theme");
} catch {
  /* storage may be off */
}
setTheme(new URLSearchParams(location.search).get("theme") ?? remembered);
render();
start(deliver, () => {
  frame();
  if (onLive() && (!list.grid.hidden || list.rows.length)) draw();
  if (onLive() && !list.rows.length) filter();
});
