// SPDX-License-Identifier: Apache-2.0

// Memory and time of what the policies keep in great numbers. Not a part of the product:
//
//     swift run -c release policy-benchmark [SUBJECT…]

/// Runs the subjects that the arguments name, or all.
@main struct PolicyBenchmark {
  private static let subjects: [(name: String, run: @Sendable () -> Void)] = [
    ("budget", { BudgetBenchmark.run() }),
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
