// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import NIOCore
import NIOPosix

/// Tries what `serve` would do with the same flags, variables and file, and says what to mend.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Try the way to AWS step by step, and say what to mend.",
    discussion: """
      Takes the flags, variables and file of serve, and starts nothing: settings, credentials, \
      endpoint, DNS, TCP, TLS, clock, and one signed call that changes nothing. A line for each, \
      with the repair for what failed; exit status 0 if nothing did. No secret is shown.
      """)

  @Option(
    help: ArgumentHelp(
      "Describe the next job of this thing, instead of a job that does not exist; for identities "
        + "that may see some things only."))
  var thing: String?
  @OptionGroup var options: ServeOptions

  func run() async throws {
    var report = CheckReport(write: StandardOutput.write)
    let configuration: ServeConfiguration
    do throws(ConfigurationError) {
      configuration = try ServeConfiguration(
        SettingsReader.load(flags: self.options.flags.values, environment: Environment.variables))
    } catch {
      report.add(.failed(.configuration, error.description, repair: nil))
      report.skipRest(because: "the configuration is not complete")
      report.conclude()
      throw ExitCode(error.exitCode)
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let threads = NIOThreadPool(numberOfThreads: 1)
    threads.start()
    await CheckRun(
      plan: configuration.upstream, call: CheckedCall(thing: self.thing), loop: group.next(),
      threads: threads
    ).run(into: &report)
    report.conclude()
    try await threads.shutdownGracefully()
    try await group.shutdownGracefully()
    if report.hasFailed { throw ExitCode.failure }
  }
}
