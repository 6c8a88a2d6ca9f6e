package config

import _ "embed"

//go:embed starter.yaml
var starter string

// Starter is a commented configuration to begin with. It is correct as it
// stands, and empty: everything in it is a comment or a default.
func Starter() string { return starter }
