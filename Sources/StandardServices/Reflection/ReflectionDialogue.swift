// SPDX-License-Identifier: Apache-2.0

/// What one reflection stream has been told: a file that it has had is not sent again because
/// another one imports it.
///
///     asking ──requests allowed──► asking … ──one too many──► refused
///
/// Source: server-reflection.md of grpc/grpc.
package struct ReflectionDialogue: ~Copyable {
  /// A describer of everything asks some dozens of questions.
  package static let defaultRequestLimit = 1_000

  private let index: DescriptorIndex
  private var requestsLeft: Int
  private var sent: Set<Int> = []

  /// - Parameter requestLimit: requests that are answered on one stream.
  package init(_ index: DescriptorIndex, requestLimit: Int = Self.defaultRequestLimit) {
    self.index = index
    self.requestsLeft = requestLimit
  }

  package enum OnRequest: Equatable, Sendable {
    /// An encoded `ServerReflectionResponse`; its refusals are answers too.
    case answer([UInt8])
    /// It asks nothing that is known here: end the stream with INVALID_ARGUMENT.
    case refuseQuestion
    /// End the stream with RESOURCE_EXHAUSTED.
    case refuseMore
  }

  package mutating func received(_ request: ReflectionRequest) -> OnRequest {
    guard self.requestsLeft > 0 else { return .refuseMore }
    self.requestsLeft -= 1
    guard let question = request.question else { return .refuseQuestion }
    var response: [UInt8] = []
    if !request.host.isEmpty { ProtobufWriter.append(request.host, as: 1, to: &response) }
    ProtobufWriter.append(bytes: request.original, as: 2, to: &response)
    self.append(to: &response, answering: question)
    return .answer(response)
  }

  private mutating func append(
    to response: inout [UInt8], answering question: ReflectionRequest.Question
  ) {
    switch question {
    case .file(let name):
      self.append(self.index.file(named: name), "there is no such file", to: &response)
    case .fileDeclaring(let symbol):
      self.append(self.index.file(declaring: symbol), "there is no such symbol", to: &response)
    case .fileExtending(let message, let number):
      self.append(
        self.index.file(extending: message, with: number), "there is no such extension",
        to: &response)
    case .extensionNumbers(let message):
      guard let numbers = self.index.extensionNumbers(of: message) else {
        return self.append(nil, "there is no such message", to: &response)
      }
      ProtobufWriter.append(as: 5, to: &response) { answer in
        ProtobufWriter.append(message, as: 1, to: &answer)
        // A repeated number may be packed or not; who reads proto3 takes both.
        for number in numbers {
          ProtobufWriter.append(UInt64(bitPattern: Int64(number)), as: 2, to: &answer)
        }
      }
    case .services:
      ProtobufWriter.append(as: 6, to: &response) { answer in
        for service in self.index.services {
          ProtobufWriter.append(as: 1, to: &answer) {
            ProtobufWriter.append(service, as: 1, to: &$0)
          }
        }
      }
    }
  }

  /// Appends a file and what it needs, or says that there is none.
  private mutating func append(
    _ file: Int?, _ complaint: String, to response: inout [UInt8]
  ) {
    guard let file else {
      return ProtobufWriter.append(as: 7, to: &response) { answer in
        // NOT_FOUND
        ProtobufWriter.append(5, as: 1, to: &answer)
        ProtobufWriter.append(complaint, as: 2, to: &answer)
      }
    }
    let files = self.unsentFiles(from: file)
    ProtobufWriter.append(as: 4, to: &response) { answer in
      for file in files {
        ProtobufWriter.append(bytes: self.index.files[file].bytes, as: 1, to: &answer)
      }
    }
  }

  /// The file that was asked for, sent before or not, and those it needs that were not.
  private mutating func unsentFiles(from file: Int) -> [Int] {
    self.sent.insert(file)
    var files = [file]
    var position = 0
    while position < files.count {
      for imported in self.index.files[files[position]].imports
      where self.sent.insert(imported).inserted {
        files.append(imported)
      }
      position += 1
    }
    return files
  }
}
