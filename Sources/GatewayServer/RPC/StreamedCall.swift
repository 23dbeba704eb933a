// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobsAPI

/// The work of a call that may answer more than once, on the event loop of its connection.
///
/// It is pulled: whoever carries it asks for the next answer when the one before is on its way to
/// the caller. A caller that reads slowly therefore gets the latest there is to say, and no queue of
/// what there was.
protocol StreamedCall: AnyObject {
  /// A request message came. The next one comes when ``nextAnswer()`` has nothing more to say.
  func received(_ message: [UInt8])

  /// The caller sends no more messages.
  func requestEnded()

  /// There is room for an answer.
  func nextAnswer() -> OnNextAnswer

  /// The call is over, whoever ended it. Nothing more is asked.
  func stopped(_ code: GRPCStatusCode)

  /// The operation that it is about, once that is known.
  var asked: JobsCall? { get }
}

/// Most are about none.
extension StreamedCall {
  var asked: JobsCall? { nil }
}

/// The answer to ``StreamedCall/nextAnswer()``. Messages are framed already.
enum OnNextAnswer: Equatable {
  case message([UInt8])
  /// As `message`, and then status OK.
  case lastMessage([UInt8])
  /// Nothing until there is news, or another request.
  case wait
  /// All is said; nil is OK.
  case end(RPCFailure?)
}
