package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is what this build knows about itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "cwmail, of unknown version"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "development version"
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				v += " " + s.Value[:12]
			}
		}
	}
	return "cwmail " + v
}

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Example: "  cwmail version",
		Args: args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.shared.json {
				return a.printJSON(map[string]string{"version": cmd.Root().Version})
			}
			_, err := fmt.Fprintln(a.out, cmd.Root().Version)
			return err
		},
	}
}
