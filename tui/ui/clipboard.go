package ui

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// Way is how a copied text reaches the reader's clipboard.
type Way uint8

// The ways.
const (
	Asked   Way = iota // OSC 52, which has no answer: never claim that it worked
	Tmux               // tmux load-buffer -w -
	Screen             // OSC 52 wrapped for GNU screen, which drops it bare
	Desktop            // wl-copy, xclip, pbcopy, clip.exe
	TooLong            // more than terminals take
)

// maxOSC52 is the number of base64 octets that terminals take at most.
const maxOSC52 = 74994

// CopyWay decides how text is copied. have says whether a program is there.
func CopyWay(env []string, text string, have func(string) bool) (w Way, argv []string) {
	v := map[string]string{}
	for _, line := range env {
		if name, value, ok := strings.Cut(line, "="); ok {
			v[name] = value
		}
	}
	ssh := v["SSH_TTY"] != "" || v["SSH_CONNECTION"] != "" || v["SSH_CLIENT"] != ""
	switch {
	case base64.StdEncoding.EncodedLen(len(text)) > maxOSC52:
		return TooLong, nil
	case v["TMUX"] != "" && have("tmux"):
		return Tmux, []string{"tmux", "load-buffer", "-w", "-"}
	case v["STY"] != "":
		return Screen, nil
	case !ssh:
		for _, c := range []struct {
			set  bool
			argv []string
		}{
			{v["WAYLAND_DISPLAY"] != "", []string{"wl-copy"}},
			{v["DISPLAY"] != "", []string{"xclip", "-selection", "clipboard"}},
			{true, []string{"pbcopy"}},
			{true, []string{"clip.exe"}},
		} {
			if c.set && have(c.argv[0]) {
				return Desktop, c.argv
			}
		}
	}
	return Asked, nil
}

// Told is the sentence after copying n characters that way, for a line of
// columns.
func (w Way) Told(t *Texts, n, columns int) string {
	count := strings.Replace(Count(t.Characters, n), strconv.Itoa(n), thousands(n), 1)
	switch w {
	case Tmux:
		if s := Fill(t.CopiedTmux, count); len(s) <= columns {
			return s
		}
		return Fill(t.CopiedNarrow, count)
	case Desktop:
		return Fill(t.CopiedDesktop, count)
	case TooLong:
		return Fill(t.CopiedTooLong, count)
	}
	return Fill(t.CopiedAsked, count)
}

// thousands writes n with a comma between groups of three digits.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
