// SPDX-License-Identifier: Apache-2.0

import JobsAPI

// What values hold on the heap, by the layouts of the standard library and of glibc's malloc on
// 64-bit machines. Good to the byte where the layout is known, and never meant to be more than an
// estimate: a test holds it against malloc's own count.

/// The chunk that malloc cuts for a request: 8 bytes of its own, rounded up to 16, at least 32.
func mallocBytes(for request: Int) -> Int {
  max(32, (request + 8 + 15) & ~15)
}

extension String {
  /// Up to 15 bytes live in the value itself. More live in an object with a head of 32 and a NUL
  /// behind, and from 64 on a word for the mapping to UTF-16; its size is a multiple of 16.
  var heapBytes: Int {
    let count = self.utf8.count
    guard count > 15 else { return 0 }
    return mallocBytes(for: (32 + count + 1 + (count < 64 ? 0 : 8) + 15) & ~15)
  }
}

extension Array {
  /// The array's own buffer, without what its elements hold.
  var bufferBytes: Int {
    self.capacity == 0 ? 0 : mallocBytes(for: 32 + self.capacity * MemoryLayout<Element>.stride)
  }
}

extension StatusDetails {
  var heapBytes: Int {
    self.entries.reduce(self.entries.bufferBytes) {
      $0 + $1.name.heapBytes + $1.value.heapBytes
    }
  }
}

extension JobExecutionStatus {
  var heapBytes: Int {
    if case .unrecognized(let word) = self { word.heapBytes } else { 0 }
  }
}

extension JobExecution {
  /// Without the names that are the key's own.
  func heapBytes(besides key: ReadKey) -> Int {
    var bytes = self.jobDocument?.heapBytes ?? 0
    bytes += self.status?.heapBytes ?? 0
    bytes += self.statusDetails?.heapBytes ?? 0
    if let thingName = self.thingName, thingName != key.thing { bytes += thingName.heapBytes }
    if let jobID = self.jobID, jobID != key.subject.jobID { bytes += jobID.heapBytes }
    return bytes
  }
}

extension AWSRefusal {
  var heapBytes: Int {
    var bytes = self.name.heapBytes + self.message.heapBytes
    bytes += self.executionState?.status?.heapBytes ?? 0
    bytes += self.executionState?.statusDetails?.heapBytes ?? 0
    return bytes
  }
}

extension PendingJobExecutions {
  var heapBytes: Int {
    (self.inProgress + self.queued).reduce(
      self.inProgress.bufferBytes + self.queued.bufferBytes
    ) { $0 + ($1.jobID?.heapBytes ?? 0) }
  }
}

extension EncodedAnswer {
  /// With the encoding, made or yet to be made: two objects and a buffer.
  var heapBytes: Int {
    mallocBytes(for: 16 + 2 * 8) + mallocBytes(for: 16 + 8)
      + mallocBytes(for: 32 + self.limitBytes)
  }
}

extension ReadKey.Subject {
  var jobID: String? {
    if case .execution(let jobID, _) = self { jobID } else { nil }
  }
}

extension StoredRead.Answer {
  /// The object that holds what the answer says: a head of 16, and the value.
  var boxBytes: Int {
    switch self {
    case .execution: mallocBytes(for: 16 + MemoryLayout<JobExecution?>.size)
    case .refusal: mallocBytes(for: 16 + MemoryLayout<AWSRefusal>.size)
    case .pending: mallocBytes(for: 16 + MemoryLayout<PendingJobExecutions>.size)
    }
  }
}

extension StoredRead {
  /// The object's head, its members laid out one after another, and what they hold.
  static func heapBytes(answer: Answer, key: ReadKey, encoding: EncodedAnswer?) -> Int {
    let members =
      MemoryLayout<ReadKey>.stride + MemoryLayout<Answer>.stride + MemoryLayout<Lifetime>.stride
    // The head of 16; the document's flag and four more words of 8.
    var object = mallocBytes(for: 16 + members + 5 * 8)
    object += encoding?.heapBytes ?? 0
    object += answer.boxBytes
    let names = key.thing.heapBytes + (key.subject.jobID?.heapBytes ?? 0)
    switch answer {
    case .execution(let execution):
      return object + names + (execution?.heapBytes(besides: key) ?? 0)
    case .refusal(let refusal): return object + names + refusal.heapBytes
    case .pending(let lists): return object + names + lists.heapBytes
    }
  }
}
