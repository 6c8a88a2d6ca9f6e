// Package nearest tells how far two words lie apart, to say what was meant by
// one that means nothing. What transports and config need for their own words
// stands there: they know nothing of checks.
package nearest

// The longest word that is looked at, and the most letters that one may be
// longer than the other: what is beyond is another word, not a slip.
const (
	maxLength = 80
	maxLonger = 8
)

// Far is the distance of words that have nothing to do with each other.
const Far = 99

// Distance is the number of letters to change, add, take away or swap with
// their neighbour to make b of a.
func Distance(a, b string) int {
	if d := len(a) - len(b); d > maxLonger || d < -maxLonger || len(a) > maxLength {
		return Far
	}
	var memory [3][maxLength + maxLonger + 1]int
	var rows [3][]int
	for i := range rows {
		rows[i] = memory[i][:len(b)+1]
	}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := range len(a) {
		before, prev, row := rows[0], rows[1], rows[2]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(prev[j+1]+1, row[j]+1, prev[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		rows[0], rows[1], rows[2] = prev, row, before
	}
	return rows[1][len(b)]
}
