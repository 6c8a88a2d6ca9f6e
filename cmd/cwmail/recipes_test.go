package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestRecipes holds that each command line of the README is one that the
// program takes.
func TestRecipes(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	a, _, _ := testApp("")
	found := 0
	for line := range strings.Lines(string(text)) {
		_, call, ok := strings.Cut(line, "./cwmail ")
		if !ok {
			_, call, ok = strings.Cut(line, "- cwmail ")
		}
		if !ok {
			continue
		}
		found++
		call, _, _ = strings.Cut(call, "#")
		call, _, _ = strings.Cut(call, ";")
		call, _, _ = strings.Cut(call, ">")
		checkCall(t, newRoot(a), strings.Fields(call))
	}
	if found < 10 {
		t.Errorf("%d command lines found", found)
	}
}

func checkCall(t *testing.T, root *cobra.Command, words []string) {
	t.Helper()
	cmd, _, err := root.Find(words)
	if err != nil || cmd == root {
		t.Errorf("%q names no command: %v", words, err)
		return
	}
	for _, w := range words {
		name, isFlag := strings.CutPrefix(w, "--")
		if isFlag && cmd.Flag(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
			t.Errorf("%q: there is no flag %s", words, w)
		}
	}
}
