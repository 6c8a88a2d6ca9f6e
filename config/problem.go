package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in the file, and what to write instead.
type Problem struct {
	Line   int // from 1; 0 when it is about the whole file
	Column int
	What   string
	Hint   string // what to write instead
}

func (p Problem) String() string {
	s := p.What
	if p.Line > 0 {
		s = fmt.Sprintf("line %d: %s", p.Line, s)
	}
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// Invalid is the error about a file with mistakes: all of them, in the order
// in which they stand in the file.
type Invalid struct {
	Path     string
	Problems []Problem
}

func (e *Invalid) Error() string {
	if len(e.Problems) == 1 {
		return fmt.Sprintf("config: %s: %s", e.Path, e.Problems[0])
	}
	lines := []string{fmt.Sprintf("config: %s has %d mistakes", e.Path, len(e.Problems))}
	for _, p := range e.Problems {
		lines = append(lines, "  "+p.String())
	}
	return strings.Join(lines, "\n")
}

func (e *Invalid) sort() {
	slices.SortStableFunc(e.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	e.Problems = slices.Compact(e.Problems) // an alias is read at each place that names it
}
