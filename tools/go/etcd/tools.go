//go:build tools

// Package tools keeps the module of the tool in go.mod.
package tools

import _ "go.etcd.io/etcd/server/v3"
