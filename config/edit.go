package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"clockwise.info/cwmail/transports"
)

// Add appends a transport. Like Set, Remove, Move and Apply it changes only f;
// Save writes.
func (f *File) Add(t transports.Transport) error {
	return f.Apply(transports.Change{Kind: transports.AddTransport, To: t, At: -1})
}

// Set gives the transport of that name the settings of t. Keys that cwmail
// does not know, comments and the order of the keys stay.
func (f *File) Set(name string, t transports.Transport) error {
	return f.Apply(transports.Change{Kind: transports.EditTransport, Name: name, To: t})
}

// Remove takes the transport of that name out.
func (f *File) Remove(name string) error {
	return f.Apply(transports.Change{Kind: transports.RemoveTransport, Name: name})
}

// Move puts the transport of that name at another place of the list, from 0.
func (f *File) Move(name string, to int) error {
	return f.Apply(transports.Change{Kind: transports.MoveTransport, Name: name, At: to})
}

// Apply makes all changes, one after the other, or none: it takes them over
// only when the whole is a correct configuration.
func (f *File) Apply(changes ...transports.Change) error {
	next := f
	for _, c := range changes {
		changed, err := next.with(c)
		if err != nil {
			return err
		}
		next = changed
	}
	if next == f {
		return nil
	}
	next.Exists, next.sum, next.Merged = f.Exists, f.sum, f.Merged
	*f = *next
	f.loadKeys()
	return nil
}

// with is f after one change: its text with only that changed, or, where it
// cannot be shown that this is right, the tree written anew.
func (f *File) with(c transports.Change) (*File, error) {
	want, err := f.rewritten(c)
	if err != nil {
		return nil, err
	}
	if text, ok := splice(f.text(), f.doc, want.tree, c); ok {
		got, err := Parse(f.Path, text)
		if err == nil && alike(got.doc, want.tree) {
			return got, nil
		}
	}
	return want.file, want.err
}

// rewritten is a tree, and the file with its text written anew from that. Some
// comments the library writes so that they cannot be read again: then the file
// is without any, may only be compared with, and err tells.
type rewritten struct {
	tree *yaml.Node
	file *File
	err  error
}

// rewritten is f after one change.
func (f *File) rewritten(c transports.Change) (rewritten, error) {
	if c.Kind != transports.EditTransport {
		return f.encoded(func(list *yaml.Node) error { return changeList(list, c, f.Path) })
	}
	full, err := f.encoded(func(list *yaml.Node) error { return changeItem(list, c, nil, f.Path) })
	if err != nil {
		return full, err
	}
	// Where it says the same, only what differs from before is written, not
	// all that is meant without being written.
	i := slices.IndexFunc(f.Transports, func(t transports.Transport) bool { return t.Name == c.Name })
	if i < 0 || i >= len(full.file.Transports) {
		return full, nil
	}
	was := transportNode(f.Transports[i], f.Path)
	least, err := f.encoded(func(list *yaml.Node) error { return changeItem(list, c, was, f.Path) })
	if err == nil && len(least.file.Transports) == len(full.file.Transports) && transports.Same(least.file.Transports[i], full.file.Transports[i]) {
		return least, nil
	}
	return full, nil
}

// encoded changes a copy of the tree, and writes and reads it.
func (f *File) encoded(change func(list *yaml.Node) error) (rewritten, error) {
	out := rewritten{tree: copyOf(f.doc)}
	if err := change(transportList(out.tree)); err != nil {
		return out, fmt.Errorf("config: %w", err)
	}
	if err := untangle(out.tree); err != nil {
		return out, fmt.Errorf("config: %w", err)
	}
	if out.file, out.err = f.reread(out.tree); out.err == nil {
		return out, nil
	}
	bare, err := f.reread(uncommented(out.tree))
	if err != nil {
		return out, out.err
	}
	out.file = bare
	return out, nil
}

func (f *File) reread(doc *yaml.Node) (*File, error) {
	data, err := encode(doc, f.crlf)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return Parse(f.Path, data)
}

func changeItem(list *yaml.Node, c transports.Change, was *yaml.Node, path string) error {
	i, err := find(list, c.Name)
	if err != nil {
		return err
	}
	merge(follow(list.Content[i]), was, transportNode(c.To, path), "")
	return nil
}

// changeList adds, removes or moves.
func changeList(list *yaml.Node, c transports.Change, path string) error {
	if c.Kind == transports.AddTransport {
		list.Style = 0 // an empty list is written as [], which would put all on one line
		list.Content = slices.Insert(list.Content, placeOf(c.At, len(list.Content)), transportNode(c.To, path))
		return nil
	}
	i, err := find(list, c.Name)
	if err != nil {
		return err
	}
	item := list.Content[i]
	list.Content = slices.Delete(list.Content, i, i+1)
	if c.Kind == transports.MoveTransport {
		if c.At < 0 || c.At > len(list.Content) {
			return fmt.Errorf("there is no place %d in the list; it has %d", c.At+1, len(list.Content)+1)
		}
		list.Content = slices.Insert(list.Content, c.At, item)
	}
	return nil
}

// placeOf is where something is added; -1 is the end.
func placeOf(at, n int) int {
	if at < 0 || at > n {
		return n
	}
	return at
}

// transportList returns the list in doc; it makes one where there is none.
func transportList(doc *yaml.Node) *yaml.Node {
	top := doc.Content[0]
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value != "transports" {
			continue
		}
		if list := follow(top.Content[i+1]); list.Kind == yaml.SequenceNode {
			return list
		}
		top.Content[i+1] = &yaml.Node{Kind: yaml.SequenceNode}
		return top.Content[i+1]
	}
	list := &yaml.Node{Kind: yaml.SequenceNode}
	top.Content = append(top.Content, word("transports"), list)
	return list
}

// find finds a transport by its name as it was read, without spaces around.
func find(list *yaml.Node, name string) (int, error) {
	i := slices.IndexFunc(list.Content, func(n *yaml.Node) bool { return strings.TrimSpace(nameIn(follow(n))) == name })
	if i < 0 {
		return i, fmt.Errorf("no transport is named %q", name)
	}
	return i, nil
}

func word(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func plain(tag, s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: s} }

// pairs makes a mapping; entries with a nil value are left out.
func pairs(style yaml.Style, kv ...any) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode, Style: style}
	for i := 0; i < len(kv); i += 2 {
		if v, _ := kv[i+1].(*yaml.Node); v != nil {
			m.Content = append(m.Content, word(kv[i].(string)), v)
		}
	}
	if len(m.Content) == 0 {
		return nil
	}
	return m
}

func optional(s string) *yaml.Node {
	if s == "" {
		return nil
	}
	return word(s)
}

// transportNode writes a transport with only what differs from the default.
func transportNode(t transports.Transport, path string) *yaml.Node {
	var reply, smtp *yaml.Node
	switch {
	case t.ReplyTo.Address != "":
		reply = word(t.ReplyTo.Address)
	case t.ReplyTo.Copy:
		reply = plain("!!bool", "true")
	}
	if t.Type == transports.SMTP {
		smtp = serverNode(t.Server)
	}
	return pairs(
		0,
		"name", word(t.Name), "type", word(string(t.Type)),
		"match", pairs(yaml.FlowStyle, "domain", optional(t.Match.Domain), "local_part", optional(t.Match.LocalPart), "subsystem", optional(t.Match.Subsystem)),
		"from", optional(t.From), "envelope", optional(t.Envelope), "reply_to", reply,
		"dkim", dkimNode(t.DKIM, path), "smtp", smtp,
	)
}

func dkimNode(d transports.DKIM, path string) *yaml.Node {
	if !d.Enabled && d.Selector == "" && d.KeyFile == "" && d.PublicKey == "" {
		return nil
	}
	key := d.KeyFile
	if rel, err := filepath.Rel(filepath.Dir(path), key); err == nil && key != "" && !strings.HasPrefix(rel, "..") {
		key = filepath.ToSlash(rel)
	}
	return pairs(
		yaml.FlowStyle, "enabled", plain("!!bool", strconv.FormatBool(d.Enabled)),
		"selector", optional(d.Selector), "key", optional(key), "public_key", optional(d.PublicKey),
	)
}

func serverNode(s transports.Server) *yaml.Node {
	var port *yaml.Node
	if s.Port != 0 {
		port = plain("!!int", strconv.Itoa(s.Port))
	}
	secret := optional(s.Password.Ref)
	if s.Password.Kind == transports.ClearSecret {
		secret = word(s.Password.Reveal())
	}
	if s.Password.Kind == transports.NoSecret {
		secret = nil
	}
	return pairs(
		yaml.FlowStyle, "host", optional(s.Host), "port", port, "security", optional(s.Security), "auth", optional(s.Auth),
		"username", optional(s.Username), string(s.Password.Kind), secret,
	)
}

// known are the keys that merge may remove, by what they stand in.
var known = map[string][]string{
	"":      {"name", "type", "match", "from", "envelope", "reply_to", "dkim", "smtp"},
	"match": {"domain", "local_part", "subsystem"},
	"dkim":  {"enabled", "selector", "key", "public_key"},
	"smtp":  {"host", "port", "security", "auth", "username", "password", "password_command", "password_env", "password_keyring"},
}

// merge brings old from the values of was to those of fresh. What fresh lacks
// goes when cwmail knows it; a mapping that holds unknown keys stays with
// these. What is the same in was and fresh stays as it is written, or
// unwritten. was may be nil: then all of fresh is written.
func merge(old, was, fresh *yaml.Node, where string) {
	var kept []*yaml.Node
	for i := 0; i+1 < len(old.Content); i += 2 {
		key := old.Content[i]
		if v := mergeValue(key.Value, old.Content[i+1], was, fresh, where); v != nil {
			kept = append(kept, key, v)
		}
	}
	for i := 0; i+1 < len(fresh.Content); i += 2 {
		key, value := fresh.Content[i], fresh.Content[i+1]
		meant := was != nil && alike(lookup(was, key.Value), value)
		if !meant && lookup(&yaml.Node{Kind: yaml.MappingNode, Content: kept}, key.Value) == nil {
			kept = append(kept, key, value)
		}
	}
	old.Content = kept
}

// mergeValue is what becomes of the value of a key; nil is nothing.
func mergeValue(key string, value, was, fresh *yaml.Node, where string) *yaml.Node {
	next := lookup(fresh, key)
	if next == nil && !slices.Contains(known[where], key) || was != nil && alike(lookup(was, key), next) {
		return value
	}
	if follow(value).Kind == yaml.MappingNode && where == "" && len(known[key]) > 0 {
		return mergeMapping(key, value, was, next)
	}
	if next == nil || value.Kind == yaml.ScalarNode && next.Kind == yaml.ScalarNode && value.Value == next.Value {
		return valueOrNil(next, value)
	}
	next = copyOf(next)
	next.HeadComment, next.LineComment, next.FootComment = value.HeadComment, value.LineComment, value.FootComment
	return next
}

// valueOrNil keeps the way in which a value is written.
func valueOrNil(next, value *yaml.Node) *yaml.Node {
	if next == nil {
		return nil
	}
	return value
}

// mergeMapping merges match, dkim or smtp. One that others refer to is not
// changed, but replaced by a copy: theirs stays.
func mergeMapping(key string, value, was, next *yaml.Node) *yaml.Node {
	nothing := &yaml.Node{Kind: yaml.MappingNode}
	if next == nil {
		next = nothing
	}
	var before *yaml.Node
	if was != nil {
		if before = lookup(was, key); before == nil {
			before = nothing
		}
	}
	merged := copyOf(follow(value))
	merged.Anchor = ""
	merge(merged, before, next, key)
	same := *follow(value)
	same.Anchor = ""
	switch {
	case len(merged.Content) == 0:
		return nil
	case alike(merged, &same):
		return value
	}
	return merged
}

func lookup(m *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}
