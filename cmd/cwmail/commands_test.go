package main

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

func testApp(stdin string, env ...string) (*app, *bytes.Buffer, *bytes.Buffer) {
	var out, errw bytes.Buffer
	return newApp(system{
		in: strings.NewReader(stdin), out: &out, err: &errw, env: env,
		now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }, width: func() int { return 0 },
	}), &out, &errw
}

// TestEveryCommandHelps holds that each command explains itself with an example
// that the program would accept.
func TestEveryCommandHelps(t *testing.T) {
	a, _, _ := testApp("")
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Short == "" || c.Example == "" {
			t.Errorf("%s has no short help or no example", c.CommandPath())
		}
		for line := range strings.Lines(c.Example) {
			words := strings.Fields(line)
			if len(words) == 0 || words[0] != "cwmail" {
				t.Errorf("%s: an example begins with cwmail: %q", c.CommandPath(), line)
				continue
			}
			root := newRoot(a)
			named, _, err := root.Find(words[1:])
			if err != nil {
				t.Errorf("%s: example %q: %v", c.CommandPath(), line, err)
				continue
			}
			for _, w := range words[1:] {
				flag, isFlag := strings.CutPrefix(w, "--")
				flag, _, _ = strings.Cut(flag, "=")
				if isFlag && flag != "" && named.Flag(flag) == nil && named.InheritedFlags().Lookup(flag) == nil {
					t.Errorf("%s: example %q: there is no flag %s", c.CommandPath(), line, w)
				}
			}
		}
		for _, child := range c.Commands() {
			visit(child)
		}
	}
	visit(newRoot(a))
}

func TestHelpIsAtMost80ColumnsWide(t *testing.T) {
	a, _, _ := testApp("")
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		var b bytes.Buffer
		c.Root().SetOut(&b)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if len(strings.TrimSuffix(line, "\n")) > 80 {
				t.Errorf("%s --help: too wide: %q", c.CommandPath(), line)
			}
		}
		for _, child := range c.Commands() {
			visit(child)
		}
	}
	visit(newRoot(a))
}

func TestConsoleOrReport(t *testing.T) {
	for _, c := range []struct {
		in, out bool
		env     []string
		console bool
	}{
		{true, true, []string{"TERM=xterm"}, true},
		{true, true, []string{"TERM=dumb"}, false},
		{true, true, nil, false},
		{true, true, []string{"TERM=xterm", "ACCESSIBLE=1"}, false},
		{true, true, []string{"TERM=xterm", "ACCESSIBLE=0"}, true},
		{true, true, []string{"TERM=xterm", "CWMAIL_ACCESSIBLE=yes"}, false},
		{false, true, []string{"TERM=xterm"}, false},
		{true, false, []string{"TERM=xterm"}, false},
		{false, false, []string{"TERM=xterm"}, false},
	} {
		a, _, _ := testApp("", c.env...)
		a.inTerminal, a.outTerminal = c.in, c.out
		if got := a.wantsConsole(); got != c.console {
			t.Errorf("in %v, out %v, %v: console %v", c.in, c.out, c.env, got)
		}
	}
}

func TestReadResolvConf(t *testing.T) {
	got := readResolvConf(strings.NewReader("# comment\nnameserver 192.0.2.1\nsearch x\nnameserver fe80::1%eth0 \nnameserver x\n nameserver\t::ffff:192.0.2.2\nnameserver"))
	want := []netip.AddrPort{
		netip.MustParseAddrPort("192.0.2.1:53"), netip.MustParseAddrPort("[fe80::1%eth0]:53"), netip.MustParseAddrPort("192.0.2.2:53"),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestParseServer(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1":          "192.0.2.1:53",
		"192.0.2.1:5353":     "192.0.2.1:5353",
		"2001:db8::1":        "[2001:db8::1]:53",
		"[2001:db8::1]":      "[2001:db8::1]:53",
		"[2001:db8::1]:5353": "[2001:db8::1]:5353",
	} {
		got, err := parseServer(t.Context(), in)
		if err != nil || got.String() != want {
			t.Errorf("parseServer(%q) = %v, %v, want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "192.0.2.1:0", "192.0.2.1:99999", "192.0.2.1:x", "a b", "https://192.0.2.1"} {
		if got, err := parseServer(t.Context(), in); err == nil {
			t.Errorf("parseServer(%q) = %v, want an error", in, got)
		}
	}
}

func TestStringsOf(t *testing.T) {
	long := strings.Repeat("a", 300)
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"v=spf1 -all", []string{"v=spf1 -all"}},
		{`"v=spf1 -all"`, []string{`"v=spf1 -all"`}}, // may be the mistake itself
		{`"v=spf1 " "-all"`, []string{"v=spf1 ", "-all"}},
		{long, []string{long[:255], long[255:]}},
	} {
		if got := stringsOf(c.in); !slices.Equal(got, c.want) {
			t.Errorf("stringsOf(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestEachLine(t *testing.T) {
	var got []int
	in := "\ufeffa\n\n  \n" + strings.Repeat("b", 3<<20) + "\ncc"
	if err := eachLine(strings.NewReader(in), func(line []byte) { got = append(got, len(line)) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0] != 1 || got[1] < maxCase || got[1] > maxCase+64<<10 || got[2] != 2 {
		t.Errorf("lines of %v octets", got)
	}
}
