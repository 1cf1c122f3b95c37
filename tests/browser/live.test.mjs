// The page against the real binary: a signal's way to the page, actions that are recorded, hostile text, the Status view.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./demo.mjs";
import { axe, launch, open, until } from "./helper.mjs";
import { PAYLOADS } from "./payloads.mjs";

let browser, node;
const run = Date.now().toString(36);
before(async () => {
  browser = await launch();
  node = await startDemo();
  await until(
    () =>
      fetch(node.url + "/-/ready").then(
        (a) => a.ok,
        () => false,
      ),
    "the node is ready",
    30000,
  );
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

async function postSignal(signal) {
  const answer = await fetch(node.url + "/v1/signals", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(signal),
  });
  assert.equal(answer.status, 202, await answer.clone().text());
}
const query = (prospect, text, more = {}) => ({
  prospect,
  type: "query",
  text,
  consent: "granted",
  device: "desktop",
  ...more,
});
const prospect = async (id) => (await fetch(`${node.url}/v1/prospects/${encodeURIComponent(id)}`)).json();
async function withPage(path, work) {
  const tab = await open(browser, node.url + path);
  try {
    await until(async () => /Live/.test(await tab.page.locator("#pill").textContent()), "live", 10000);
    await work(tab.page);
    assert.deepEqual(await tab.page.evaluate(() => window.violations), []);
    assert.deepEqual(tab.trouble, []);
  } finally {
    await tab.close();
  }
}
const search = (page, text) => page.getByRole("searchbox").fill(text);

test("a posted signal is on the page within 1 s", () =>
  withPage("/?mode=feed", async (page) => {
    const took = [];
    for (let i = 0; i < 10; ++i) {
      const text = `wms payback template ${run} number ${i}`;
      await search(page, text);
      await page.mouse.move(3, 3);
      await page.evaluate(() => document.activeElement.blur());
      const shown = page.waitForFunction(
        (wanted) =>
          [...document.querySelectorAll("#grid .row .q2")].some((e) => e.offsetParent && e.textContent === wanted),
        text,
        { polling: 10, timeout: 10000 },
      );
      const began = performance.now();
      await postSignal(query(`latency-${run}-${i}`, text));
      await shown;
      took.push(performance.now() - began);
    }
    const sorted = [...took].sort((a, b) => a - b),
      median = (sorted[4] + sorted[5]) / 2;
    console.log(`signal to page: median ${median.toFixed(0)} ms, worst ${sorted.at(-1).toFixed(0)} ms of 10`);
    assert.ok(median < 1000, `median ${median} ms`);
    assert.ok(sorted.at(-1) < 1000, `worst ${sorted.at(-1)} ms`);
  }));

test("the demo says on the page that its data is synthetic", async (t) => {
  const status = await (await fetch(node.url + "/v1/status")).json();
  if (!status.synthetic) return t.skip("not a demo");
  await withPage("/", async (page) => assert.ok(await page.locator("#demo").isVisible()));
});

// Signals of a visitor who is clearly comparing costs late in the journey.
async function lateVisitor(id) {
  for (const text of [
    "wms vendor shortlist comparison",
    "wms proof of concept test plan",
    "wms payback template finance director",
    "wms total cost of ownership calculation",
  ])
    await postSignal(query(id, text, { account: `acme-${run}` }));
}
const accepted = (answer) => (answer.offers ?? []).filter((o) => o.outcome === "accept").length;
async function shows(page, id) {
  await search(page, id);
  await page
    .locator("#grid .row", { hasText: `acme-${run}` })
    .first()
    .waitFor();
  await page.locator("#grid .row:visible").first().click();
  await page.locator("#details-title", { hasText: `acme-${run}` }).waitFor();
  await page.locator(".db .wf").waitFor();
}
for (const [action, click] of [
  ["accept", async (page) => page.locator("[data-action=accept]").click()],
  [
    "dismiss",
    async (page) => {
      await page.locator("[data-action=dismiss]").click();
      await page.getByRole("button", { name: "Wrong for this person" }).click();
    },
  ],
]) {
  test(`${action} acts at once and is recorded`, () =>
    withPage("/", async (page) => {
      const id = `${action}-${run}`;
      await lateVisitor(id);
      await shows(page, id);
      const before = await prospect(id);
      const began = performance.now();
      await click(page);
      if (action === "accept") await page.locator(".df .done", { hasText: "Supplied by you" }).waitFor();
      else await page.getByText("No row matches").waitFor();
      console.log(`${action}: acted on the page after ${(performance.now() - began).toFixed(0)} ms`);
      const after = await until(
        async () => {
          const now = await prospect(id);
          return action === "accept" ? accepted(now) > accepted(before) && now : now.dismissed === true && now;
        },
        `${action} is recorded`,
        9000,
      );
      assert.ok(after.as_of >= before.as_of);
      console.log(`${action}: recorded after ${(performance.now() - began).toFixed(0)} ms`);
    }));
}

test("hostile texts through POST /v1/signals stay text", () =>
  withPage("/?mode=feed", async (page) => {
    let shown = 0,
      refused = 0;
    for (const [i, text] of PAYLOADS.entries()) {
      const answer = await fetch(node.url + "/v1/signals", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(
          query(`x-${run}-${i}`, `${text} ${run}x${i}`, {
            account: text,
            url: `https://www.example.com/?q=${text}`,
            referrer: text,
          }),
        ),
      });
      if (answer.status !== 202) {
        refused += 1;
        continue;
      }
      await search(page, `${run}x${i}`);
      await page.evaluate(() => document.activeElement.blur());
      const row = page.locator("#grid .row:visible .q2").first();
      if (
        await row.waitFor({ timeout: 1500 }).then(
          () => true,
          () => false,
        )
      ) {
        assert.ok((await row.textContent()).endsWith(`${run}x${i}`));
        shown += 1;
      } else refused += 1; // taken, then set apart with a reason
    }
    console.log(`hostile texts: ${shown} shown as text, ${refused} refused or set apart`);
    assert.ok(shown >= 25, `${shown} shown`);
    assert.equal(await page.locator("#main img, #main script, #main iframe, #main style, #main object").count(), 0);
    assert.equal(await page.locator("script").count(), 1);
  }));

test("the Status view shows running tasks", () =>
  withPage("/?view=status", async (page) => {
    await page.locator("td .ok", { hasText: "running" }).first().waitFor();
    const status = await (await fetch(node.url + "/v1/status")).json();
    assert.equal(await page.locator("td .ok").count(), status.tasks.filter((t) => t.state === "running").length);
    assert.deepEqual(await axe(page), []);
  }));
test("the live view of a running node has no accessibility violation", () =>
  withPage("/", async (page) => {
    await page.locator("#grid .row:visible").first().waitFor();
    await page.locator("#pause").click();
    assert.deepEqual(await axe(page), []);
  }));
test("an account's view shows its people, its committee, what was offline, and hostile names as text", () =>
  withPage("/?view=account", async (page) => {
    const account = `<b>a-${run}</b>`;
    for (const id of ["ada", "bo"]) {
      await postSignal(query(`${id}-${run}`, "wms payback template", { account }));
      await postSignal(query(`${id}-${run}`, "business case warehouse software", { account }));
    }
    await postSignal({
      prospect: `ada-${run}`,
      type: "offline",
      reason: "rfp",
      text: "tender received",
      consent: "granted",
      account,
    });
    await until(
      async () => {
        const answer = await fetch(`${node.url}/v1/accounts/${encodeURIComponent(account)}`);
        return answer.ok && (await answer.json()).signals === 5;
      },
      "the account has heard of all five",
      10000,
    );
    await page.getByRole("combobox", { name: "Account" }).fill(account);
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByRole("heading", { name: account }).waitFor();
    const text = await page.locator(".page").innerText();
    for (const part of [/5 signals/, /Not seen here/, /2 told apart, 0 anonymous ids/, /Where each person stands/])
      assert.match(text, part);
    assert.equal(await page.locator(".room li:not(.miss)").count(), 2);
    assert.equal(await page.locator(".story svg .off").count(), 1);
    assert.equal(await page.locator("main b b").count(), 0);
    assert.deepEqual(await axe(page), []);
  }));
