// The page against a server of our own: every state, accessibility, hostile text, keys, filters, hold, gap, feedback.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, launch, open, rowsShown, until } from "./helper.mjs";
import { row } from "./fixtures.mjs";
import { mockServer, someRows } from "./mock_server.mjs";
import { PAYLOADS } from "./payloads.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

async function withPage(options, path, view, run) {
  const server = await mockServer(options);
  const tab = await open(browser, server.url + path, view);
  try {
    await run(tab.page, server, tab);
    assert.deepEqual(await tab.page.evaluate(() => window.violations), [], "the content security policy was violated");
    assert.deepEqual(tab.trouble, []);
  } finally {
    await tab.close();
    await server.close();
  }
}
const ready = (page) => page.locator("#grid .row .q2").first().waitFor();
// The page tries again by itself too, and the button goes once it has succeeded: the server answers only after the click.
const retryBy = async (page, server, name) => {
  const tries = server.state.lastEventIds.length;
  await page.getByRole("button", { name }).click();
  await until(() => server.state.lastEventIds.length > tries, `a try after "${name}"`);
  server.state.streamStatus = 200;
};
const visibleTexts = (page, selector) =>
  page.locator(selector).evaluateAll((all) => all.filter((e) => e.offsetParent !== null).map((e) => e.textContent));
const noViolation = async (page, state) => assert.deepEqual(await axe(page), [], `axe, ${state}`);

// ---------- states, each free of accessibility violations ----------
for (const [theme, view] of [
  ["light", {}],
  ["dark", { colorScheme: "dark" }],
  ["phone", { width: 390, height: 844 }],
  ["dark phone", { width: 390, height: 844, colorScheme: "dark" }],
  ["tablet", { width: 1100, height: 800 }],
]) {
  test(`live state has no accessibility violation: ${theme}`, () =>
    withPage({ rows: someRows(40), hello: { synthetic: true } }, "/", view, async (page) => {
      await ready(page);
      await page.locator(".db .wf").waitFor({ state: "attached" });
      assert.match(await page.locator("#pill").textContent(), /Live/);
      await noViolation(page, theme);
      if (view.width) {
        assert.ok(
          await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
          "the page scrolls sideways",
        );
        await rowsShown(page).first().click();
        await page.locator(".det.open").waitFor();
        await noViolation(page, theme + " with details");
      }
    }));
}
test("paused state counts what waits and lets it in on resume", () =>
  withPage({ rows: someRows(12) }, "/?mode=feed", {}, async (page, server) => {
    await ready(page);
    await page.keyboard.press("p");
    server.push(row(40), row(41), row(42));
    await until(async () => (await page.locator("#pill").textContent()) === "Paused · 3 waiting", "three waiting");
    assert.equal(await page.locator("#grid").getAttribute("aria-rowcount"), "13");
    await noViolation(page, "paused");
    await page.locator("#pause").click();
    await until(async () => (await page.locator("#grid").getAttribute("aria-rowcount")) === "16", "all let in");
  }));
test("empty state says how to send a first signal and turns into the list by itself", () =>
  withPage({ rows: [] }, "/", {}, async (page, server) => {
    await page.getByText("Waiting for the first signal").waitFor();
    assert.match(await page.locator(".msg code").textContent(), /curl .*\/v1\/signals/);
    await noViolation(page, "empty");
    server.push(row(1));
    await ready(page);
  }));
test("error state says what answered and offers to try again", () =>
  withPage({ rows: someRows(3), streamStatus: 503 }, "/", {}, async (page, server) => {
    await page.getByText("The list could not be loaded").waitFor();
    assert.match(await page.locator(".msg").first().textContent(), /503: 2 of 16 partitions are still restoring/);
    await noViolation(page, "error");
    await retryBy(page, server, "Try again");
    await ready(page);
  }));
test("reconnecting state keeps the rows, and the stream resumes where it was", () =>
  withPage({ rows: someRows(5) }, "/?mode=feed", {}, async (page, server) => {
    await ready(page);
    server.push(row(50));
    await until(async () => (await page.locator("#grid").getAttribute("aria-rowcount")) === "7", "a sixth row");
    server.state.streamStatus = 503;
    server.drop();
    await until(async () => /Reconnecting/.test(await page.locator("#pill").textContent()), "reconnecting");
    await page.getByText(/Connection lost at/).waitFor();
    assert.ok((await rowsShown(page).count()) >= 6);
    await noViolation(page, "reconnecting");
    await retryBy(page, server, "Retry now");
    await until(async () => /Live/.test(await page.locator("#pill").textContent()), "live again", 15000);
  }));
test("a dropped connection resumes with the last cursor", () =>
  withPage({ rows: someRows(3) }, "/", {}, async (page, server) => {
    await ready(page);
    server.push(row(60));
    await until(async () => /events\/s/.test(await page.locator("#pill").textContent()), "live");
    server.drop();
    await until(() => server.state.lastEventIds.length === 2, "a second connection");
    assert.match(server.state.lastEventIds[1], /^c-\d+$/);
  }));
test("a gap is a line in the feed and a notice above the list", () =>
  withPage({ rows: someRows(3) }, "/?mode=feed", {}, async (page, server) => {
    await ready(page);
    server.gap(17);
    server.snapshot([row(70)]);
    await page.locator(".row.gap").waitFor();
    assert.match(await page.locator(".row.gap").textContent(), /17 signals missed here/);
    assert.match(await page.locator(".strip").textContent(), /17 signals were missed/);
    await noViolation(page, "gap");
  }));
test("status view shows tasks, dead letters and outcomes", () =>
  withPage({ rows: someRows(3), hello: { synthetic: true } }, "/?view=status", {}, async (page, server) => {
    await page.getByRole("rowheader", { name: "prospects-2" }).waitFor();
    assert.match(await page.locator(".page").textContent(), /29 messages.*48 signals\/s.*41 ms/s);
    await noViolation(page, "status");
    await page.emulateMedia({ colorScheme: "dark" });
    await noViolation(page, "status, dark");
    server.state.status = {};
    await page.getByText("No task is assigned").waitFor();
  }));
for (const [theme, view] of [
  ["light", {}],
  ["dark", { colorScheme: "dark" }],
  ["phone", { width: 390, height: 844 }],
  ["dark phone", { width: 390, height: 844, colorScheme: "dark" }],
]) {
  test(`account view shows stage, story, committee, standing and conditions, with no violation: ${theme}`, () =>
    withPage({ rows: someRows(24) }, "/?view=account&account=Halvorsen%20Cold%20Chain", view, async (page, server) => {
      await page.getByRole("heading", { name: "Halvorsen Cold Chain" }).waitFor();
      const text = await page.locator(".page").innerText();
      for (const words of [
        /9 Cost\/benefit\s*61 %/,
        /6 to 9 people/,
        /day 19\s*usual 17/,
        /10 Bake-off\s*44 %/,
        /Not seen here\s*55 %/,
        /Legal: not seen/,
        /usual at 9 Cost\/benefit/,
        /Split: spread 2\.6 stages/,
        /Surge: far more signals than usual/,
        /Rejected us without a word: 4 % likely, never certain/,
        /One person may have several ids/,
      ])
        assert.match(text, words);
      assert.equal(await page.locator(".story svg .cell").count(), 26 * 13);
      assert.ok((await page.locator(".story svg .off").count()) > 0, "no offline mark");
      await page.locator(".across li").first().waitFor();
      assert.ok(
        await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        "the page scrolls sideways",
      );
      await noViolation(page, `account, ${theme}`);
      assert.match(new URL(page.url()).search, /account=Halvorsen/);
      server.state.accountStatus = 503;
      await page.getByText("The account could not be loaded").waitFor({ timeout: 15000 });
      await noViolation(page, `account that cannot be loaded, ${theme}`);
    }));
}
test("the account view offers the accounts of the list, says what it does not know, and is reached from the details", () =>
  withPage({ rows: someRows(24) }, "/?view=account", {}, async (page) => {
    await page.getByRole("button", { name: "Marston Water" }).waitFor();
    await noViolation(page, "no account chosen");
    await page.getByRole("combobox", { name: "Account" }).fill("nobody at all");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("Nothing is known of nobody at all").waitFor();
    await noViolation(page, "unknown account");
    await page.getByRole("link", { name: "Live" }).click();
    await ready(page);
    await page.locator("#grid .row", { hasText: "Halvorsen" }).first().click();
    await page.locator(".det").getByRole("button", { name: "Account" }).click();
    await page.getByRole("heading", { name: "Halvorsen Cold Chain" }).waitFor();
  }));
test("hostile texts in an account stay text", () =>
  withPage({ rows: someRows(3) }, "/?view=account&account=x", {}, async (page, server) => {
    for (const text of PAYLOADS) {
      server.state.accountText = text;
      await page.goto(`${server.url}/?view=account&account=${encodeURIComponent(text)}`);
      await page.locator(".ahead").waitFor();
    }
    assert.equal(await page.evaluate(() => document.querySelectorAll("main script, main img, main iframe").length), 0);
    server.state.accountText = {};
    await page.goto(`${server.url}/?view=account&account=odd`);
    await page.locator(".ahead").waitFor();
  }));
test("the demo notice stays as long as the data is synthetic, and is absent otherwise", async () => {
  await withPage({ rows: someRows(2), hello: { synthetic: true } }, "/", {}, async (page) => {
    await ready(page);
    assert.ok(await page.locator("#demo").isVisible());
  });
  await withPage(
    { rows: someRows(2, Date.now(), { synthetic: true }) },
    "/",
    { width: 390, height: 844 },
    async (page) => {
      await ready(page);
      await page.locator("#demo").waitFor();
    },
  );
  await withPage({ rows: someRows(2) }, "/", {}, async (page) => {
    await ready(page);
    assert.ok(!(await page.locator("#demo").isVisible()));
  });
});

// ---------- hostile text ----------
function hostile(text, i) {
  const r = row(i);
  Object.assign(r, {
    prospect: text + i,
    device: text,
    consent: text,
    id: text + i,
    type: i % 2 ? text : "query",
    model: text,
  });
  r.identity.account = text;
  r.identity.basis = text;
  r.role.name = text;
  Object.assign(r.signal, { query: i % 3 ? text : "", url: text, moment: text });
  Object.assign(r.decision, {
    id: text,
    reason_code: text,
    handover: text,
    top_reason: { code: text, arg: text, value: 0.1 },
    contributions: [{ code: text, arg: text, value: r.decision.score }],
  });
  const content = { id: text, title: text, kind: text, tier: text, url: text, minutes: 5 };
  if (r.decision.content) r.decision.content = content;
  r.decision.rivals = [{ content, score: 0.2 }];
  return r;
}
test(`${PAYLOADS.length} hostile texts stay text in every field`, () =>
  withPage(
    { rows: [], hello: { source: "<img src=x onerror=alert(1)>", model: "<b>m</b>" } },
    "/?mode=feed",
    { height: 1000 },
    async (page, server) => {
      server.state.status = {
        verdict: "<b>",
        reasons: PAYLOADS,
        tasks: PAYLOADS.map((p) => ({ sub: p, partition: p, state: p })),
        dead_letters: PAYLOADS.map((p) => ({ reason: p, n: 1 })),
        counts: { rejected: Object.fromEntries(PAYLOADS.map((p) => [p, 1])) },
      };
      await page.getByText("Waiting for the first signal").waitFor();
      for (const [i, text] of PAYLOADS.entries()) {
        server.push(hostile(text, i));
        const shown = text.replace(
          /[\u0000-\u001f\u200b-\u200f\u2028-\u202e\ufeff\u{e0000}-\u{e0fff}]/gu,
          (c) => `\\u{${c.codePointAt(0).toString(16)}}`,
        );
        await until(
          async () => (await visibleTexts(page, "#grid .row .who .e.b"))[0] === shown,
          `the account as text: ${JSON.stringify(text)}`,
        );
        if (i % 3) assert.equal((await visibleTexts(page, "#grid .row .q2"))[0], shown);
        await page.locator("#grid").evaluate((g) => g.querySelector(".row .who").click());
        await until(
          async () => (await page.locator("#details-title").textContent()).includes(shown),
          `the details: ${JSON.stringify(text)}`,
        );
        await page.locator(".db .wf, .db .rec").first().waitFor();
        await page.mouse.move(2, 2);
        await page.locator("#grid").evaluate((g) => g.blur());
      }
      await until(async () => (await page.locator(".pill").textContent()).length > 0, "pill");
      const odd = await page.evaluate(() => {
        const allowed = new Set(
          "HTML HEAD META TITLE LINK SCRIPT BODY A HEADER H1 H2 H3 BR NAV DIV SPAN I B BUTTON SECTION CODE MAIN FOOTER KBD P DIALOG INPUT SELECT OPTION ASIDE OL UL LI TIME U STRONG svg path circle NOSCRIPT".split(
            " ",
          ),
        );
        return [...document.querySelectorAll("*")]
          .filter(
            (e) =>
              !allowed.has(e.tagName) ||
              [...e.attributes].some((a) => /^on|^srcdoc$/i.test(a.name)) ||
              (e.tagName === "A" && !/^(https:|http:\/\/127)/.test(e.href)),
          )
          .map((e) => e.outerHTML.slice(0, 120));
      });
      assert.deepEqual(odd, []);
      assert.equal(await page.locator("script").count(), 1);
      await page.locator("nav a", { hasText: "Status" }).click();
      await page.getByRole("rowheader").first().waitFor();
      assert.equal(await page.locator(".page img, .page script, .page iframe, .page style").count(), 0);
    },
  ));
test("only https content is a link", () =>
  withPage({ rows: [row(0)] }, "/", {}, async (page, server) => {
    await ready(page);
    assert.equal(await page.locator(".rec a").getAttribute("href"), "https://www.example.com/payback-wms");
    assert.match(await page.locator(".rec a").getAttribute("rel"), /noopener/);
    const bad = row(2);
    bad.decision.content.url = "javascript:alert(document.domain)";
    server.push(bad);
    await until(async () => (await rowsShown(page).count()) === 2, "two rows");
    await page.locator("#grid .row", { hasText: "Whitlock" }).click();
    await page.locator("#details-title", { hasText: "Whitlock" }).waitFor();
    assert.equal(await page.locator(".rec a").count(), 0);
  }));
test("a frame that cannot be read is said, and does not stop the stream", () =>
  withPage({ rows: [row(0)] }, "/", {}, async (page, server) => {
    await ready(page);
    server.raw("data: {not json\n\n");
    server.raw('data: [1,null,{"prospect":7},{"prospect":"bare"}]\n\n');
    await until(async () => (await rowsShown(page).count()) === 2, "the bare row");
    await page.getByText(/4 messages of the stream could not be read/).waitFor();
  }));

// ---------- what the rows say ----------
test("a row carries moment, device, verbatim query, odds, offer with its reason, and age", () =>
  withPage({ rows: [row(0)] }, "/", {}, async (page) => {
    await ready(page);
    const text = await rowsShown(page).first().textContent();
    for (const part of [
      "Halvorsen Cold Chain",
      "do",
      "wms payback template finance director",
      "9 Cost/benefit",
      "from 8 Proof",
      "Payback model: warehouse software",
      "RoI argument",
      "gated",
      "+0.41 Fits 9 Cost/benefit",
      "95 %",
    ])
      assert.ok(text.includes(part), `${part} in ${text}`);
    assert.equal(await page.locator("#grid .row .rb").first().locator("i").count(), 14);
    assert.match(
      await page.locator("#grid .rb").first().getAttribute("aria-label"),
      /Cost\/benefit 51 %.*stalled 5 %, rejected 1 %/,
    );
  }));
test("an abstention is a row of its own with its reason in words and the best candidate", () =>
  withPage({ rows: [row(1), row(4), row(7)] }, "/?mode=feed", {}, async (page) => {
    await ready(page);
    const texts = await visibleTexts(page, "#grid .row .rc");
    assert.equal(texts.length, 3);
    for (const text of texts) assert.match(text, /Nothing offered\s*because .+best candidate: /);
  }));
test("the parts of the score that are shown add up to the score that is shown", () =>
  withPage({ rows: someRows(6) }, "/?mode=feed", {}, async (page) => {
    await ready(page);
    await page.locator(".wf .v").first().waitFor();
    const values = (await page.locator(".wf .v").allTextContents()).map((v) =>
      Math.round(parseFloat(v.replace("−", "-")) * 100),
    );
    assert.equal(
      values.slice(0, -1).reduce((a, b) => a + b, 0),
      values.at(-1),
    );
    assert.equal(values.at(-1), 54);
  }));
test("details show the whole series, what was not chosen and why, progress, clock and forecast", () =>
  withPage({ rows: [row(0)] }, "/", {}, async (page) => {
    await ready(page);
    await page.locator(".lnk", { hasText: "all 8" }).click();
    assert.equal(await page.locator(".ser li").count(), 8);
    const text = await page.locator(".det").textContent();
    for (const part of [
      "progress 75 %, 90 %: 64–81",
      "day 20, usual 17",
      "10 Bake-off 44 %",
      "stalls 13 %",
      "77 % likely",
      "scores +0.31, 0.23 below",
      "held back: too long for this device",
      "Surge: far more signals than usual",
      "as of",
    ])
      assert.ok(text.includes(part), part);
  }));

// ---------- filters, keys, hold ----------
test("filters are kept in the address and come back from it", () =>
  withPage({ rows: someRows(48) }, "/", {}, async (page, server) => {
    await ready(page);
    await page.getByRole("button", { name: "Feed" }).click();
    await page.getByRole("button", { name: "Abstained" }).click();
    await page.locator(".sf button").nth(12).click();
    await page.getByLabel("Least confidence").selectOption("55");
    await page.getByRole("searchbox").fill("payroll");
    const address = new URL(await page.evaluate(() => location.href));
    assert.deepEqual(Object.fromEntries(address.searchParams), {
      q: "payroll",
      stage: "12",
      offer: "no",
      min: "55",
      mode: "feed",
    });
    const before = await page.locator("#grid, .msg").first().textContent();
    await page.reload();
    await page.locator(".tools").waitFor();
    assert.equal(await page.getByRole("searchbox").inputValue(), "payroll");
    assert.equal(await page.locator(".sf button").nth(12).getAttribute("aria-pressed"), "true");
    if (await page.getByText("No row matches").isVisible())
      await page.getByRole("button", { name: "Clear filters" }).click();
    assert.equal(typeof before, "string");
    await page.goto(server.url + "/?moment=buy&mode=feed");
    await ready(page);
    for (const text of await visibleTexts(page, "#grid .row .mm")) assert.equal(text, "buy");
  }));
test("no match says how many rows the filters hide and clears them", () =>
  withPage({ rows: someRows(10) }, "/?q=nothing-like-this", {}, async (page) => {
    await page.getByText("10 rows are hidden by the filters.").waitFor();
    await noViolation(page, "no match");
    await page.getByRole("button", { name: "Clear filters" }).click();
    await ready(page);
    assert.equal(await page.evaluate(() => location.search), "");
  }));
test("the keyboard moves, opens, switches views and modes, and can be switched off", () =>
  withPage({ rows: someRows(20) }, "/", {}, async (page) => {
    await ready(page);
    const selected = () => page.locator("#grid .row[aria-selected=true] .who .b").textContent();
    await page.locator("#grid").focus();
    const first = await selected();
    await page.keyboard.press("ArrowDown");
    assert.notEqual(await selected(), first);
    assert.equal(
      await page
        .locator("#" + (await page.locator("#grid").getAttribute("aria-activedescendant")))
        .getAttribute("aria-selected"),
      "true",
    );
    await page.keyboard.press("k");
    assert.equal(await selected(), first);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.classList.contains("db"), null, { timeout: 3000 });
    await page.keyboard.press("Escape");
    await page.keyboard.press("f");
    assert.match(await page.evaluate(() => location.search), /mode=feed/);
    await page.keyboard.press("3");
    await page.locator(".page").waitFor();
    await page.keyboard.press("1");
    await page.keyboard.press("/");
    assert.ok(await page.getByRole("searchbox").evaluate((e) => e === document.activeElement));
    await page.keyboard.type("pd1");
    assert.equal(await page.getByRole("searchbox").inputValue(), "pd1");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await noViolation(page, "keys dialog");
    await page.getByLabel("Single-letter keys are on").uncheck();
    await page.getByRole("button", { name: "Close" }).click();
    await page.keyboard.press("p");
    assert.equal(await page.locator("#pause").getAttribute("aria-pressed"), "false");
  }));
test("rows hold while the pointer is on the list and follow when it leaves", () =>
  withPage({ rows: someRows(6) }, "/?mode=feed", {}, async (page, server) => {
    await ready(page);
    await rowsShown(page).nth(1).hover();
    server.push(row(80), row(81));
    await page.getByRole("button", { name: "▲ 2 new" }).waitFor();
    assert.equal(await page.locator("#grid").getAttribute("aria-rowcount"), "7");
    await page.mouse.move(5, 5);
    await until(async () => (await page.locator("#grid").getAttribute("aria-rowcount")) === "9", "follows");
  }));
test("5,000 rows are held at most, a handful exist, and 48 signals a second are drawn at most 4 times a second", () =>
  withPage({ rows: [] }, "/?mode=feed", {}, async (page, server) => {
    await page.getByText("Waiting for the first signal").waitFor();
    server.push(...someRows(5400));
    await ready(page);
    await until(async () => (await page.locator("#grid").getAttribute("aria-rowcount")) === "5001", "5,000 rows");
    assert.ok((await page.locator("#grid .row").count()) < 40);
    await page.evaluate(() => {
      window.draws = 0;
      new MutationObserver(() => {
        window.draws += 1;
      }).observe(document.querySelector("#grid .pad .row .who .b"), {
        characterData: true,
        childList: true,
        subtree: true,
      });
    });
    let sent = 0;
    const timer = setInterval(() => {
      sent += 1;
      server.push(
        row(sent, Date.now(), { identity: { kind: "anonymous", account: `Account ${sent}`, confidence: 0.7 } }),
      );
    }, 1000 / 48);
    await page.waitForTimeout(3000);
    clearInterval(timer);
    const draws = await page.evaluate(() => window.draws);
    assert.ok(sent > 100 && draws >= 4 && draws <= 13, `${draws} draws of ${sent} signals in 3 s`);
    const before = await page.locator("#grid .row").count();
    await page.locator("#grid").evaluate((g) => {
      g.scrollTop = g.scrollHeight / 2;
    });
    await page.waitForTimeout(100);
    assert.ok((await page.locator("#grid .row").count()) <= before + 4, "rows are reused");
  }));

// ---------- feedback ----------
test("supply is recorded at once with an idempotency key", () =>
  withPage({ rows: [row(0)] }, "/", {}, async (page, server) => {
    await ready(page);
    await page.keyboard.press("a");
    await until(() => server.state.feedback.length === 1, "feedback posted");
    const { body } = server.state.feedback[0];
    assert.equal(body.action, "accept");
    assert.equal(body.content, "payback-wms");
    assert.equal(body.actor, "analyst");
    assert.match(body.decision_id, /^d-[0-9a-f]{16}$/);
    assert.match(body.idempotency_key, /^ui-[0-9a-f]{32}$/);
    await page.locator(".df .done", { hasText: "Supplied by you" }).waitFor();
    await page.keyboard.press("a");
    await page.waitForTimeout(200);
    assert.equal(server.state.feedback.length, 1, "once only");
  }));
test("dismiss asks why, leaves the hot list at once, and can be undone before it is recorded", () =>
  withPage({ rows: [row(0), row(2)] }, "/", {}, async (page, server) => {
    await ready(page);
    const name = await page.locator("#details-title").textContent();
    await page.keyboard.press("d");
    await noViolation(page, "dismiss dialog");
    await page.getByRole("button", { name: "Too early to offer this" }).click();
    await until(async () => (await rowsShown(page).count()) === 1, "gone from the list");
    await page.locator("#toast").getByRole("button", { name: "Undo" }).click();
    await until(async () => (await rowsShown(page).count()) === 2, "back in the list");
    assert.equal(server.state.feedback.length, 0);
    await page.locator("#grid .row", { hasText: name.replace("Close", "") }).click();
    await page.keyboard.press("d");
    await page.getByRole("button", { name: "Wrong for this person" }).click();
    await until(() => server.state.feedback.length === 1, "recorded when the time to undo is over", 8000);
    assert.equal(server.state.feedback[0].body.reason, "wrong_person");
  }));
test("snooze and wrong stage carry their time and stage, and go out when the page is left", () =>
  withPage({ rows: [row(0), row(2)] }, "/", {}, async (page, server) => {
    await ready(page);
    await page.keyboard.press("s");
    await page.getByRole("button", { name: "One hour from now" }).click();
    await page.keyboard.press("w");
    await page.getByRole("button", { name: "7 Shortlist" }).click();
    await until(() => server.state.feedback.length === 1, "the first goes out with the second action", 2000);
    assert.ok(Math.abs(server.state.feedback[0].body.until - Date.now() - 36e5) < 60000);
    await page.goto("about:blank");
    await until(() => server.state.feedback.length === 2, "the second on leaving", 2000);
    assert.equal(server.state.feedback[1].body.stage, "shortlisting");
    assert.notEqual(server.state.feedback[0].body.idempotency_key, server.state.feedback[1].body.idempotency_key);
    await page.goto(server.url);
  }));
test("an action that the server refuses is taken back, said, and tried again with the same key", () =>
  withPage({ rows: [row(0)] }, "/", {}, async (page, server) => {
    await ready(page);
    server.state.feedbackStatus = 503;
    await page.keyboard.press("a");
    await page.getByText(/not recorded, the log is full/).waitFor();
    assert.equal(await page.locator(".df .done").count(), 0);
    server.state.feedbackStatus = 202;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".df .done", { hasText: "recorded" }).waitFor();
    assert.equal(server.state.feedback[0].body.idempotency_key, server.state.feedback[1].body.idempotency_key);
  }));
