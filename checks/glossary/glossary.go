// Package glossary explains the words that the program uses, from one embedded
// file that feeds the console, the command line and the manual page.
package glossary

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed words.txt
var file string

// Word is one term: two sentences and an example.
type Word struct {
	Name    string
	Also    []string // other names for the same thing
	Text    string
	Example string
}

// Words returns all words, in alphabetical order.
var Words = sync.OnceValue(func() []Word { return parse(file) })

// Find returns the word of that name, or of one of its other names, in any
// letter case.
func Find(name string) (Word, bool) {
	name = fold(name)
	for _, w := range Words() {
		if fold(w.Name) == name {
			return w, true
		}
		for _, also := range w.Also {
			if fold(also) == name {
				return w, true
			}
		}
	}
	return Word{}, false
}

// fold makes "Look up", "look-up" and "lookup " one name.
func fold(s string) string {
	return strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(strings.TrimSpace(s)))
}

// parse reads the form that the file's first lines describe.
func parse(text string) []Word {
	var words []Word
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "word":
			names := strings.Split(value, ", ")
			words = append(words, Word{Name: names[0], Also: names[1:]})
		case "text":
			words[len(words)-1].Text = value
		case "example":
			words[len(words)-1].Example = value
		}
	}
	return words
}
