package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// decode reads data as one YAML document. Its texts are our own throughout:
// those of the library name a line near the mistake, and may repeat what
// stands there, a password for instance.
func decode(data []byte) (*yaml.Node, []Problem) {
	if p, bad := badOctets(data); bad {
		return nil, []Problem{p}
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, syntaxProblems(data)
	}
	var second yaml.Node
	switch err := d.Decode(&second); {
	case errors.Is(err, io.EOF):
		return &doc, nil
	case err != nil:
		return nil, syntaxProblems(data)
	}
	return nil, []Problem{{
		Line: second.Line, Column: second.Column, What: "a second document begins here",
		Hint: "remove the line --- ; cwmail reads one document",
	}}
}

// badOctets finds the first octet or character that no YAML may hold.
func badOctets(data []byte) (Problem, bool) {
	utf16 := bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF})
	if utf16 {
		return Problem{}, false
	}
	for at := 0; at < len(data); {
		r, n := utf8.DecodeRune(data[at:])
		p := Problem{}
		switch {
		case r == utf8.RuneError && n == 1:
			p = Problem{What: "a character here is not UTF-8", Hint: "save the file as UTF-8"}
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f: // as YAML has it
			p = Problem{What: fmt.Sprintf("a control character stands here (U+%04X)", r), Hint: "remove it: it came with a copy from elsewhere"}
		}
		if p.What != "" {
			start := bytes.LastIndexByte(data[:at], '\n') + 1
			p.Line, p.Column = bytes.Count(data[:at], []byte("\n"))+1, utf8.RuneCount(data[start:at])+1
			return p, true
		}
		at += n
	}
	return Problem{}, false
}

// parses says whether data is YAML, whatever it holds.
func parses(data []byte) bool {
	d := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		if err := d.Decode(&n); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

func syntaxProblems(data []byte) []Problem {
	lines := bytes.SplitAfter(data, []byte("\n"))
	if tabs := tabProblems(lines); len(tabs) > 0 {
		return tabs
	}
	n := brokenLine(lines)
	// key:value is text to YAML, so that only the next line seems wrong.
	if n > 1 && noSpace().Match(lines[n-2]) {
		n--
	}
	text := strings.TrimRight(string(lines[n-1]), "\r\n")
	p := Problem{Line: n, Column: len(text) - len(strings.TrimLeft(text, " ")) + 1}
	p.What, p.Hint = explainSyntax(text)
	return []Problem{p}
}

// tabProblems tells each line that is indented with a tab, up to some: YAML
// wants spaces.
func tabProblems(lines [][]byte) []Problem {
	var out []Problem
	for i, l := range lines {
		indent := l[:len(l)-len(bytes.TrimLeft(l, " \t"))]
		if at := bytes.IndexByte(indent, '\t'); at >= 0 && len(bytes.TrimSpace(l)) > 0 && len(out) < 10 {
			out = append(out, Problem{
				Line: i + 1, Column: at + 1, What: "the line is indented with a tab",
				Hint: "indent with spaces: two for each level",
			})
		}
	}
	return out
}

// brokenLine finds the line that breaks the document: the lines before it are
// YAML, with it they are not. A list that goes over several lines is not YAML
// either before its end, so a line is believed only if none of the next ones
// mends it.
func brokenLine(lines [][]byte) int {
	prefix := func(n int) bool { return parses(bytes.Join(lines[:n], nil)) }
	good, bad := 0, len(lines)
	for {
		for good+1 < bad {
			if mid := (good + bad) / 2; prefix(mid) {
				good = mid
			} else {
				bad = mid
			}
		}
		mended := 0
		for n := bad + 1; n < min(bad+40, len(lines)); n++ {
			if prefix(n) {
				mended = n
				break
			}
		}
		if mended == 0 {
			break
		}
		good, bad = mended, len(lines)
	}
	for bad > 1 && len(bytes.TrimSpace(lines[bad-1])) == 0 {
		bad--
	}
	return bad
}

var (
	noSpace    = lazily(`^\s*(?:- )?[A-Za-z_]+:[^\s]`)
	hasKey     = lazily(`^\s*(?:- )?([A-Za-z_]+)\s*:`)
	valueStart = lazily(`:\s+([@%&*!|>` + "`" + `])`)
	twoColons  = lazily(`^[^"'{\[]*:\s[^"'{\[]*:\s`)
)

// explainSyntax guesses from a line what is wrong with it. It never repeats
// the value that stands there.
func explainSyntax(line string) (what, hint string) {
	key := "key"
	if m := hasKey().FindStringSubmatch(line); m != nil {
		key = m[1]
	}
	count := func(s string) int { return strings.Count(line, s) }
	switch {
	case count(`"`)%2 == 1:
		return "a quotation mark is not closed", `close it with " on the same line; a \ inside "…" is written \\`
	case count(`'`)%2 == 1:
		return "an apostrophe opens a text that does not end", `put "…" around the value`
	case count("{") != count("}"):
		return "{ and } do not pair", "close each { with }, and separate the entries with commas"
	case count("[") != count("]"):
		return "[ and ] do not pair", "close each [ with ], and separate the entries with commas"
	case valueStart().MatchString(line):
		return "a value may not begin with " + valueStart().FindStringSubmatch(line)[1] + " in YAML", `put quotation marks around the value: ` + key + `: "…"`
	case twoColons().MatchString(line):
		return "the value holds a colon followed by a space", `put quotation marks around the value: ` + key + `: "…"`
	case noSpace().MatchString(line):
		return "no space behind the colon", "write a space behind the colon: " + key + ": …"
	case strings.Contains(line, `"`) && strings.Contains(line, `\`):
		return `a \ inside quotation marks is not understood`, `write \\, or use '…' around the value`
	case strings.HasPrefix(strings.TrimSpace(line), "-"):
		return "the - does not stand under the others of its list", "give it the same number of spaces as the other - of the list"
	case hasKey().MatchString(line):
		return key + " does not stand under the keys that it belongs to", "give it the same number of spaces as the keys beside it"
	case !strings.Contains(line, ":"):
		return "a line without a key", "write key: value, or begin a list entry with - "
	}
	return "the line is not YAML", "write key: value, with a space behind the colon"
}

// lazily compiles a pattern at its first use: a file without mistakes needs none.
func lazily(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
