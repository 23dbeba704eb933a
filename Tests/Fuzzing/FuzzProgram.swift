// SPDX-License-Identifier: Apache-2.0

import CLibFuzzer
import Glibc

/// libFuzzer's own `main` with one more argument, `--target=NAME`, which libFuzzer passes over and
/// hands on to the processes that it starts.
@main enum FuzzProgram {
  private static let flag = "--target="

  /// What the command line names. Set once, before the first input.
  fileprivate static let target = CommandLine.arguments.lazy
    .filter { $0.hasPrefix(Self.flag) }
    .compactMap { FuzzTarget(rawValue: String($0.dropFirst(Self.flag.count))) }
    .first

  static func main() {
    guard Self.target != nil else {
      let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: " ")
      preconditionFailure("\(Self.flag) names none of: \(names)")
    }
    var count = CommandLine.argc
    // The arguments are the process's own, and live as long as it does.
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? =
      unsafe CommandLine.unsafeArgv
    _ = unsafe LLVMFuzzerRunDriver(&count, &arguments, runOne)
  }
}

/// A claim that does not hold ends the process, as a trap does: libFuzzer keeps the input.
private func runOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // libFuzzer's bytes are copied, so that reading past their end is found out.
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  do throws(BrokenClaim) {
    try FuzzProgram.target?.run(bytes)
  } catch {
    print("Broken claim: \(error.words)")
    // The process ends here, and what is in the buffer with it.
    _ = fflush(nil)
    preconditionFailure(error.words)
  }
  return 0
}
