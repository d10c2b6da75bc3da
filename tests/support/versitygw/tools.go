//go:build tools

// Package tools keeps go.mod's requirement of the program that the tests run.
package tools

import _ "github.com/versity/versitygw/cmd/versitygw"
