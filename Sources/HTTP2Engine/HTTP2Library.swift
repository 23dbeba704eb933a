// SPDX-License-Identifier: Apache-2.0

import CNGHTTP2

/// The library behind the fence, for build information.
package enum HTTP2Library {
  /// libnghttp2's version as it is loaded, for example `1.52.0`.
  package static var version: String {
    // The struct and its text are static in the library.
    guard let info = unsafe nghttp2_version(0) else { return "unknown" }
    return unsafe String(cString: info.pointee.version_str)
  }
}
