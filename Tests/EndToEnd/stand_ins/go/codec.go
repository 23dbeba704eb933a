// SPDX-License-Identifier: Apache-2.0

// Package proto stands in for the codec of Debian's gRPC, which is older than the messages that
// protoc-gen-go makes.
package proto

import (
	"google.golang.org/grpc/encoding"
	"google.golang.org/protobuf/proto"
)

// Name is the codec's.
const Name = "proto"

type codec struct{}

func init() { encoding.RegisterCodec(codec{}) }

func (codec) Marshal(message interface{}) ([]byte, error) {
	return proto.Marshal(message.(proto.Message))
}

func (codec) Unmarshal(data []byte, message interface{}) error {
	return proto.Unmarshal(data, message.(proto.Message))
}

func (codec) Name() string { return Name }
