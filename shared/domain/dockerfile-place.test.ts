import { expect } from "chai";
import { dockerfileNamed } from "./dockerfile-place.ts";

describe("dockerfileNamed()", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", "Dockerfile"],
    ["args: [build, --no-cache, -t, x, .]", "Dockerfile"],
    ["args: [build, -f, gpu.Dockerfile, .]", "gpu.Dockerfile"],
    ['args: ["build", "-f", "docker/api.Dockerfile", "."]', "docker/api.Dockerfile"],
    ["args:\n  - build\n  - --file\n  - docker/Dockerfile\n  - .\n", "docker/Dockerfile"],
    ["args: [build, --file=Dockerfile.gpu, .]", "Dockerfile.gpu"],
    ["script: docker build -f Dockerfile.gpu .", "Dockerfile.gpu"],
    ["args: [build, -f, $_FILE, .]", "Dockerfile"],
  ];
  for (const [text, name] of cases) {
    it(`is ${name} for ${JSON.stringify(text)}`, () => {
      expect(dockerfileNamed(text)).to.equal(name);
    });
  }
});
