/** `google.iam.v1.Policy` as far as it is kept: bindings and an etag. Nothing is enforced. */
export type IamPolicy = Readonly<{ version?: number; bindings?: readonly object[]; etag?: Uint8Array }>;

/** The policies of services by resource name, in memory. */
export class IamPolicies {
  readonly #policies = new Map<string, IamPolicy>();
  #version = 0;

  get(resource: string): IamPolicy {
    return this.#policies.get(resource) ?? { version: 1, etag: Buffer.from("ACAB") };
  }

  set(resource: string, policy: IamPolicy): IamPolicy {
    this.#version += 1;
    const stored = { ...policy, version: 1, etag: Buffer.from(`ACAB${this.#version}`) };
    this.#policies.set(resource, stored);
    return stored;
  }
}
