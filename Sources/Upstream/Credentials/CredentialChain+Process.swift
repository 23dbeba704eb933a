// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import Glibc

/// A program that prints credentials. Source: AWS SDKs and Tools Reference Guide, "Process credential
/// provider".
extension CredentialChain {
  /// What the program prints is read and never shown, and so are its arguments.
  func run(_ plan: ProcessPlan) async throws(CredentialError) -> Credential {
    let timeout = self.limits.processTimeout
    let stop = try StopPipe()
    let ran = await withTaskCancellationHandler {
      await self.threads.run { () throws(CredentialError) in
        do throws(ChildProcessFailure) {
          var child = try ChildProcess(plan.command)
          return try child.readOutput(
            limit: CredentialAnswer.limitBytes, timeout: timeout, stop: stop.reading)
        } catch {
          throw .unavailable(error.words)
        }
      }
    } onCancel: {
      stop.stop()
    }
    let output = try ran.get()
    do throws(CredentialAnswerError) {
      return try CredentialAnswer.process(output)
    } catch {
      throw .unavailable("the program's output: \(error)")
    }
  }
}

/// Wakes a thread that waits for descriptors.
private final class StopPipe: Sendable {
  let reading: CInt
  private let writing: CInt

  init() throws(CredentialError) {
    do throws(ChildProcessFailure) {
      (self.reading, self.writing) = try ChildProcess.makePipe()
    } catch {
      throw .unavailable(error.words)
    }
  }

  deinit {
    close(self.reading)
    close(self.writing)
  }

  func stop() {
    // One byte, which the pipe has room for.
    _ = unsafe write(self.writing, [0], 1)
  }
}
