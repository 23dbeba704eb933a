// SPDX-License-Identifier: Apache-2.0

// Stands in for @grpc/proto-loader where npm's registry is out of reach.
"use strict";

const { join } = require("node:path");
const { Root } = require("protobufjs");

function loadSync(file, options) {
  // What it gives is in these forms, whatever it is told.
  if (options.enums !== String || options.longs !== Number) throw new Error("unknown options");
  const root = new Root();
  root.resolvePath = (_, name) => join(options.includeDirs[0], name);
  root.loadSync([file]);
  const definition = {};
  for (const [service, methods] of root.services) {
    definition[service] = {};
    for (const [name, { request, response, scope }] of methods) {
      const [sent, answered] = [request, response].map((type) => root.resolve(type, scope));
      definition[service][name] = {
        path: `/${service}/${name}`,
        requestSerialize: (message) => sent.encode(message),
        responseDeserialize: (bytes) => answered.decode(bytes),
      };
    }
  }
  return definition;
}

module.exports = { loadSync };
