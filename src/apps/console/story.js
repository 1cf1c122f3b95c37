// An account's story on one time axis: the odds of the stages, the people, what was offline, what cannot be seen.
import { dayOrTime, h, para, region, span, stageColour, svg } from "/dom.js";
import { percent, roleWord, short, stageFull, stageWord } from "/vocabulary.js";

export const array = (v) => (Array.isArray(v) ? v : []);
export const object = (v) => (v && typeof v === "object" && !Array.isArray(v) ? v : {});
export const finite = (v) => typeof v === "number" && Number.isFinite(v);
export const number = (v, otherwise = 0) => (finite(v) ? v : otherwise);
export const clamp = (mode) => Math.min(14, Math.max(1, Math.round(number(mode, 1))));
export const people = (n) => `${n} ${n === 1 ? "person" : "people"}`;
export const WEEK_MS = 7 * 864e5;

const W = 940,
  LEFT = 150,
  RIGHT = 112,
  ROW = 15;
const label = (x, y, text, c) => svg("text", { x, y, c }, text);
function heat(weeks, x, cell) {
  const parts = [];
  weeks.forEach((week, w) => {
    const p = array(week.p).map((v) => number(v)),
      most = p.indexOf(Math.max(...p));
    for (let s = 0; s < 12; ++s) {
      const odds = p[s] ?? 0,
        y = (11 - s) * ROW;
      parts.push(svg("rect", { x: x(w), y, width: cell - 1.5, height: ROW - 1.5, c: "cell" }));
      if (odds >= 0.03)
        parts.push(
          svg("rect", {
            x: x(w),
            y,
            width: cell - 1.5,
            height: ROW - 1.5,
            fill: stageColour(s),
            "fill-opacity": Math.min(1, 0.12 + odds).toFixed(2),
          }),
        );
      if (s === most && odds > 0)
        parts.push(svg("rect", { x: x(w) + cell / 2 - 3, y: y + ROW / 2 - 3, width: 4.5, height: 4.5, c: "most" }));
    }
    const stalled = number(week.stalled) + number(week.rejected);
    parts.push(svg("rect", { x: x(w), y: 12 * ROW, width: cell - 1.5, height: ROW - 1.5, c: "cell" }));
    if (stalled >= 0.05)
      parts.push(
        svg("rect", {
          x: x(w),
          y: 12 * ROW,
          width: cell - 1.5,
          height: ROW - 1.5,
          c: "stall",
          "fill-opacity": Math.min(1, stalled).toFixed(2),
        }),
      );
  });
  for (let s = 0; s < 12; ++s) parts.push(label(0, (11 - s) * ROW + 11, `${s + 1} ${short(s)}`));
  parts.push(label(0, 12 * ROW + 11, "Stalled, rejected"));
  return parts;
}
export const personName = (m) => (m.role && m.role !== "unknown" ? roleWord(String(m.role)) : "Role unknown");
export const personGrade = (m) => (m.known ? "known" : `anonymous, here ${percent(m.confidence)}`);
function mark(x, y, day) {
  if (number(day.offline) > 0)
    return svg("path", { d: `M${x} ${y - 5} ${x + 5} ${y} ${x} ${y + 5} ${x - 5} ${y}z`, c: "off" });
  return svg("circle", { cx: x, cy: y, r: day.spoke_for ? 3.6 : 2.4, c: day.spoke_for ? "dot" : "dot low" });
}
function lanes(members, from, to, top) {
  const x = (ts) => LEFT + ((ts - from) / (to - from)) * (W - LEFT - RIGHT);
  return members.flatMap((m, i) => {
    const y = top + i * 30 + 12,
      days = array(m.days)
        .map(object)
        .filter((d) => number(d.ts) + 864e5 >= from && number(d.ts) <= to);
    const at = (d) => x(Math.min(to, Math.max(from, d.ts + 432e5)));
    const parts = [
      label(0, y - 1, personName(m), "strong"),
      label(0, y + 12, personGrade(m), "low"),
      svg("line", { x1: LEFT, x2: W - RIGHT, y1: y, y2: y, c: "lane" }),
      ...days.map((d) => mark(at(d), y, d)),
      label(W - RIGHT + 8, y + 4, `at ${stageWord(clamp(m.mode))}`, "low"),
    ];
    if (number(m.first_seen) >= from)
      parts.push(svg("circle", { cx: x(Math.max(from, m.first_seen)), cy: y, r: 8, c: "ring" }));
    return parts;
  });
}
function unobserved(weeks, x, cell, top) {
  const shares = weeks.map((w) => number(w.unobserved_share)),
    mean = shares.length ? shares.reduce((a, b) => a + b, 0) / shares.length : 0;
  return [
    label(0, top + 16, "Unobserved share", "strong"),
    ...shares.map((v, w) =>
      svg("rect", { x: x(w), y: top + 20 - v * 20, width: cell - 1.5, height: Math.max(1, v * 20), c: "unseen" }),
    ),
    label(W - RIGHT + 8, top + 16, `${percent(mean)} average`, "low"),
  ];
}
export function storyPart(a) {
  const weeks = array(a.weeks).map(object),
    members = array(a.members).map(object).slice(0, 12);
  if (!weeks.length) return null;
  const cell = (W - LEFT - RIGHT) / weeks.length,
    x = (w) => LEFT + w * cell,
    from = number(weeks[0].start),
    to = number(weeks.at(-1).start) + WEEK_MS;
  const top = 13 * ROW + 14,
    bottom = top + members.length * 30;
  const mode = clamp(object(a.stage).mode);
  const name =
    `The last ${weeks.length} weeks. Now most likely ${stageFull(mode)}; ` +
    `${people(members.length)} shown, each with the days on which they were seen; ` +
    `on average ${percent(weeks.reduce((n, w) => n + number(w.unobserved_share), 0) / weeks.length)} of the work is done where it cannot be seen.`;
  return h(
    "section",
    { c: "card story", al: "Story" },
    h(
      "h2",
      {},
      `Story, ${weeks.length} weeks`,
      span("sub", "stronger: likelier; square: most likely stage of the week"),
    ),
    h(
      "div",
      { c: "scrollx", ...region("Story, drawn on one time axis") },
      svg(
        "svg",
        { viewBox: `0 0 ${W} ${bottom + 26}`, role: "img", al: name },
        heat(weeks, x, cell),
        svg("line", { x1: 0, x2: W, y1: top - 6, y2: top - 6, c: "lane" }),
        lanes(members, from, to, top),
        unobserved(weeks, x, cell, bottom),
      ),
    ),
    para(
      "sub",
      `○ seen · ◆ offline · ring: first seen · ${dayOrTime(from)} to ${dayOrTime(to)}. What is said of anonymous people is a likelihood.`,
    ),
  );
}
