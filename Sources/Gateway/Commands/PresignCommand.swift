// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import JobsAPI

/// The four operations as URLs, signed here: no gateway takes part.
struct PresignCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "presign",
    abstract: "Sign one of the four operations into a URL, for somebody else to call.",
    discussion: """
      Takes the flags, variables and file of serve that tell where AWS is and who signs, and sends \
      nothing, but for what it takes to find credentials and the account's endpoint. The URL alone \
      is written to standard output, what else must be sent with it, and when it ends, to standard \
      error; --json and --curl write all of it to standard output. The URL is a secret as long as it \
      lives. Exit status 0 for a URL, 64 for what no such call can ask, 69 if there is nothing to \
      sign with or the endpoint is not known, 74 if the URL cannot be written, and those of serve \
      for a wrong setting.
      """,
    subcommands: [
      PresignDescribeCommand.self, PresignPendingCommand.self, PresignStartNextCommand.self,
      PresignUpdateCommand.self,
    ])
}

/// The flags that all four have.
struct PresignOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Seconds that the URL lives, 1 to 604800, and never longer than the credentials.",
      valueName: "seconds"))
  var expiresIn: Int64 = PresignRequest.defaultExpirySeconds

  @Option(
    help: "The HTTP verb to sign instead of the operation's own; AWS may take it for another.")
  var httpMethod: String?

  @Flag(help: "Answer in JSON on one line.") var json = false
  @Flag(help: "Answer with a command for a shell that sends the request.") var curl = false

  @Option(help: .of(SharedSettings.config)) var config: String?
  @OptionGroup var upstream: UpstreamOptions

  func validate() throws {
    guard !self.json || !self.curl else {
      throw ValidationError("--json and --curl exclude each other")
    }
  }

  /// Signs a call and tells the URL.
  func tell(_ call: JobsCall) async throws {
    let request = PresignRequest(
      call, expiresInSeconds: self.expiresIn, httpMethod: self.httpMethod)
    if let wrong = (call.violations() + request.violations()).first {
      StandardError.write("error: \(wrong.field) \(wrong.rule)\n")
      throw ExitCode(64)
    }
    var flags = FlagTable()
    flags.take(SharedSettings.config, self.config)
    self.upstream.add(to: &flags)
    let reader = try Startup.reader(flags)
    let plan = try Startup.check { () throws(ConfigurationError) in
      try reader.rejectUnknownFileKeys(known: ServeConfiguration.settingNames)
      return try UpstreamPlan(reader)
    }
    let presigned: PresignedRequest
    do {
      presigned = try await PresignRun(plan: plan).sign(request)
    } catch let fault as ClientFault {
      StandardError.write("error: \(fault.words)\n")
      throw ExitCode(fault.exitCode)
    }
    let text = PresignedText(presigned)
    if self.json { return try StandardOutput.deliver(text.json) }
    if self.curl { return try StandardOutput.deliver(text.curl) }
    try StandardOutput.deliver("\(presigned.url)\n")
    StandardError.write(text.notes)
  }
}

struct PresignDescribeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe", abstract: "A URL that shows one execution.")

  @OptionGroup var asked: DescribeArguments
  @OptionGroup var options: PresignOptions

  func run() async throws { try await self.options.tell(.describe(self.asked.call)) }
}

struct PresignPendingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pending", abstract: "A URL that lists a thing's pending executions.")

  @OptionGroup var asked: PendingArguments
  @OptionGroup var options: PresignOptions

  func run() async throws { try await self.options.tell(.getPending(self.asked.call)) }
}

struct PresignStartNextCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start-next", abstract: "A URL that starts a thing's next execution.")

  @OptionGroup var asked: StartNextArguments
  @OptionGroup var options: PresignOptions

  func run() async throws { try await self.options.tell(.startNext(self.asked.call)) }
}

struct PresignUpdateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "A URL that reports an execution's progress, or its end.")

  @OptionGroup var asked: UpdateArguments
  @OptionGroup var options: PresignOptions

  func run() async throws { try await self.options.tell(.update(self.asked.call)) }
}
