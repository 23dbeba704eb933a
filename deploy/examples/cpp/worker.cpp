// SPDX-License-Identifier: Apache-2.0

// Carries out the pending jobs of one thing, by way of iot-jobs-gateway.
//
// usage: worker THING
//
// The environment says how to reach the gateway:
//
//   JOBS_GATEWAY         its address; 127.0.0.1:50051 if not set
//   JOBS_SERVICE_CONFIG  gRPC's service config; ../service_config.json if not set
//   JOBS_CA              the authority (PEM) of a gateway that speaks TLS
//   JOBS_CERTIFICATE     with JOBS_KEY, the certificate (PEM) to show to it
//
// Exit status: 0 when nothing is left to do, 75 when another run may do better, 64 when it was
// started wrongly, else 1.

#include <sysexits.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "iot/jobs/dataplane/v1/jobs_data_plane.grpc.pb.h"

namespace {

namespace jobs = iot::jobs::dataplane::v1;
using Stub = jobs::JobsDataPlaneService::Stub;

// A call that did not end with OK.
class CallFailed : public std::runtime_error {
 public:
  explicit CallFailed(grpc::Status status)
      : std::runtime_error(status.error_message()), status_(std::move(status)) {}

  const grpc::Status& status() const { return status_; }

 private:
  grpc::Status status_;
};

std::string Variable(const char* name, std::string otherwise = "") {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The content of the file that a variable names.
std::string ReadNamedBy(const char* variable) {
  const std::string path = Variable(variable);
  return path.empty() ? "" : Read(path);
}

std::shared_ptr<grpc::ChannelCredentials> Credentials() {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ReadNamedBy("JOBS_CA");
  options.pem_private_key = ReadNamedBy("JOBS_KEY");
  options.pem_cert_chain = ReadNamedBy("JOBS_CERTIFICATE");
  return options.pem_root_certs.empty() ? grpc::InsecureChannelCredentials()
                                        : grpc::SslCredentials(options);
}

std::shared_ptr<grpc::Channel> Connect() {
  grpc::ChannelArguments arguments;
  // Deadlines, wait-for-ready, and which calls may be repeated: all of it is in this file.
  arguments.SetServiceConfigJSON(Read(Variable("JOBS_SERVICE_CONFIG", "../service_config.json")));
  return grpc::CreateCustomChannel(
      Variable("JOBS_GATEWAY", "127.0.0.1:50051"), Credentials(), arguments);
}

std::string HostName() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0) throw std::runtime_error("no host name");
  return name;
}

class Worker {
 public:
  Worker(const std::shared_ptr<grpc::Channel>& channel, std::string thing)
      : stub_(channel), thing_(std::move(thing)), name_(HostName()) {}

  void WorkUntilNothingIsLeft() {
    jobs::GetPendingJobExecutionsRequest request;
    request.set_thing_name(thing_);
    const auto pending = Call(&Stub::GetPendingJobExecutions, request);
    std::cout << "pending: " << pending.in_progress_jobs_size() << " in progress, "
              << pending.queued_jobs_size() << " queued" << std::endl;
    while (const auto execution = StartNext()) CarryOut(*execution);
    std::cout << "nothing left to do" << std::endl;
  }

 private:
  // Makes one call.
  template <typename Request, typename Response>
  Response Call(
      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
      const Request& request) {
    grpc::ClientContext context;
    Response response;
    grpc::Status status = (stub_.*method)(&context, request, &response);
    if (!status.ok()) throw CallFailed(std::move(status));
    return response;
  }

  // Starts the oldest queued job, or returns the one that an earlier run left behind.
  std::optional<jobs::JobExecution> StartNext() {
    jobs::StartNextPendingJobExecutionRequest request;
    request.set_thing_name(thing_);
    (*request.mutable_status_details())["worker"] = name_;
    const auto started = Call(&Stub::StartNextPendingJobExecution, request);
    if (!started.has_execution()) return std::nullopt;
    return started.execution();
  }

  void CarryOut(const jobs::JobExecution& execution) {
    const std::string& job = execution.job_id();
    std::int64_t version = execution.version_number();
    std::cout << "started: " << job << ", version " << version << ", " << execution.job_document()
              << std::endl;

    // Here the device does the first half of what the document says ...
    version = Report(execution, version, jobs::JOB_EXECUTION_STATUS_IN_PROGRESS, "50%");
    std::cout << "progress: " << job << ", version " << version << std::endl;

    // ... and here the other half.
    version = Report(execution, version, jobs::JOB_EXECUTION_STATUS_SUCCEEDED, "100%");
    std::cout << "succeeded: " << job << ", version " << version << std::endl;
  }

  // Returns the version that the update made.
  std::int64_t Report(
      const jobs::JobExecution& execution,
      std::int64_t version,
      jobs::JobExecutionStatus status,
      const std::string& progress) {
    jobs::UpdateJobExecutionRequest request;
    request.set_thing_name(thing_);
    request.set_job_id(execution.job_id());
    request.set_execution_number(execution.execution_number());
    request.set_status(status);
    (*request.mutable_status_details())["worker"] = name_;
    (*request.mutable_status_details())["progress"] = progress;
    // Whoever else has changed the execution meanwhile: this update is refused then.
    request.set_expected_version(version);
    request.set_include_job_execution_state(true);
    return Call(&Stub::UpdateJobExecution, request).execution_state().version_number();
  }

  Stub stub_;
  std::string thing_;
  // What an execution shows of who works on it.
  std::string name_;
};

// What happened and whose doing it was, as ErrorInfo tells it.
std::string Describe(const grpc::Status& failure) {
  std::string reason = "no reason given";
  google::rpc::Status status;
  google::rpc::ErrorInfo info;
  if (status.ParseFromString(failure.error_details())) {
    for (const auto& detail : status.details()) {
      if (detail.UnpackTo(&info)) reason = info.reason() + " of " + info.domain();
    }
  }
  return reason + " (gRPC status " + std::to_string(failure.error_code()) +
         "): " + failure.error_message();
}

// After these the next run finds out how things stand: StartNextPendingJobExecution returns the
// execution that is in progress, with its present version.
bool ShouldRunAgain(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::UNKNOWN:
      return true;
    default:
      return false;
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: worker THING" << std::endl;
    return EX_USAGE;
  }
  try {
    Worker(Connect(), arguments[1]).WorkUntilNothingIsLeft();
    return EXIT_SUCCESS;
  } catch (const CallFailed& failure) {
    std::cerr << "failed: " << Describe(failure.status()) << std::endl;
    return ShouldRunAgain(failure.status().error_code()) ? EX_TEMPFAIL : EXIT_FAILURE;
  } catch (const std::exception& error) {
    std::cerr << "failed: " << error.what() << std::endl;
    return EXIT_FAILURE;
  }
}
