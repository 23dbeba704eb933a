// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

extension Result {
  /// Without the times that it took, which are others each time.
  package func timeless<Value>() -> Result<JobsReply<Value>, JobsFailure>
  where Success == JobsReply<Value>, Failure == JobsFailure {
    var result = self
    switch result {
    case .success(var reply):
      reply.trace.stages = StageTimes()
      result = .success(reply)
    case .failure(var failure):
      failure.trace.stages = StageTimes()
      result = .failure(failure)
    }
    return result
  }
}
