import { expect } from "chai";
import { AppError } from "../../shared/ports/app-error.ts";
import {
  asOperator,
  asViewer,
  jsonOf,
  operatorToken,
  serviceHarness,
  viewerToken,
} from "../../test/support/service-harness.ts";
import { bearerOf, findToken } from "./tokens.ts";

const cookieOf = (answer: Response): string => answer.headers.get("set-cookie")?.split(";")[0] ?? "";

async function signedIn(harness: ReturnType<typeof serviceHarness>, token = operatorToken): Promise<string> {
  return cookieOf(await harness.app.request(`/login?token=${token}`));
}

describe("who may use the API", () => {
  for (const [what, headers] of [
    ["no token", {}],
    ["an unknown token", { authorization: "Bearer nobody" }],
    ["another scheme", { authorization: `Basic ${operatorToken}` }],
    ["an empty token", { authorization: "Bearer " }],
    ["a forged cookie", { cookie: "gantry_session=9999999999999.x.y" }],
  ] as const) {
    it(`is nobody with ${what}: 401 and how to sign in`, async () => {
      const answer = await serviceHarness().app.request("/api/v1/services", { headers });
      expect(answer.status).to.equal(401);
      expect(answer.headers.get("www-authenticate")).to.equal('Bearer realm="gantry"');
      expect(await jsonOf(answer)).to.include({ code: "unauthenticated" });
    });
  }

  it("is asked before anything is looked up, unknown routes too", async () => {
    expect((await serviceHarness().app.request("/api/v1/nowhere")).status).to.equal(401);
    expect((await serviceHarness().app.request("/api")).status).to.equal(401);
  });

  /**
   * What anybody may ask: the border's own checks, whether it lives, how to sign in, and what a page looks like. Metrics are not
   * here at all; who may read them is asked in `metrics.test.ts`.
   */
  const open = /^\/(?:hooks\/|healthz?$|login$|logout$|assets\/|favicon|metrics$)/;

  it("is asked at every door of the service but those, at which nothing is told", async () => {
    const { app, asked } = serviceHarness();
    const doors = app.routes.filter(
      ({ method, path }) => method !== "ALL" && !open.test(path) && !path.includes("*"),
    );
    expect(doors.length).to.be.greaterThan(40);
    for (const { method, path } of doors) {
      const headers = { origin: "http://gantry.test", host: "gantry.test" }; // a page of its own
      const answer = await app.request(path.replaceAll(/:\w+(?:\{[^}]*\})?/g, "x"), { method, headers });
      const isSentToSignIn = answer.status === 303 && answer.headers.get("location")?.startsWith("/login");
      expect(answer.status === 401 || isSentToSignIn, `${method} ${path}: ${answer.status}`).to.equal(true);
    }
    expect(asked).to.deep.equal([]);
  });

  it("a viewer reads and changes nothing; an operator does both", async () => {
    const { app, asked } = serviceHarness();
    expect((await app.request("/api/v1/services", asViewer)).status).to.equal(200);
    const refused = await app.request("/api/v1/releases/release-1/cancel", { method: "POST", ...asViewer });
    expect(refused.status).to.equal(403);
    expect(await jsonOf(refused)).to.include({ code: "forbidden" });
    expect(asked).to.deep.equal([]);
    expect((await app.request("/api/v1/services", asOperator)).status).to.equal(200);
    const done = await app.request("/api/v1/releases/release-1/cancel", { method: "POST", ...asOperator });
    expect(done.status).to.equal(202);
  });

  it("with the console's cookie may read, but changes nothing through the API", async () => {
    const harness = serviceHarness();
    const headers = { cookie: await signedIn(harness) };
    expect((await harness.app.request("/api/v1/services", { headers })).status).to.equal(200);
    const posted = await harness.app.request("/api/v1/releases/release-1/cancel", {
      method: "POST",
      headers,
    });
    expect(posted.status).to.equal(401);
  });

  it("finds a token by its hash, whatever the case of the hex", () => {
    const sha256 = "2BB80D537B1DA3E38BD30361AA855686BDE0EACD7162FEF6A25FE97BF527A25B"; // "secret"
    const tokens = [
      { name: "a", sha256, roles: [] },
      { name: "short", sha256: "00", roles: [] },
    ] as const;
    expect(findToken({ tokens, presented: "secret" })?.name).to.equal("a");
    expect(findToken({ tokens, presented: "Secret" })).to.equal(null);
    expect(findToken({ tokens: [], presented: "secret" })).to.equal(null);
  });

  it("reads a bearer header as RFC 6750 writes it", () => {
    expect(bearerOf("bearer abc.DEF-1~2+3/4=")).to.equal("abc.DEF-1~2+3/4=");
    for (const header of [undefined, "", "Bearer", "Bearer a b", `Bearer ${"a".repeat(513)}`]) {
      expect(bearerOf(header), header).to.equal(null);
    }
  });
});

describe("the console's session", () => {
  it("begins with the token in the address, which it drops, and lasts twelve hours", async () => {
    const harness = serviceHarness();
    const answer = await harness.app.request(`/login?token=${operatorToken}&next=/releases/release-1`);
    expect(answer.status).to.equal(303);
    expect(answer.headers.get("location")).to.equal("/releases/release-1");
    const cookie = answer.headers.get("set-cookie");
    expect(cookie).to.include("HttpOnly").and.include("SameSite=Strict").and.include("Max-Age=43200");
    expect(cookie).to.not.include("Secure").and.not.include(operatorToken);
    const headers = { cookie: cookieOf(answer) };
    expect((await harness.app.request("/", { headers })).status).to.equal(200);
    await harness.clock.advance(12 * 3_600_000);
    expect((await harness.app.request("/", { headers })).headers.get("location")).to.equal("/login?next=%2F");
  });

  it("is marked Secure behind a proxy that ends TLS", async () => {
    const headers = { "x-forwarded-proto": "https" };
    const answer = await serviceHarness().app.request(`/login?token=${operatorToken}`, { headers });
    expect(answer.headers.get("set-cookie")).to.include("Secure");
  });

  it("ends when its token is taken away, and by signing out", async () => {
    const cookie = await signedIn(serviceHarness(), viewerToken);
    const without = serviceHarness({ tokens: [] });
    expect((await without.app.request("/", { headers: { cookie } })).status).to.equal(303);
    const headers = { cookie, origin: "http://localhost", host: "localhost" };
    const out = await serviceHarness().app.request("/logout", { method: "POST", headers });
    expect(out.headers.get("set-cookie")).to.include("gantry_session=;");
  });

  it("begins by a form of its own page too, and never sends anybody to another site", async () => {
    const { app } = serviceHarness();
    const own = { origin: "http://localhost", host: "localhost" };
    const post = (form: Record<string, string>, headers: Record<string, string> = own) =>
      app.request("/login", { method: "POST", body: new URLSearchParams(form), headers });
    for (const next of ["//evil.test", "/\\evil.test", "https://evil.test", "/a\\b", "/\tx"]) {
      expect((await post({ token: operatorToken, next })).headers.get("location"), next).to.equal("/");
    }
    expect((await post({ token: operatorToken, next: "/releases/r-1" })).headers.get("location")).to.equal(
      "/releases/r-1",
    );
    expect((await post({ token: "wrong" })).status).to.equal(401);
    expect((await post({})).status).to.equal(401);
    expect(
      (await post({ token: operatorToken }, { host: "localhost", origin: "http://evil.test" })).status,
    ).to.equal(403);
  });

  it("leaves no token and no cookie in the log", async () => {
    const harness = serviceHarness();
    const cookie = await signedIn(harness);
    await harness.app.request("/api/v1/services", { ...asOperator });
    await harness.app.request("/", { headers: { cookie } });
    const text = JSON.stringify(harness.lines);
    expect(harness.lines).to.have.length(3);
    expect(text).to.not.include(operatorToken).and.not.include(cookie.slice(20));
    expect(harness.lines[1]).to.include({ identity: "olivia", status: 200 });
  });
});

describe("every answer", () => {
  it("carries a request id and headers that let nothing foreign run", async () => {
    const { app } = serviceHarness();
    for (const path of ["/", "/healthz", "/login", "/api/v1", "/nowhere", "/assets/console.js"]) {
      const { headers } = await app.request(path);
      expect(headers.get("content-security-policy"), path)
        .to.include("default-src 'none'")
        .and.include("script-src 'self'")
        .and.not.include("unsafe");
      expect(headers.get("x-frame-options")).to.equal("DENY");
      expect(headers.get("x-content-type-options")).to.equal("nosniff");
      expect(headers.get("referrer-policy")).to.equal("same-origin");
      expect(headers.get("x-request-id")).to.match(/^id\d{6}$/);
    }
  });

  it("is a problem document where nothing is, and 405 with Allow where the method is wrong", async () => {
    const { app } = serviceHarness();
    const nothing = await app.request("/nowhere");
    expect(nothing.status).to.equal(404);
    expect(await jsonOf(nothing)).to.include({ code: "not-found" });
    for (const [method, path, allow] of [
      ["GET", "/hooks/github", "POST"],
      ["DELETE", "/healthz", "GET, HEAD"],
      ["PUT", "/api/v1/releases", "GET, HEAD, POST"],
    ] as const) {
      const answer = await app.request(path, { method, ...asOperator });
      expect(answer.status, path).to.equal(405);
      expect(answer.headers.get("allow")).to.equal(allow);
      expect(await jsonOf(answer)).to.include({ code: "method-not-allowed" });
    }
  });

  it("to HEAD is that to GET without its body, the event stream too", async () => {
    const { app } = serviceHarness();
    for (const path of ["/healthz", "/api/v1/services", "/api/v1/events"]) {
      const answer = await app.request(path, { method: "HEAD", ...asViewer });
      expect(answer.status, path).to.equal(200);
      expect(await answer.text()).to.equal("");
    }
  });

  it("hides what broke and names the request id, and says 503 for what may pass", async () => {
    const harness = serviceHarness();
    const broken = (error: Error) => {
      harness.store.lastPosition = () => Promise.reject(error);
      return harness.app.request("/healthz");
    };
    const bug = await broken(new Error("password=hunter2"));
    expect(bug.status).to.equal(500);
    expect(JSON.stringify(await jsonOf(bug))).to.not.include("hunter2");
    const passing = new AppError({
      code: "store-unavailable",
      message: "The file is busy.",
      transient: true,
    });
    const later = await broken(passing);
    expect(later.status).to.equal(503);
    expect(await jsonOf(later)).to.include({ code: "unavailable", detail: "The file is busy." });
  });

  for (const path of ["/healthz", "/health"])
    it(`of ${path} says that the store answers`, async () => {
      expect(await jsonOf(await serviceHarness().app.request(path))).to.deep.equal({
        status: "ok",
        version: "0.1.0",
      });
    });
});
