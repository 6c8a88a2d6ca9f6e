package smtp

import (
	"encoding/base64"
	"strings"
)

// What stands in a transcript in the place of secrets.
const (
	hiddenChallenge = "(challenge hidden)"
	hiddenSecret    = "(hidden)"
)

// veilFrom is how much of a secret has to stand in a line to be hidden: servers
// quote what they were told, and cut it off.
const veilFrom = 8

// hide takes care that none of the texts is ever kept, as it is or in base64.
func (s *session) hide(texts ...string) {
	for _, t := range texts {
		if t == "" {
			continue
		}
		s.secrets = append(s.secrets, t, strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(t)), "="))
	}
}

// veil hides the secrets in a line of the server; its code stays.
func (s *session) veil(line string) string {
	if len(s.secrets) == 0 {
		return line
	}
	code, text := "", line
	if _, rest, _, err := ParseLine(line); err == nil {
		code, text = line[:len(line)-len(rest)], rest
	}
	for _, secret := range s.secrets {
		text = veil(text, secret)
	}
	return code + text
}

// veil hides a secret, or its beginning, in a text.
func veil(text, secret string) string {
	var out strings.Builder
	start := secret[:min(len(secret), veilFrom)]
	for {
		before, after, found := strings.Cut(text, start)
		out.WriteString(before)
		if !found {
			return out.String()
		}
		more := 0
		for rest := secret[len(start):]; more < len(rest) && more < len(after) && rest[more] == after[more]; {
			more++
		}
		out.WriteString(hiddenSecret)
		text = strings.TrimLeft(after[more:], "=")
	}
}
