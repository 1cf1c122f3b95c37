// The keyboard: the list moves with arrows, single letters act and can be switched off (WCAG 2.1.4).
import { $ } from "/dom.js";
import { filters, saveAddress, ui } from "/store.js";
import { list } from "/list.js";
import { ACTIONS, close, isOpen, open } from "/details.js";
import { act, keysDialog } from "/actions.js";
import { live, onLive } from "/frame.js";

const NARROW = 1120; // below, the details are a sheet: style.css
let page = {};
export const narrow = () => innerWidth <= NARROW;
export const help = () =>
  keysDialog(ui.singleKeys, (on) => {
    ui.singleKeys = on;
  });

function move(by) {
  const at = list.rows.findIndex((r) =>
    filters.mode === "hot" ? r.prospect === ui.selected?.prospect : r.key === ui.selected?.key,
  );
  let to = Math.min(list.rows.length - 1, Math.max(0, at + by));
  if (list.rows[to]?.gap) to = Math.min(list.rows.length - 1, Math.max(0, to + Math.sign(by)));
  page.select(list.rows[to], "keep");
}
const MOVES = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
function gridKeys(event) {
  if (event.key in MOVES) move(MOVES[event.key]);
  else if (event.key === "Home") {
    list.grid.scrollTop = 0;
    list.grid.blur();
    page.letGo();
  } else if (event.key === "Enter" && ui.selected && event.target === list.grid) {
    if (narrow()) open();
    else live.pane.querySelector(".db")?.focus();
  } else return false;
  event.preventDefault();
  return true;
}
const VIEWS = { __proto__: null, 1: "live", 2: "account", 3: "status" };
function letterKeys(key) {
  const action = ACTIONS.find((a) => a[2].toLowerCase() === key)?.[0];
  if (VIEWS[key]) page.go(VIEWS[key]);
  else if (key === "p") page.setPaused(!ui.paused);
  else if (key === "?") help();
  else if (!onLive()) return false;
  else if (key === "j" || key === "k") move(key === "j" ? 1 : -1);
  else if (key === "/") live.search.focus();
  else if (key === "h" || key === "f") {
    filters.mode = key === "h" ? "hot" : "feed";
    saveAddress();
    page.render();
  } else if (action) act(action, ui.selected);
  else return false;
  return true;
}
function onKey(event) {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox";
  if ($("dlg").open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && onLive()) {
    if (typing) {
      live.search.value = filters.q = "";
      page.refilter();
      list.grid.focus();
    } else if (isOpen()) close();
    else if (document.activeElement !== document.body) document.activeElement.blur();
    return;
  }
  if (typing) return;
  if (onLive() && (document.activeElement === list.grid || document.activeElement === document.body) && gridKeys(event))
    return;
  if (ui.singleKeys && letterKeys(event.key.toLowerCase())) event.preventDefault();
}

// `handlers`: what the page does for a key: select, letGo, go, setPaused, refilter, render.
export function installKeys(handlers) {
  page = handlers;
  addEventListener("keydown", onKey);
}
