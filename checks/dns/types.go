package dns

import (
	"fmt"
	"strings"
)

// String returns the mnemonic, or TYPEnnn (RFC 3597 section 5).
func (t Type) String() string {
	if n, ok := typeNames[t]; ok {
		return n
	}
	return fmt.Sprintf("TYPE%d", uint16(t))
}

// ParseType reads a mnemonic in any letter case; ok is false for an unknown one.
func ParseType(s string) (t Type, ok bool) {
	for t, n := range typeNames {
		if strings.EqualFold(n, s) {
			return t, true
		}
	}
	return 0, false
}
