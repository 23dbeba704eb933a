// SPDX-License-Identifier: Apache-2.0

// Stands in for @grpc/grpc-js where npm's registry is out of reach: unary calls over node's own HTTP/2,
// with the service config's deadlines and retries, and wait-for-ready as its metadata has it.
"use strict";

const http2 = require("node:http2");

const NAMES = [
  ...["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND"],
  ...["ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"],
  ...["ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"],
  "UNAUTHENTICATED",
];
const status = Object.fromEntries(NAMES.map((name, code) => [name, code]));
const RECONNECT_MILLISECONDS = 100;

class Metadata {
  #values = new Map();

  constructor(options = {}) {
    this.options = options;
  }

  set(name, value) {
    this.#values.set(name, value);
  }

  get(name) {
    return this.#values.has(name) ? [this.#values.get(name)] : [];
  }

  static fromHeaders(headers) {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) {
      metadata.set(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
    }
    return metadata;
  }
}

const credentials = {
  createInsecure: () => null,
  createSsl: (ca, key, cert) => ({ ca, key, cert }),
};

function failure(code, details, metadata = new Metadata()) {
  return { code, details, metadata };
}

function seconds(text) {
  return Number(text.slice(0, -1));
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

class Client {
  #session = null;
  #isClosed = false;

  constructor(address, security, options) {
    this.url = `${security ? "https" : "http"}://${address}`;
    this.security = security;
    this.config = JSON.parse(options["grpc.service_config"]);
  }

  close() {
    this.#isClosed = true;
    this.#session?.destroy();
  }

  configOf(path) {
    const [, service, method] = path.split("/");
    const matches = (name) => name.service === service && name.method === method;
    return this.config.methodConfig.find((one) => one.name.some(matches));
  }

  // A connection on which the peer has spoken HTTP/2.
  connected() {
    return new Promise((resolve, reject) => {
      if (this.#session && !this.#session.closed && !this.#session.destroyed) {
        resolve(this.#session);
        return;
      }
      const session = http2.connect(this.url, this.security ?? {});
      this.#session = session;
      session.on("error", reject);
      session.on("close", () => reject(new Error("connection closed")));
      session.once("remoteSettings", () => resolve(session));
    });
  }

  async unary(method, request, metadata) {
    const config = this.configOf(method.path);
    const deadline = Date.now() + seconds(config.timeout) * 1000;
    let timer;
    const late = new Promise((resolve) => {
      const ended = failure(status.DEADLINE_EXCEEDED, "Deadline exceeded");
      timer = setTimeout(resolve, deadline - Date.now(), ended);
    });
    try {
      return await Promise.race([late, this.repeated(method, request, metadata, config, deadline)]);
    } finally {
      clearTimeout(timer);
    }
  }

  async repeated(method, request, metadata, { retryPolicy }, deadline) {
    for (let attempt = 1; ; attempt++) {
      const ended = await this.attempt(method, request, metadata, deadline);
      const [pushback] = ended.metadata.get("grpc-retry-pushback-ms");
      const again =
        attempt < (retryPolicy?.maxAttempts ?? 1) &&
        retryPolicy.retryableStatusCodes.includes(NAMES[ended.code]) &&
        !(Number(pushback) < 0);
      if (!again || this.#isClosed) return ended;
      await pause(pushback ? Number(pushback) : seconds(retryPolicy.initialBackoff) * 1000);
    }
  }

  async attempt(method, request, metadata, deadline) {
    let session;
    while (!session) {
      try {
        session = await this.connected();
      } catch (error) {
        const waits = metadata.options.waitForReady && Date.now() < deadline && !this.#isClosed;
        if (!waits) return failure(status.UNAVAILABLE, error.message);
        await pause(RECONNECT_MILLISECONDS);
      }
    }
    return this.exchange(session, method, request, deadline);
  }

  exchange(session, method, request, deadline) {
    return new Promise((resolve) => {
      const stream = session.request({
        ":method": "POST",
        ":path": method.path,
        "content-type": "application/grpc+proto",
        "grpc-timeout": `${Math.max(1, deadline - Date.now())}m`,
        te: "trailers",
      });
      const chunks = [];
      let headers = {};
      stream.on("response", (received) => (headers = received));
      stream.on("trailers", (received) => (headers = { ...headers, ...received }));
      stream.on("data", (chunk) => chunks.push(chunk));
      stream.on("error", (error) => resolve(failure(status.UNAVAILABLE, error.message)));
      stream.on("close", () => {
        const code = Number(headers["grpc-status"] ?? status.UNAVAILABLE);
        const details = decodeURIComponent(headers["grpc-message"] ?? "");
        const ended = failure(code, details, Metadata.fromHeaders(headers));
        // Before the message stand a flag and its length.
        const message = Buffer.concat(chunks).subarray(5);
        resolve(code ? ended : { ...ended, message: method.responseDeserialize(message) });
      });
      const bytes = method.requestSerialize(request);
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(bytes.length, 1);
      stream.end(Buffer.concat([prefix, bytes]));
    });
  }
}

function clientOf(methods) {
  const Made = class extends Client {};
  for (const [name, method] of Object.entries(methods)) {
    Made.prototype[name] = function call(request, metadata, callback) {
      this.unary(method, request, metadata).then((ended) => {
        if (ended.code === status.OK) callback(null, ended.message);
        else callback(Object.assign(new Error(ended.details), ended));
      });
    };
  }
  return Made;
}

function loadPackageDefinition(definition) {
  const root = {};
  for (const [service, methods] of Object.entries(definition)) {
    const parts = service.split(".");
    const name = parts.pop();
    const scope = parts.reduce((outer, part) => (outer[part] ??= {}), root);
    scope[name] = clientOf(methods);
  }
  return root;
}

module.exports = { Metadata, credentials, loadPackageDefinition, status };
