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

// Add appends a transport. Like Set and Remove it changes only f; Save writes.
func (f *File) Add(t transports.Transport) error {
	return f.edit(func(list *yaml.Node) error {
		list.Content = append(list.Content, transportNode(t, f.Path))
		list.Style = 0 // an empty list is written as [], which would put all on one line
		return nil
	})
}

// Set gives the transport of that name the settings of t. Keys that cwmail
// does not know, comments and the order of the keys stay.
func (f *File) Set(name string, t transports.Transport) error {
	return f.edit(func(list *yaml.Node) error {
		i := indexOf(list, name)
		if i < 0 {
			return fmt.Errorf("no transport is named %q", name)
		}
		merge(follow(list.Content[i]), transportNode(t, f.Path), "")
		return nil
	})
}

// Remove takes the transport of that name out.
func (f *File) Remove(name string) error {
	return f.edit(func(list *yaml.Node) error {
		i := indexOf(list, name)
		if i < 0 {
			return fmt.Errorf("no transport is named %q", name)
		}
		list.Content = slices.Delete(list.Content, i, i+1)
		return nil
	})
}

// edit changes a copy of the list of transports and takes it over only when
// the whole is a correct configuration.
func (f *File) edit(change func(list *yaml.Node) error) error {
	doc, err := copyOf(f.doc)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	list := transportList(doc)
	if err := change(list); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	data, err := encode(doc, f.crlf)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	parsed, err := Parse(f.Path, data)
	if err != nil {
		return err
	}
	parsed.Exists, parsed.sum = f.Exists, f.sum
	*f = *parsed
	f.loadKeys()
	return nil
}

// copyOf copies a tree by writing and reading it.
func copyOf(doc *yaml.Node) (*yaml.Node, error) {
	root := &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	data, err := encode(doc, false)
	if err != nil || doc == nil {
		return root, err
	}
	again, problems := decode(data)
	if len(problems) > 0 {
		return nil, fmt.Errorf("the file cannot be rewritten: %s", problems[0])
	}
	if again == nil {
		return root, nil
	}
	if isNull(again.Content[0]) {
		again.Content[0] = &yaml.Node{Kind: yaml.MappingNode}
	}
	return again, nil
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

// indexOf finds a transport by its name as it was read, without spaces around.
func indexOf(list *yaml.Node, name string) int {
	return slices.IndexFunc(list.Content, func(n *yaml.Node) bool { return strings.TrimSpace(nameIn(follow(n))) == name })
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

// merge brings old to the values of fresh. What fresh lacks goes when cwmail
// knows it; a mapping that holds unknown keys stays with these.
func merge(old, fresh *yaml.Node, where string) {
	var kept []*yaml.Node
	for i := 0; i+1 < len(old.Content); i += 2 {
		key, value := old.Content[i], old.Content[i+1]
		next := lookup(fresh, key.Value)
		switch {
		case next == nil && !slices.Contains(known[where], key.Value):
		// A mapping that others refer to is not changed, but replaced.
		case value.Kind == yaml.MappingNode && value.Anchor == "" && len(known[key.Value]) > 0 && where == "":
			if next == nil {
				next = &yaml.Node{Kind: yaml.MappingNode}
			}
			merge(value, next, key.Value)
			if len(value.Content) == 0 {
				continue
			}
		case next == nil:
			continue
		default:
			replaceValue(value, next)
		}
		kept = append(kept, key, value)
	}
	for i := 0; i+1 < len(fresh.Content); i += 2 {
		if lookup(&yaml.Node{Kind: yaml.MappingNode, Content: kept}, fresh.Content[i].Value) == nil {
			kept = append(kept, fresh.Content[i], fresh.Content[i+1])
		}
	}
	old.Content = kept
}

// replaceValue keeps the comments, and the way a value is written when it
// stays the same.
func replaceValue(value, next *yaml.Node) {
	if value.Kind == yaml.ScalarNode && next.Kind == yaml.ScalarNode && value.Value == next.Value {
		return
	}
	next.HeadComment, next.LineComment, next.FootComment = value.HeadComment, value.LineComment, value.FootComment
	*value = *next
}

func lookup(m *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}
