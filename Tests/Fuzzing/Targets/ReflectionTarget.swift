// SPDX-License-Identifier: Apache-2.0

@testable import StandardServices

/// The first byte is the number of requests that are answered; then one message of reflection after
/// the other, each behind a byte with its length.
enum ReflectionTarget {
  private static let index = try? DescriptorIndex.embedded()

  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    guard let index = Self.index else {
      throw BrokenClaim(words: "the embedded descriptors can be read")
    }
    var input = InputReader(bytes)
    let limit = Int(input.byte() % 8)
    var dialogue = ReflectionDialogue(index, requestLimit: limit)
    var asked = 0
    while !input.isEmpty {
      let message = input.take(Int(input.byte()))
      guard let request = try? ReflectionRequest(message) else { continue }
      let answer = dialogue.received(request)
      asked += 1
      switch answer {
      case .answer(let response):
        try claim(asked <= limit, "no more is answered than allowed")
        try claim(request.question != nil, "there is no answer without a question")
        try Self.check(response, to: message, request, index)
      case .refuseQuestion: try claim(request.question == nil, "a question is answered")
      case .refuseMore: try claim(asked > limit, "what is allowed is answered")
      }
    }
  }

  private static func check(
    _ response: [UInt8], to message: [UInt8], _ request: ReflectionRequest,
    _ index: DescriptorIndex
  ) throws(BrokenClaim) {
    guard let node = try? DescriptorNode(response[...]) else {
      throw BrokenClaim(words: "an answer is a message")
    }
    try claim((try? node.slices(2)) == [message[...]], "an answer repeats the request")
    try claim((try? node.text(1)) == request.host, "an answer repeats the host")
    let kinds = [4, 5, 6, 7].filter { ((try? node.slices($0)) ?? []).count == 1 }
    try claim(kinds.count == 1, "an answer is of one kind")
    guard kinds == [4], let answer = try? node.nodes(4).first,
      let files = try? answer.slices(1)
    else { return }
    try claim(!files.isEmpty, "who asks for a file gets one")
    let known = index.files.map(\.bytes)
    try claim(files.allSatisfy(known.contains), "files are handed out as they are")
    let names = Set(files.compactMap { file in try? DescriptorNode(file).text(1) })
    try claim(names.count == files.count, "no file is handed out twice in an answer")
  }
}
