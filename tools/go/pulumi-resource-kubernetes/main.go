// The Kubernetes plugin of Pulumi. Its own main embeds files that its module does not carry, so this one serves it
// with the least schema and metadata that the engine accepts; the program's types come from pulumi-kubernetes on PyPI.
package main

import (
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() {
	provider.Serve("kubernetes", version.Version, []byte(`{"name":"kubernetes"}`), []byte(`{}`))
}
