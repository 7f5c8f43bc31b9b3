import { expect } from "chai";
import {
  monday,
  numberedService,
  person,
  releaseBasics,
  releaseId,
  serviceKey,
  serviceState,
} from "../../test/support/fixtures.ts";
import { freeze } from "../../test/support/freeze.ts";
import {
  covers,
  type Freeze,
  freezeState,
  freezesOf,
  isFreezeId,
  isServiceGlob,
  type Lifted,
  standingOver,
  underWay,
} from "./freeze.ts";

const lifted: Lifted = { by: person, at: monday + 5, reason: "", cause: null };

describe("freezeState()", () => {
  const rows: readonly (readonly [string, Partial<Freeze>, number, ReturnType<typeof freezeState>])[] = [
    ["in its first moment", {}, monday, "stands"],
    ["before it begins", { from: monday + 10 }, monday + 9, "planned"],
    ["when it begins", { from: monday + 10 }, monday + 10, "stands"],
    ["in its last moment", { until: monday + 10 }, monday + 9, "stands"],
    ["at its end", { until: monday + 10 }, monday + 10, "over"],
    ["with no end, years later", {}, monday * 2, "stands"],
    ["lifted", { lifted }, monday + 6, "lifted"],
    ["lifted, after its end", { lifted, until: monday + 10 }, monday + 20, "lifted"],
    ["lifted before it begins", { lifted, from: monday + 10 }, monday, "lifted"],
  ];
  for (const [when, changes, at, state] of rows)
    it(`${state}: ${when}`, () => {
      expect(freezeState(freeze(changes), at)).to.equal(state);
    });
});

describe("the services of a freeze", () => {
  const key = serviceKey();
  const rows: readonly (readonly [string, boolean])[] = [
    [key, true],
    ["**", true],
    ["gantry-test/**", true],
    ["gantry-test/*/background-*", true],
    ["*/background-removal", false],
    ["gantry-test/europe-west1/background", false],
    [numberedService(1), false],
  ];
  for (const [services, isCovered] of rows)
    it(`${services} ${isCovered ? "holds" : "does not hold"} ${key}`, () => {
      expect(covers({ services }, key)).to.equal(isCovered);
    });

  const globs: readonly (readonly [string, boolean])[] = [
    [key, true],
    ["**", true],
    ["gantry-test/**", true],
    ["*/*/web-*", true],
    ["gantry-test/*", false],
    ["web", false],
    ["", false],
    ["a/b/c/d", false],
    ["a/b/$(id)", false],
  ];
  for (const [text, isGlob] of globs)
    it(`${JSON.stringify(text)} can ${isGlob ? "" : "not "}name services`, () => {
      expect(isServiceGlob(text)).to.equal(isGlob);
    });

  it("tells an id from a name", () => {
    expect(["f-0a1b2c3d", "f-0a1b2c3", "F-0A1B2C3D", "background-removal"].map(isFreezeId)).to.deep.equal([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("standingOver()", () => {
  it("names those that stand over the service, the first that was set first", () => {
    const found = standingOver(
      [
        freeze({ id: "f-00000002", at: monday - 1, services: "**", until: monday + 10 }),
        freeze({ id: "f-00000001", at: monday - 2 }),
        freeze({ id: "f-00000003", services: numberedService(1) }),
        freeze({ id: "f-00000004", from: monday + 1 }),
        freeze({ id: "f-00000005", until: monday }),
        freeze({ id: "f-00000006", lifted }),
      ],
      { service: serviceKey(), at: monday },
    );
    expect(found).to.deep.equal([
      {
        id: "f-00000001",
        services: serviceKey(),
        title: "the database moves",
        by: "ada",
        until: null,
        zone: "Europe/Berlin",
      },
      {
        id: "f-00000002",
        services: "**",
        title: "the database moves",
        by: "ada",
        until: monday + 10,
        zone: "Europe/Berlin",
      },
    ]);
  });
});

describe("freezesOf()", () => {
  it("parts what is set for one service from what holds for more", () => {
    const [own, all, other] = [
      freeze(),
      freeze({ services: "**" }),
      freeze({ services: numberedService(1) }),
    ];
    expect(freezesOf([own, all, other], serviceKey())).to.deep.equal({ own: [own], wider: [all] });
  });
});

describe("underWay()", () => {
  it("names what runs and what waits, of the services that are covered", () => {
    const waiting = releaseBasics({ id: releaseId("release-2") });
    const states = [
      serviceState({ queue: [waiting] }),
      serviceState({ key: numberedService(1), active: null }),
      serviceState({ key: numberedService(2) }),
    ];
    const ids = (services: string) =>
      underWay(states, { services }).map(({ service, id }) => `${service} ${id}`);
    expect(ids(serviceKey())).to.deep.equal([`${serviceKey()} release-1`, `${serviceKey()} release-2`]);
    expect(ids("**")).to.have.length(3);
    expect(ids(numberedService(1))).to.deep.equal([]);
  });
});
