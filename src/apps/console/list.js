// The list: a grid of which only the visible rows exist, reused while scrolling; the stage strip above it filters.
import { bold, chip, div, h, icon, iso, ago, setName, setText, span, stageColour } from "/dom.js";
import {
  CONDITIONS,
  STAGES,
  grade,
  handoverWords,
  kindWord,
  partWords,
  percent,
  roleWord,
  short,
  signed,
  stageWord,
  tierWord,
} from "/vocabulary.js";
import { best, filters, store, ui, why } from "/store.js";

export const list = { rows: [], grid: null, pad: null, strip: [], pool: [], hover: false };
let onSelect = () => {},
  onAct = () => {};

export const rowHeight = () => parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) || 70;
export const tier = (content) => span("tier", icon(content?.tier ?? "sales_only"), tierWord(content?.tier));
export const condition = (name, p) =>
  span("cond", icon(name), `${name === "stalled" ? "Stalled" : "Rejected"} ${percent(p)}`);
export const visitor = (row) =>
  row.identity.account || (row.identity.kind === "known" ? row.prospect : "Unresolved visitor");
export const isSelected = (row) =>
  !!ui.selected &&
  !row.gap &&
  (filters.mode === "hot" ? ui.selected.prospect === row.prospect : ui.selected.key === row.key);
// What was said or seen: the query verbatim; for another signal its address or its kind.
export const signalText = (row) =>
  row.query || row.url || (row.type === "query" ? "text not kept" : row.type.replaceAll("_", " "));
// What is read or asked has a moment; an offline touch or an analyst's feedback is named instead.
export const momentChip = (type, moment) => chip(["query", "page", "content", "chat"].includes(type) ? moment : type);

export function movement(row) {
  if (row.mode > 12) return `last active at ${stageWord(row.last)}`;
  if (row.from && row.from <= 12 && row.from !== row.mode)
    return `${row.mode > row.from ? "▲" : "▼"} from ${stageWord(row.from)}`;
  if (row.from > 12) return `back from ${stageWord(row.from).toLowerCase()}`;
  let next = -1;
  row.p.forEach((x, i) => {
    if (i !== row.mode - 1 && (next < 0 || x > row.p[next])) next = i;
  });
  return row.p[next] >= 0.03 ? `or ${stageWord(next + 1)} ${percent(row.p[next])}` : "";
}
export function oddsName(row) {
  const top = row.p
    .map((x, i) => [x, i])
    .sort((a, b) => b[0] - a[0])
    .slice(0, 3)
    .map(([x, i]) => `${STAGES[i][2]} ${percent(x)}`);
  return `Stage odds: ${top.join(", ")}; stalled ${percent(row.stalled)}, rejected ${percent(row.rejected)}`;
}

function makeRow() {
  const cell = (c) => h("div", { c, role: "gridcell" });
  const who = cell("who"),
    query = cell("qq"),
    stage = cell("st"),
    offer = cell("rc"),
    confidence = cell("cf"),
    acts = cell("acts");
  const gap = h("div", { c: "gapline", role: "gridcell" });
  const part = {
    name: div("e b"),
    kind: div("e sub"),
    role: div("l sub"),
    line: div("l"),
    text: div("q2"),
    mode: div("l"),
    move: div("l sub"),
    offer: div("e b"),
    meta: div("l sub"),
    reason: div("e sub"),
    percent: bold(),
    age: span("sub"),
    bar: h("div", { c: "bar", ah: true }),
    ribbon: h(
      "div",
      { c: "rb", role: "img" },
      [...STAGES, ...CONDITIONS].map((_, i) => h("i", { $k: i < 12 ? stageColour(i) : null, c: i > 11 ? "h" : "" })),
    ),
  };
  who.append(part.name, part.kind, part.role);
  query.append(part.line, part.text);
  stage.append(part.mode, part.ribbon, part.move);
  offer.append(part.offer, part.meta, part.reason);
  confidence.append(part.percent, part.bar, part.age);
  const row = h(
    "div",
    {
      c: "row",
      role: "row",
      click() {
        if (!row.data.gap) onSelect(row.data, true);
      },
    },
    who,
    query,
    stage,
    offer,
    confidence,
    acts,
  );
  const act = (name, action) =>
    h(
      "button",
      {
        c: "ib",
        type: "button",
        tabindex: -1,
        click(event) {
          event.stopPropagation();
          onSelect(row.data, false);
          onAct(action);
        },
      },
      icon(name),
    );
  part.accept = act("check", "accept");
  part.dismiss = act("x", "dismiss");
  acts.append(part.accept, part.dismiss);
  return Object.assign(row, { bits: part, cells: [...row.children], gap });
}

function fillOffer(row, part, cell) {
  const d = row.decision,
    done = store.acted.get(row.prospect);
  cell.className = "rc " + (d.outcome === "offered" ? "of" : "no");
  cell.removeAttribute("title");
  if (done) {
    part.offer.className = "e b ok";
    part.offer.replaceChildren(icon("check"), " ", span("", done.text));
    setText(part.meta, best(row)?.title ?? "");
    setText(part.reason, done.undo ? "by you, can be undone" : done.pending ? "sending …" : "recorded");
  } else if (d.outcome === "offered") {
    part.offer.className = "e b";
    setText(part.offer, d.content?.title ?? d.content?.id ?? "untitled");
    setName(part.offer, "title", part.offer.textContent);
    part.meta.replaceChildren(span("e", kindWord(d.content?.kind)), tier(d.content));
    const top = d.top_reason ?? d.contributions[0];
    setText(part.reason, top ? `${signed(top.value)} ${partWords(top)}` : "");
  } else {
    const over = d.outcome === "handed_over",
      words = over ? handoverWords(d) : "because " + why(row);
    part.offer.className = "e none";
    part.offer.replaceChildren(icon(over ? "person" : "none"), over ? " Hand over to a person" : " Nothing offered");
    part.meta.replaceChildren(span("e", words));
    setName(cell, "title", words);
    const candidate = best(row),
      score = d.rivals[0]?.score ?? d.score;
    setText(
      part.reason,
      candidate ? `best candidate: ${candidate.title || kindWord(candidate.kind)} ${signed(score)}` : "no candidate",
    );
  }
}
function fillStage(row, part) {
  const hidden = row.mode > 12,
    top = Math.max(0.45, ...row.p);
  part.mode.replaceChildren(
    ...(hidden
      ? [condition(row.mode === 13 ? "stalled" : "rejected", row.mode === 13 ? row.stalled : row.rejected)]
      : [span("e b", stageWord(row.mode)), span("sub", percent(row.p[row.mode - 1]))]),
  );
  part.ribbon.className = "rb" + (hidden ? " mute" : "");
  setName(part.ribbon, "aria-label", oddsName(row));
  [...row.p, row.stalled, row.rejected].forEach((p, i) => {
    const bar = part.ribbon.children[i],
      share = p / top;
    bar.style.setProperty("--p", share < 0.03 ? 0 : Math.min(100, Math.max(8, share * 100)));
    bar.className = (i > 11 ? "h" : "") + (i === row.mode - 1 ? " m" : "");
  });
  part.move.replaceChildren(span("e", movement(row)));
}
function fill(element, row) {
  const part = element.bits,
    i = row.identity,
    known = i?.kind === "known";
  if (row.gap !== element.isGap) {
    element.isGap = row.gap;
    element.classList.toggle("gap", !!row.gap);
    element.replaceChildren(...(row.gap ? [element.gap] : element.cells));
  }
  if (row.gap) {
    setText(
      element.gap,
      `${row.missed === null ? "Some signals" : row.missed === 1 ? "1 signal" : `${row.missed} signals`} missed here: the newest row of each visitor was fetched again.`,
    );
    return;
  }
  setText(part.name, visitor(row));
  setName(part.name, "title", row.prospect);
  setText(
    part.kind,
    known ? "Known person" : i.account ? `Anon. · ${grade(i)} ${percent(i.confidence)}` : `Anon. · ${row.prospect}`,
  );
  part.role.replaceChildren(
    span(
      "e",
      row.role.name && row.role.name !== "unknown"
        ? `${roleWord(row.role.name)}${row.role.p < 0.95 ? "?" : ""} ${percent(row.role.p)}`
        : "role unknown",
    ),
  );
  const n = row.series.queries;
  const shown = filters.mode === "hot" && row.lead ? row.lead : row;
  part.line.replaceChildren(
    momentChip(shown.type, shown.moment),
    span("sub l hs2", icon(row.device, row.device)),
    span("sub e hs2", n > 1 ? `${n} queries` : n === 1 ? "first query" : `${row.series.signals || 1} signals`),
  );
  setText(part.text, signalText(shown));
  part.text.className = "q2" + (shown.query && ["query", "chat"].includes(shown.type) ? "" : " off");
  setName(part.text, "title", signalText(shown));
  fillStage(row, part);
  fillOffer(row, part, element.cells[3]);
  setText(part.percent, percent(row.decision.confidence));
  part.bar.style.setProperty("--w", Math.min(100, row.decision.confidence * 100));
  part.bar.className =
    "bar" + (row.decision.outcome === "offered" ? "" : " hollow") + (row.decision.needed > 0 ? " mark" : "");
  part.bar.style.setProperty("--t", Math.min(100, row.decision.needed * 100));
  setName(part.accept, "aria-label", "Supply now to " + visitor(row));
  setName(part.dismiss, "aria-label", "Dismiss for " + visitor(row));
  part.accept.hidden = row.decision.outcome !== "offered" || store.acted.has(row.prospect);
  part.dismiss.hidden = !best(row) || store.acted.has(row.prospect);
}

export function draw() {
  const { grid, pad, pool, rows } = list;
  if (!grid || grid.hidden) return;
  const height = rowHeight(),
    now = Date.now();
  pad.style.setProperty("height", rows.length * height + "px");
  const first = Math.max(0, ((grid.scrollTop / height) | 0) - 3);
  const end = Math.min(rows.length, first + Math.ceil(grid.clientHeight / height) + 7);
  while (pool.length < end - first) {
    const element = makeRow();
    element.id = "row-" + pool.length;
    pool.push(element);
    pad.append(element);
  }
  let active = "";
  pool.forEach((element, k) => {
    const row = rows[first + k];
    element.hidden = first + k >= end || !row;
    if (element.hidden) return;
    setName(element, "aria-rowindex", String(first + k + 2));
    element.style.setProperty("transform", `translateY(${(first + k) * height}px)`);
    const selected = isSelected(row),
      mark = store.acted.get(row.prospect)?.stamp ?? 0;
    setName(element, "aria-selected", String(selected));
    if (selected) active = element.id;
    if (element.data !== row || element.mark !== mark) {
      element.data = row;
      element.mark = mark;
      fill(element, row);
    }
    if (!row.gap) {
      setText(element.bits.age, ago(row.asOf, now));
      setName(element.bits.age, "title", "data as of " + iso(row.asOf));
    }
  });
  if (active) grid.setAttribute("aria-activedescendant", active);
  else grid.removeAttribute("aria-activedescendant");
}

export function scrollTo(index) {
  const { grid } = list,
    height = rowHeight(),
    head = grid.firstChild.offsetHeight;
  if (index * height < grid.scrollTop) grid.scrollTop = index * height;
  else if ((index + 1) * height > grid.scrollTop + grid.clientHeight - head)
    grid.scrollTop = (index + 1) * height - grid.clientHeight + head;
}

export function stageStrip(changed) {
  const strip = h("div", { c: "sf", role: "group", al: "Filter by stage" });
  const mark = () => list.strip.forEach((b, i) => b.setAttribute("aria-pressed", String(filters.stage === i)));
  list.strip = [...STAGES, ...CONDITIONS].map(([name, full], i) => {
    if (i === 4 || i === 8 || i === 12) strip.append(span());
    const b = h(
      "button",
      {
        type: "button",
        title: i < 12 ? `${i + 1} ${full}` : full,
        click() {
          filters.stage = filters.stage === i ? null : i;
          mark();
          changed();
        },
      },
      h("b", {}, i < 12 ? i + 1 : icon(name)),
      span("n"),
      span("e", short(i)),
      h("i", { $k: i < 12 ? stageColour(i) : null }),
    );
    strip.append(b);
    return b;
  });
  mark();
  return strip;
}
export function fillStrip(counts) {
  const most = Math.max(1, ...counts);
  list.strip.forEach((b, i) => {
    setText(b.children[1], counts[i].toLocaleString("en"));
    b.lastChild.style.setProperty("--w", (counts[i] / most) * 100);
  });
}

export function makeGrid(select, act, scrolled) {
  onSelect = select;
  onAct = act;
  list.pool = [];
  list.pad = h("div", { c: "pad", role: "rowgroup" });
  const heads = ["Visitor", "Last query", "", "Next best content, or why nothing", "Conf.", "Act"].map((text, i) =>
    h(
      "div",
      { role: "columnheader", c: i === 5 ? "ha num" : "e" },
      text ||
        div(
          "ax",
          ["1–4", "5–8", "9–12"].map((x) => span("", x)),
          span("vh", "Stage odds"),
        ),
    ),
  );
  list.grid = h(
    "div",
    {
      c: "vp",
      id: "grid",
      role: "grid",
      tabindex: 0,
      al: "Live prospects. Arrow keys move, Enter opens",
      scroll: scrolled,
      pointerenter() {
        list.hover = true;
      },
      pointerleave() {
        list.hover = false;
        scrolled();
      },
    },
    h("div", { role: "rowgroup" }, h("div", { c: "hd", role: "row", "aria-rowindex": 1 }, heads)),
    list.pad,
  );
  return list.grid;
}
