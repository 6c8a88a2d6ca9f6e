// Package theme decides on colours: how many the terminal has, which palette
// fits its background, and what each role looks like in it. Pages name roles,
// never colours.
package theme

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/colorprofile"
)

// Profile decides how many colours are used. First that speaks: flag (auto,
// always, never, or a number of colours), CWMAIL_COLOR, NO_COLOR,
// CLICOLOR_FORCE, CLICOLOR=0, and what TERM and COLORTERM tell.
//
// This is our own order because colorprofile parses the variables as booleans
// (NO_COLOR=yes does nothing there), ignores CLICOLOR=0 and gives a vt100
// sixteen colours. Nor does it ask tmux, which would cost a process at start:
// the palettes need no more than 256 colours.
func Profile(flag string, env []string) colorprofile.Profile {
	v := variables(env)
	for _, s := range []string{flag, v["CWMAIL_COLOR"]} {
		switch strings.ToLower(s) {
		case "never", "off", "no", "0", "false", "none":
			return colorprofile.ASCII
		case "always", "on", "yes", "1", "true":
			return max(detect(v), colorprofile.ANSI)
		case "16":
			return colorprofile.ANSI
		case "256":
			return colorprofile.ANSI256
		case "truecolor":
			return colorprofile.TrueColor
		}
	}
	switch {
	case v["NO_COLOR"] != "":
		return colorprofile.ASCII
	case truthy(v["CLICOLOR_FORCE"]):
		return max(detect(v), colorprofile.ANSI)
	case v["CLICOLOR"] == "0":
		return colorprofile.ASCII
	}
	return detect(v)
}

// detect reads TERM and COLORTERM. Colorprofile gives true colour to any TERM
// that contains "st" or "rio", so such a name is only believed as a whole.
func detect(v map[string]string) colorprofile.Profile {
	term := v["TERM"]
	if Plain(term) {
		return colorprofile.ASCII
	}
	base, _, _ := strings.Cut(term, "-")
	if (strings.Contains(term, "st") && base != "st") || (strings.Contains(term, "rio") && base != "rio") {
		switch {
		case strings.HasSuffix(term, "256color"):
			term = "xterm-256color"
		case !strings.Contains(term, "ghostty"): // contains "st" and means it
			term = "xterm"
		}
	}
	p := colorprofile.Env([]string{"TERM=" + term, "COLORTERM=" + v["COLORTERM"], "WT_SESSION=" + v["WT_SESSION"]})
	return max(p, colorprofile.ASCII)
}

// Plain holds for terminals without colour.
func Plain(term string) bool {
	return term == "" || term == "dumb" || term == "ansi-m" || strings.HasPrefix(term, "vt")
}

// ASCII says whether only ASCII characters may be drawn: no locale that names
// UTF-8, or a terminal without such a font. own is true in an SSH server of
// our own, to which PuTTY sends no locale: there TERM decides.
func ASCII(force bool, env []string, own bool) bool {
	v := variables(env)
	term := v["TERM"]
	switch {
	case force, truthy(v["CWMAIL_ASCII"]):
		return true
	case term == "", term == "linux", term == "dumb", term == "ansi", strings.HasPrefix(term, "vt"), strings.HasPrefix(term, "cons"):
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if l := strings.ToLower(v[name]); l != "" {
			return !strings.Contains(l, "utf-8") && !strings.Contains(l, "utf8")
		}
	}
	if own {
		for _, t := range []string{"xterm", "screen", "tmux", "putty", "kitty", "foot"} {
			if strings.HasPrefix(term, t) || strings.HasPrefix(term, "xterm-"+t) {
				return false
			}
		}
	}
	return true
}

// SSH says whether the program runs inside an SSH session.
func SSH(env []string) bool {
	v := variables(env)
	return v["SSH_TTY"] != "" || v["SSH_CONNECTION"] != "" || v["SSH_CLIENT"] != ""
}

// truthy reads a variable of the kind that any value but 0 and false sets.
func truthy(s string) bool {
	b, err := strconv.ParseBool(s)
	return s != "" && (b || err != nil)
}

// variables reads NAME=VALUE lines; the last of several wins.
func variables(env []string) map[string]string {
	v := make(map[string]string, len(env))
	for _, line := range env {
		if name, value, ok := strings.Cut(line, "="); ok {
			v[name] = value
		}
	}
	return v
}
