// SPDX-License-Identifier: Apache-2.0

/// Whether callers can ask what is served here.
enum ReflectionSettings {
  /// On: what it tells is this project's published .proto file, and no more.
  static let reflection = Setting<Bool>.onUnlessFalse(
    "reflection", help: "Answer grpc.reflection.v1 and v1alpha, with which grpcurl needs no .proto."
  )
}
