package ui

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"clockwise.info/cwmail/tui/theme"
)

func look(ascii bool) Look {
	return Look{Palette: theme.New(theme.Dark, colorprofile.ANSI256), ASCII: ascii, T: &English}
}

func TestBadgesAreSixColumns(t *testing.T) {
	for s := Unknown; s <= ToDo; s++ {
		for _, ascii := range []bool{true, false} {
			text := ansi.Strip(look(ascii).Badge(s))
			if ansi.StringWidth(text) != 6 {
				t.Errorf("state %d: %q", s, text)
			}
			if ascii && strings.Trim(text, "+i!x?.-o OKNTEWARFILSPD") != "" {
				t.Errorf("state %d is not ASCII: %q", s, text)
			}
		}
	}
}

func TestNoOddCharacterInOurTexts(t *testing.T) {
	for _, r := range strings.Join(append(append(append([]string{}, English.Welcome...), English.PathsLegend...), English.Forms...), "") {
		if r > 126 {
			t.Errorf("U+%04X in our texts", r)
		}
	}
}

func TestCutFitEnds(t *testing.T) {
	l := look(true)
	for _, c := range []struct{ got, want string }{
		{l.Cut("acme.example", 5), "acme~"},
		{l.Cut("acme", 5), "acme"},
		{l.Cut("acme", 0), ""},
		{l.Cut("漢字漢字", 5), "漢字~"},
		{l.Fit("ab", 4), "ab  "},
		{l.Ends("left", "right", 20), "left           right"},
		{l.Ends("a long text at the left", "right", 20), "a long text ~  right"},
		{l.Ends("left", "right", 10), "left"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, s := range Wrap(strings.Repeat("word ", 60), 200) {
		if len(s) > Prose {
			t.Errorf("prose of %d columns", len(s))
		}
	}
	if got := Wrap("v=spf1 include:_spf.clockwise.info -all", 36); strings.Join(got, "|") != "v=spf1 include:_spf.clockwise.info|-all" {
		t.Errorf("a term is torn: %q", got)
	}
	got := look(true).Hang("label ", "one two three four", 14)
	if strings.Join(got, "|") != "label one two|      three|      four" {
		t.Errorf("%q", got)
	}
}

func TestCopyWay(t *testing.T) {
	all := func(string) bool { return true }
	none := func(string) bool { return false }
	for _, c := range []struct {
		env  []string
		have func(string) bool
		want Way
		argv string
	}{
		{[]string{"TMUX=/tmp/x,1,0"}, all, Tmux, "tmux load-buffer -w -"},
		{[]string{"TMUX=/tmp/x,1,0", "SSH_TTY=/dev/pts/1"}, all, Tmux, "tmux load-buffer -w -"},
		{[]string{"STY=1.tty"}, all, Screen, ""},
		{[]string{"WAYLAND_DISPLAY=wayland-0"}, all, Desktop, "wl-copy"},
		{[]string{"DISPLAY=:0"}, all, Desktop, "xclip -selection clipboard"},
		{nil, all, Desktop, "pbcopy"},
		{[]string{"DISPLAY=:0", "SSH_CONNECTION=a b c d"}, all, Asked, ""},
		{[]string{"DISPLAY=:0"}, none, Asked, ""},
		{[]string{"TMUX=/tmp/x,1,0"}, none, Asked, ""},
	} {
		way, argv := CopyWay(c.env, "text", c.have)
		if way != c.want || strings.Join(argv, " ") != c.argv {
			t.Errorf("%q: %v %q, want %v %q", c.env, way, argv, c.want, c.argv)
		}
	}
	long := strings.Repeat("a", base64.StdEncoding.DecodedLen(maxOSC52)+4)
	way, _ := CopyWay(nil, long, all)
	if got := way.Told(&English, 91204, 80); got != "Too long to copy (91,204 characters). s saves it." {
		t.Errorf("%q", got)
	}
	if got := Asked.Told(&English, 1, 80); got != "Asked your terminal to copy 1 character. Nothing to paste? Press p." {
		t.Errorf("%q", got)
	}
}

func TestCopiedFitsTheLine(t *testing.T) {
	for columns, want := range map[int]string{
		100: "Copied 1,392 characters to tmux and offered them to your terminal. Nothing to paste? Press p.",
		80:  "Copied 1,392 characters to tmux, offered to your terminal. No paste? Press p.",
	} {
		if got := Tmux.Told(&English, 1392, columns); got != want || len(got) > columns {
			t.Errorf("%d columns: %q", columns, got)
		}
	}
}

func TestHarmless(t *testing.T) {
	for s, want := range map[string]bool{
		"v=spf1 -all": true, strings.Repeat("k", 20000): true, strings.Repeat("ü", 9000): true,
		"v=spf1\u00a0-all": false, strings.Repeat("k", 9000) + "\x1b": false, "\x9b": false,
	} {
		if Harmless(s) != want {
			t.Errorf("Harmless(%.20q) = %v", s, !want)
		}
	}
}

func TestTask(t *testing.T) {
	task, cmd := Start(t.Context(), func(_ context.Context, emit func(any)) any {
		emit("one")
		return "end"
	})
	if m := cmd(); m != (EventMsg{task.ID, "one"}) {
		t.Errorf("%v", m)
	}
	if m := task.Next()(); m != (DoneMsg{ID: task.ID, Value: "end"}) {
		t.Errorf("%v", m)
	}
	if m := task.Next()(); m != nil {
		t.Errorf("%v after the end", m)
	}
}

func TestTaskPanicsAndStops(t *testing.T) {
	_, cmd := Start(t.Context(), func(context.Context, func(any)) any { panic("oh") })
	if m, ok := cmd().(DoneMsg); !ok || m.Err == nil || !strings.Contains(m.Err.Error(), "oh") {
		t.Errorf("a panic came as %v", m)
	}
	task, cmd := Start(t.Context(), func(ctx context.Context, _ func(any)) any { <-ctx.Done(); return nil })
	task.Stop()
	cmd() // returns: the work has heard of it
}
