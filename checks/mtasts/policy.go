package mtasts

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/pattern"
)

// Policy is a policy as senders read it (RFC 8461 section 3.2).
type Policy struct {
	Mode   string   // "enforce", "testing" or "none"; "" where it is missing or unknown
	MX     []string // patterns as they stand; the first maxPatterns
	MaxAge int      // seconds
	Faults []string // what makes it worthless, in words; the first maxFaults
	Odd    []string // what senders read over, in words; the first maxFaults

	MaxAgeFault string // what is wrong with max_age, in words
	BareLF      bool   // lines end in LF alone
}

// A policy is small; a hostile one holds what 64 KB take.
const (
	maxPatterns = 100
	maxFaults   = 5
)

// maxMaxAge is about a year, the most that max_age may be.
const maxMaxAge = 31557600

var (
	policyHostPattern = pattern.Lazy(`^(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$`)
	agePattern        = pattern.Lazy(`^[0-9]{1,10}$`)
)

// ParsePolicy reads any text. It never fails: Faults and MaxAgeFault say what is
// wrong.
func ParsePolicy(text string) Policy {
	var p Policy
	seen := map[string]string{}
	empty := true
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		bare, crlf := strings.CutSuffix(line, "\r")
		if !crlf && line != "" && i < len(lines)-1 {
			p.BareLF = true
		}
		bare = strings.TrimRight(bare, " \t")
		if bare == "" {
			continue
		}
		key, value, ok := strings.Cut(bare, ":")
		value = strings.TrimLeft(value, " \t")
		switch {
		case !ok:
			p.fault("line %d is not of the form \"name: value\"", i+1)
		case key == "mx":
			p.addMX(value)
		}
		if old, twice := seen[key]; ok && twice && key != "mx" {
			p.odd("%s stands in it twice, and the first one counts: %q, not %q", key, old, value)
		} else if ok && len(seen) < maxPatterns {
			seen[key] = value
		}
		empty = false
	}
	p.judge(seen, empty)
	return p
}

func (p *Policy) fault(format string, args ...any) { note(&p.Faults, format, args...) }

func (p *Policy) odd(format string, args ...any) { note(&p.Odd, format, args...) }

func note(to *[]string, format string, args ...any) {
	if len(*to) < maxFaults {
		*to = append(*to, fmt.Sprintf(format, args...))
	}
}

func (p *Policy) addMX(value string) {
	_, err := netip.ParseAddr(value)
	switch {
	case len(p.MX) == maxPatterns:
	case err == nil || len(value) > 253 || !policyHostPattern().MatchString(value):
		p.fault("the mx line %q names no host", value)
	default:
		p.MX = append(p.MX, value)
	}
}

// judge looks at the fields that may stand once.
func (p *Policy) judge(fields map[string]string, empty bool) {
	mode, hasMode := fields["mode"]
	v, hasVersion := fields["version"]
	switch {
	case empty:
		p.fault("it is empty")
		return
	case !hasVersion:
		p.fault("it has no \"version: STSv1\"")
	case v != "STSv1":
		p.fault("its version is %q instead of STSv1", v)
	}
	switch {
	case !hasMode:
		p.fault("it has no mode")
	case !slices.Contains([]string{"enforce", "testing", "none"}, mode):
		p.fault("its mode is %q, and must be enforce, testing or none", mode)
	default:
		p.Mode = mode
	}
	if _, hasMX := fields["mx"]; !hasMX && p.Active() {
		p.fault("it has no mx line")
	}
	age, ok := fields["max_age"]
	switch n, err := strconv.Atoi(age); {
	case !ok:
		p.MaxAgeFault = "it is missing"
	case err != nil || !agePattern().MatchString(age):
		p.MaxAgeFault = fmt.Sprintf("it is %q, and must be a number of seconds", age)
	case n > maxMaxAge:
		p.MaxAgeFault = fmt.Sprintf("it is %d, above %d", n, maxMaxAge)
	default:
		p.MaxAge = n
	}
}

// Active says that senders compare mail servers with the policy.
func (p Policy) Active() bool { return p.Mode == "enforce" || p.Mode == "testing" }

// Valid says that senders take the policy.
func (p Policy) Valid() bool { return len(p.Faults) == 0 && p.MaxAgeFault == "" }

// Matches says whether a host fits a pattern of a policy: "*." stands for
// exactly one label (RFC 8461 section 4.1).
func Matches(pattern, host string) bool {
	pattern, host = normal(pattern), normal(host)
	if parent, ok := strings.CutPrefix(pattern, "*."); ok {
		label, rest, ok := strings.Cut(host, ".")
		return ok && label != "" && rest == parent
	}
	return host != "" && pattern == host
}

// Allows says whether a host fits any line of the policy.
func (p Policy) Allows(host string) bool {
	return slices.ContainsFunc(p.MX, func(pattern string) bool { return Matches(pattern, host) })
}

func normal(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }
