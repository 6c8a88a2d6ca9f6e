package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/tui/theme"
)

// shared are the flags that every command has.
type shared struct {
	config    string
	resolvers []string
	timeout   time.Duration
	demo      bool
	with      []string
	save      string
	replay    string

	json       bool
	lang       string
	color      string
	theme      string
	ascii      bool
	accessible bool
	privacy    bool

	sets []dns.Set // --with, read
}

// choices are the flags with a list of good values; the first is the default.
var choices = []struct {
	flag   string
	value  func(*shared) *string
	values []string
}{
	{"color", func(s *shared) *string { return &s.color }, []string{"auto", "always", "never"}},
	{"theme", func(s *shared) *string { return &s.theme }, themeNames()},
	{"lang", func(s *shared) *string { return &s.lang }, []string{"en"}},
}

func themeNames() []string {
	var out []string
	for _, n := range theme.Names {
		out = append(out, string(n))
	}
	return out
}

// register declares the flags at the root.
func (s *shared) register(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&s.config, "config", "", "read this configuration `FILE` (also CWMAIL_CONFIG)")
	f.StringArrayVar(&s.resolvers, "resolver", nil, "ask this name server, `HOST:PORT` (repeatable)")
	f.DurationVar(&s.timeout, "timeout", 0, "give up after this time, e.g. 30s; 0 never does")
	f.BoolVar(&s.demo, "demo", false, "look at a small invented world on this machine")
	f.StringArrayVar(&s.with, "with", nil, "answer as if DNS had `'NAME TYPE VALUE'` (repeatable)")
	f.StringVar(&s.save, "save", "", "keep all answers of this run in `FILE`")
	f.StringVar(&s.replay, "replay", "", "answer from a saved `FILE`, without network")
	f.BoolVar(&s.json, "json", false, "print JSON")
	f.BoolVar(&s.ascii, "ascii", false, "draw with ASCII characters only")
	f.BoolVar(&s.accessible, "accessible", false, "plain lines for a screen reader")
	f.BoolVar(&s.privacy, "privacy", false, "hide addresses, names and keys")
	for _, c := range choices {
		f.StringVar(c.value(s), c.flag, "", "one of: "+strings.Join(c.values, ", "))
	}
}

// check judges the values of the flags.
func (s *shared) check(cmd *cobra.Command) error {
	for _, c := range choices {
		v := c.value(s)
		if cmd.Flags().Changed(c.flag) && !slices.Contains(c.values, *v) {
			return &failure{
				what: "could not use --" + c.flag, why: fmt.Sprintf("%q is not one of its values", *v),
				hints: []string{"good values: " + strings.Join(c.values, ", ")},
			}
		}
	}
	if s.timeout < 0 {
		return &failure{what: "could not use --timeout", why: "it is below zero", hints: []string{"--timeout 30s gives up after thirty seconds"}}
	}
	for _, name := range []string{"config", "save", "replay"} {
		if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return noFile(name)
		}
	}
	if s.save != "" && s.save == s.replay {
		return &failure{what: "could not use --save", why: "it names the file that --replay reads", hints: []string{"name another file"}}
	}
	var err error
	if s.sets, err = dns.ParseSets(asciiNames(s.with)); err != nil {
		return &failure{
			what: "could not use --with", why: strings.TrimPrefix(err.Error(), "dns: "),
			hints: []string{"--with 'acme.example TXT v=spf1 -all' lays a record over DNS", "--with 'acme.example TXT -' takes all TXT records away"},
		}
	}
	return nil
}

// asciiNames puts the names of lines for --with into A-labels, as DNS has them.
func asciiNames(lines []string) []string {
	out := slices.Clone(lines)
	for i, line := range out {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.ContainsFunc(name, func(c rune) bool { return c > 0x7e }) {
			if ascii, err := transports.ParseDomain(name); err == nil {
				out[i] = ascii + " " + rest
			}
		}
	}
	return out
}

// noFile is the error about a flag whose value is empty, as an unset variable
// of a script leaves it.
func noFile(flag string) error {
	return &failure{what: "could not use --" + flag, why: "it names no file", hints: []string{"--" + flag + " FILE"}}
}

// flagError says in our words what cobra says of a flag.
func flagError(cmd *cobra.Command, err error) error {
	f := &failure{what: "could not read the command line", why: err.Error(), hints: []string{cmd.CommandPath() + " --help lists the flags"}}
	bad, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return f
	}
	f.what = "could not use --" + bad.GetFlag().Name
	switch bad.GetFlag().Value.Type() {
	case "bool":
		f.why = fmt.Sprintf("%q is neither true nor false", bad.GetValue())
	case "duration":
		f.why = fmt.Sprintf("%q is not a time with its unit", bad.GetValue())
		f.hints = []string{"--" + bad.GetFlag().Name + " 30s gives up after thirty seconds"}
	}
	return f
}
