package config

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"clockwise.info/cwmail/transports"
)

// splice is text with only change c made in it: was is its tree, want the tree
// that has to result. ok is false where that cannot be done; whether it was
// done rightly is for the caller to see, by reading the result.
func splice(text []byte, was, want *yaml.Node, c transports.Change) (out []byte, ok bool) {
	s := &source{text: text}
	if !s.split() {
		return nil, false
	}
	if was == nil {
		return s.appendList(c, want)
	}
	old := was.Content[0]
	if c.Kind == transports.EditTransport {
		return s.patched(old, want.Content[0])
	}
	key, list := listIn(old)
	switch {
	case key == nil && old.Kind == yaml.MappingNode && old.Style&yaml.FlowStyle == 0:
		return s.appendList(c, want)
	case key == nil:
		return s.patched(old, want.Content[0])
	}
	_, wanted := listIn(want.Content[0])
	l := &listText{source: s, key: key, list: list, want: wanted, c: c}
	return l.changed()
}

// listIn finds the list of transports, and its key.
func listIn(top *yaml.Node) (key, list *yaml.Node) {
	if top.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == "transports" {
			return top.Content[i], top.Content[i+1]
		}
	}
	return nil, nil
}

// source is a text with the places of its nodes. Nodes know where they begin,
// not where they end.
type source struct {
	text  []byte
	lines []int // where each begins; one more for the end
	edits []replacement
}

// replacement puts text in the place of from up to to.
type replacement struct {
	from, to int
	with     string
}

// split finds the lines. It refuses what YAML counts as an end of line and
// editors do not, and what is not UTF-8.
func (s *source) split() bool {
	bare := bytes.ReplaceAll(s.text, []byte("\r\n"), []byte("\n"))
	if bytes.ContainsAny(bare, "\r\u0085\u2028\u2029") || bytes.HasPrefix(bare, []byte{0xFF, 0xFE}) || bytes.HasPrefix(bare, []byte{0xFE, 0xFF}) {
		return false
	}
	s.lines = []int{0}
	for i, c := range s.text {
		if c == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	if s.lines[len(s.lines)-1] < len(s.text) {
		s.lines = append(s.lines, len(s.text))
	}
	if bytes.HasPrefix(s.text, []byte("\uFEFF")) {
		s.lines[0] = len("\uFEFF") // YAML does not count it
	}
	return true
}

// count is the number of lines.
func (s *source) count() int { return len(s.lines) - 1 }

// line is a line without its end.
func (s *source) line(i int) string {
	return strings.TrimRight(string(s.text[s.lines[i]:s.lines[i+1]]), "\r\n")
}

// lineOf is the line in which an offset is.
func (s *source) lineOf(at int) int {
	i, found := slices.BinarySearch(s.lines, at)
	if !found {
		i--
	}
	return max(0, min(i, s.count()-1))
}

// eol is how lines end around an offset.
func (s *source) eol(at int) string {
	for i := s.lineOf(at); i >= 0; i-- {
		switch l := s.text[s.lines[i]:s.lines[i+1]]; {
		case bytes.HasSuffix(l, []byte("\r\n")):
			return "\r\n"
		case bytes.HasSuffix(l, []byte("\n")):
			return "\n"
		}
	}
	if bytes.Contains(s.text, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// offset is where a node begins.
func (s *source) offset(n *yaml.Node) (int, bool) {
	if n.Line < 1 || n.Line > len(s.lines) {
		return 0, false
	}
	at := s.lines[n.Line-1]
	for range n.Column - 1 { // columns count characters
		if at >= len(s.text) {
			return 0, false
		}
		at += width(s.text[at])
	}
	return min(at, len(s.text)), at <= len(s.text)
}

// width is the length of the character that begins with an octet.
func width(c byte) int {
	switch {
	case c < 0xC0:
		return 1
	case c < 0xE0:
		return 2
	case c < 0xF0:
		return 3
	}
	return 4
}

// replace notes an edit.
func (s *source) replace(from, to int, with string) {
	s.edits = append(s.edits, replacement{from, to, with})
}

// result makes the edits; ok is false where two of them meet.
func (s *source) result() ([]byte, bool) {
	slices.SortStableFunc(s.edits, func(a, b replacement) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var out []byte
	at := 0
	for _, e := range s.edits {
		if e.from < at || e.to < e.from || e.to > len(s.text) {
			return nil, false
		}
		out = append(append(out, s.text[at:e.from]...), e.with...)
		at = e.to
	}
	return append(out, s.text[at:]...), true
}

// skip is the first offset from at on that holds none of chars.
func (s *source) skip(at int, chars string) int {
	for at < len(s.text) && strings.IndexByte(chars, s.text[at]) >= 0 {
		at++
	}
	return at
}

const blanks = " \t\r\n"

// extent is from where to where a node stands, with its anchor and tag.
func (s *source) extent(n *yaml.Node) (from, to int, ok bool) {
	from, ok = s.offset(n)
	if !ok {
		return 0, 0, false
	}
	at := from
	for n.Kind != yaml.AliasNode && at < len(s.text) && (s.text[at] == '&' || s.text[at] == '!') {
		end := bytes.IndexAny(s.text[at:], blanks)
		if end < 0 {
			return from, len(s.text), n.Value == "" && n.Kind == yaml.ScalarNode
		}
		next := s.skip(at+end, blanks)
		if n.Kind == yaml.ScalarNode && n.Value == "" && n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0 {
			return from, at + end, true
		}
		at = next
	}
	to, ok = s.end(n, at)
	return from, to, ok
}

// end is where a node ends that begins at an offset, behind its anchor and tag.
func (s *source) end(n *yaml.Node, at int) (int, bool) {
	switch {
	case n.Kind == yaml.AliasNode:
		return at + 1 + len(n.Value), at+1+len(n.Value) <= len(s.text)
	case n.Kind == yaml.ScalarNode:
		return s.endOfScalar(n, at)
	case n.Style&yaml.FlowStyle != 0:
		return s.endOfFlow(n, at)
	case len(n.Content) == 0:
		return 0, false
	}
	_, to, ok := s.extent(n.Content[len(n.Content)-1])
	return to, ok
}

func (s *source) endOfFlow(n *yaml.Node, at int) (int, bool) {
	bracket := byte('}')
	if n.Kind == yaml.SequenceNode {
		bracket = ']'
	}
	at++
	if len(n.Content) > 0 {
		var ok bool
		if _, at, ok = s.extent(n.Content[len(n.Content)-1]); !ok {
			return 0, false
		}
	}
	for at = s.skip(at, blanks+",:"); at < len(s.text) && s.text[at] == '#'; at = s.skip(at, blanks+",") {
		at = s.lines[s.lineOf(at)+1]
	}
	return at + 1, at < len(s.text) && s.text[at] == bracket
}

func (s *source) endOfScalar(n *yaml.Node, at int) (int, bool) {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		for i := at + 1; i < len(s.text); i++ {
			switch s.text[i] {
			case '\\':
				i++
			case '"':
				return i + 1, true
			}
		}
		return 0, false
	case n.Style&yaml.SingleQuotedStyle != 0:
		for i := at + 1; i < len(s.text); i++ {
			if s.text[i] != '\'' {
				continue
			}
			if i+1 == len(s.text) || s.text[i+1] != '\'' {
				return i + 1, true
			}
			i++
		}
		return 0, false
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return s.endOfBlock(at)
	}
	return s.endOfPlain(n.Value, at)
}

// endOfPlain follows the words of a value through the text, where any blanks
// may stand between them.
func (s *source) endOfPlain(value string, at int) (int, bool) {
	for i := 0; i < len(value); {
		if at >= len(s.text) {
			return 0, false
		}
		if strings.IndexByte(blanks, value[i]) < 0 {
			if s.text[at] != value[i] {
				return 0, false
			}
			i, at = i+1, at+1
			continue
		}
		next := s.skip(at, blanks)
		if next == at {
			return 0, false
		}
		for i < len(value) && strings.IndexByte(blanks, value[i]) >= 0 {
			i++
		}
		at = next
	}
	return at, true
}

// endOfBlock is the end of a text behind | or >.
func (s *source) endOfBlock(at int) (int, bool) {
	first := s.lineOf(at)
	depth, last := -1, first
	for i := first + 1; i < s.count(); i++ {
		l := s.line(i)
		if strings.TrimSpace(l) == "" {
			continue
		}
		if depth < 0 {
			depth = indentOf(l)
		}
		if depth == 0 || indentOf(l) < depth {
			break
		}
		last = i
	}
	return s.lines[last] + len(s.line(last)), true
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
