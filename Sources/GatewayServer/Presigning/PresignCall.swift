// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobsAPI
import Synchronization

/// `GeneratePresignedUrl`: one question, and an answer that may have to wait for credentials.
///
/// The right to a URL is the right to what it does: the policy is asked about the operation that is
/// signed, and about the one that AWS takes another verb for.
final class PresignCall: StreamedCall {
  private let presigner: any CallPresigner
  private let newsArrived: @Sendable () -> Void
  private let requestID: String
  private var access: CallAccess?
  private(set) var asked: JobsCall?
  private var answer = OnNextAnswer.wait
  private let outcome = Outcome()
  private var task: Task<Void, Never>?

  /// What the signing came to, handed over to the connection's event loop.
  private final class Outcome: Sendable {
    private let result = Mutex<Result<PresignedRequest, JobsFailure>?>(nil)

    func set(_ result: Result<PresignedRequest, JobsFailure>) {
      self.result.withLock { $0 = result }
    }

    func take() -> Result<PresignedRequest, JobsFailure>? { self.result.withLock { $0.take() } }
  }

  init(
    _ presigner: any CallPresigner, by caller: StreamedCaller,
    _ newsArrived: @escaping @Sendable () -> Void
  ) {
    self.presigner = presigner
    self.newsArrived = newsArrived
    self.requestID = caller.requestID
    self.access = caller.access.map {
      CallAccess(.standard(.presign), by: $0.caller(caller.authorization), under: $0.control)
    }
    if let failure = self.access?.admitCaller() { self.answer = .end(failure) }
  }

  func received(_ message: [UInt8]) {
    do throws(WireError) {
      let request = try PresignRequest(wire: message.span)
      self.asked = request.call
      if let failure = self.refusal(of: request) {
        self.answer = .end(failure)
      } else {
        self.sign(request)
      }
    } catch {
      self.answer = .end(RPCFailure(error))
    }
  }

  private func refusal(of request: PresignRequest) -> RPCFailure? {
    if let failure = self.access?.authorize(request.call) { return failure }
    return request.otherOperation.flatMap { self.access?.authorize(request.call, as: $0) }
  }

  private func sign(_ request: PresignRequest) {
    let (presigner, outcome, newsArrived) = (self.presigner, self.outcome, self.newsArrived)
    self.task = Task {
      do throws(JobsFailure) {
        outcome.set(.success(try await presigner.presign(request)))
      } catch {
        outcome.set(.failure(error))
      }
      newsArrived()
    }
  }

  func requestEnded() {}

  func nextAnswer() -> OnNextAnswer {
    guard let asked = self.asked, let result = self.outcome.take() else { return self.answer }
    self.answer =
      switch result {
      case .success(let presigned):
        .lastMessage(.framed { WireResponse.appendPresigned(presigned, to: &$0) })
      case .failure(let failure): .end(StatusMapping.failure(for: failure, of: asked))
      }
    return self.answer
  }

  func stopped(_ code: GRPCStatusCode) {
    self.task?.cancel()
    self.access?.ended(code, requestID: self.requestID)
  }
}
