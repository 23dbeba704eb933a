// SPDX-License-Identifier: Apache-2.0

// A C++ caller's life with one job. Says what came of each step in a line of its own.
//
// usage: client ADDRESS plain|tls|mtls CA CERTIFICATE KEY SERVER-NAME THING JOB

#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include <grpcpp/grpcpp.h>

#include "jobs_data_plane.grpc.pb.h"

namespace jobs = iot::jobs::dataplane::v1;

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::shared_ptr<grpc::Channel> open_channel(char** arguments) {
  const std::string security = arguments[2];
  if (security == "plain") {
    return grpc::CreateChannel(arguments[1], grpc::InsecureChannelCredentials());
  }
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = read_file(arguments[3]);
  if (security == "mtls") {
    options.pem_cert_chain = read_file(arguments[4]);
    options.pem_private_key = read_file(arguments[5]);
  }
  grpc::ChannelArguments more;
  more.SetSslTargetNameOverride(arguments[6]);
  return grpc::CreateCustomChannel(arguments[1], grpc::SslCredentials(options), more);
}

void limit(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
}

int failed(const char* step, const grpc::Status& status) {
  std::cerr << step << ": " << status.error_code() << " " << status.error_message() << "\n";
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 9) return 64;
  const std::string thing = arguments[7];
  const std::string job = arguments[8];
  auto stub = jobs::JobsDataPlaneService::NewStub(open_channel(arguments));

  jobs::GetPendingJobExecutionsRequest pending;
  pending.set_thing_name(thing);
  for (const bool zipped : {false, true}) {
    grpc::ClientContext context;
    limit(context);
    if (zipped) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    jobs::GetPendingJobExecutionsResponse answer;
    const auto status = stub->GetPendingJobExecutions(&context, pending, &answer);
    if (!status.ok()) return failed("pending", status);
    std::cout << (zipped ? "pending by gzip " : "pending ") << answer.queued_jobs_size() << "\n";
  }
  {
    grpc::ClientContext context;
    limit(context);
    jobs::StartNextPendingJobExecutionRequest request;
    request.set_thing_name(thing);
    jobs::StartNextPendingJobExecutionResponse answer;
    const auto status = stub->StartNextPendingJobExecution(&context, request, &answer);
    if (!status.ok()) return failed("start", status);
    std::cout << "started " << answer.execution().job_id() << "\n";
  }
  {
    grpc::ClientContext context;
    limit(context);
    jobs::UpdateJobExecutionRequest request;
    request.set_thing_name(thing);
    request.set_job_id(job);
    request.set_status(jobs::JOB_EXECUTION_STATUS_IN_PROGRESS);
    (*request.mutable_status_details())["step"] = "größer 🦉";
    request.set_expected_version(2);
    request.set_include_job_execution_state(true);
    jobs::UpdateJobExecutionResponse answer;
    const auto status = stub->UpdateJobExecution(&context, request, &answer);
    if (!status.ok()) return failed("update", status);
    std::cout << "updated " << jobs::JobExecutionStatus_Name(answer.execution_state().status())
              << " " << answer.execution_state().version_number() << "\n";
  }
  jobs::DescribeJobExecutionRequest describe;
  describe.set_thing_name(thing);
  describe.set_job_id(job);
  {
    grpc::ClientContext context;
    limit(context);
    jobs::DescribeJobExecutionResponse answer;
    const auto status = stub->DescribeJobExecution(&context, describe, &answer);
    if (!status.ok()) return failed("describe", status);
    std::cout << "described " << answer.execution().status_details().at("step") << "\n";
  }
  {
    grpc::ClientContext context;
    limit(context);
    describe.set_job_id("absent");
    jobs::DescribeJobExecutionResponse answer;
    const auto status = stub->DescribeJobExecution(&context, describe, &answer);
    std::cout << "absent " << status.error_code()
              << (status.error_details().empty() ? "" : " with details") << "\n";
  }
  return 0;
}
