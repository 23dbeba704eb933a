// SPDX-License-Identifier: Apache-2.0

// Time and allocations of the parts of a call, and memory of what the policies keep in great numbers.
// Not a part of the product:
//
//     swift run -c release in-process-benchmark [SUBJECT…]

/// Runs the subjects that the arguments name, or all.
@main struct InProcessBenchmark {
  private static let subjects: [(name: String, run: @Sendable () -> Void)] = [
    ("budget", { BudgetBenchmark.run() }),
    ("call", { CallBenchmark.run() }),
    ("cache", { ReadStoreBenchmark.run() }),
    ("change", { ChangeBenchmark.run() }),
    ("metrics", { MetricsBenchmark.run() }),
    ("thing-limit", { ThingLimitBenchmark.run() }),
  ]

  static func main() {
    let wanted = CommandLine.arguments.dropFirst()
    for subject in self.subjects where wanted.isEmpty || wanted.contains(subject.name) {
      subject.run()
    }
  }
}
