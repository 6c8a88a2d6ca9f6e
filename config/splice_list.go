package config

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"clockwise.info/cwmail/transports"
)

// appendList puts the key with its list at the end of a text that has none.
func (s *source) appendList(c transports.Change, want *yaml.Node) ([]byte, bool) {
	if c.Kind != transports.AddTransport {
		return nil, false
	}
	_, list := listIn(want.Content[0])
	rows, ok := itemRows(list.Content[0], "  ")
	if !ok {
		return nil, false
	}
	indent := ""
	if top := want.Content[0]; len(top.Content) > 2 {
		indent = s.indentOfTop()
	}
	rows = indented(append([]string{"transports:"}, rows...), indent)
	n := s.count()
	if n == 0 {
		return append(slices.Clone(s.text), strings.Join(rows, "\n")+"\n"...), true
	}
	if strings.TrimSpace(s.line(n-1)) != "" {
		rows = append([]string{""}, rows...)
	}
	s.insertAfter(n-1, rows)
	return s.result()
}

// indentOfTop is what stands before the first key.
func (s *source) indentOfTop() string {
	for i := range s.count() {
		l := s.line(i)
		if t := strings.TrimSpace(l); t != "" && t[0] != '#' && t[0] != '%' && !strings.HasPrefix(t, "---") {
			return l[:indentOf(l)]
		}
	}
	return ""
}

// itemRows writes an item of a list in lines.
func itemRows(n *yaml.Node, indent string) ([]string, bool) {
	text, err := encode(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{n}}, false)
	if err != nil {
		return nil, false
	}
	return indented(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), indent), true
}

func indented(rows []string, indent string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		if r != "" {
			r = indent + r
		}
		out[i] = r
	}
	return out
}

// listText changes the list of transports in its text.
type listText struct {
	*source
	key, list, want *yaml.Node
	c               transports.Change
}

// place is where the item that is meant stands, and is to stand.
func (l *listText) place() (from, to int, ok bool) {
	n := len(l.list.Content)
	if l.c.Kind == transports.AddTransport {
		return 0, placeOf(l.c.At, n), true
	}
	from, err := find(l.list, l.c.Name)
	return from, l.c.At, err == nil
}

func (l *listText) changed() ([]byte, bool) {
	// A list that is an alias is changed at its anchor.
	l.list = follow(l.list)
	empty := l.list.Kind == yaml.SequenceNode && len(l.list.Content) == 0
	switch {
	case isNull(l.list) || empty:
		return l.fill()
	case l.list.Kind != yaml.SequenceNode:
		return nil, false
	case l.list.Style&yaml.FlowStyle != 0:
		return l.flow()
	case len(l.want.Content) == 0:
		return l.empty()
	}
	blocks, ok := l.blocks()
	if !ok {
		return nil, false
	}
	return l.arrange(blocks)
}

// fill writes the first item.
func (l *listText) fill() ([]byte, bool) {
	from, to, ok := l.extent(l.list)
	_, end, ok2 := l.extent(l.key)
	if !ok2 || l.c.Kind != transports.AddTransport || l.list.Anchor != "" {
		return nil, false
	}
	if isNull(l.list) && l.list.Value == "" || !ok || from < end {
		from, to = end, end
	}
	start := l.lines[l.lineOf(end)]
	before := string(l.text[start:end])
	key := strings.TrimLeft(before, " ")
	rest, _, _ := strings.Cut(string(l.text[to:l.lines[l.lineOf(to)+1]]), "#")
	if strings.Trim(rest, blanks+":") != "" || strings.Trim(key, `"'`) != "transports" { // in { }
		text, ok := inline(l.want.Content[0])
		if from == to || !ok {
			return nil, false
		}
		l.replace(from, to, "["+text+"]")
		return l.result()
	}
	rows, ok := itemRows(l.want.Content[0], before[:len(before)-len(key)]+"  ")
	if !ok {
		return nil, false
	}
	if from < to {
		from = len(bytes.TrimRight(l.text[:from], " \t"))
		l.replace(from, to, "")
	}
	l.insertAfter(l.lineOf(to), rows)
	return l.result()
}

// empty writes [] behind the key, in the place of the last item.
func (l *listText) empty() ([]byte, bool) {
	blocks, ok := l.blocks()
	_, end, ok2 := l.extent(l.key)
	if !ok || !ok2 || l.list.Anchor != "" || l.skip(end, " \t:") == end {
		return nil, false
	}
	colon := bytes.IndexByte(l.text[end:], ':')
	if colon < 0 {
		return nil, false
	}
	l.replace(end+colon+1, end+colon+1, " []")
	b := blocks[0]
	l.replace(l.lines[b.from], l.lines[b.to], "")
	return l.result()
}

// flow changes a list in [ ].
func (l *listText) flow() ([]byte, bool) {
	n := len(l.list.Content)
	from, to := make([]int, n), make([]int, n)
	for i, item := range l.list.Content {
		var ok bool
		if from[i], to[i], ok = l.extent(item); !ok {
			return nil, false
		}
	}
	at, target, ok := l.place()
	if !ok {
		return nil, false
	}
	switch l.c.Kind {
	case transports.AddTransport:
		text, ok := inline(l.want.Content[target])
		if !ok {
			return nil, false
		}
		if target < n {
			l.replace(from[target], from[target], text+", ")
		} else {
			l.replace(to[n-1], to[n-1], ", "+text)
		}
	case transports.RemoveTransport:
		a, b := from[at], to[at]
		if at+1 < n {
			b = from[at+1]
		} else if at > 0 {
			a = to[at-1]
		}
		if bytes.ContainsRune(l.text[a:b], '#') {
			return nil, false
		}
		l.replace(a, b, "")
	default:
		for i, j := range order(n, at, target) {
			l.replace(from[i], to[i], string(l.text[from[j]:to[j]]))
		}
	}
	return l.result()
}

// order is which item stands at each place once the one at from is at to.
func order(n, from, to int) []int {
	out := make([]int, 0, n)
	for i := range n {
		if i != from {
			out = append(out, i)
		}
	}
	return slices.Insert(out, min(to, len(out)), from)
}

// block is the lines of an item, with the comment directly above it.
type block struct{ from, to int } // lines

// blocks finds the lines of each item. What stands between them, blank lines
// and comments that belong to none, stays in its place.
func (l *listText) blocks() ([]block, bool) {
	var out []block
	depth := l.list.Column - 1
	last := 0
	for i, item := range l.list.Content {
		start, ok := l.dash(item, depth)
		if !ok || start < last {
			return nil, false
		}
		head := start
		for head > last && l.comment(head-1) && (i == 0 || indentOf(l.line(head-1)) <= depth) {
			head--
		}
		end := start + 1
		for j := end; j < l.count(); j++ {
			row := l.line(j)
			if strings.TrimSpace(row) == "" {
				continue
			}
			if indentOf(row) <= depth {
				break
			}
			end = j + 1
		}
		out = append(out, block{head, end})
		last = end
	}
	return out, true
}

func (l *listText) comment(i int) bool {
	return strings.HasPrefix(strings.TrimLeft(l.line(i), " \t"), "#")
}

func (l *listText) blank(i int) bool {
	return i < 0 || i >= l.count() || strings.TrimSpace(l.line(i)) == ""
}

// dash is the line in which the item begins.
func (l *listText) dash(item *yaml.Node, depth int) (int, bool) {
	for i := min(item.Line, l.count()) - 1; i >= 0; i-- {
		row := l.line(i)
		if indentOf(row) == depth && (row[depth:] == "-" || strings.HasPrefix(row[depth:], "- ") || strings.HasPrefix(row[depth:], "-\t")) {
			return i, true
		}
	}
	return 0, false
}

// rows are the lines of a block, each with an end.
func (l *listText) rows(b block) string {
	text := string(l.text[l.lines[b.from]:l.lines[b.to]])
	if !strings.HasSuffix(text, "\n") {
		text += l.eol(l.lines[b.from])
	}
	return text
}

// arrange writes the items in their new order.
func (l *listText) arrange(blocks []block) ([]byte, bool) {
	at, target, ok := l.place()
	if !ok {
		return nil, false
	}
	n := len(blocks)
	switch l.c.Kind {
	case transports.AddTransport:
		return l.insert(blocks, target)
	case transports.RemoveTransport:
		b := blocks[at]
		from, to := b.from, b.to
		// Of the blank lines on both sides one side is enough.
		if at == n-1 {
			for l.blank(to) && from > blocks[at-1].to && l.blank(from-1) {
				from--
			}
		} else if at == 0 || l.blank(from-1) {
			for to < blocks[at+1].from && l.blank(to) {
				to++
			}
		}
		l.replace(l.lines[from], l.lines[to], "")
	default:
		for i, j := range order(n, at, target) {
			if i != j {
				l.replace(l.lines[blocks[i].from], l.lines[blocks[i].to], l.rows(blocks[j]))
			}
		}
	}
	out, ok := l.result()
	if !bytes.HasSuffix(l.text, []byte("\n")) {
		out = bytes.TrimSuffix(bytes.TrimSuffix(out, []byte("\n")), []byte("\r"))
	}
	return out, ok
}

// insert puts a new item at a place, with a blank line where the others have
// one between them.
func (l *listText) insert(blocks []block, target int) ([]byte, bool) {
	rows, ok := itemRows(l.want.Content[target], strings.Repeat(" ", l.list.Column-1))
	if !ok {
		return nil, false
	}
	n := len(blocks)
	apart := n > 1 && l.blank(blocks[n-1].from-1)
	if target == n {
		if apart {
			rows = append([]string{""}, rows...)
		}
		l.insertAfter(blocks[n-1].to-1, rows)
		return l.result()
	}
	if apart {
		rows = append(rows, "")
	}
	at := l.lines[blocks[target].from]
	eol := l.eol(at)
	l.replace(at, at, strings.Join(rows, eol)+eol)
	return l.result()
}
