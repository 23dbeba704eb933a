// SPDX-License-Identifier: Apache-2.0

package com.example.jobs;

import com.google.gson.Gson;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.protobuf.StatusProto;
import iot.jobs.dataplane.v1.GetPendingJobExecutionsRequest;
import iot.jobs.dataplane.v1.GetPendingJobExecutionsResponse;
import iot.jobs.dataplane.v1.JobExecution;
import iot.jobs.dataplane.v1.JobExecutionStatus;
import iot.jobs.dataplane.v1.JobsDataPlaneServiceGrpc;
import iot.jobs.dataplane.v1.JobsDataPlaneServiceGrpc.JobsDataPlaneServiceBlockingStub;
import iot.jobs.dataplane.v1.StartNextPendingJobExecutionRequest;
import iot.jobs.dataplane.v1.StartNextPendingJobExecutionResponse;
import iot.jobs.dataplane.v1.UpdateJobExecutionRequest;
import java.io.File;
import java.io.IOException;
import java.io.Reader;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Carries out the pending jobs of one thing, by way of iot-jobs-gateway.
 *
 * <p>The only argument is the name of the thing. The environment says how to reach the gateway:
 *
 * <pre>
 *   JOBS_GATEWAY         its address; 127.0.0.1:50051 if not set
 *   JOBS_SERVICE_CONFIG  gRPC's service config; ../service_config.json if not set
 *   JOBS_CA              the authority (PEM) of a gateway that speaks TLS
 *   JOBS_CERTIFICATE     with JOBS_KEY, the certificate (PEM) to show to it
 * </pre>
 *
 * <p>Exit status: 0 when nothing is left to do, 75 when another run may do better, 64 when it was
 * started wrongly, else 1.
 */
public final class Worker {
  private static final int EX_USAGE = 64;
  private static final int EX_TEMPFAIL = 75;

  /**
   * After these the next run finds out how things stand: StartNextPendingJobExecution returns the
   * execution that is in progress, with its present version.
   */
  private static final Set<Status.Code> RUN_AGAIN =
      EnumSet.of(
          Status.Code.ABORTED,
          Status.Code.DEADLINE_EXCEEDED,
          Status.Code.FAILED_PRECONDITION,
          Status.Code.RESOURCE_EXHAUSTED,
          Status.Code.UNAVAILABLE,
          Status.Code.UNKNOWN);

  private final JobsDataPlaneServiceBlockingStub stub;
  private final String thing;

  /** What an execution shows of who works on it. */
  private final String name;

  private Worker(JobsDataPlaneServiceBlockingStub stub, String thing, String name) {
    this.stub = stub;
    this.thing = thing;
    this.name = name;
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 1) {
      System.err.println("usage: Worker THING");
      System.exit(EX_USAGE);
    }
    ManagedChannel channel = connect();
    String host = InetAddress.getLocalHost().getHostName();
    try {
      new Worker(JobsDataPlaneServiceGrpc.newBlockingStub(channel), arguments[0], host)
          .workUntilNothingIsLeft();
    } catch (StatusRuntimeException failure) {
      System.err.println("failed: " + describe(failure));
      System.exit(RUN_AGAIN.contains(failure.getStatus().getCode()) ? EX_TEMPFAIL : 1);
    } finally {
      channel.shutdownNow();
    }
  }

  private static ManagedChannel connect() throws IOException {
    return Grpc.newChannelBuilder(variable("JOBS_GATEWAY").orElse("127.0.0.1:50051"), credentials())
        .defaultServiceConfig(serviceConfig())
        .enableRetry()
        .build();
  }

  /** Deadlines, wait-for-ready, and which calls may be repeated: all of it is in this file. */
  @SuppressWarnings("unchecked")
  private static Map<String, ?> serviceConfig() throws IOException {
    Path file = Path.of(variable("JOBS_SERVICE_CONFIG").orElse("../service_config.json"));
    try (Reader reader = Files.newBufferedReader(file)) {
      return new Gson().fromJson(reader, Map.class);
    }
  }

  private static ChannelCredentials credentials() throws IOException {
    Optional<File> authority = variable("JOBS_CA").map(File::new);
    if (authority.isEmpty()) {
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder builder =
        TlsChannelCredentials.newBuilder().trustManager(authority.get());
    Optional<File> certificate = variable("JOBS_CERTIFICATE").map(File::new);
    Optional<File> key = variable("JOBS_KEY").map(File::new);
    if (certificate.isPresent() && key.isPresent()) {
      builder.keyManager(certificate.get(), key.get());
    }
    return builder.build();
  }

  private static Optional<String> variable(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isEmpty());
  }

  private void workUntilNothingIsLeft() {
    GetPendingJobExecutionsResponse pending =
        stub.getPendingJobExecutions(
            GetPendingJobExecutionsRequest.newBuilder().setThingName(thing).build());
    System.out.printf(
        "pending: %d in progress, %d queued%n",
        pending.getInProgressJobsCount(), pending.getQueuedJobsCount());
    for (Optional<JobExecution> next = startNext(); next.isPresent(); next = startNext()) {
      carryOut(next.get());
    }
    System.out.println("nothing left to do");
  }

  /** Starts the oldest queued job, or returns the one that an earlier run left behind. */
  private Optional<JobExecution> startNext() {
    StartNextPendingJobExecutionResponse started =
        stub.startNextPendingJobExecution(
            StartNextPendingJobExecutionRequest.newBuilder()
                .setThingName(thing)
                .putStatusDetails("worker", name)
                .build());
    return started.hasExecution() ? Optional.of(started.getExecution()) : Optional.empty();
  }

  private void carryOut(JobExecution execution) {
    String job = execution.getJobId();
    long version = execution.getVersionNumber();
    System.out.printf("started: %s, version %d, %s%n", job, version, execution.getJobDocument());

    // Here the device does the first half of what the document says ...
    version = report(execution, version, JobExecutionStatus.JOB_EXECUTION_STATUS_IN_PROGRESS, "50%");
    System.out.printf("progress: %s, version %d%n", job, version);

    // ... and here the other half.
    version = report(execution, version, JobExecutionStatus.JOB_EXECUTION_STATUS_SUCCEEDED, "100%");
    System.out.printf("succeeded: %s, version %d%n", job, version);
  }

  /** Returns the version that the update made. */
  private long report(
      JobExecution execution, long version, JobExecutionStatus status, String progress) {
    UpdateJobExecutionRequest request =
        UpdateJobExecutionRequest.newBuilder()
            .setThingName(thing)
            .setJobId(execution.getJobId())
            .setExecutionNumber(execution.getExecutionNumber())
            .setStatus(status)
            .putStatusDetails("worker", name)
            .putStatusDetails("progress", progress)
            // Whoever else has changed the execution meanwhile: this update is refused then.
            .setExpectedVersion(version)
            .setIncludeJobExecutionState(true)
            .build();
    return stub.updateJobExecution(request).getExecutionState().getVersionNumber();
  }

  /** What happened and whose doing it was, as ErrorInfo tells it. */
  private static String describe(StatusRuntimeException failure) {
    Status status = failure.getStatus();
    return String.format(
        "%s (gRPC status %d): %s",
        reason(failure).orElse("no reason given"),
        status.getCode().value(),
        status.getDescription());
  }

  private static Optional<String> reason(StatusRuntimeException failure) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    if (status == null) {
      return Optional.empty();
    }
    return status.getDetailsList().stream()
        .filter(detail -> detail.is(ErrorInfo.class))
        .map(
            detail -> {
              try {
                ErrorInfo info = detail.unpack(ErrorInfo.class);
                return info.getReason() + " of " + info.getDomain();
              } catch (InvalidProtocolBufferException unreadable) {
                return "an unreadable reason";
              }
            })
        .findFirst();
  }
}
