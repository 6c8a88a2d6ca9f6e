package propagation

import (
	"strconv"
	"strings"
)

func count(n int) string { return strconv.Itoa(n) }

// around is the part of a text at which it differs, from the start of the word.
func around(s string, i int) string {
	const long = 24
	if i >= len(s) {
		return "nothing"
	}
	from := max(strings.LastIndexAny(s[:i], " ;")+1, i-long/2)
	end := min(len(s), i+long)
	if j := strings.IndexAny(s[i:end], " ;"); j > 0 {
		end = i + j
	}
	text := s[from:end]
	if end == i+long && end < len(s) {
		text += "…"
	}
	if from > 0 && s[from-1] != ' ' && s[from-1] != ';' {
		text = "…" + text
	}
	return text
}
