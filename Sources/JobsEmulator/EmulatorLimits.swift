// SPDX-License-Identifier: Apache-2.0

/// The bounds of what the emulator holds. What would go beyond is refused with AWS's
/// LimitExceededException (410 on the control plane) and changes nothing.
package struct EmulatorLimits: Equatable, Sendable {
  /// Jobs at one time, ended ones included.
  package var jobs = 100_000
  /// Things ever named by a job's target.
  package var things = 100_000
  /// Executions at one time, ended ones included: about 300 bytes each and their statusDetails.
  package var executions = 1_000_000
  /// Executions of one thing at one time. A retry that would go beyond this, or beyond
  /// ``executions``, is not queued.
  package var executionsPerThing = 100_000
  /// Targets of one CreateJob; AWS's limits page of 2019 has 100.
  package var targetsPerJob = 100
  /// Characters (Unicode scalars) of a job document, as in AWS's model.
  package var documentCharacters = 32_768
  /// Pairs in the statusDetails of an execution. AWS's texts say 10 in some places and any number
  /// in others.
  package var statusDetailsPairs = 100

  package init() {}
}

/// Whom the emulator plays: the account and region in the ARNs it makes.
package struct EmulatorAccount: Equatable, Sendable {
  package var partition: String
  package var region: String
  /// Twelve digits.
  package var id: String

  package init(
    partition: String = "aws", region: String = "us-east-1", id: String = "123456789012"
  ) {
    self.partition = partition
    self.region = region
    self.id = id
  }

  func arn(ofJob jobID: String) -> String {
    "arn:\(self.partition):iot:\(self.region):\(self.id):job/\(jobID)"
  }

  func arn(ofThing thingName: String) -> String {
    "arn:\(self.partition):iot:\(self.region):\(self.id):thing/\(thingName)"
  }
}
