package transports

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Change is one change of the list of transports.
type Change struct {
	Kind ChangeKind
	Name string    // of the transport that is changed; "" for AddTransport
	To   Transport // of AddTransport and EditTransport
	At   int       // of MoveTransport: its new place, from 0; of AddTransport too, -1 is the end
}

// ChangeKind is what a change does.
type ChangeKind uint8

// The kinds.
const (
	AddTransport ChangeKind = iota
	EditTransport
	RemoveTransport
	MoveTransport
)

// String says what the change does, in words: "adds Invoices". Describe knows
// which settings an edit changes.
func (c Change) String() string {
	switch c.Kind {
	case AddTransport:
		return "adds " + c.To.Name
	case EditTransport:
		if c.To.Name != "" && c.To.Name != c.Name {
			return fmt.Sprintf("changes %s to %s", c.Name, c.To.Name)
		}
		return "changes " + c.Name
	case RemoveTransport:
		return "removes " + c.Name
	}
	return fmt.Sprintf("moves %s to place %d", c.Name, c.At+1)
}

// Describe is String with the settings that an edit of before changes:
// "changes port of Farm".
func (c Change) Describe(before Transport) string {
	if c.Kind != EditTransport {
		return c.String()
	}
	var fields []string
	renamed := ""
	for _, d := range Differences(before, c.To) {
		if d.Field == "name" {
			renamed = "renames " + before.Name + " to " + c.To.Name
			continue
		}
		fields = append(fields, d.Field)
	}
	switch {
	case len(fields) == 0 && renamed != "":
		return renamed
	case len(fields) == 0:
		return "changes nothing of " + c.Name
	case len(fields) > 4:
		fields = append(fields[:3], fmt.Sprintf("%d more", len(fields)-3))
	}
	what := "changes " + enumerate(fields) + " of " + c.Name
	if renamed != "" {
		return renamed + " and " + what
	}
	return what
}

func enumerate(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}

// Difference is one setting in which two transports differ. A secret is told
// as "set", "not set" or "changed", never as itself.
type Difference struct {
	Field         string // in words: "port", "key file"
	Before, After string // "" where nothing stands
}

// Differences lists the settings in which a and b differ, in the order of the
// file.
func Differences(a, b Transport) []Difference {
	var out []Difference
	for i := range fields {
		f := &fields[i]
		if f.raw(&a) == f.raw(&b) {
			continue
		}
		d := Difference{Field: f.name, Before: f.shown(&a), After: f.shown(&b)}
		if d.Before == d.After { // only the secret part differs
			d.After = cmp.Or(f.other, "changed")
		}
		out = append(out, d)
	}
	return out
}

// Same says whether a and b have the same settings, wherever they stand.
func Same(a, b Transport) bool {
	for i := range fields {
		if fields[i].raw(&a) != fields[i].raw(&b) {
			return false
		}
	}
	return true
}

// MergeEdits brings two edits of base together: what only mine changed goes
// over theirs. Where both changed the same setting to different values theirs
// stays, and its name is in both.
func MergeEdits(base, mine, theirs Transport) (merged Transport, both []string) {
	merged = theirs
	for i := range fields {
		f := &fields[i]
		switch m, t := f.raw(&mine), f.raw(&theirs); {
		case m == t || m == f.raw(&base):
		case t == f.raw(&base):
			f.take(&merged, &mine)
		default:
			both = append(both, f.name)
		}
	}
	return merged, both
}

// setting is one setting of a transport. raw may hold a secret; it is compared
// and goes nowhere else.
type setting struct {
	name  string
	raw   func(*Transport) string
	take  func(to, from *Transport)
	show  func(*Transport) string // where raw may not be shown
	other string                  // what After says where both show the same
}

func (s *setting) shown(t *Transport) string {
	if s.show != nil {
		return s.show(t)
	}
	return s.raw(t)
}

// text makes a setting of a text field.
func text(name string, field func(*Transport) *string) setting {
	return setting{
		name: name,
		raw:  func(t *Transport) string { return *field(t) },
		take: func(to, from *Transport) { *field(to) = *field(from) },
	}
}

// fields are the settings of a transport in the order of the file. A server
// counts only where the type has one.
var fields = [...]setting{
	text("name", func(t *Transport) *string { return &t.Name }),
	{
		name: "type", raw: func(t *Transport) string { return string(t.Type) },
		take: func(to, from *Transport) { to.Type = from.Type },
		show: func(t *Transport) string { return t.Type.Title() },
	},
	text("domain", func(t *Transport) *string { return &t.Match.Domain }),
	text("local part", func(t *Transport) *string { return &t.Match.LocalPart }),
	text("subsystem", func(t *Transport) *string { return &t.Match.Subsystem }),
	text("sender", func(t *Transport) *string { return &t.From }),
	text("envelope sender", func(t *Transport) *string { return &t.Envelope }),
	{
		name: "Reply-To", raw: func(t *Transport) string {
			switch {
			case t.ReplyTo.Address != "":
				return t.ReplyTo.Address
			case t.ReplyTo.Copy:
				return "copy of the sender"
			}
			return ""
		},
		take: func(to, from *Transport) { to.ReplyTo = from.ReplyTo },
	},
	{
		name: "signing", raw: func(t *Transport) string { return onOff(t.DKIM.Enabled) },
		take: func(to, from *Transport) { to.DKIM.Enabled = from.DKIM.Enabled },
	},
	text("selector", func(t *Transport) *string { return &t.DKIM.Selector }),
	text("key file", func(t *Transport) *string { return &t.DKIM.KeyFile }),
	text("public key", func(t *Transport) *string { return &t.DKIM.PublicKey }),
	text("host", func(t *Transport) *string { return &t.Server.Host }),
	{
		name: "port", raw: func(t *Transport) string {
			if t.Server.Port == 0 {
				return ""
			}
			return strconv.Itoa(t.Server.Port)
		},
		take: func(to, from *Transport) { to.Server.Port = from.Server.Port },
	},
	text("security", func(t *Transport) *string { return &t.Server.Security }),
	text("login method", func(t *Transport) *string { return &t.Server.Auth }),
	text("username", func(t *Transport) *string { return &t.Server.Username }),
	{
		name: "password", raw: func(t *Transport) string {
			p := t.Server.Password
			return string(p.Kind) + "\x00" + p.Ref + "\x00" + p.value
		},
		take:  func(to, from *Transport) { to.Server.Password = from.Server.Password },
		show:  func(t *Transport) string { return t.Server.Password.whence() },
		other: "changed",
	},
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// whence says where a secret stands. A command may hold a secret itself.
func (s Secret) whence() string {
	switch s.Kind {
	case ClearSecret:
		return "set"
	case CommandSecret:
		return "from a command"
	case EnvSecret:
		return "from the variable " + s.Ref
	case KeyringSecret:
		return "from the keyring, as " + s.Ref
	}
	return "not set"
}
