// SPDX-License-Identifier: Apache-2.0
module example.com/worker

go 1.24

// `go mod tidy` adds what this brings with it.
require google.golang.org/grpc v1.85.0
