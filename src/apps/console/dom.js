// Small DOM helpers. Every value reaches the page as a text node or an attribute, after `visible`: never as markup.

// Characters that hide, reorder or break text: controls, bidi marks, zero-width ones, fillers, tags, lone surrogates.
const HIDDEN = new RegExp(
  "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f" +
    "\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0e\\ufeff\\uffa0\\ufff0-\\ufffb\\ud800-\\udfff\\u{e0000}-\\u{e0fff}]",
  "gu",
);
const LONGEST = 2000;
export function visible(value) {
  const text = String(value ?? "");
  const cut = text.length > LONGEST ? text.slice(0, LONGEST) + "…" : text;
  return cut.replace(HIDDEN, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

const ATTRIBUTE = { c: "class", al: "aria-label", ah: "aria-hidden", ta: "text-anchor" };
function maker(namespace) {
  return (tag, attributes, ...children) => {
    const element = namespace ? document.createElementNS(namespace, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value === null || value === undefined || value === false) continue;
      if (typeof value === "function") element.addEventListener(name, value);
      else if (name[0] === "$") element.style.setProperty("--" + name.slice(1), value);
      else
        element.setAttribute(ATTRIBUTE[name] ?? name, value === true ? (name === "ah" ? "true" : "") : visible(value));
    }
    for (const child of children.flat(9)) {
      if (child === null || child === undefined || child === false) continue;
      element.append(child instanceof Node ? child : visible(child));
    }
    return element;
  };
}
export const h = maker();
export const svg = maker("http://www.w3.org/2000/svg");
const of =
  (tag) =>
  (c, ...children) =>
    h(tag, c ? { c } : {}, ...children);
export const span = of("span");
export const div = of("div");
export const para = of("p");
export const bold = of("b");
export const button = (text, click, c = "btn") => h("button", { c, type: "button", click }, text);
export const region = (name) => ({ tabindex: 0, role: "region", al: name });
export const $ = (id) => document.getElementById(id);
export function setText(element, value) {
  const text = visible(value);
  if (element.textContent !== text) element.textContent = text;
}
export function setName(element, attribute, value) {
  const text = visible(value);
  if (element.getAttribute(attribute) !== text) element.setAttribute(attribute, text);
}
export const say = (text) => setText($("say"), text);

const PATHS = {
  __proto__: null,
  check: "M2.5 8.5 6 12l7.5-8",
  x: "m4 4 8 8m0-8-8 8",
  stalled: "M5 3v10M11 3v10",
  rejected: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M4.2 11.8l7.6-7.6",
  none: "M2.5 8h11",
  person: "M8 2.5a2.5 2.5 0 0 0 0 5a2.5 2.5 0 0 0 0-5M3 13.5c0-6 10-6 10 0z",
  desktop: "M2 3.5h12v7.5H2zM6 13.5h4M8 11v2.5",
  mobile: "M5 1.5h6v13H5zM7.5 12.5h1",
  tablet: "M3 2h10v12H3zM7.5 12h1",
  unknown: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11",
  find: "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9m3.5 8 3 3",
  out: "M6 3H3v10h10v-3M9 2.5h4.5V7M13 3 7.5 8.5",
  public: "M2.5 8a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0M2.5 8h11M8 2.5c-3 3-3 8 0 11c3-3 3-8 0-11",
  gated: "M8 2.5a2.5 2.5 0 0 0 0 5a2.5 2.5 0 0 0 0-5M3 13.5c0-6 10-6 10 0z",
  analyst_approved: "M8 2l5 2v4c0 3-2 5-5 6-3-1-5-3-5-6V4zM5.5 8l2 2 3-3.5",
  sales_only: "M4 7h8v6.5H4zM5.5 7V5a2.5 2.5 0 0 1 5 0v2",
};
export const icon = (name, label) =>
  svg(
    "svg",
    { c: "ic", viewBox: "0 0 16 16", ...(label ? { role: "img", al: label } : { ah: true }) },
    svg("path", { d: PATHS[name] ?? PATHS.unknown }),
  );

const MARKS = {
  __proto__: null,
  know: "M4 1.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6",
  go: "M4 1 7.2 7H.8z",
  do: "M1.3 1.3h5.4v5.4H1.3z",
  buy: "M4 1a3 3 0 1 0 0 6a3 3 0 1 0 0-6",
  unclear: "M1 4h6",
  other: "M4 .6 7.4 4 4 7.4.6 4z",
};
// A moment for a query; any other kind of signal (page, chat, offline …) is a diamond with its word.
export const chip = (word) => {
  const moment = word !== "other" && word in MARKS;
  return span(
    "mm " + (moment ? word : "off"),
    svg("svg", { viewBox: "0 0 8 8", ah: true }, svg("path", { d: MARKS[moment ? word : "other"] })),
    word,
  );
};

// The stage ramp: weakest at 1, strongest at 12. Position carries the stage, colour only helps.
export const stageColour = (i) => `color-mix(in oklab, var(--sb) ${Math.round((i / 11) * 100)}%, var(--sa))`;
export const segments = (label, options, current, pick) =>
  h(
    "div",
    { c: "seg", role: "group", al: label },
    options.map(([value, text]) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(value === current),
          click() {
            for (const other of this.parentNode.children) other.setAttribute("aria-pressed", String(other === this));
            pick(value);
          },
        },
        text,
      ),
    ),
  );
// Only https leads out of the page; anything else stays text.
export function safeLink(url, text) {
  let parsed = null;
  try {
    parsed = new URL(String(url));
  } catch {
    /* not an address: text */
  }
  if (parsed?.protocol !== "https:") return span("", text);
  return h(
    "a",
    { href: parsed.href, rel: "noopener noreferrer", target: "_blank" },
    text,
    " ",
    icon("out", "opens in a new tab"),
  );
}

export function ago(ms, now = Date.now()) {
  const s = Math.max(0, (now - ms) / 1000);
  if (!Number.isFinite(s)) return "–";
  return s < 3
    ? "now"
    : s < 60
      ? `${s | 0} s`
      : s < 3600
        ? `${(s / 60) | 0} min`
        : s < 86400
          ? `${(s / 3600) | 0} h`
          : `${(s / 86400) | 0} d`;
}
const pad = (n) => String(n).padStart(2, "0");
export const clock = (ms) => {
  const d = new Date(ms);
  return Number.isFinite(+d) ? `${pad(d.getHours())}:${pad(d.getMinutes())}` : "–";
};
export const clockSeconds = (ms) => {
  const d = new Date(ms);
  return Number.isFinite(+d) ? `${clock(ms)}:${pad(d.getSeconds())}` : "–";
};
export const dayOrTime = (ms) =>
  Date.now() - ms < 864e5 ? clock(ms) : new Date(ms).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
export const iso = (ms) => {
  const d = new Date(ms);
  return Number.isFinite(+d) ? d.toISOString() : "";
};
export const count = (n) => Number(n || 0).toLocaleString("en");
export const duration = (s) =>
  s < 10
    ? `${s.toFixed(1)} s`
    : s < 90
      ? `${Math.round(s)} s`
      : s < 5400
        ? `${Math.round(s / 60)} min`
        : s < 172800
          ? `${Math.round(s / 3600)} h`
          : `${Math.round(s / 86400)} d`;
