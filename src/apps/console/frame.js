// The frame around the views: stream pill, demo notice, footer, the strip above the list, the theme.
import { $, clockSeconds, count, duration, setText } from "/dom.js";
import { percent } from "/vocabulary.js";
import { abstainedShare, store, ui } from "/store.js";
import { link } from "/stream.js";
import { list } from "/list.js";

// Parts of the live view that change with the stream.
export const live = { search: null, message: null, newer: null, strip: null, pane: null, shape: "", asOf: 0 };
export const onLive = () => ui.view === "live" && list.grid;

export function frame() {
  const held = store.held.length,
    lost = link.state === "reconnecting" || link.state === "error";
  const wait = Math.max(1, Math.ceil((link.retryAt - Date.now()) / 1000));
  $("pill").dataset.s = lost ? "down" : link.state === "loading" ? "wait" : ui.paused ? "paused" : "live";
  setText(
    $("pill-text"),
    lost
      ? `Reconnecting in ${wait} s`
      : link.state === "loading"
        ? "Connecting"
        : ui.paused
          ? `Paused · ${count(held)} waiting`
          : !store.rows.length && !held
            ? "Live · waiting"
            : `Live · ${link.rate < 10 ? +link.rate.toFixed(1) : Math.round(link.rate)} events/s`,
  );
  $("pause").setAttribute("aria-pressed", String(ui.paused));
  setText($("pause").lastChild, ui.paused ? "Resume" : "Pause");
  $("pause")
    .querySelector("path")
    .setAttribute("d", ui.paused ? "M4 2.5v11l9-5.5z" : "M4 2.5h3v11H4zM9 2.5h3v11H9z");
  const synthetic = store.hello.synthetic === true || store.rows.some((r) => r.synthetic);
  $("demo").hidden = !synthetic;
  setText(
    $("demo-source"),
    store.hello.source === "kafka" ? "" : `, ${store.hello.source ?? "embedded"} log, no Kafka`,
  );
  setText(
    $("f-source"),
    store.hello.source
      ? ({ __proto__: null, kafka: "Kafka", embedded: "embedded log", memory: "memory" }[store.hello.source] ??
          store.hello.source)
      : "–",
  );
  setText($("f-asof"), live.asOf ? clockSeconds(live.asOf) : "–");
  setText(
    $("f-lag"),
    link.lagMs === null ? "–" : link.lagMs < 1000 ? `${Math.round(link.lagMs)} ms` : duration(link.lagMs / 1000),
  );
  for (const name of ["model", "catalog", "policy"])
    setText($("f-" + name), store.hello[name] || store.rows.find((r) => !r.gap)?.[name] || "–");
  const share = abstainedShare();
  setText($("f-abstained"), share === null ? "–" : percent(share));
  if (!onLive()) return;
  live.newer.hidden = !held;
  setText(live.newer, `▲ ${count(held)} new`);
  list.grid.classList.toggle("stale", lost);
  notice(lost);
}
// The strip above the list: a lost connection, a gap, something unreadable. In that order, one at a time.
function notice(lost) {
  const gap = link.lastGap && Date.now() - link.lastGap.at < 60000,
    text =
      lost && store.rows.length
        ? `Connection lost at ${clockSeconds(link.since)}. The list stays as it was; the gap is filled on return.`
        : gap
          ? `${link.lastGap.missed === null ? "Some signals" : count(link.lastGap.missed) + " signals"} were missed at ${clockSeconds(link.lastGap.at)}. The newest row of each visitor was fetched again.`
          : store.unreadable
            ? `${count(store.unreadable)} messages of the stream could not be read and are not shown.`
            : "";
  live.strip.hidden = !text;
  live.strip.className = "strip" + (lost ? "" : " w");
  setText(live.strip.firstChild, text);
  live.strip.lastChild.hidden = !lost;
}

export const darkNow = () =>
  (document.documentElement.dataset.theme ??
    (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
export function setTheme(theme) {
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  $("theme").setAttribute("aria-label", `Switch to ${darkNow() ? "light" : "dark"} theme`);
}
