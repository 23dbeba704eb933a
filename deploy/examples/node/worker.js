// SPDX-License-Identifier: Apache-2.0

// Carries out the pending jobs of one thing, by way of iot-jobs-gateway.
//
// usage: node worker.js THING
//
// The environment says how to reach the gateway:
//
//   JOBS_GATEWAY         its address; 127.0.0.1:50051 if not set
//   JOBS_SERVICE_CONFIG  gRPC's service config; ../service_config.json if not set
//   JOBS_PROTOS          the folder of the .proto files; ../../../Protos if not set
//   JOBS_CA              the authority (PEM) of a gateway that speaks TLS
//   JOBS_CERTIFICATE     with JOBS_KEY, the certificate (PEM) to show to it
//
// Exit status: 0 when nothing is left to do, 75 when another run may do better, 64 when it was
// started wrongly, else 1.

import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";
import protobuf from "protobufjs";

const EX_USAGE = 64;
const EX_TEMPFAIL = 75;

// After these the next run finds out how things stand: StartNextPendingJobExecution returns the
// execution that is in progress, with its present version.
const RUN_AGAIN = new Set([
  grpc.status.ABORTED,
  grpc.status.DEADLINE_EXCEEDED,
  grpc.status.FAILED_PRECONDITION,
  grpc.status.RESOURCE_EXHAUSTED,
  grpc.status.UNAVAILABLE,
  grpc.status.UNKNOWN,
]);

const PROTOS = process.env.JOBS_PROTOS || "../../../Protos";

// The content of the file that a variable names.
function read(variable) {
  const path = process.env[variable];
  return path ? readFileSync(path) : null;
}

function connect() {
  const definition = protoLoader.loadSync("iot/jobs/dataplane/v1/jobs_data_plane.proto", {
    includeDirs: [PROTOS],
    enums: String,
    longs: Number,
  });
  const { JobsDataPlaneService } = grpc.loadPackageDefinition(definition).iot.jobs.dataplane.v1;
  const authority = read("JOBS_CA");
  const credentials = authority
    ? grpc.credentials.createSsl(authority, read("JOBS_KEY"), read("JOBS_CERTIFICATE"))
    : grpc.credentials.createInsecure();
  // Deadlines, and which calls may be repeated: all of it is in this file.
  const config = process.env.JOBS_SERVICE_CONFIG || "../service_config.json";
  return new JobsDataPlaneService(process.env.JOBS_GATEWAY || "127.0.0.1:50051", credentials, {
    "grpc.service_config": readFileSync(config, "utf8"),
  });
}

class Worker {
  #client;
  #thing;
  // What an execution shows of who works on it.
  #name = hostname();

  constructor(client, thing) {
    this.#client = client;
    this.#thing = thing;
  }

  async workUntilNothingIsLeft() {
    const pending = await this.#call("GetPendingJobExecutions", { thingName: this.#thing });
    const inProgress = pending.inProgressJobs?.length ?? 0;
    const queued = pending.queuedJobs?.length ?? 0;
    console.log(`pending: ${inProgress} in progress, ${queued} queued`);
    let execution;
    while ((execution = await this.#startNext())) {
      await this.#carryOut(execution);
    }
    console.log("nothing left to do");
  }

  #call(method, request) {
    // Of the service config, grpc-js leaves out this one thing.
    const metadata = new grpc.Metadata({ waitForReady: true });
    return promisify(this.#client[method]).call(this.#client, request, metadata);
  }

  // Starts the oldest queued job, or returns the one that an earlier run left behind.
  async #startNext() {
    const started = await this.#call("StartNextPendingJobExecution", {
      thingName: this.#thing,
      statusDetails: { worker: this.#name },
    });
    return started.execution;
  }

  async #carryOut(execution) {
    const job = execution.jobId;
    let version = execution.versionNumber;
    console.log(`started: ${job}, version ${version}, ${execution.jobDocument}`);

    // Here the device does the first half of what the document says ...
    version = await this.#report(execution, version, "JOB_EXECUTION_STATUS_IN_PROGRESS", "50%");
    console.log(`progress: ${job}, version ${version}`);

    // ... and here the other half.
    version = await this.#report(execution, version, "JOB_EXECUTION_STATUS_SUCCEEDED", "100%");
    console.log(`succeeded: ${job}, version ${version}`);
  }

  // Returns the version that the update made.
  async #report(execution, version, status, progress) {
    const updated = await this.#call("UpdateJobExecution", {
      thingName: this.#thing,
      jobId: execution.jobId,
      executionNumber: execution.executionNumber,
      status,
      statusDetails: { worker: this.#name, progress },
      // Whoever else has changed the execution meanwhile: this update is refused then.
      expectedVersion: version,
      includeJobExecutionState: true,
    });
    return updated.executionState.versionNumber;
  }
}

// What happened and whose doing it was, as ErrorInfo tells it.
function describe(error) {
  const root = new protobuf.Root();
  root.resolvePath = (_, file) => join(PROTOS, file);
  root.loadSync(["google/rpc/status.proto", "google/rpc/error_details.proto"]);
  const Status = root.lookupType("google.rpc.Status");
  const ErrorInfo = root.lookupType("google.rpc.ErrorInfo");

  let reason = "no reason given";
  const [encoded] = error.metadata.get("grpc-status-details-bin");
  for (const detail of encoded ? Status.decode(encoded).details : []) {
    if (detail.type_url.endsWith("/google.rpc.ErrorInfo")) {
      const info = ErrorInfo.decode(detail.value);
      reason = `${info.reason} of ${info.domain}`;
    }
  }
  return `${reason} (gRPC status ${error.code}): ${error.details}`;
}

async function main(things) {
  if (things.length !== 1) {
    console.error("usage: node worker.js THING");
    return EX_USAGE;
  }
  const client = connect();
  try {
    await new Worker(client, things[0]).workUntilNothingIsLeft();
    return 0;
  } catch (error) {
    if (!(error.metadata instanceof grpc.Metadata)) throw error;
    console.error(`failed: ${describe(error)}`);
    return RUN_AGAIN.has(error.code) ? EX_TEMPFAIL : 1;
  } finally {
    client.close();
  }
}

process.exitCode = await main(process.argv.slice(2));
