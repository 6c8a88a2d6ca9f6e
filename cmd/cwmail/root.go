package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
)

// newRoot makes the command tree. Nothing is read, resolved or started here:
// `cwmail --version` must not pay for it.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "cwmail",
		Short: "Will ClockWise mail arrive, and if not, who must do what about it?",
		Long: "cwmail examines the ways in which ClockWise sends your mail, says what is wrong\n" +
			"with the DNS of your domain, who must act, and which record mends it.\n\n" +
			"Without a command it opens the console; without a terminal it does the same as\n" +
			"\"cwmail check\".",
		Example: "  cwmail --demo\n  cwmail check acme.example\n  cwmail explain DKIM",
		Version: version(),
		Args:    noSuchCommand,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.prepare(cmd)
		},
		RunE:                       func(cmd *cobra.Command, _ []string) error { return a.runRoot(cmd) },
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
	}
	keepOrder()
	root.CompletionOptions.DisableDefaultCmd = true // ours has errors of our form
	root.SetHelpCommand(newHelp())
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetUsageTemplate(usage)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if word := firstWord(cmd, a.args); cmd.HasAvailableSubCommands() && cmd == root && word != "" {
			return noSuchCommand(cmd, []string{word}) // its flags are not the mistake
		}
		return flagError(cmd, err)
	})
	root.PersistentFlags().SortFlags = false
	a.shared.register(root)
	root.AddCommand(commands(a)...)
	root.AddCommand(newCompletion(a))
	return root
}

// keepOrder leaves commands in the order of their use. It is a variable of the
// whole process.
var keepOrder = sync.OnceFunc(func() { cobra.EnableCommandSorting = false })

// newHelp is cobra's help command, which would take any word for a topic.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Explain a command", Example: "  cwmail help spf eval",
		RunE: func(cmd *cobra.Command, words []string) error {
			found, rest, err := cmd.Root().Find(words)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return noSuchCommand(found, rest)
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

// newCompletion writes what a shell needs to complete our commands.
func newCompletion(a *app) *cobra.Command {
	shells := []struct {
		name  string
		write func(*cobra.Command, io.Writer) error
	}{
		{"bash", func(c *cobra.Command, w io.Writer) error { return c.GenBashCompletionV2(w, true) }},
		{"zsh", (*cobra.Command).GenZshCompletion},
		{"fish", func(c *cobra.Command, w io.Writer) error { return c.GenFishCompletion(w, true) }},
		{"powershell", (*cobra.Command).GenPowerShellCompletionWithDesc},
	}
	var names []string
	for _, s := range shells {
		names = append(names, s.name)
	}
	return &cobra.Command{
		Use: "completion SHELL", Short: "Print what a shell needs to complete commands", Hidden: true,
		Long:      "Prints a script that lets a shell complete the commands and flags of cwmail.\nSHELL is one of: " + strings.Join(names, ", ") + ".",
		Example:   "  cwmail completion bash > ~/.local/share/bash-completion/completions/cwmail",
		ValidArgs: names,
		Args:      args(1, 1, "the name of a shell: "+strings.Join(names, ", ")),
		RunE: func(cmd *cobra.Command, words []string) error {
			for _, s := range shells {
				if s.name == words[0] {
					return s.write(cmd.Root(), a.out)
				}
			}
			return &failure{what: "could not run cwmail completion", why: fmt.Sprintf("%q is not a shell that it knows", words[0]), hints: []string{"good values: " + strings.Join(names, ", ")}}
		},
	}
}

// firstWord is the first argument that is neither a flag nor the value of one.
func firstWord(cmd *cobra.Command, args []string) string {
	for i := 0; i < len(args); i++ {
		name, isFlag := strings.CutPrefix(args[i], "--")
		switch f := cmd.Flag(name); {
		case !strings.HasPrefix(args[i], "-"):
			return args[i]
		case isFlag && f != nil && f.NoOptDefVal == "":
			i++ // its value
		}
	}
	return ""
}

// usage is cobra's own form, at most 80 columns wide.
const usage = `Usage:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} [command]{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}

Commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsagesWrapped 80 | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

Flags of every command:
{{.InheritedFlags.FlagUsagesWrapped 80 | trimTrailingWhitespaces}}{{end}}
`

// noSuchCommand is the answer to an argument that names no command.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hints := []string{cmd.CommandPath() + " --help lists the commands"}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hints = slices.Insert(hints, 0, "did you mean "+strings.Join(near, " or ")+"?")
	} else if cmd == cmd.Root() && strings.Contains(args[0], ".") {
		hints = slices.Insert(hints, 0, "cwmail check "+args[0]+" examines a domain")
	}
	return &failure{what: fmt.Sprintf("could not run %q", cmd.CommandPath()+" "+args[0]), why: fmt.Sprintf("unknown command %q", args[0]), hints: hints}
}

// group is a command that only holds others.
func group(use, short, example string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Example: example,
		Args:                       noSuchCommand,
		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var names []string
			for _, c := range cmd.Commands() {
				names = append(names, c.Name())
			}
			return &failure{
				what: "could not run " + cmd.CommandPath(), why: "it needs one more word: " + strings.Join(names, ", "),
				hints: []string{cmd.CommandPath() + " --help explains them"},
			}
		},
	}
	cmd.AddCommand(children...)
	return cmd
}

// args judges the number of arguments; names says what they are.
func args(low, high int, names string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, got []string) error {
		var why string
		switch {
		case len(got) < low:
			why = "it needs " + names
		case high >= 0 && len(got) > high:
			why = fmt.Sprintf("%q is one argument too many", got[high])
		default:
			return nil
		}
		return &failure{what: "could not run " + cmd.CommandPath(), why: why, hints: []string{cmd.CommandPath() + " --help shows an example"}}
	}
}

// inWorld opens the world of the shared flags, runs f in it within --timeout,
// and saves the answers.
func (a *app) inWorld(cmd *cobra.Command, needConfig bool, f func(context.Context, *world) error) error {
	ctx := cmd.Context()
	if a.shared.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.shared.timeout)
		defer cancel()
	}
	w, err := a.open(ctx, needConfig)
	if err != nil {
		return err
	}
	defer w.close()
	err = f(ctx, w)
	if bad, ok := errors.AsType[*failure](err); ok && bad.code == 0 {
		return err // nothing was asked: a run that was saved before stays
	}
	if saveErr := w.finish(); saveErr != nil {
		return saveErr
	}
	return err
}
