// SPDX-License-Identifier: Apache-2.0

import EmulatorServer
import JobsAPI
import JobsEmulator

/// Two configurations that fit together.
struct DemoConfiguration: Sendable {
  var emulator: EmulatorConfiguration
  var gateway: ServeConfiguration

  init(flags: [String: String]) throws(ConfigurationError) {
    self.emulator = try EmulatorConfiguration(
      SettingsReader(flags: flags, environment: [:], file: nil))
    self.emulator.seed = Self.seed
    var gatewayFlags = flags
    gatewayFlags[UpstreamSettings.region.name] = "us-east-1"
    gatewayFlags[UpstreamSettings.endpoint.name] = "http://\(self.emulator.server.address)"
    gatewayFlags[ServeSettings.operatorListen.name] = Self.operatorListen
    let key = EmulatorSettings.exampleCredentials.split(separator: ":")
    let environment = [
      "AWS_ACCESS_KEY_ID": String(key[0]), "AWS_SECRET_ACCESS_KEY": String(key[1]),
    ]
    self.gateway = try ServeConfiguration(
      SettingsReader(flags: gatewayFlags, environment: environment, file: nil))
  }

  /// Beside the admin's.
  private static let operatorListen = "127.0.0.1:9465"

  private static var seed: EmulatorSeed {
    let lamps = ["lamp-1", "lamp-2"].map { "arn:aws:iot:us-east-1:123456789012:thing/\($0)" }
    var update = CreateJob(
      jobID: "update-firmware", targets: lamps,
      document: #"{"operation":"update","version":"2.1.0"}"#)
    update.inProgressTimeoutMinutes = 60
    let reboot = CreateJob(
      jobID: "reboot", targets: [lamps[0]], document: #"{"operation":"reboot"}"#)
    return EmulatorSeed(things: ["lamp-3"], jobs: [update, reboot])
  }

  /// What to try, for the person in front of the terminal.
  static let welcome = """

    Two jobs wait for the thing lamp-1, one for lamp-2, none for lamp-3. With Protos/ of this
    repository and pip install grpcio-tools:

      python3 -m grpc_tools.protoc -IProtos --python_out=. --grpc_python_out=. \\
        Protos/iot/jobs/dataplane/v1/jobs_data_plane.proto

      import grpc
      from iot.jobs.dataplane.v1 import jobs_data_plane_pb2 as pb
      from iot.jobs.dataplane.v1 import jobs_data_plane_pb2_grpc as rpc
      jobs = rpc.JobsDataPlaneServiceStub(grpc.insecure_channel("127.0.0.1:50051"))
      print(jobs.StartNextPendingJobExecution(
          pb.StartNextPendingJobExecutionRequest(thing_name="lamp-1")))

    More jobs, with AWS's own command line (the key is AWS's published example):

      AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY \\
      aws --endpoint-url http://127.0.0.1:8181 --region us-east-1 iot create-job --job-id mine \\
        --targets arn:aws:iot:us-east-1:123456789012:thing/lamp-3 --document '{"do":"it"}'

    What it does: http://127.0.0.1:9465/ in a browser, or curl http://127.0.0.1:9464/metrics
    Stop it: Ctrl-C


    """
}
