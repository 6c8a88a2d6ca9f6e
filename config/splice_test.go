package config

import (
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/transports"
)

// laid is a file as a person writes it: with blank lines, aligned, with
// comments everywhere.
const laid = `# ours

account:   acme      # short


transports:

  # the first
  # has two lines
  - name:   acme
    type:   clockwise     # ours
    match:  { domain: acme.example,   future: 1 }   # flow
    dkim:   {enabled: yes, selector: "cw1"}
    # port: 25

  # nobody's comment

  - name: farm

    type: smtp
    smtp:
      host:     'mail.farm.example'   # ours
      # a comment	with a tab
      username: jan
      password: "hunter2"
      retries:  3

  - {name: last, type: noreply}   # short

# at the end
plugins: [a,   {b: c}]
`

func farmFrom(f *File, change func(*transports.Transport)) transports.Change {
	i := slices.IndexFunc(f.Transports, func(t transports.Transport) bool { return t.Name == "farm" })
	return editOf(f.Transports[i], change)
}

func editOf(t transports.Transport, change func(*transports.Transport)) transports.Change {
	name := t.Name
	change(&t)
	return transports.Change{Kind: transports.EditTransport, Name: name, To: t}
}

func add(at int, name string) transports.Change {
	return transports.Change{Kind: transports.AddTransport, At: at, To: transports.Transport{Name: name, Type: transports.NoReply}}
}

func move(name string, at int) transports.Change {
	return transports.Change{Kind: transports.MoveTransport, Name: name, At: at}
}

func remove(name string) transports.Change {
	return transports.Change{Kind: transports.RemoveTransport, Name: name}
}

// swap is laid with pieces of text replaced.
func swap(t *testing.T, text string, oldNew ...string) string {
	t.Helper()
	for i := 0; i < len(oldNew); i += 2 {
		if strings.Count(text, oldNew[i]) != 1 {
			t.Fatalf("%q stands %d times", oldNew[i], strings.Count(text, oldNew[i]))
		}
		text = strings.Replace(text, oldNew[i], oldNew[i+1], 1)
	}
	return text
}

func TestEditsLeaveTheRestOctetForOctet(t *testing.T) {
	const (
		first = "  # the first\n  # has two lines\n  - name:   acme\n    type:   clockwise     # ours\n    match:  { domain: acme.example,   future: 1 }   # flow\n" +
			"    dkim:   {enabled: yes, selector: \"cw1\"}\n    # port: 25\n"
		second = "  - name: farm\n\n    type: smtp\n    smtp:\n      host:     'mail.farm.example'   # ours\n      # a comment\twith a tab\n      username: jan\n      password: \"hunter2\"\n      retries:  3\n"
		last   = "  - {name: last, type: noreply}   # short\n"
	)
	for name, c := range map[string]struct {
		change func(f *File) transports.Change
		want   func(*testing.T) []string // pieces of laid and what stands there then
	}{
		"add at the end": {
			func(*File) transports.Change { return add(-1, "new") },
			func(*testing.T) []string { return []string{last, last + "\n  - name: new\n    type: noreply\n"} },
		},
		"add before the second": {
			func(*File) transports.Change { return add(1, "new") },
			func(*testing.T) []string { return []string{second, "  - name: new\n    type: noreply\n\n" + second} },
		},
		"remove the first": {
			func(*File) transports.Change { return remove("acme") },
			func(*testing.T) []string { return []string{first + "\n", ""} },
		},
		"remove the second": {
			func(*File) transports.Change { return remove("farm") },
			func(*testing.T) []string { return []string{second + "\n", ""} },
		},
		"remove the last": {
			func(*File) transports.Change { return remove("last") },
			func(*testing.T) []string { return []string{"\n" + last, ""} },
		},
		"move up": {
			func(*File) transports.Change { return move("last", 0) },
			func(*testing.T) []string { return []string{last, second, second, first, first, last} },
		},
		"host": {
			func(f *File) transports.Change {
				return farmFrom(f, func(t *transports.Transport) { t.Server.Host = "new.farm.example" })
			},
			func(*testing.T) []string { return []string{"'mail.farm.example'", "'new.farm.example'"} },
		},
		"password": {
			func(f *File) transports.Change {
				return farmFrom(f, func(t *transports.Transport) { t.Server.Password = transports.NewClearSecret(`"a: #'\b`) })
			},
			func(*testing.T) []string { return []string{`"hunter2"`, `"\"a: #'\\b"`} },
		},
		"another place of the password": {
			func(f *File) transports.Change {
				return farmFrom(f, func(t *transports.Transport) {
					t.Server.Password = transports.Secret{Kind: transports.EnvSecret, Ref: "P"}
				})
			},
			func(*testing.T) []string {
				return []string{"      password: \"hunter2\"\n", "", "retries:  3\n", "retries:  3\n      password_env: P\n"}
			},
		},
		"new keys": {
			func(f *File) transports.Change {
				return farmFrom(f, func(t *transports.Transport) { t.Match.Domain, t.From = "farm.example", "jan@farm.example" })
			},
			func(*testing.T) []string {
				return []string{"retries:  3\n", "retries:  3\n    match: {domain: farm.example}\n    from: jan@farm.example\n"}
			},
		},
		"a key of a flow mapping": {
			func(f *File) transports.Change {
				return editOf(f.Transports[0], func(t *transports.Transport) {
					t.Match.Domain, t.Match.LocalPart, t.DKIM.Selector, t.DKIM.Enabled = "", "jan", "cw2", false
				})
			},
			func(*testing.T) []string {
				return []string{"domain: acme.example,   future: 1 }", "future: 1, local_part: jan }", `{enabled: yes, selector: "cw1"}`, `{enabled: false, selector: "cw2"}`}
			},
		},
		"no dkim": {
			func(f *File) transports.Change {
				return editOf(f.Transports[0], func(t *transports.Transport) { t.DKIM = transports.DKIM{} })
			},
			func(*testing.T) []string {
				return []string{"    dkim:   {enabled: yes, selector: \"cw1\"}\n", ""}
			},
		},
		"an item in flow": {
			func(f *File) transports.Change {
				return editOf(f.Transports[2], func(t *transports.Transport) { t.ReplyTo.Copy, t.Name = true, "end" })
			},
			func(*testing.T) []string {
				return []string{"{name: last, type: noreply}", "{name: end, type: noreply, reply_to: true}"}
			},
		},
		"nothing": {
			func(f *File) transports.Change { return editOf(f.Transports[1], func(*transports.Transport) {}) },
			func(*testing.T) []string { return nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			pieces := c.want(t)
			for _, kind := range []string{"lf", "crlf", "bom", "no end"} {
				text, want := laid, laid
				if name == "move up" {
					want = swap(t, laid, first, "\x01", second, "\x02", last, "\x03")
					want = swap(t, want, "\x01", last, "\x02", first, "\x03", second)
				} else {
					want = swap(t, laid, pieces...)
				}
				switch kind {
				case "crlf":
					text, want = strings.ReplaceAll(text, "\n", "\r\n"), strings.ReplaceAll(want, "\n", "\r\n")
				case "bom":
					text, want = "\uFEFF"+text, "\uFEFF"+want
				case "no end":
					text, want = strings.TrimSuffix(text, "\n"), strings.TrimSuffix(want, "\n")
				}
				f, err := Parse("c.yaml", []byte(text))
				if err != nil {
					t.Fatal(err)
				}
				if err := f.Apply(c.change(f)); err != nil {
					t.Fatal(err)
				}
				if got := string(f.text()); got != want {
					t.Errorf("%s: got\n%s\nwant\n%s", kind, got, want)
				}
			}
		})
	}
}

func TestEditsOfOtherShapes(t *testing.T) {
	const item = "  - name: new\n    type: noreply\n"
	for _, c := range []struct {
		name, text string
		change     transports.Change
		want       string
	}{
		{"nothing", "", add(-1, "new"), "transports:\n" + item},
		{"a comment", "# only\n", add(-1, "new"), "# only\n\ntransports:\n" + item},
		{"a comment without end", "# only", add(-1, "new"), "# only\n\ntransports:\n  - name: new\n    type: noreply"},
		{"no key", "account: acme\r\n", add(-1, "new"), "account: acme\r\n\r\ntransports:\r\n  - name: new\r\n    type: noreply\r\n"},
		{"key further right", "  account: acme\n", add(-1, "new"), "  account: acme\n\n  transports:\n    - name: new\n      type: noreply\n"},
		{"no list", "transports:   # none\n# x\naccount: acme\n", add(-1, "new"), "transports:   # none\n" + item + "# x\naccount: acme\n"},
		{"null", "transports: ~\naccount: acme\n", add(-1, "new"), "transports:\n" + item + "account: acme\n"},
		{"empty list", "transports: []   # none\naccount: acme\n", add(-1, "new"), "transports:   # none\n" + item + "account: acme\n"},
		{"empty list without end", "transports: []", add(-1, "new"), "transports:\n  - name: new\n    type: noreply"},
		{"all in flow", "{account: acme, transports: []}\n", add(-1, "new"), "{account: acme, transports: [{name: new, type: noreply}]}\n"},
		{"flow without key", "{account: acme}\n", add(-1, "new"), "{account: acme, transports: [{name: new, type: noreply}]}\n"},
		{"the last one", "transports: # ours\n  # a\n  - name: a\n    type: noreply\n# x\n", remove("a"), "transports: [] # ours\n# x\n"},
		{"not indented", "transports:\n- name: a\n  type: noreply\n# x\naccount: acme\n", add(-1, "new"), "transports:\n- name: a\n  type: noreply\n- name: new\n  type: noreply\n# x\naccount: acme\n"},
		{
			"flow list", "transports: [ {name: a, type: noreply},\n  {name: b, type: noreply} ]  # x\n", add(1, "new"),
			"transports: [ {name: a, type: noreply},\n  {name: new, type: noreply}, {name: b, type: noreply} ]  # x\n",
		},
		{
			"flow list, end", "transports: [ {name: a, type: noreply},\n  {name: b, type: noreply} ]  # x\n", add(-1, "new"),
			"transports: [ {name: a, type: noreply},\n  {name: b, type: noreply}, {name: new, type: noreply} ]  # x\n",
		},
		{"flow list, move", "transports: [ {name: a, type: noreply},\n  {name: b, type: noreply} ]  # x\n", move("a", 1), "transports: [ {name: b, type: noreply},\n  {name: a, type: noreply} ]  # x\n"},
		{"flow list, first", "transports: [ {name: a, type: noreply},\n  {name: b, type: noreply} ]  # x\n", remove("a"), "transports: [ {name: b, type: noreply} ]  # x\n"},
		{"flow list, last", "transports: [ {name: a, type: noreply},\n  {name: b, type: noreply} ]  # x\n", remove("b"), "transports: [ {name: a, type: noreply} ]  # x\n"},
		{
			"dash alone", "transports:\n  -\n    # of a\n    name: a\n    type: noreply\n  -   name: b\n      type: noreply\n", move("b", 0),
			"transports:\n  -   name: b\n      type: noreply\n  -\n    # of a\n    name: a\n    type: noreply\n",
		},
		{
			"texts in lines", "transports:\n  - name: a\n    note: |\n      # no comment\n\n      - name: x\n    type: noreply\n\n  - name: b\n    type: noreply\n", move("b", 0),
			"transports:\n  - name: b\n    type: noreply\n\n  - name: a\n    note: |\n      # no comment\n\n      - name: x\n    type: noreply\n",
		},
		{
			"an edit before a text in lines", "transports:\n  - name: a\n    type: noreply\n    note: >-\n      one\n\n      two\n\n# x\n",
			editOf(transports.Transport{Name: "a", Type: transports.NoReply}, func(t *transports.Transport) { t.ReplyTo.Copy = true }),
			"transports:\n  - name: a\n    type: noreply\n    note: >-\n      one\n\n      two\n    reply_to: true\n\n# x\n",
		},
		{
			"the anchor moves to its first use", "transports:\n  - name: a\n    type: noreply\n    note: &n x\n  - name: b\n    type: noreply\n    note: *n\n", remove("a"),
			"transports:\n  - name: b\n    type: noreply\n    note: &n x\n",
		},
	} {
		f, err := Parse("c.yaml", []byte(c.text))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err := f.Apply(c.change); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := string(f.text()); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// TestAnchorsStayWithOthers: an edit of one transport changes no other one.
func TestAnchorsStayWithOthers(t *testing.T) {
	const text = `transports:
  - name: a
    type: smtp
    smtp: &s {host: mail.acme.example, username: &u jan, password: x, retries: 3}
  - name: b
    type: smtp
    smtp: *s
  - name: c
    type: smtp
    smtp: {host: c.example, username: *u, password: x}
`
	for name, change := range map[string]func(f *File) []transports.Change{
		"remove a": func(*File) []transports.Change { return []transports.Change{remove("a")} },
		"move a":   func(*File) []transports.Change { return []transports.Change{move("a", 2)} },
		"edit a": func(f *File) []transports.Change {
			return []transports.Change{editOf(f.Transports[0], func(t *transports.Transport) { t.Server.Host, t.Server.Username = "new.example", "piet" })}
		},
		"edit b": func(f *File) []transports.Change {
			return []transports.Change{editOf(f.Transports[1], func(t *transports.Transport) { t.Server.Host, t.Server.Username = "new.example", "piet" })}
		},
		"edit b beside": func(f *File) []transports.Change {
			return []transports.Change{editOf(f.Transports[1], func(t *transports.Transport) { t.From = "jan@acme.example" })}
		},
		"all": func(f *File) []transports.Change {
			return []transports.Change{
				editOf(f.Transports[0], func(t *transports.Transport) { t.Server.Host = "new.example" }),
				editOf(f.Transports[1], func(t *transports.Transport) { t.Server.Username = "piet" }), remove("b"), move("c", 0),
			}
		},
	} {
		f, err := Parse("c.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		changes := change(f)
		want := map[string]transports.Transport{}
		for _, tr := range f.Transports {
			want[tr.Name] = tr
		}
		for _, c := range changes {
			switch c.Kind {
			case transports.EditTransport:
				want[c.Name] = c.To
			case transports.RemoveTransport:
				delete(want, c.Name)
			}
		}
		if err := f.Apply(changes...); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(f.Transports) != len(want) {
			t.Errorf("%s: %d transports", name, len(f.Transports))
		}
		for _, tr := range f.Transports {
			if !transports.Same(tr, want[tr.Name]) {
				t.Errorf("%s: %s became %+v in\n%s", name, tr.Name, tr, f.text())
			}
		}
		if !strings.Contains(string(f.text()), "retries: 3") {
			t.Errorf("%s: an unknown key is lost:\n%s", name, f.text())
		}
	}
}

func TestApplyIsAllOrNothing(t *testing.T) {
	f, err := Parse("c.yaml", []byte(laid))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []transports.Change{remove("none"), move("none", 0), move("farm", 4), move("farm", -1), add(-1, "ACME"), {Kind: transports.EditTransport, Name: "none"}} {
		if err := f.Apply(add(0, "new"), c); err == nil || string(f.text()) != laid || len(f.Transports) != 3 {
			t.Errorf("%s: %v\n%s", c, err, f.text())
		}
	}
	if err := f.Apply(); err != nil || string(f.text()) != laid {
		t.Error("no change changes")
	}
}

// What is not idempotent when it is written and read stays as it is too.
func TestOddTextStays(t *testing.T) {
	const odd = "transports:\n  - {name: a, type: noreply, x: {b:c \"d\"}}\n  - {name: b, type: noreply}\n"
	f, err := Parse("c.yaml", []byte(odd))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Apply(remove("b")); err != nil || !strings.HasPrefix(odd, string(f.text())) {
		t.Errorf("%v\n%s", err, f.text())
	}
	f, err = Parse("c.yaml", []byte(Starter()))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Apply(add(-1, "new")); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(Starter()) {
		if !strings.Contains(string(f.text()), line) && !strings.HasPrefix(line, "transports:") {
			t.Errorf("the starter lost %q", line)
		}
	}
}

// FuzzApply makes a change in any file that can be read, and looks whether
// only that is changed.
func FuzzApply(f *testing.F) {
	for _, text := range []string{laid, edited, Starter(), "", "# x", "transports: [{name: a, type: noreply}]", "transports:\n- &a\n  name: a\n  type: noreply\n- {name: b, type: noreply, x: *a}\n"} {
		for kind := range byte(4) {
			f.Add([]byte(text), kind, uint8(1), uint8(0), "new.example")
			f.Add([]byte(strings.ReplaceAll(text, "\n", "\r\n")), kind, uint8(0), uint8(1), "a: #b")
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, kind byte, which, at uint8, value string) {
		was, err := Parse("c.yaml", data)
		if err != nil {
			return
		}
		c := transports.Change{Kind: transports.ChangeKind(kind % 4), At: int(at)}
		if n := len(was.Transports); n > 0 && c.Kind != transports.AddTransport {
			c.To = was.Transports[int(which)%n]
			c.Name, c.At = c.To.Name, int(at)%n
		}
		switch c.Kind {
		case transports.AddTransport:
			c.To = transports.Transport{Name: value, Type: transports.NoReply}
			c.At = min(c.At, len(was.Transports))
		case transports.EditTransport:
			c.To.Match.LocalPart, c.To.DKIM.Selector = value, value
			c.To.Server.Password = transports.NewClearSecret(value)
		}
		now := *was
		if err := now.Apply(c); err != nil {
			if string(was.text()) != string(data) {
				t.Fatal("changed on error")
			}
			return
		}
		want := slices.Clone(was.Transports)
		i := slices.IndexFunc(want, func(t transports.Transport) bool { return t.Name == c.Name })
		switch c.Kind {
		case transports.AddTransport:
			i = c.At
			want = slices.Insert(want, i, c.To)
		case transports.RemoveTransport:
			want = slices.Delete(want, i, i+1)
			i = -1
		case transports.MoveTransport:
			item := want[i]
			want = slices.Insert(slices.Delete(want, i, i+1), c.At, item)
			i = -1
		}
		if len(now.Transports) != len(want) {
			t.Fatalf("%d transports, not %d, in\n%s", len(now.Transports), len(want), now.text())
		}
		for j := range want {
			if j != i && !transports.Same(want[j], now.Transports[j]) {
				t.Fatalf("%s of %+v changed %+v in\n%s\nwhich was\n%s", c, c.To, want[j], now.text(), data)
			}
		}
		if again, err := Parse("c.yaml", now.text()); err != nil || again.Account != was.Account || again.Theme != was.Theme {
			t.Fatalf("%v:\n%s", err, now.text())
		}
	})
}
