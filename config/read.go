package config

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"clockwise.info/cwmail/transports"
)

// Parse reads the text of a configuration file. It reads no other file: keys
// are loaded by Load. Mistakes give an *Invalid with all of them.
func Parse(path string, data []byte) (*File, error) {
	r := &reader{f: empty(path), names: map[string]int{}}
	r.f.Exists, r.f.sum, r.f.text = true, sha256.Sum256(data), hide(data)
	r.f.crlf = bytes.Contains(data, []byte("\r\n"))
	r.f.doc, r.problems = decode(data)
	if len(r.problems) == 0 && r.f.doc != nil {
		r.top(r.f.doc.Content[0])
	}
	if len(r.problems) > 0 {
		err := &Invalid{Path: path, Problems: r.problems}
		err.sort()
		return nil, err
	}
	return r.f, nil
}

// reader turns nodes into values, and collects what is wrong.
type reader struct {
	f         *File
	problems  []Problem
	transport string         // that is being read
	names     map[string]int // of transports, in lower case, with their lines
}

func (r *reader) problem(n *yaml.Node, what, hint string) {
	r.problems = append(r.problems, Problem{Line: n.Line, Column: n.Column, What: what, Hint: hint})
}

// field is one key of a mapping and what reads its value.
type field struct {
	name string
	read func(*yaml.Node)
}

// mapping reads the keys of n by fields. where is what n stands in, with a dot
// behind it, "" at the top; example shows how n is written.
func (r *reader) mapping(n *yaml.Node, where, example string, fields []field) bool {
	n = follow(n)
	if isNull(n) {
		return true
	}
	if n.Kind != yaml.MappingNode {
		name := strings.TrimSuffix(where, ".")
		if name == "" {
			name = "the file"
		}
		r.problem(n, name+" holds "+kindOf(n)+" where keys are expected", "write "+example)
		return false
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		r.entry(n.Content[i], n.Content[i+1], where, seen, fields)
	}
	return true
}

func (r *reader) entry(key, value *yaml.Node, where string, seen map[string]int, fields []field) {
	switch {
	case key.Kind != yaml.ScalarNode:
		r.problem(key, "a key has to be a word", "write key: value")
		return
	case key.Tag == "!!merge":
		r.problem(key, "merging with << is not supported", "write the keys out")
		return
	}
	if line, double := seen[key.Value]; double {
		r.problem(key, fmt.Sprintf("%s%s stands here a second time, first in line %d", where, key.Value, line), "keep one of the two")
		return
	}
	seen[key.Value] = key.Line
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == key.Value })
	if i < 0 {
		r.f.Unknown = append(r.f.Unknown, Unknown{Key: where + key.Value, Near: nearKey(key.Value, where, fields), Line: key.Line, Transport: r.transport})
		return
	}
	fields[i].read(follow(value))
}

// sequence reads the entries of a list. A single value counts as a list of one.
func (r *reader) sequence(n *yaml.Node, name string, each func(*yaml.Node)) {
	switch {
	case isNull(n):
	case n.Kind == yaml.SequenceNode:
		for _, c := range n.Content {
			each(follow(c))
		}
	case n.Kind == yaml.ScalarNode:
		each(n)
	default:
		r.problem(n, name+" holds keys where a list is expected", "write "+name+": [first, second]")
	}
}

// text reads a value of any scalar type: a selector may be a number.
func (r *reader) text(n *yaml.Node, name string) (string, bool) {
	switch {
	case isNull(n):
		return "", true
	case n.Kind != yaml.ScalarNode:
		r.problem(n, name+" holds "+kindOf(n)+" where one value is expected", "write "+name[strings.LastIndex(name, ".")+1:]+": value")
		return "", false
	}
	if i := strings.IndexFunc(n.Value, isControl); i >= 0 && name != "smtp.password" {
		r.problem(n, fmt.Sprintf("%s holds a line break or another control character", name), "write it on one line")
		return "", false
	}
	return strings.TrimSpace(n.Value), true
}

func isControl(c rune) bool { return c < ' ' || c == 0x7f }

// value makes the reader of a text that is checked by parse, which returns
// what to write instead when the text is wrong.
func (r *reader) value(into *string, name string, parse func(string) (value, wrong, hint string)) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.text(n, name)
		if !ok || s == "" {
			return
		}
		v, wrong, hint := parse(s)
		if wrong != "" {
			r.problem(n, name+": "+wrong, hint)
			return
		}
		*into = v
	}
}

var switches = map[string]bool{"true": true, "yes": true, "on": true, "false": false, "no": false, "off": false}

func (r *reader) boolean(n *yaml.Node, name string) (value, ok bool) {
	if n.Kind == yaml.ScalarNode {
		if v, known := switches[strings.ToLower(strings.TrimSpace(n.Value))]; known {
			return v, true
		}
	}
	if !isNull(n) {
		r.problem(n, name+" is neither true nor false", "write "+name[strings.LastIndex(name, ".")+1:]+": true or false")
	}
	return false, false
}

func (r *reader) toggle(into **bool, name string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if v, ok := r.boolean(n, name); ok {
			*into = &v
		}
	}
}

func (r *reader) list(into *[]string, name string, parse func(string) (value, wrong, hint string)) func(*yaml.Node) {
	return func(n *yaml.Node) {
		out := []string{}
		r.sequence(n, name, func(c *yaml.Node) {
			var v string
			r.value(&v, name, parse)(c)
			if v != "" && !slices.Contains(out, v) {
				out = append(out, v)
			}
		})
		if len(out) > 0 {
			*into = out
		}
	}
}

func follow(n *yaml.Node) *yaml.Node {
	// The library refuses an alias of an alias, so that one step is enough.
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys"
	case yaml.SequenceNode:
		return "a list"
	}
	return "one value"
}

func (r *reader) top(n *yaml.Node) {
	f := r.f
	r.mapping(n, "", "keys such as account: acme", []field{
		{"account", r.value(&f.Account, "account", parseAccount)},
		{"transports", r.transports},
		{"resolvers", r.list(&f.Resolvers, "resolvers", parseServer)},
		{"public_resolvers", r.list(&f.PublicResolvers, "public_resolvers", parseServer)},
		{"dns_lists", r.list(&f.DNSLists, "dns_lists", parseDomain)},
		{"clockwise", r.service},
		{"theme", r.value(&f.Theme, "theme", oneOf("auto", "dark", "light", "neutral", "high-contrast"))},
		{"color", r.value(&f.Color, "color", oneOf("auto", "always", "never"))},
		{"lang", r.value(&f.Lang, "lang", parseLang)},
		{"ascii", r.toggle(&f.ASCII, "ascii")},
		{"motion", r.toggle(&f.Motion, "motion")},
		{"accessible", r.toggle(&f.Accessible, "accessible")},
		{"mouse", r.toggle(&f.Mouse, "mouse")},
		{"privacy", r.toggle(&f.Privacy, "privacy")},
		{"interval", r.interval},
		{"keys", r.keys},
	})
}

func (r *reader) service(n *yaml.Node) {
	s := &r.f.Service
	var network string
	r.mapping(n, "clockwise.", "clockwise: {spf_include: _spf.clockwise.info}", []field{
		{"spf_include", r.value(&s.SPFInclude, "clockwise.spf_include", parseDomain)},
		{"network", func(n *yaml.Node) {
			r.value(&network, "clockwise.network", parseNetwork)(n)
			if p, err := prefixOf(network); err == nil {
				s.Network = p
			}
		}},
		{"noreply", r.value(&s.NoReply, "clockwise.noreply", parseAddress("noreply"))},
		{"domain", r.value(&s.Domain, "clockwise.domain", parseDomain)},
		{"dkim_selector", r.value(&s.DKIMSelector, "clockwise.dkim_selector", parseSelector)},
	})
}

// interval reads a time such as 5m; off is none at all.
func (r *reader) interval(n *yaml.Node) {
	var text string
	r.value(&text, "interval", parseInterval)(n)
	if d, err := time.ParseDuration(text); err == nil {
		r.f.Interval = &d
	}
}

// keys reads action: key. Two actions on one key are a mistake; whether an
// action exists is known only to the console.
func (r *reader) keys(n *yaml.Node) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.problem(n, "keys holds "+kindOf(n)+" where action: key is expected", "write keys: {check-again: r}")
		return
	}
	r.f.Keys = map[string]string{}
	users := map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		action, value := n.Content[i], follow(n.Content[i+1])
		key, ok := r.text(value, "keys."+action.Value)
		switch {
		case !ok:
		case key == "":
			r.problem(value, "keys."+action.Value+" names no key", "write "+action.Value+": r")
		case r.f.Keys[action.Value] != "":
			r.problem(action, "keys."+action.Value+" stands here a second time", "keep one of the two")
		case users[key] != "":
			r.problem(value, fmt.Sprintf("the key %s is given to two actions, %s and %s", key, users[key], action.Value), "give one of them another key")
		default:
			r.f.Keys[action.Value], users[key] = key, action.Value
		}
	}
}

func (r *reader) transports(n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		r.problem(n, "transports is not a list", "begin each transport with - and a space: - name: acme.example")
		return
	case yaml.ScalarNode:
		if !isNull(n) {
			r.problem(n, "transports holds one value where a list is expected", "begin each transport with - and a space: - name: acme.example")
		}
		return
	}
	for _, c := range n.Content {
		r.oneTransport(follow(c))
	}
}

// oneTransport reads one entry of the list.
func (r *reader) oneTransport(n *yaml.Node) {
	t := transports.Transport{Line: n.Line}
	r.transport = nameIn(n)
	defer func() { r.transport = "" }()
	var typ, typeLine *yaml.Node
	var smtp *smtpBlock
	if isNull(n) {
		r.problem(n, "an entry of transports is empty", "write - name: acme.example, and under it type: clockwise")
		return
	}
	ok := r.mapping(n, "", "- name: acme.example, and under it type: clockwise", []field{
		{"name", r.value(&t.Name, "name", asIs)},
		{"type", func(n *yaml.Node) {
			typ, typeLine = n, n
			var s string
			r.value(&s, "type", parseType)(n)
			t.Type = transports.Type(s)
		}},
		{"match", func(n *yaml.Node) { r.match(n, &t.Match) }},
		{"from", r.value(&t.From, "from", parseAddress("from"))},
		{"envelope", r.value(&t.Envelope, "envelope", parseAddress("envelope"))},
		{"reply_to", func(n *yaml.Node) { r.replyTo(n, &t.ReplyTo) }},
		{"dkim", func(n *yaml.Node) { r.dkim(n, &t.DKIM) }},
		{"smtp", func(n *yaml.Node) { smtp = r.smtp(n) }},
	})
	if !ok {
		return
	}
	r.unique(n, &t)
	switch {
	case typ == nil || isNull(typ):
		r.problem(n, "a transport has no type", "add type: clockwise, noreply or smtp")
	case t.Type == transports.SMTP && smtp == nil:
		r.problem(typeLine, "a transport of type smtp has no smtp server", "add smtp: {host: mail.acme.example, port: 587, security: starttls}")
	case t.Type == transports.SMTP:
		t.Server = r.server(smtp)
	case t.Type != "" && smtp != nil:
		r.problem(smtp.node, "smtp stands in a transport of type "+string(t.Type)+", where it has no effect", "write type: smtp, or remove smtp")
	}
	r.f.Transports = append(r.f.Transports, t)
}

// nameIn returns the name that stands in a transport, wherever it stands.
func nameIn(n *yaml.Node) string {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if v := follow(n.Content[i+1]); n.Content[i].Value == "name" && v.Kind == yaml.ScalarNode {
				return v.Value
			}
		}
	}
	return ""
}

// unique holds names apart, in any letter case: people type them.
func (r *reader) unique(n *yaml.Node, t *transports.Transport) {
	if t.Name == "" {
		if strings.TrimSpace(r.transport) != "" {
			return // told already
		}
		r.problem(n, "a transport has no name", "add name: and a name of your choice, such as acme.example")
		return
	}
	if strings.EqualFold(t.Name, transports.BuiltIn().Name) {
		r.problem(n, "the name "+t.Name+" is taken by the built-in default", "choose another name")
	}
	key := strings.ToLower(t.Name)
	if line, used := r.names[key]; used {
		r.problem(n, fmt.Sprintf("the name %q is used twice, first in line %d", t.Name, line), "give one of them another name")
		return
	}
	r.names[key] = t.Line
}

func (r *reader) match(n *yaml.Node, m *transports.Match) {
	r.mapping(n, "match.", "match: {domain: acme.example}", []field{
		{"domain", r.value(&m.Domain, "match.domain", parseMatchDomain)},
		{"local_part", r.value(&m.LocalPart, "match.local_part", parseLocalPart)},
		{"subsystem", r.value(&m.Subsystem, "match.subsystem", func(s string) (string, string, string) { return strings.ToLower(s), "", "" })},
	})
}

func (r *reader) replyTo(n *yaml.Node, to *transports.ReplyTo) {
	if isNull(n) || n.Kind == yaml.ScalarNode && n.Value == "" {
		return
	}
	if n.Kind != yaml.ScalarNode {
		r.problem(n, "reply_to holds "+kindOf(n)+" where one value is expected", "write reply_to: true, or an address")
		return
	}
	if v, known := switches[strings.ToLower(n.Value)]; known {
		to.Copy = v
		return
	}
	r.value(&to.Address, "reply_to", func(s string) (string, string, string) {
		v, wrong, hint := parseAddress("reply_to")(s)
		if wrong != "" {
			hint = "write reply_to: true to copy the sender, or an address such as info@acme.example"
		}
		return v, wrong, hint
	})(n)
}

func (r *reader) dkim(n *yaml.Node, d *transports.DKIM) {
	var enabled *bool
	var key string
	r.mapping(n, "dkim.", "dkim: {enabled: true, selector: cw1}", []field{
		{"enabled", r.toggle(&enabled, "dkim.enabled")},
		{"selector", r.value(&d.Selector, "dkim.selector", parseSelector)},
		{"key", r.value(&key, "dkim.key", parseKeyPath)},
		{"public_key", func(n *yaml.Node) {
			if n.Kind == yaml.ScalarNode && n.Value != "" { // line breaks are allowed in here
				one := *n
				one.Value = strings.Join(strings.Fields(n.Value), " ")
				n = &one
			}
			r.value(&d.PublicKey, "dkim.public_key", parsePublicKey)(n)
		}},
	})
	// Who writes a selector or a key down wants to sign.
	d.Enabled = d.Selector != "" || key != "" || d.PublicKey != ""
	if enabled != nil {
		d.Enabled = *enabled
	}
	if key != "" {
		d.KeyFile = resolvePath(r.f.Path, key)
	}
	if d.PublicKey != "" {
		d.Key.Public, _ = publicKey(d.PublicKey)
	}
}
