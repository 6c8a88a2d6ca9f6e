package transports

import "strings"

// Nearest returns the word that s was probably meant to be, "" for none: at
// most two letters differ, and fewer than half of them.
func Nearest(s string, words []string) string {
	best, least := "", 3
	for _, w := range words {
		if d := distance(strings.ToLower(s), w); d < least && 2*d < len(w) {
			best, least = w, d
		}
	}
	return best
}

// distance counts the letters to insert, remove, replace or swap with their
// neighbour between a and b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	prev2, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, prev[j+1]+1, prev[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], prev2[j-1]+1)
			}
		}
		prev2, prev, row = prev, row, prev2
	}
	return prev[len(b)]
}
