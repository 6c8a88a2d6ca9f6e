package main

import (
	"context"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/lab"
	"clockwise.info/cwmail/config"
	"clockwise.info/cwmail/transports"
)

type transportListOptions struct{}

func newTransportList(a *app, runF func(context.Context, *transportListOptions) error) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the transports, in the order of the file", Example: "  cwmail transport list\n  cwmail transport list --json",
		Args: args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), &transportListOptions{})
			}
			return a.runTransportList()
		},
	}
}

func (a *app) runTransportList() error {
	file, err := a.configured()
	if err != nil {
		return err
	}
	all := append(file.Transports[:len(file.Transports):len(file.Transports)], transports.BuiltIn())
	if a.shared.json {
		list := make([]checks.JSONTransport, len(all))
		for i, t := range all {
			list[i] = checks.TransportJSON(t)
		}
		return a.printJSON(map[string]any{"transports": list})
	}
	for i, t := range all {
		if i > 0 {
			a.printf("\n")
		}
		a.printTransport(t, file.Service.NoReply)
	}
	return nil
}

func (a *app) printTransport(t transports.Transport, noReply string) {
	a.printf("%s\n", t.Name)
	a.printf("  type    %s\n", t.Type.Title())
	a.printf("  takes   %s\n", t.Match.String())
	if from := t.Sender(noReply); from != "" {
		a.printf("  sender  %s\n", from)
	}
	if t.Type == transports.SMTP {
		a.printf("  server  %s port %d, %s\n", t.Server.Host, t.Server.Port, t.Server.Security)
	}
	if t.DKIM.Enabled {
		a.printf("  DKIM    selector %s\n", t.DKIM.Selector)
	}
}

// configured is the configuration alone, for commands that ask nobody.
func (a *app) configured() (*config.File, error) {
	w := &world{}
	if a.shared.demo {
		file, err := config.Parse("demo", lab.Config())
		if err != nil {
			return nil, err
		}
		w.file = file
	}
	if err := a.openConfig(w, true); err != nil {
		return nil, err
	}
	return w.file, nil
}
