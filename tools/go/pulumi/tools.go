//go:build tools

// Package tools keeps the module of the tool in go.mod.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
