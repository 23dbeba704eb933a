// SPDX-License-Identifier: Apache-2.0

extension WireResponse {
  /// How many bytes ``appendDescribe(_:to:)`` appends, told without encoding anything.
  /// Source: protobuf's encoding guide; all our field numbers are below 16, so a tag is one byte.
  package static func describeBytes(_ execution: JobExecution?) -> Int {
    guard let execution else { return 0 }
    return self.fieldBytes(self.bytes(of: execution))
  }

  private static func bytes(of execution: JobExecution) -> Int {
    var bytes =
      self.textBytes(execution.jobID) + self.textBytes(execution.thingName)
      + self.textBytes(execution.jobDocument)
    bytes +=
      self.numberBytes(execution.queuedAtSeconds) + self.numberBytes(execution.startedAtSeconds)
      + self.numberBytes(execution.lastUpdatedAtSeconds)
      + self.numberBytes(execution.approximateSecondsBeforeTimedOut)
      + self.numberBytes(execution.versionNumber) + self.numberBytes(execution.executionNumber)
    if let status = execution.status {
      // Zero is the default, which is not sent.
      if status.wireNumber != 0 { bytes += 2 }
      bytes += self.fieldBytes(status.awsWord.utf8.count)
    }
    for entry in execution.statusDetails?.entries ?? [] {
      bytes += self.fieldBytes(
        self.entryTextBytes(entry.name) + self.entryTextBytes(entry.value))
    }
    return bytes
  }

  private static func textBytes(_ text: String?) -> Int {
    text.map { self.fieldBytes($0.utf8.count) } ?? 0
  }

  /// Empty text is the default in a map's entries, and is not sent there.
  private static func entryTextBytes(_ text: String) -> Int {
    text.isEmpty ? 0 : self.fieldBytes(text.utf8.count)
  }

  private static func numberBytes(_ number: Int64?) -> Int {
    number.map { 1 + self.varintBytes(UInt64(bitPattern: $0)) } ?? 0
  }

  /// Tag, length and content.
  private static func fieldBytes(_ content: Int) -> Int {
    1 + self.varintBytes(UInt64(content)) + content
  }

  private static func varintBytes(_ number: UInt64) -> Int {
    max(1, (UInt64.bitWidth - number.leadingZeroBitCount + 6) / 7)
  }
}
