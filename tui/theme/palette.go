package theme

import (
	"slices"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// Name is a palette that a reader can choose.
type Name string

// The names in the order in which they are cycled.
const (
	Auto     Name = "auto"
	Dark     Name = "dark"
	Light    Name = "light"
	Neutral  Name = "neutral" // reads on black and on white
	Contrast Name = "contrast"
)

// Names are all names, in the order of the T key.
var Names = []Name{Auto, Dark, Light, Neutral, Contrast}

// Next is the name behind n.
func (n Name) Next() Name { return Names[(slices.Index(Names, n)+1)%len(Names)] }

// Parse reads a name; ok is false for an unknown one. "" is Auto.
func Parse(s string) (n Name, ok bool) {
	if s == "" {
		return Auto, true
	}
	n = Name(strings.ToLower(s))
	return n, slices.Contains(Names, n)
}

// Background is what the terminal answered when asked for its background.
type Background uint8

// The zero value is no answer.
const (
	NoAnswer Background = iota
	DarkBackground
	LightBackground
)

// Choose decides on the palette. First that speaks: flag, CWMAIL_THEME, the
// configuration, the terminal's answer, COLORFGBG. Where nobody speaks it is
// Neutral: a palette for an unknown background.
func Choose(flag, config string, env []string, answer Background) Name {
	v := variables(env)
	for _, s := range []string{flag, v["CWMAIL_THEME"], config} {
		if n, ok := Parse(s); ok && n != Auto {
			return n
		}
	}
	switch answer {
	case DarkBackground:
		return Dark
	case LightBackground:
		return Light
	}
	fields := strings.Split(v["COLORFGBG"], ";")
	if bg, err := strconv.Atoi(fields[len(fields)-1]); err == nil {
		if bg == 7 || bg >= 9 && bg <= 15 {
			return Light
		}
		return Dark
	}
	return Neutral
}

// Role is what a piece of text is, whatever it looks like.
type Role uint8

// The roles.
const (
	Text Role = iota
	OK
	Warn
	Fail
	Info
	Muted
	Accent
	Strong // a heading
	Picked // the name that the selection stands on
	roles
)

// look is one cell of the table: a colour index, or -1 for the terminal's own
// colour, and attributes.
type look struct {
	color                    int
	bold, reverse, underline bool
}

var (
	plain     = look{color: -1}
	bold      = look{color: -1, bold: true}
	reverse   = look{color: -1, reverse: true}
	underline = look{color: -1, underline: true}
)

func c(color int) look  { return look{color: color} }
func cb(color int) look { return look{color: color, bold: true} }

// The palettes of 256 colours, of 16 colours, and without colour.
var (
	dark256    = [roles]look{Text: plain, OK: c(78), Warn: c(221), Fail: cb(210), Info: c(117), Muted: c(248), Accent: c(111), Strong: bold, Picked: reverse}
	light256   = [roles]look{Text: plain, OK: c(22), Warn: c(94), Fail: cb(124), Info: c(25), Muted: c(240), Accent: cb(25), Strong: bold, Picked: reverse}
	neutral256 = [roles]look{Text: plain, OK: c(28), Warn: c(130), Fail: cb(160), Info: c(30), Muted: c(243), Accent: c(63), Strong: bold, Picked: reverse}
	dark16     = [roles]look{Text: plain, OK: c(10), Warn: c(11), Fail: cb(9), Info: c(14), Muted: plain, Accent: cb(14), Strong: bold, Picked: reverse}
	light16    = [roles]look{Text: plain, OK: plain, Warn: cb(5), Fail: cb(1), Info: plain, Muted: plain, Accent: bold, Strong: bold, Picked: reverse}
	unknown16  = [roles]look{Text: plain, OK: plain, Warn: bold, Fail: reverse, Info: plain, Muted: plain, Accent: bold, Strong: bold, Picked: reverse}
	colourless = [roles]look{Text: plain, OK: plain, Warn: bold, Fail: reverse, Info: plain, Muted: plain, Accent: underline, Strong: bold, Picked: reverse}
)

// Palette is the style of each role.
type Palette struct {
	styles [roles]lipgloss.Style
	bare   [roles]bool // nothing to add: the usual case, and worth no work
}

// New makes the palette of a chosen theme for a terminal's colours.
func New(n Name, p colorprofile.Profile) *Palette {
	table := table(n, p)
	out := &Palette{}
	for r, l := range table {
		s := lipgloss.NewStyle().Inline(true).Bold(l.bold).Reverse(l.reverse).Underline(l.underline)
		if l.color >= 0 {
			s = s.Foreground(lipgloss.ANSIColor(l.color))
		}
		out.styles[r], out.bare[r] = s, l == plain
	}
	return out
}

func table(n Name, p colorprofile.Profile) [roles]look {
	switch {
	case n == Contrast || p < colorprofile.ANSI:
		return colourless
	case p == colorprofile.ANSI:
		switch n {
		case Dark:
			return dark16
		case Light:
			return light16
		}
		return unknown16
	}
	switch n {
	case Dark:
		return dark256
	case Light:
		return light256
	}
	return neutral256
}

// Paint gives text the look of a role. Text is one line.
func (p *Palette) Paint(r Role, text string) string {
	if text == "" || p.bare[r] {
		return text
	}
	return p.styles[r].Render(text)
}
