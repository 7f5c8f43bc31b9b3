import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { expect } from "chai";
import { type GrpcServer, startGrpcServer, unary } from "./grpc-server.ts";
import { type Operation, type OperationSource, operationsService } from "./operations-service.ts";
import { packerOfResponse } from "./packed-message.ts";
import { loadProtoDefinitions, type ProtoDefinitions, serviceDefinition } from "./proto-definitions.ts";
import { invalidArgument } from "./rpc-error.ts";

const PARENT = "projects/p/locations/l";

describe("A gRPC server of the local cloud", () => {
  let definitions: ProtoDefinitions;
  let server: GrpcServer;
  let client: Client;
  const waited: number[] = [];

  before(async () => {
    definitions = loadProtoDefinitions("@google-cloud/run/build/protos/protos.json");
    const pack = packerOfResponse(definitions, {
      service: "google.cloud.run.v2.Services",
      method: "GetService",
      type: "google.cloud.run.v2.Service",
    });
    const operation: Operation = {
      name: `${PARENT}/operations/1`,
      metadata: pack({ uid: "u" }),
      done: false,
    };
    const source: OperationSource = {
      find: (name) => (name === operation.name ? operation : null),
      list: (parent) => (parent === PARENT ? [operation] : []),
      wait: async (_name, timeoutMs) => {
        waited.push(timeoutMs);
      },
    };
    const empty: OperationSource = { find: () => null, list: () => [], wait: async () => undefined };
    const services = {
      definition: serviceDefinition(definitions, "google.cloud.run.v2.Services"),
      implementation: {
        GetService: unary(() => {
          throw new Error("a bug");
        }),
        CreateService: unary(() => {
          throw invalidArgument([
            { field: "a", description: "is wrong" },
            { field: "b", description: "is missing" },
          ]);
        }),
      },
    };
    const operations = operationsService(definitions, [empty, source]);
    server = await startGrpcServer({ host: "127.0.0.1", port: 0, services: [services, operations] });
    client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  });

  after(async () => {
    client.close();
    await server.close();
  });

  function call(service: string, method: string, request: object): Promise<unknown> {
    const found = serviceDefinition(definitions, service)[method];
    if (found === undefined) throw new Error(`no method ${method}`);
    const { path, requestSerialize, responseDeserialize } = found;
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
  }

  async function errorOf(service: string, method: string): Promise<Partial<ServiceError>> {
    return call(service, method, {}).then(
      () => ({}),
      (error: ServiceError) => error,
    );
  }

  it("finds, lists and waits for operations wherever they live", async () => {
    const operations = "google.longrunning.Operations";
    const name = `${PARENT}/operations/1`;
    expect(await call(operations, "GetOperation", { name })).to.deep.include({ name });
    expect(await call(operations, "ListOperations", { name: PARENT })).to.have.nested.property(
      "operations[0].name",
      name,
    );
    expect(await call(operations, "WaitOperation", { name, timeout: { seconds: "2" } })).to.deep.include({
      name,
    });
    expect(waited).to.deep.equal([2000]);
    expect(await errorOf(operations, "GetOperation")).to.include({ code: 5 });
  });

  it("tells a bug from a bad request, and a method that it does not have", async () => {
    const services = "google.cloud.run.v2.Services";
    expect(await errorOf(services, "GetService")).to.include({ code: 13, details: "a bug" });
    const bad = await errorOf(services, "CreateService");
    expect(bad).to.include({ code: 3, details: "a: is wrong\nb: is missing" });
    expect(bad.metadata?.get("grpc-status-details-bin")).to.have.length(1);
    expect(await errorOf(services, "DeleteService")).to.include({ code: 12 });
  });

  it("refuses definitions that the protos do not hold", () => {
    expect(() => serviceDefinition(definitions, "google.cloud.run.v2.Service")).to.throw("define no service");
    const method = { service: "google.cloud.run.v2.Services", method: "Nope", type: "x" };
    expect(() => packerOfResponse(definitions, method)).to.throw("has no method Nope");
  });
});
