package config

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// patched is the text with the values changed in which two trees differ.
func (s *source) patched(old, want *yaml.Node) ([]byte, bool) {
	if !s.patch(old, want, false) {
		return nil, false
	}
	return s.result()
}

func (s *source) patch(old, want *yaml.Node, flow bool) bool {
	flow = flow || old.Style&yaml.FlowStyle != 0
	switch {
	case alike(old, want):
		return true
	case old.Kind != want.Kind || old.Anchor != want.Anchor:
		return s.replaceNode(old, want)
	case old.Kind == yaml.MappingNode:
		return s.patchMapping(old, want, flow)
	case old.Kind == yaml.SequenceNode && len(old.Content) == len(want.Content):
		for i := range old.Content {
			if !s.patch(old.Content[i], want.Content[i], flow) {
				return false
			}
		}
		return true
	case old.Kind == yaml.SequenceNode:
		return false
	}
	return s.replaceNode(old, want)
}

// replaceNode writes want in the place of old, in the same quotation marks.
func (s *source) replaceNode(old, want *yaml.Node) bool {
	from, to, ok := s.extent(old)
	if !ok {
		return false
	}
	if marks := old.Style & (yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle); marks != 0 && want.Kind == yaml.ScalarNode && want.ShortTag() == "!!str" {
		c := *want
		c.Style = marks
		want = &c
	}
	with, ok := inline(want)
	if from == to && from > 0 && strings.IndexByte(blanks, s.text[from-1]) < 0 {
		with = " " + with // there was no value: it goes behind the colon
	}
	s.replace(from, to, with)
	return ok
}

// inline writes a node on one line, as it may stand in { }.
func inline(n *yaml.Node) (string, bool) {
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	if e.Encode(pairs(yaml.FlowStyle, "k", oneLine(n))) != nil || e.Close() != nil {
		return "", false
	}
	text, head := strings.CutPrefix(out.String(), "{k: ")
	text, tail := strings.CutSuffix(text, "}\n")
	return text, head && tail && !strings.Contains(text, "\n")
}

// oneLine is a copy without comments, and with all of it between brackets.
func oneLine(n *yaml.Node) *yaml.Node {
	c := *n
	c.HeadComment, c.LineComment, c.FootComment = "", "", ""
	switch n.Kind {
	case yaml.MappingNode, yaml.SequenceNode:
		c.Style = n.Style | yaml.FlowStyle
	case yaml.ScalarNode:
		c.Style = n.Style &^ (yaml.LiteralStyle | yaml.FoldedStyle)
	}
	c.Content = nil
	for _, child := range n.Content {
		c.Content = append(c.Content, oneLine(child))
	}
	return &c
}

// patchMapping changes, removes and adds keys. The order of what stays is the
// same in both.
func (s *source) patchMapping(old, want *yaml.Node, flow bool) bool {
	var fresh []*yaml.Node
	for i := 0; i+1 < len(want.Content); i += 2 {
		if lookup(old, want.Content[i].Value) == nil {
			fresh = append(fresh, want.Content[i], want.Content[i+1])
		}
	}
	n := len(old.Content) / 2
	gone := make([]bool, n)
	for i := range n {
		next := lookup(want, old.Content[2*i].Value)
		gone[i] = next == nil
		if next != nil && !s.patch(old.Content[2*i+1], next, flow) {
			return false
		}
	}
	if n > 0 && !slices.Contains(gone, false) {
		return false
	}
	if flow {
		return s.removeFlow(old, gone) && s.addFlow(old, gone, fresh)
	}
	return s.removeLines(old, gone) && s.addLines(old, fresh)
}

// removeFlow takes keys out of { }.
func (s *source) removeFlow(old *yaml.Node, gone []bool) bool {
	for i := 0; i < len(gone); i++ {
		if !gone[i] {
			continue
		}
		first := i
		for i+1 < len(gone) && gone[i+1] {
			i++
		}
		from, _, ok1 := s.extent(old.Content[2*first])
		_, to, ok2 := s.extent(old.Content[2*i+1])
		if i+1 < len(gone) {
			to, ok2 = s.offset(old.Content[2*i+2])
		} else if first > 0 {
			_, from, ok1 = s.extent(old.Content[2*first-1])
		}
		if !ok1 || !ok2 || to < from || bytes.ContainsRune(s.text[from:to], '#') {
			return false
		}
		s.replace(from, to, "")
	}
	return true
}

func (s *source) addFlow(old *yaml.Node, gone []bool, fresh []*yaml.Node) bool {
	if len(fresh) == 0 {
		return true
	}
	var parts []string
	for i := 0; i < len(fresh); i += 2 {
		value, ok := inline(fresh[i+1])
		if !ok {
			return false
		}
		parts = append(parts, fresh[i].Value+": "+value)
	}
	with := strings.Join(parts, ", ")
	from, to, ok := s.extent(old)
	if !ok {
		return false
	}
	if len(gone) == 0 {
		s.replace(from+bytes.IndexByte(s.text[from:to], '{')+1, to-1, with)
		return true
	}
	_, last, ok := s.extent(old.Content[len(old.Content)-1])
	s.replace(last, last, ", "+with)
	return ok
}

// removeLines takes keys out of a mapping that has each on a line of its own.
func (s *source) removeLines(old *yaml.Node, gone []bool) bool {
	for i := range gone {
		if !gone[i] {
			continue
		}
		from, ok1 := s.offset(old.Content[2*i])
		_, to, ok2 := s.extent(old.Content[2*i+1])
		if !ok1 || !ok2 || to < from {
			return false
		}
		start := s.lines[s.lineOf(from)]
		switch {
		case strings.TrimSpace(string(s.text[start:from])) == "":
			end := s.lineOf(to)
			if to == s.lines[end] && to > from {
				end-- // the value ends with its line
			}
			s.replace(start, s.lines[end+1], "")
		case i+1 < len(gone) && !gone[i+1]: // behind the dash of its item
			next, ok := s.offset(old.Content[2*i+2])
			if !ok || next < to || bytes.ContainsRune(s.text[to:next], '#') {
				return false
			}
			s.replace(from, next, "")
		default:
			return false
		}
	}
	return true
}

func (s *source) addLines(old *yaml.Node, fresh []*yaml.Node) bool {
	if len(fresh) == 0 {
		return true
	}
	first, ok1 := s.offset(old.Content[0])
	_, last, ok2 := s.extent(old.Content[len(old.Content)-1])
	if !ok1 || !ok2 {
		return false
	}
	indent := strings.Repeat(" ", len([]rune(string(s.text[s.lines[s.lineOf(first)]:first]))))
	var rows []string
	for i := 0; i < len(fresh); i += 2 {
		value, ok := inline(fresh[i+1])
		if !ok {
			return false
		}
		rows = append(rows, indent+fresh[i].Value+": "+value)
	}
	s.insertAfter(s.lineOf(last), rows)
	return true
}

// insertAfter puts lines behind line i.
func (s *source) insertAfter(i int, rows []string) {
	at := s.lines[i+1]
	eol := s.eol(s.lines[i])
	with := strings.Join(rows, eol)
	if at > 0 && s.text[at-1] == '\n' {
		with += eol
	} else { // the file ends without an end of line, and keeps doing so
		with = eol + with
	}
	s.replace(at, at, with)
}
