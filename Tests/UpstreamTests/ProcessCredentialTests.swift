// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import Foundation
import Testing

@testable import Upstream

/// Programs that print credentials.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ProcessCredentialTests {
  private let surroundings: Surroundings

  init() throws {
    self.surroundings = try Surroundings()
  }

  /// A profile whose program is a script with this text.
  private func chain(
    _ script: String, arguments: String = "",
    limits: (inout CredentialChain.Limits) -> Void = { _ in }
  ) throws -> CredentialChain {
    try self.surroundings.write("program", "#!/bin/sh\n\(script)\n")
    try self.surroundings.permit("program", 0o700)
    try self.surroundings.write(
      "config",
      "[default]\ncredential_process = \(self.surroundings.path("program")) \(arguments)\n")
    return try self.surroundings.chain([:], limits: limits)
  }

  private static let good =
    #"{"Version": 1, "AccessKeyId": "AKIAPROCESS000000001", "SecretAccessKey": "s"}"#

  @Test func `what a program prints is taken`() async throws {
    let found = try await self.chain("echo '\(Self.good)'").result().get()
    #expect(found.kind == .process && found.renewal == .byExpiry)
    #expect(found.credential.accessKeyID == "AKIAPROCESS000000001")
    #expect(found.credential.expiresAtSeconds == nil)
    #expect(found.origin.hasPrefix("credential_process in profile default ("))
  }

  @Test func `arguments come as they are quoted, and no shell sees them`() async throws {
    let chain = try self.chain(
      #"printf '%s|' "$@" > "$0.args"; echo '"# + Self.good + "'",
      arguments: #"one "two words" '$HOME' *  ; false"#)
    _ = try await chain.result().get()
    let seen = try String(
      contentsOfFile: self.surroundings.path("program.args"), encoding: .utf8)
    #expect(seen == "one|two words|$HOME|*|;|false|")
  }

  @Test func `a program gets no input and none of our descriptors`() async throws {
    let chain = try self.chain(
      #"cat > "$0.input"; ls /proc/$$/fd > "$0.fds"; echo '"# + Self.good + "'")
    _ = try await chain.result().get()
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: self.surroundings.path(name), encoding: .utf8)
    }
    #expect(try text("program.input").isEmpty)
    let descriptors = Set(try text("program.fds").split(separator: "\n").compactMap { Int($0) })
    // From 10 on there are the shell's own: its script, and what it has put aside.
    #expect(Set(descriptors.filter { $0 < 10 }) == [0, 1, 2])
  }

  @Test func `signals that we ignore are not ignored by the program`() async throws {
    signal(SIGTERM, SIG_IGN)
    defer { signal(SIGTERM, SIG_DFL) }
    #expect(
      await (try self.chain("kill -TERM $$; echo '\(Self.good)'")).words()
        .hasSuffix("the program was ended by signal 15"))
  }

  @Test(arguments: [
    ("echo secret; echo secret >&2; exit 3", "the program ended with exit code 3"),
    ("kill -9 $$", "the program was ended by signal 9"),
    ("echo secret", "the program's output: the answer is not a JSON object"),
    (#"echo '{"Version": 2}'"#, "the program's output: Version in the answer is not the number 1"),
    ("head -c 70000 /dev/zero", "the program printed more than 65536 bytes"),
  ])
  func `what a program does wrong is told without what it printed`(
    script: String, words: String
  ) async throws {
    let said = await (try self.chain(script, arguments: "--token secret")).words()
    #expect(said.hasSuffix(words) && !said.contains("secret"))
  }

  @Test func `a program that is not there is told as such`() async throws {
    try self.surroundings.write("config", "[default]\ncredential_process = /nowhere/program\n")
    #expect(
      await (try self.surroundings.chain([:])).words()
        .hasSuffix("the program cannot be run: No such file or directory"))
  }

  /// - before: what becomes of the output, which a program may close and live on.
  @Test(arguments: ["", "exec 1>&-; "])
  func `a program that takes too long is killed with all that it started`(
    before: String
  ) async throws {
    let chain = try self.chain(before + #"sleep 600 & echo $! > "$0.pid"; wait"#) {
      $0.processTimeout = .milliseconds(500)
    }
    #expect(await chain.words().hasSuffix("the program took longer than 0.5 seconds"))
    let child = try #require(self.childID)
    await until { Self.isOver(child) }
  }

  /// The number that the script has written.
  private var childID: pid_t? {
    let bytes =
      FileManager.default.contents(atPath: self.surroundings.path("program.pid")) ?? Data()
    let text = String(decoding: bytes, as: UTF8.self)
    return text.hasSuffix("\n") ? pid_t(text.dropLast()) : nil
  }

  /// True if there is no such process, or nothing of it but its entry in the kernel's table, which
  /// is for whoever adopted it.
  private static func isOver(_ process: pid_t) -> Bool {
    guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/stat") else {
      return true
    }
    return String(decoding: bytes, as: UTF8.self).contains(") Z ")
  }

  @Test func `a search that is cancelled kills its program`() async throws {
    let chain = try self.chain(#"sleep 600 & echo $! > "$0.pid"; wait"#)
    let task = Task { await chain.result() }
    await until { self.childID != nil }
    let child = try #require(self.childID)
    task.cancel()
    #expect("\(String(describing: await task.value.failure))".contains("shutting down"))
    await until { Self.isOver(child) }
  }
}
