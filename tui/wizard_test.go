package tui

import (
	"fmt"
	"path/filepath"
	"testing"

	"clockwise.info/cwmail/tui/tuitest"
)

// withWizards is the console with invented wizards, and where their runs are
// kept.
func withWizards() (Options, tuitest.Shelf) {
	o, shelf := options(), tuitest.Shelf{}
	o.Wizards, o.World, o.Left = tuitest.Wizards, shelf.World(), shelf.Left
	return o, shelf
}

// wizardWalks lead to every step of the invented wizards.
var wizardWalks = []walk{
	{"list", []string{"w"}},
	{"domain", []string{"w", "enter"}},
	{"domain-wrong", []string{"w", "enter", "ctrl+u", "acme", "enter"}},
	{"record", []string{"w", "enter", "enter"}},
	{"publish", []string{"w", "enter", "enter", "enter"}},
	{"publish-second", []string{"w", "enter", "enter", "enter", "n"}},
	{"wait", []string{"w", "enter", "enter", "enter", "enter"}},
	{"prove", []string{"w", "enter", "enter", "enter", "enter", "r", "enter"}},
	{"done", []string{"w", "enter", "enter", "enter", "enter", "r", "enter", "enter"}},
	{"mail", []string{"w", "j", "enter"}},
	{"mail-type", []string{"w", "j", "enter", "Acme", "tab", "tab", "2"}},
	{"mail-smtp", []string{"w", "j", "enter", "Acme", "tab", "tab", "down", "tab", "tab", "secret"}},
	{"confirm", []string{"w", "j", "enter", "Acme", "enter"}},
	{"why", []string{"w", "enter", "enter", "e"}},
	{"left", []string{"w", "enter", "enter", "enter", "O", "w"}},
}

func TestWizardGolden(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
		for _, ascii := range []bool{true, false} {
			for _, walk := range wizardWalks {
				kind := map[bool]string{true: "ascii", false: "unicode"}[ascii]
				name := fmt.Sprintf("wizard-%s-%dx%d-%s", walk.name, size[0], size[1], kind)
				t.Run(name, func(t *testing.T) {
					o, _ := withWizards()
					o.Settings.ASCII = ascii
					a := ready(t, o, size[0], size[1])
					press(a, walk.keys...)
					golden(t, filepath.Join("testdata", "screens", name+".txt"), screen(a))
				})
			}
		}
	}
}
