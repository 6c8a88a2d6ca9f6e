package keys

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// forbidden are keys that terminals, screen or tmux take for themselves, or
// that arrive as another key.
var forbidden = []string{
	"ctrl+a", "ctrl+b", "ctrl+i", "ctrl+m", "ctrl+j", "ctrl+h", "ctrl+[", "ctrl+s", "ctrl+q",
	"ctrl+left", "ctrl+right", "ctrl+up", "ctrl+down", "shift+left", "shift+right", "shift+up", "shift+down",
}

func TestNoForbiddenKey(t *testing.T) {
	for _, e := range Default().entries {
		keys := e.Binding.Keys()
		plain := 0
		for _, k := range keys {
			bad := strings.HasPrefix(k, "alt+") || len(k) > 1 && k[0] == 'f' && k[1] >= '0' && k[1] <= '9'
			for _, f := range forbidden {
				bad = bad || k == f
			}
			if !bad {
				plain++
			}
		}
		if plain == 0 {
			t.Errorf("%s has only keys that may not arrive: %q", e.Action, keys)
		}
	}
}

func TestEveryEntryIsComplete(t *testing.T) {
	seen := map[Action]bool{}
	for _, e := range Default().All() {
		if seen[e.Action] {
			t.Errorf("%s stands twice", e.Action)
		}
		seen[e.Action] = true
		h := e.Binding.Help()
		if e.Short == "" || e.Group == "" || h.Key == "" || h.Desc == "" {
			t.Errorf("%s is incomplete: %+v", e.Action, e)
		}
		if len(h.Key) > 14 || len(h.Desc) > 60 {
			t.Errorf("%s is too long for the help", e.Action)
		}
	}
}

func TestOverrides(t *testing.T) {
	m, err := New(map[string]string{"check-again": "y"})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Match(tea.KeyPressMsg{Code: 'y', Text: "y"}); got != Check {
		t.Errorf("y is %q", got)
	}
	if got := m.Match(tea.KeyPressMsg{Code: 'r', Text: "r"}); got != None {
		t.Errorf("r is still %q", got)
	}
	for _, bad := range []map[string]string{{"check-again": "c"}, {"dance": "y"}, {"copy": " "}} {
		if _, err := New(bad); err == nil {
			t.Errorf("New(%v) says nothing", bad)
		}
	}
}

func TestMatch(t *testing.T) {
	m := Default()
	for _, c := range []struct {
		k    tea.KeyPressMsg
		want Action
	}{
		{tea.KeyPressMsg{Code: 'j', Text: "j"}, Down},
		{tea.KeyPressMsg{Code: 'G', Text: "G"}, Bottom},
		{tea.KeyPressMsg{Code: tea.KeyEnter}, Open},
		{tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}, Break},
		{tea.KeyPressMsg{Code: tea.KeyTab, Mod: tea.ModShift}, PrevPane},
		{tea.KeyPressMsg{Code: 't', Text: "t"}, TestMail},
		{tea.KeyPressMsg{Code: 'y', Text: "y"}, None},
	} {
		if got := m.Match(c.k); got != c.want {
			t.Errorf("%s is %q, want %q", c.k, got, c.want)
		}
	}
}
