package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
)

func newDoctorTerminal(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "terminal", Short: "What the terminal can do, for support", Example: "  cwmail doctor terminal",
		Args: args(0, 0, ""),
		RunE: func(*cobra.Command, []string) error { return a.runDoctorTerminal() },
	}
}

func (a *app) runDoctorTerminal() error {
	size := "unknown: the output is not a terminal"
	if w := a.width(); w > 0 {
		size = fmt.Sprintf("%d columns", w)
	}
	rows := []struct{ Name, Value string }{
		{"TERM", a.getenv("TERM")},
		{"size", size},
		{"stdin is a terminal", yesNo(a.inTerminal)},
		{"stdout is a terminal", yesNo(a.outTerminal)},
		{"colours", theme.Profile(a.shared.color, a.env).String()},
		{"theme", string(theme.Choose(a.shared.theme, "", a.env, theme.NoAnswer))},
		{"COLORFGBG", a.getenv("COLORFGBG")},
		{"ASCII only", yesNo(theme.ASCII(a.shared.ascii, a.env, false))},
		{"inside SSH", yesNo(theme.SSH(a.env))},
		{"inside tmux", yesNo(a.getenv("TMUX") != "")},
		{"inside screen", yesNo(a.getenv("STY") != "")},
		{"copying", a.copying()},
	}
	if a.shared.json {
		doc := map[string]string{}
		for _, r := range rows {
			doc[r.Name] = r.Value
		}
		return a.printJSON(doc)
	}
	for _, r := range rows {
		value := r.Value
		if value == "" {
			value = "not set"
		}
		a.printf("%-22s %s\n", r.Name, value)
	}
	if !theme.ASCII(a.shared.ascii, a.env, false) {
		a.printf("%-22s %s\n", "Unicode line", "✔ ✘ … → ─ │ █ é 漢 (each one column, the last one two)")
	}
	return nil
}

// copying is what c in the console does here.
func (a *app) copying() string {
	switch way, argv := ui.CopyWay(a.env, "x", have); {
	case way == ui.Screen:
		return "by asking the terminal through screen (OSC 52)"
	case len(argv) > 0:
		return "by " + argv[0]
	}
	return "by asking the terminal (OSC 52)"
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
