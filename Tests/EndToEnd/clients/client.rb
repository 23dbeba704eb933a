# SPDX-License-Identifier: Apache-2.0

# A Ruby caller's life with one job. Says what came of each step in a line of its own.
#
# usage: client.rb ADDRESS plain|tls|mtls CA CERTIFICATE KEY SERVER-NAME THING JOB

require 'jobs_data_plane_services_pb'

Jobs = Iot::Jobs::Dataplane::V1

address, security, authority, certificate, key, name, thing, job = ARGV
exit 64 unless job

def credentials(security, authority, certificate, key)
  case security
  when 'plain' then :this_channel_is_insecure
  when 'tls' then GRPC::Core::ChannelCredentials.new(File.read(authority))
  when 'mtls'
    GRPC::Core::ChannelCredentials.new(
      File.read(authority), File.read(key), File.read(certificate)
    )
  end
end

def stub(address, credentials, name, more = {})
  override = credentials.is_a?(Symbol) ? {} : { 'grpc.ssl_target_name_override' => name }
  Jobs::JobsDataPlaneService::Stub.new(
    address, credentials, channel_args: override.merge(more), timeout: 20
  )
end

papers = credentials(security, authority, certificate, key)
plain = stub(address, papers, name)
zipped = GRPC::Core::CompressionOptions.new(default_algorithm: :gzip).to_channel_arg_hash
request = Jobs::GetPendingJobExecutionsRequest.new(thing_name: thing)
puts "pending #{plain.get_pending_job_executions(request).queued_jobs.size}"
answer = stub(address, papers, name, zipped).get_pending_job_executions(request)
puts "pending by gzip #{answer.queued_jobs.size}"

started = plain.start_next_pending_job_execution(
  Jobs::StartNextPendingJobExecutionRequest.new(thing_name: thing)
)
puts "started #{started.execution.job_id}"

updated = plain.update_job_execution(
  Jobs::UpdateJobExecutionRequest.new(
    thing_name: thing, job_id: job, status: :JOB_EXECUTION_STATUS_IN_PROGRESS,
    status_details: { 'step' => 'größer 🦉' }, expected_version: 2,
    include_job_execution_state: true
  )
)
puts "updated #{updated.execution_state.status} #{updated.execution_state.version_number}"

described = plain.describe_job_execution(
  Jobs::DescribeJobExecutionRequest.new(thing_name: thing, job_id: job)
)
puts "described #{described.execution.status_details['step']}"

begin
  plain.describe_job_execution(
    Jobs::DescribeJobExecutionRequest.new(thing_name: thing, job_id: 'absent')
  )
rescue GRPC::BadStatus => e
  details = e.metadata.key?('grpc-status-details-bin') ? ' with details' : ''
  puts "absent #{e.code}#{details}"
end
