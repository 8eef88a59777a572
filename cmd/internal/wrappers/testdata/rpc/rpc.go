// Package rpc wraps a client that protoc-gen-go-grpc has generated.
package rpc
