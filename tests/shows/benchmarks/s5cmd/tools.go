//go:build tools

// Package tools names the program that the benchmark runs, so that go.mod and go.sum hold all it needs.
package tools

import _ "github.com/peak/s5cmd/v2"
