package address

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// maxRanges is the number of ranges that a sentence names.
const maxRanges = 8

// Ranges writes addresses as a reader takes them in: those that follow each
// other as one range.
func Ranges(addrs []netip.Addr) string {
	sorted := slices.Clone(addrs)
	slices.SortFunc(sorted, netip.Addr.Compare)
	sorted = slices.Compact(sorted)
	var out []string
	for i := 0; i < len(sorted); {
		end := i
		for end+1 < len(sorted) && sorted[end+1] == sorted[end].Next() {
			end++
		}
		switch {
		case end > i+1:
			out = append(out, sorted[i].String()+" to "+sorted[end].String())
		default:
			for ; i <= end; i++ {
				out = append(out, sorted[i].String())
			}
		}
		i = end + 1
	}
	if n := len(out) - maxRanges; n > 1 {
		return strings.Join(out[:maxRanges], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(out, ", ")
}
