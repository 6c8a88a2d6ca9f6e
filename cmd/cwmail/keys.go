package main

import (
	"github.com/spf13/cobra"

	"clockwise.info/cwmail/tui/keys"
)

func newKeys(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "keys", Short: "List the keys of the console", Example: "  cwmail keys",
		Args: args(0, 0, ""),
		RunE: func(*cobra.Command, []string) error { return a.runKeys() },
	}
}

func (a *app) runKeys() error {
	all := keys.Default().All()
	if a.shared.json {
		type entry struct {
			Action string   `json:"action"`
			Keys   []string `json:"keys"`
			Does   string   `json:"does"`
			Group  string   `json:"group"`
		}
		list := []entry{}
		for _, e := range all {
			list = append(list, entry{string(e.Action), e.Binding.Keys(), e.Binding.Help().Desc, e.Group})
		}
		return a.printJSON(map[string]any{"keys": list})
	}
	group := ""
	for i, e := range all {
		if e.Group != group {
			if i > 0 {
				a.printf("\n")
			}
			group = e.Group
			a.printf("%s\n", group)
		}
		a.printf("  %-16s %s\n", e.Binding.Help().Key, e.Binding.Help().Desc)
	}
	return nil
}
