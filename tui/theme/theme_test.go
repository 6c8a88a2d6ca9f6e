package theme

import (
	"math"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
)

func TestProfile(t *testing.T) {
	for _, c := range []struct {
		flag string
		env  []string
		want colorprofile.Profile
	}{
		{"", []string{"TERM=xterm"}, colorprofile.ANSI},
		{"", []string{"TERM=xterm-256color"}, colorprofile.ANSI256},
		{"", []string{"TERM=xterm-256color", "COLORTERM=truecolor"}, colorprofile.TrueColor},
		{"", []string{"TERM=vt100"}, colorprofile.ASCII},
		{"", []string{"TERM=vt220"}, colorprofile.ASCII},
		{"", []string{"TERM=dumb"}, colorprofile.ASCII},
		{"", nil, colorprofile.ASCII},
		{"", []string{"TERM=nsterm"}, colorprofile.ANSI},
		{"", []string{"TERM=nsterm-256color"}, colorprofile.ANSI256},
		{"", []string{"TERM=xterm-ghostty"}, colorprofile.TrueColor},
		{"", []string{"TERM=st-256color"}, colorprofile.TrueColor},
		{"", []string{"TERM=xterm-256color", "NO_COLOR=yes"}, colorprofile.ASCII},
		{"", []string{"TERM=xterm-256color", "NO_COLOR="}, colorprofile.ANSI256},
		{"", []string{"TERM=xterm-256color", "CLICOLOR=0"}, colorprofile.ASCII},
		{"", []string{"TERM=xterm-256color", "CLICOLOR=0", "CLICOLOR_FORCE=1"}, colorprofile.ANSI256},
		{"", []string{"TERM=dumb", "CLICOLOR_FORCE=1"}, colorprofile.ANSI},
		{"", []string{"TERM=xterm-256color", "NO_COLOR=1", "CWMAIL_COLOR=always"}, colorprofile.ANSI256},
		{"never", []string{"TERM=xterm-256color", "CWMAIL_COLOR=always"}, colorprofile.ASCII},
		{"auto", []string{"TERM=xterm-256color", "NO_COLOR=1"}, colorprofile.ASCII},
	} {
		if got := Profile(c.flag, c.env); got != c.want {
			t.Errorf("Profile(%q, %q) = %v, want %v", c.flag, c.env, got, c.want)
		}
	}
}

func TestASCII(t *testing.T) {
	for _, c := range []struct {
		env  []string
		own  bool
		want bool
	}{
		{[]string{"TERM=xterm", "LANG=nl_NL.UTF-8"}, false, false},
		{[]string{"TERM=xterm", "LANG=C.utf8"}, false, false},
		{[]string{"TERM=xterm", "LC_ALL=C", "LANG=nl_NL.UTF-8"}, false, true},
		{[]string{"TERM=xterm", "LC_CTYPE=en_US.UTF-8", "LANG=C"}, false, false},
		{[]string{"TERM=linux", "LANG=nl_NL.UTF-8"}, false, true},
		{[]string{"TERM=vt220", "LANG=nl_NL.UTF-8"}, false, true},
		{[]string{"LANG=nl_NL.UTF-8"}, false, true},
		{[]string{"TERM=xterm"}, false, true},
		{[]string{"TERM=xterm"}, true, false},
		{[]string{"TERM=putty-256color"}, true, false},
		{[]string{"TERM=sun"}, true, true},
		{[]string{"TERM=xterm", "LANG=nl_NL.UTF-8", "CWMAIL_ASCII=1"}, false, true},
		{[]string{"TERM=xterm", "LANG=nl_NL.UTF-8", "CWMAIL_ASCII=0"}, false, false},
	} {
		if got := ASCII(false, c.env, c.own); got != c.want {
			t.Errorf("ASCII(%q, %v) = %v", c.env, c.own, got)
		}
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		flag, config string
		env          []string
		answer       Background
		want         Name
	}{
		{"", "", nil, NoAnswer, Neutral},
		{"", "", nil, DarkBackground, Dark},
		{"", "", nil, LightBackground, Light},
		{"", "", []string{"COLORFGBG=15;0"}, NoAnswer, Dark},
		{"", "", []string{"COLORFGBG=0;default;15"}, NoAnswer, Light},
		{"", "", []string{"COLORFGBG=0;15"}, DarkBackground, Dark},
		{"", "light", nil, DarkBackground, Light},
		{"", "light", []string{"CWMAIL_THEME=dark"}, LightBackground, Dark},
		{"contrast", "light", []string{"CWMAIL_THEME=dark"}, LightBackground, Contrast},
		{"auto", "", nil, LightBackground, Light},
		{"nonsense", "", nil, LightBackground, Light},
	} {
		if got := Choose(c.flag, c.config, c.env, c.answer); got != c.want {
			t.Errorf("Choose(%q, %q, %q, %v) = %v, want %v", c.flag, c.config, c.env, c.answer, got, c.want)
		}
	}
}

func TestNamesCycle(t *testing.T) {
	n := Auto
	for range Names {
		n = n.Next()
	}
	if n != Auto {
		t.Errorf("after all names comes %s", n)
	}
}

// contrast is the ratio of WCAG 2 between a colour of the 256 and a background.
func contrast(index int, bg [3]float64) float64 {
	r, g, b, _ := ansi.IndexedColor(index).RGBA()
	x := luminance([3]float64{float64(r) / 65535, float64(g) / 65535, float64(b) / 65535})
	y := luminance(bg)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func luminance(c [3]float64) float64 {
	for i, v := range c {
		if v <= 0.04045 {
			c[i] = v / 12.92
		} else {
			c[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
}

func TestContrast(t *testing.T) {
	black, white := [3]float64{}, [3]float64{1, 1, 1}
	soft := [3]float64{0x1e / 255.0, 0x1e / 255.0, 0x1e / 255.0}
	solarized := [3]float64{0, 0x2b / 255.0, 0x36 / 255.0}
	for _, p := range []struct {
		name  string
		table [roles]look
		least float64
		on    [][3]float64
	}{
		{"dark", dark256, 6.3, [][3]float64{black, soft, solarized}},
		{"light", light256, 5.7, [][3]float64{white}},
		{"neutral", neutral256, 3.85, [][3]float64{black, white}},
	} {
		for r, l := range p.table {
			if l.color < 0 {
				continue
			}
			for _, bg := range p.on {
				got := contrast(l.color, bg)
				if got < p.least || got < 4.35 && !l.bold {
					t.Errorf("%s: role %d, colour %d: contrast %.2f on %v", p.name, r, l.color, got, bg)
				}
			}
		}
	}
	for r, l := range light16 {
		for _, bad := range []int{0, 2, 3, 7, 8, 10, 11, 14} {
			if l.color == bad {
				t.Errorf("role %d has colour %d on a light background", r, bad)
			}
		}
	}
	for _, table := range [][roles]look{unknown16, colourless} {
		for r, l := range table {
			if l.color >= 0 {
				t.Errorf("role %d has a colour on an unknown background", r)
			}
		}
	}
}

func TestPaint(t *testing.T) {
	p := New(Dark, colorprofile.ANSI256)
	if got := p.Paint(Fail, "x FAIL"); got != "\x1b[1;38;5;210mx FAIL\x1b[m" {
		t.Errorf("%q", got)
	}
	if got := New(Contrast, colorprofile.TrueColor).Paint(OK, "fine"); got != "fine" {
		t.Errorf("%q", got)
	}
}
