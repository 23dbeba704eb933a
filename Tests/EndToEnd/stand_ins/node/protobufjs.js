// SPDX-License-Identifier: Apache-2.0

// Stands in for protobufjs where npm's registry is out of reach: reads .proto files and messages, as
// much of both as the contract has.
"use strict";

const { readFileSync } = require("node:fs");

const BUNDLED = {
  "google/protobuf/any.proto":
    "package google.protobuf; message Any { string type_url = 1; bytes value = 2; }",
  "google/protobuf/duration.proto":
    "package google.protobuf; message Duration { int64 seconds = 1; int32 nanos = 2; }",
};
const VARINTS = new Set(["bool", "int32", "int64", "uint32", "uint64", "enum"]);
const SCALARS = new Set([...VARINTS, "string", "bytes"]);

function camelCase(name) {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

// One file's words, and what they declare.
class Parser {
  constructor(root, text, nameOf) {
    this.words = text.replace(/\/\/.*$/gm, "").match(/"[^"]*"|[\w.]+|[^\s\w]/g);
    this.root = root;
    this.nameOf = nameOf;
    this.imports = [];
    this.package = "";
  }

  next() {
    return this.words.shift();
  }

  skipTo(end) {
    while (this.next() !== end);
  }

  file() {
    while (this.words.length > 0) {
      const word = this.next();
      if (word === "package") this.package = this.next();
      else if (word === "import") this.imports.push(this.next().slice(1, -1));
      else if (word === "message") this.message(this.package);
      else if (word === "enum") this.enumeration(this.package);
      else if (word === "service") this.service();
      else if (word !== ";") this.skipTo(";");
    }
  }

  message(scope) {
    const name = `${scope}.${this.next()}`;
    const type = new Type(this.root, name);
    this.root.types.set(name, type);
    this.next();
    for (let word = this.next(); word !== "}"; word = this.next()) {
      if (word === "message") this.message(name);
      else if (word === "enum") this.enumeration(name);
      else if (word === "option" || word === "reserved") this.skipTo(";");
      else type.fields.push(this.field(word));
    }
  }

  field(word) {
    const field = { rule: "" };
    if (word === "optional" || word === "repeated") {
      field.rule = word;
      word = this.next();
    } else if (word === "map") {
      field.rule = word;
      [, field.key, , word] = this.words.splice(0, 4);
      this.next();
    }
    field.type = word;
    field.name = this.nameOf(this.next());
    this.next();
    field.id = Number(this.next());
    this.skipTo(";");
    return field;
  }

  enumeration(scope) {
    const values = new Map();
    this.root.enums.set(`${scope}.${this.next()}`, values);
    this.next();
    for (let word = this.next(); word !== "}"; word = this.next()) {
      const [, number] = this.words.splice(0, 3);
      values.set(word, Number(number));
    }
  }

  service() {
    const methods = new Map();
    this.root.services.set(`${this.package}.${this.next()}`, methods);
    this.next();
    while (this.next() === "rpc") {
      const [name, , request, , , , response] = this.words.splice(0, 9);
      methods.set(name, { request, response, scope: this.package });
    }
  }
}

function varint(value) {
  const bytes = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  return Buffer.from([...bytes, Number(left)]);
}

function readVarint(buffer, at) {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = buffer[at++];
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return [value, at];
  }
}

class Type {
  constructor(root, name) {
    this.root = root;
    this.name = name;
    this.fields = [];
  }

  encode(object) {
    const parts = [];
    for (const field of this.fields) {
      const value = object[field.name];
      if (value === undefined || value === null) continue;
      if (field.rule === "map") {
        for (const [key, one] of Object.entries(value)) {
          const entry = [this.encodeOne(field.key, 1, key), this.encodeOne(field.type, 2, one)];
          parts.push(varint(field.id * 8 + 2), ...lengthFirst(Buffer.concat(entry)));
        }
      } else if (field.rule === "repeated") {
        for (const one of value) parts.push(this.encodeOne(field.type, field.id, one));
      } else {
        parts.push(this.encodeOne(field.type, field.id, value));
      }
    }
    return Buffer.concat(parts);
  }

  encodeOne(typeName, id, value) {
    const type = this.root.resolve(typeName, this.name);
    if (type instanceof Map || VARINTS.has(type)) {
      const number = type instanceof Map && typeof value === "string" ? type.get(value) : value;
      return Buffer.concat([varint(id * 8), varint(number)]);
    }
    const bytes = type instanceof Type ? type.encode(value) : Buffer.from(value);
    return Buffer.concat([varint(id * 8 + 2), ...lengthFirst(bytes)]);
  }

  decode(buffer) {
    const object = {};
    for (let at = 0; at < buffer.length; ) {
      let tag, value;
      [tag, at] = readVarint(buffer, at);
      [value, at] = readVarint(buffer, at);
      if ((tag & 7n) === 2n) {
        const end = at + Number(value);
        value = buffer.subarray(at, end);
        at = end;
      }
      const field = this.fields.find((one) => one.id === Number(tag >> 3n));
      if (field) this.keep(object, field, value);
    }
    return object;
  }

  keep(object, field, value) {
    if (field.rule === "map") {
      const entry = new Type(this.root, this.name);
      entry.fields = [
        { name: "key", id: 1, type: field.key },
        { name: "value", id: 2, type: field.type },
      ];
      const { key, value: one } = entry.decode(value);
      (object[field.name] ??= {})[key] = one;
    } else if (field.rule === "repeated") {
      (object[field.name] ??= []).push(this.decodeOne(field.type, value));
    } else {
      object[field.name] = this.decodeOne(field.type, value);
    }
  }

  decodeOne(typeName, value) {
    const type = this.root.resolve(typeName, this.name);
    if (type instanceof Type) return type.decode(value);
    if (type instanceof Map) return [...type].find(([, number]) => number === Number(value))[0];
    if (type === "bool") return value === 1n;
    if (type === "string") return value.toString("utf8");
    return type === "bytes" ? value : Number(BigInt.asIntN(64, value));
  }
}

function lengthFirst(bytes) {
  return [varint(bytes.length), bytes];
}

class Root {
  constructor() {
    this.types = new Map();
    this.enums = new Map();
    this.services = new Map();
    this.loaded = new Set();
    this.resolvePath = (_, file) => file;
  }

  loadSync(files) {
    for (const file of files) this.load("", file);
  }

  load(origin, file) {
    if (this.loaded.has(file)) return;
    this.loaded.add(file);
    const bundled = BUNDLED[file];
    const path = bundled ? file : this.resolvePath(origin, file);
    // Of its own files it keeps the names as they are written.
    const nameOf = bundled ? (name) => name : camelCase;
    const parser = new Parser(this, bundled ?? readFileSync(path, "utf8"), nameOf);
    parser.file();
    for (const one of parser.imports) this.load(path, one);
  }

  lookupType(name) {
    const type = this.types.get(name);
    if (!type) throw new Error(`no such type: ${name}`);
    return type;
  }

  // A scalar's name, the values of an enum, or a message's type; looked for from a scope outwards.
  resolve(name, scope) {
    if (SCALARS.has(name)) return name;
    for (const parts = scope.split("."); parts.length > 0; parts.pop()) {
      const full = [...parts, name].join(".");
      const found = this.types.get(full) ?? this.enums.get(full);
      if (found) return found;
    }
    return this.types.get(name) ?? this.enums.get(name);
  }
}

module.exports = { Root };
