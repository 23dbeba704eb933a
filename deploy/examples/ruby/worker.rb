# SPDX-License-Identifier: Apache-2.0
# frozen_string_literal: true

# Carries out the pending jobs of one thing, by way of iot-jobs-gateway.
#
# usage: ruby -I . worker.rb THING
#
# The environment says how to reach the gateway:
#
#   JOBS_GATEWAY         its address; 127.0.0.1:50051 if not set
#   JOBS_SERVICE_CONFIG  gRPC's service config; ../service_config.json if not set
#   JOBS_CA              the authority (PEM) of a gateway that speaks TLS
#   JOBS_CERTIFICATE     with JOBS_KEY, the certificate (PEM) to show to it
#
# Exit status: 0 when nothing is left to do, 75 when another run may do better, 64 when it was
# started wrongly, else 1.

require "socket"

require "google/protobuf/well_known_types"
require "google/rpc/error_details_pb"
require "google/rpc/status_pb"
require "grpc"
require "iot/jobs/dataplane/v1/jobs_data_plane_services_pb"

# Carries out the jobs of one thing.
class Worker
  include Iot::Jobs::Dataplane::V1

  def initialize(stub, thing)
    @stub = stub
    @thing = thing
    # What an execution shows of who works on it.
    @name = Socket.gethostname
  end

  def work_until_nothing_is_left
    pending = @stub.get_pending_job_executions(
      GetPendingJobExecutionsRequest.new(thing_name: @thing)
    )
    in_progress = pending.in_progress_jobs.size
    puts "pending: #{in_progress} in progress, #{pending.queued_jobs.size} queued"
    while (execution = start_next)
      carry_out(execution)
    end
    puts "nothing left to do"
  end

  private

  # Starts the oldest queued job, or returns the one that an earlier run left behind.
  def start_next
    request = StartNextPendingJobExecutionRequest.new(
      thing_name: @thing, status_details: { "worker" => @name }
    )
    @stub.start_next_pending_job_execution(request).execution
  end

  def carry_out(execution)
    job = execution.job_id
    version = execution.version_number
    puts "started: #{job}, version #{version}, #{execution.job_document}"

    # Here the device does the first half of what the document says ...
    version = report(execution, version, :JOB_EXECUTION_STATUS_IN_PROGRESS, "50%")
    puts "progress: #{job}, version #{version}"

    # ... and here the other half.
    version = report(execution, version, :JOB_EXECUTION_STATUS_SUCCEEDED, "100%")
    puts "succeeded: #{job}, version #{version}"
  end

  # Returns the version that the update made.
  def report(execution, version, status, progress)
    request = UpdateJobExecutionRequest.new(
      thing_name: @thing,
      job_id: execution.job_id,
      execution_number: execution.execution_number,
      status: status,
      status_details: { "worker" => @name, "progress" => progress },
      # Whoever else has changed the execution meanwhile: this update is refused then.
      expected_version: version,
      include_job_execution_state: true
    )
    @stub.update_job_execution(request).execution_state.version_number
  end
end

EX_USAGE = 64
EX_TEMPFAIL = 75

# After these the next run finds out how things stand: StartNextPendingJobExecution returns the
# execution that is in progress, with its present version.
RUN_AGAIN = [
  GRPC::Aborted, GRPC::DeadlineExceeded, GRPC::FailedPrecondition,
  GRPC::ResourceExhausted, GRPC::Unavailable, GRPC::Unknown
].freeze

# What a variable holds; empty is not set.
def variable(name, otherwise = nil)
  value = ENV.fetch(name, "")
  value.empty? ? otherwise : value
end

# The content of the file that a variable names.
def read(name)
  path = variable(name)
  File.read(path) if path
end

def connect
  address = variable("JOBS_GATEWAY", "127.0.0.1:50051")
  authority = read("JOBS_CA")
  security =
    if authority
      GRPC::Core::ChannelCredentials.new(authority, read("JOBS_KEY"), read("JOBS_CERTIFICATE"))
    else
      :this_channel_is_insecure
    end
  # Deadlines, wait-for-ready, and which calls may be repeated: all of it is in this file.
  config = File.read(variable("JOBS_SERVICE_CONFIG", "../service_config.json"))
  Iot::Jobs::Dataplane::V1::JobsDataPlaneService::Stub.new(
    address, security, channel_args: { "grpc.service_config" => config }
  )
end

# What happened and whose doing it was, as ErrorInfo tells it.
def describe(error)
  details = error.to_rpc_status&.details || []
  info = details.filter_map { |detail| detail.unpack(Google::Rpc::ErrorInfo) }.first
  reason = info ? "#{info.reason} of #{info.domain}" : "no reason given"
  "#{reason} (gRPC status #{error.code}): #{error.details}"
end

unless ARGV.size == 1
  warn "usage: ruby -I . worker.rb THING"
  exit EX_USAGE
end

$stdout.sync = true
begin
  Worker.new(connect, ARGV.first).work_until_nothing_is_left
rescue GRPC::BadStatus => e
  warn "failed: #{describe(e)}"
  exit RUN_AGAIN.include?(e.class) ? EX_TEMPFAIL : 1
end
