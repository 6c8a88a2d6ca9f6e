package spf

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// encodeDomain gives the DNS form of a name with letters beyond ASCII (RFC
// 5890 section 2.3.2.1). ok is false where there is none.
func encodeDomain(name string) (string, bool) {
	if !utf8.ValidString(name) {
		return "", false
	}
	labels := strings.Split(name, ".")
	for i, l := range labels {
		beyond := false
		for _, c := range l {
			if c > 0x7e && !unicode.IsLetter(c) && !unicode.IsMark(c) && !unicode.IsDigit(c) {
				return "", false
			}
			beyond = beyond || c > 0x7e
		}
		if beyond {
			labels[i] = "xn--" + punycode([]rune(strings.ToLower(l)))
		}
	}
	return strings.Join(labels, "."), true
}

// punycode is the encoding procedure of RFC 3492 section 6.3.
func punycode(in []rune) string {
	const base, tMin, tMax = 36, 1, 26
	n, delta, bias := rune(128), 0, 72
	var out []byte
	for _, c := range in {
		if c < 128 {
			out = append(out, byte(c))
		}
	}
	done := len(out)
	basic := done
	if basic > 0 {
		out = append(out, '-')
	}
	digit := func(d int) byte {
		if d < 26 {
			return byte('a' + d)
		}
		return byte('0' + d - 26)
	}
	for done < len(in) {
		next := rune(utf8.MaxRune)
		for _, c := range in {
			if c >= n {
				next = min(next, c)
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, c := range in {
			if c < n {
				delta++
			}
			if c != n {
				continue
			}
			q := delta
			for k := base; ; k += base {
				t := min(max(k-bias, tMin), tMax)
				if q < t {
					break
				}
				out = append(out, digit(t+(q-t)%(base-t)))
				q = (q - t) / (base - t)
			}
			out = append(out, digit(q))
			bias = adapt(delta, done+1, done == basic)
			delta = 0
			done++
		}
		delta++
		n++
	}
	return string(out)
}

// adapt is the bias adaptation of RFC 3492 section 6.1.
func adapt(delta, points int, first bool) int {
	if first {
		delta /= 700
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for ; delta > 455; k += 36 {
		delta /= 35
	}
	return k + 36*delta/(delta+38)
}
