// A server with the page's contract and a state to choose, so that every state of the page can be shown and tested.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { consoleFolder } from "./helper.mjs";
import * as fixtures from "./fixtures.mjs";

export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; require-trusted-types-for 'script'";
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

export async function mockServer({ rows = [], hello = {}, streamStatus = 200 } = {}) {
  const state = {
    rows,
    hello,
    streamStatus,
    feedback: [],
    feedbackStatus: 202,
    clients: new Set(),
    prospects: new Map(),
    lastEventIds: [],
    status: fixtures.status(),
  };
  for (const row of rows) state.prospects.set(row.prospect, row);
  const frame = (name, data, id) =>
    `${name ? `event: ${name}\n` : ""}${id ? `id: ${id}\n` : ""}data: ${JSON.stringify(data)}\n\n`;
  let sequence = 0;
  const send = (name, data) => {
    sequence += 1;
    for (const c of state.clients) c.write(frame(name, data, `c-${sequence}`));
  };
  const json = (response, status, body) => {
    response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json" });
    response.end(JSON.stringify(body));
  };

  function stream(request, response) {
    state.lastEventIds.push(request.headers["last-event-id"] ?? null);
    if (state.streamStatus !== 200) return json(response, state.streamStatus, { title: "Not ready" });
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(
      "retry: 200\n\n" +
        frame("hello", {
          source: "embedded",
          synthetic: false,
          text_ttl_h: 24,
          model: "m-2f6c",
          catalog: "12+9f3a11bc",
          policy: "1+0c22d1aa",
          ...state.hello,
        }),
    );
    if (!request.headers["last-event-id"]) response.write(frame("snapshot", state.rows, `c-${sequence}`));
    state.clients.add(response);
    request.on("close", () => state.clients.delete(response));
  }
  async function feedback(request, response) {
    let text = "";
    for await (const chunk of request) text += chunk;
    state.feedback.push({ body: JSON.parse(text), status: state.feedbackStatus });
    if (state.feedbackStatus >= 400)
      return json(response, state.feedbackStatus, { title: "Unavailable", detail: "the log is full" });
    json(response, 202, { accepted: true });
  }
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    response.setHeader("content-security-policy", POLICY);
    response.setHeader("x-content-type-options", "nosniff");
    if (path === "/v1/stream") return stream(request, response);
    if (path === "/v1/feedback") return feedback(request, response);
    if (path === "/v1/status") return json(response, 200, state.status);
    if (path === "/-/ready")
      return json(response, state.streamStatus === 200 ? 200 : 503, {
        reasons: ["2 of 16 partitions are still restoring"],
      });
    if (path.startsWith("/v1/prospects/")) {
      const row = state.prospects.get(decodeURIComponent(path.slice(14)));
      return row ? json(response, 200, fixtures.prospect(row)) : json(response, 404, { title: "Not found" });
    }
    if (path.startsWith("/v1/accounts/")) {
      const id = decodeURIComponent(path.slice(13));
      if (state.accountStatus) return json(response, state.accountStatus, { title: "Unavailable" });
      if (id.startsWith("nobody")) return json(response, 404, { title: "Not found" });
      return json(response, 200, fixtures.account(id, state.accountText));
    }
    const name = path === "/" ? "index.html" : path.slice(1);
    if (!/^[a-z_]+\.(html|js|css)$/.test(name)) return json(response, 404, { title: "Not found" });
    try {
      const body = await readFile(join(consoleFolder, name));
      response.writeHead(200, { "content-type": TYPES[extname(name)] });
      response.end(body);
    } catch {
      json(response, 404, { title: "Not found" });
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    ...state,
    state,
    url: `http://127.0.0.1:${server.address().port}`,
    push(...pushed) {
      for (const row of pushed) state.prospects.set(row.prospect, row);
      send("", pushed);
    },
    snapshot(pushed) {
      for (const row of pushed) state.prospects.set(row.prospect, row);
      send("snapshot", pushed);
    },
    gap: (missed) => send("gap", { missed }),
    raw: (text) => {
      for (const c of state.clients) c.write(text);
    },
    drop() {
      for (const c of state.clients) c.destroy();
    },
    close: () =>
      new Promise((done) => {
        for (const c of state.clients) c.destroy();
        server.close(done);
        server.closeAllConnections();
      }),
  };
}
export const someRows = (n, now = Date.now(), change = {}) =>
  Array.from({ length: n }, (_, i) => fixtures.row(i, now, change));
