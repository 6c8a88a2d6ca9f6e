// Package pattern compiles regular expressions at their first use: the program
// must not pay at its start for what a command does not need.
package pattern

import (
	"regexp"
	"sync"
)

// Lazy returns the compiled expression, which is made at the first call. The
// expression is ours, so a mistake in it is a mistake in the program: it panics.
func Lazy(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
