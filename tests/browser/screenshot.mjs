// Takes the picture of the live page for the README: node screenshot.mjs FILE.png, with JUNCTURE_TEST_BINARY or JUNCTURE_URL.
import { startDemo } from "./demo.mjs";
import { launch, open, until } from "./helper.mjs";

const file = process.argv[2] ?? "live.png";
const node = await startDemo();
const browser = await launch();
try {
  const { page } = await open(browser, node.url + (process.env.JUNCTURE_PAGE ?? "/"), {
    width: 1360,
    height: 850,
    colorScheme: process.env.JUNCTURE_THEME ?? "light",
  });
  await until(
    async () => Number(await page.locator("#grid").getAttribute("aria-rowcount")) > 12,
    "a dozen rows",
    60000,
  );
  await page.waitForTimeout(3000);
  await page
    .locator("#grid .row:visible", { has: page.locator(".rc.of") })
    .first()
    .locator(".who")
    .click();
  await page.mouse.move(5, 5);
  await page.keyboard.press("Escape");
  await page.locator(".db .wf").waitFor();
  await page.waitForTimeout(600);
  await page.screenshot({ path: file });
} finally {
  await browser.close();
  await node.stop();
}
