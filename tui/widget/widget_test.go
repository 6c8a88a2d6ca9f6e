package widget

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"github.com/charmbracelet/colorprofile"
)

func rows(n int, can func(int) bool) Rows {
	return Rows{Len: n, Can: can, Draw: func(i int, _ bool) string { return fmt.Sprint(i) }}
}

func gutter(sel bool) string {
	if sel {
		return ">"
	}
	return " "
}

func TestListKeepsSelectionInSight(t *testing.T) {
	var l List
	r := rows(100, nil)
	for i, a := range []keys.Action{
		keys.Down, keys.PageDown, keys.PageDown, keys.Up, keys.Bottom, keys.Down, keys.PageUp, keys.Top, keys.Up, keys.Bottom, keys.Up,
	} {
		l.Do(a, r)
		lines, y := l.View(r, 10, gutter)
		if len(lines) != 10 || y < 0 || lines[y] != ">"+fmt.Sprint(l.At) {
			t.Fatalf("step %d (%s): at %d, y %d: %q", i, a, l.At, y, lines)
		}
	}
	if l.At != 98 {
		t.Errorf("at %d", l.At)
	}
}

func TestListReachesEveryRow(t *testing.T) {
	var l List
	r := rows(1000, nil)
	l.View(r, 30, gutter)
	for i := range 1000 {
		if l.At != i {
			t.Fatalf("at %d instead of %d", l.At, i)
		}
		l.Do(keys.Down, r)
		if _, y := l.View(r, 30, gutter); y < 0 {
			t.Fatalf("row %d is out of sight", l.At)
		}
	}
	for i := range 1000 {
		l.Do(keys.Up, r)
		if _, y := l.View(r, 30, gutter); y < 0 || l.At != max(0, 998-i) {
			t.Fatalf("at %d", l.At)
		}
	}
}

func TestListSkipsHeadings(t *testing.T) {
	l := List{At: 0}
	r := rows(6, func(i int) bool { return i != 0 && i != 3 })
	l.Settle(r)
	if l.At != 1 {
		t.Errorf("at %d", l.At)
	}
	l.Do(keys.Down, r)
	l.Do(keys.Down, r)
	if l.At != 4 {
		t.Errorf("at %d", l.At)
	}
	l.Do(keys.Top, r)
	if l.At != 1 {
		t.Errorf("at %d", l.At)
	}
	if l.Click(3, r) || l.At != 1 {
		t.Error("a heading was clicked")
	}
}

func TestEmptyListAndTinyWindow(t *testing.T) {
	var l List
	for _, n := range []int{0, 1, 5} {
		for _, h := range []int{-1, 0, 1} {
			l.View(rows(n, nil), h, gutter)
			l.Do(keys.Down, rows(n, nil))
			l.Do(keys.Bottom, rows(n, nil))
		}
	}
}

// A long text with one thing to select at its end can be read to the end and
// back.
func TestTextBetweenSelections(t *testing.T) {
	var l List
	r := rows(100, func(i int) bool { return i == 0 || i == 99 })
	seen := map[string]bool{}
	for range 110 {
		lines, _ := l.View(r, 10, gutter)
		for _, s := range lines {
			seen[strings.Trim(s, "> ")] = true
		}
		l.Do(keys.Down, r)
	}
	if len(seen) != 100 || l.At != 99 {
		t.Errorf("%d of 100 lines were seen, at %d", len(seen), l.At)
	}
	for range 110 {
		l.View(r, 10, gutter)
		l.Do(keys.Up, r)
	}
	if l.At != 0 {
		t.Errorf("not back at the top, but at %d", l.At)
	}
}

func TestText(t *testing.T) {
	var x Text
	lines := strings.Split(strings.Repeat("line\n", 39)+"the End", "\n")
	x.View(lines, 10)
	if x.Place() != "1-10 of 40" {
		t.Error(x.Place())
	}
	if !x.Find(lines, "end", 1) || x.Place() != "31-40 of 40" {
		t.Error(x.Place())
	}
	if x.Find(lines, "nowhere", 1) {
		t.Error("found what is not there")
	}
	x.Do(keys.Top)
	if got := x.View(lines, 100); len(got) != 40 || x.Place() != "" {
		t.Error(len(got), x.Place())
	}
}

func TestField(t *testing.T) {
	l := ui.Look{Palette: theme.New(theme.Dark, colorprofile.ASCII), ASCII: true, T: &ui.English}
	f := NewField("acme")
	for _, k := range []tea.KeyPressMsg{
		{Code: tea.KeyHome}, {Code: 'x', Text: "x"}, {Code: tea.KeyRight}, {Code: tea.KeyBackspace}, {Code: tea.KeyEnd}, {Code: '!', Text: "!"}, {Code: tea.KeyLeft}, {Code: tea.KeyDelete},
	} {
		f.Type(k)
	}
	if f.String() != "xcme" {
		t.Errorf("%q", f.String())
	}
	f.Set("\x9b\u202e")
	if got, _ := f.View(l, 40); got != `\x9b<U+202E>` || f.String() != "\x9b\u202e" {
		t.Errorf("%q", got)
	}
	f.Set(strings.Repeat("0123456789", 10))
	if got, x := f.View(l, 20); len(got) != 19 || x != 19 || got[0] != '~' {
		t.Errorf("%q %d", got, x)
	}
	f.Type(tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl})
	if f.String() != "" {
		t.Errorf("%q", f.String())
	}
}

func TestPasted(t *testing.T) {
	for in, want := range map[string]string{
		" v=spf1 -all\n":              "v=spf1 -all",
		`"v=spf1 -all"`:               "v=spf1 -all",
		`IN TXT "v=DKIM1; p=AB" "CD"`: "v=DKIM1; p=ABCD",
		"TXT v=spf1 -all":             "v=spf1 -all",
		"v=DKIM1; p=AB\r\nCD":         "v=DKIM1; p=ABCD",
		"<acme.example>":              "acme.example",
		"v=spf1 -all":                 "v=spf1 -all",
		`say "hi"`:                    `say "hi"`,
	} {
		got, told := Pasted(&ui.English, in)
		if got != want || (told == "") != (in == want) {
			t.Errorf("Pasted(%q) = %q, %q", in, got, told)
		}
	}
}
