package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/config"
)

func newConfigPath(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "path", Short: "Where the file is", Example: "  cwmail config path",
		Args: args(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			path, err := a.configPath()
			if err != nil {
				return err
			}
			if a.shared.json {
				return a.printJSON(map[string]string{"path": path})
			}
			a.printf("%s\n", path)
			return nil
		},
	}
}

func (a *app) configPath() (string, error) {
	path, _, err := config.Path(a.shared.config, a.getenv)
	if err != nil {
		return "", &failure{what: "could not find the configuration folder", why: strings.TrimPrefix(err.Error(), "config: "), hints: []string{"--config FILE names a file", "CWMAIL_CONFIG does so too"}}
	}
	return path, nil
}

func newConfigCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Whether the file is right", Example: "  cwmail config check\n  cwmail config check --config ./cwmail.yaml",
		Args: args(0, 0, ""),
		RunE: func(*cobra.Command, []string) error { return a.runConfigCheck() },
	}
}

// configProblem is a mistake in the file, as the document shows it.
type configProblem struct {
	Line int    `json:"line"`
	What string `json:"what"`
	Hint string `json:"hint"`
}

type configJSON struct {
	Path     string               `json:"path"`
	Problems []configProblem      `json:"problems"`
	Unknown  []configProblem      `json:"unknown"`
	Findings []checks.JSONFinding `json:"findings"`
}

func (a *app) runConfigCheck() error {
	path, err := a.configPath()
	if err != nil {
		return err
	}
	file, err := config.Open(a.shared.config, a.getenv)
	if invalid, ok := errors.AsType[*config.Invalid](err); ok && a.shared.json {
		problems := []configProblem{}
		for _, p := range invalid.Problems {
			problems = append(problems, configProblem{p.Line, p.What, p.Hint})
		}
		if err := a.printJSON(configJSON{path, problems, []configProblem{}, checks.FindingsJSON(nil)}); err != nil {
			return err
		}
		return status(exitUsage)
	}
	if err != nil {
		return configFailure(err)
	}
	unknown := []configProblem{}
	for _, u := range file.Unknown {
		p := configProblem{Line: u.Line, What: fmt.Sprintf("cwmail does not know the setting %q", u.Key)}
		if u.Near != "" {
			p.Hint = fmt.Sprintf("did you mean %q?", u.Near)
		}
		unknown = append(unknown, p)
	}
	e := a.examiner(&world{file: file})
	all := slices.DeleteFunc(append(e.ConfigurationFindings(), e.SettingsFindings()...), func(f finding.Finding) bool {
		return f.Code() == "transport.setting-unknown" // told with its line already
	})
	finding.Sort(all, nil)
	if a.shared.json {
		if err := a.printJSON(configJSON{path, []configProblem{}, unknown, checks.FindingsJSON(all)}); err != nil {
			return err
		}
		return statusOf(statusOfFindings(all, false))
	}
	a.printConfig(file, unknown, all)
	if len(all) > 0 {
		a.printf("\n")
	}
	if err := checks.WriteFindings(a.out, "the domain", all, a.textOptions()); err != nil {
		return err
	}
	return statusOf(statusOfFindings(all, false))
}

func (a *app) printConfig(file *config.File, unknown []configProblem, all []finding.Finding) {
	if !file.Exists {
		a.printf("There is no file at %s. Everything is as by default.\n", file.Path)
		return
	}
	right := "is right"
	if worst, ok := finding.Worst(all); ok && worst == finding.Failure {
		right = "can be read, and has mistakes"
	}
	a.printf("%s %s. Transports: %d.\n", file.Path, right, len(file.Transports))
	for _, u := range unknown {
		hint := ""
		if u.Hint != "" {
			hint = " (" + u.Hint + ")"
		}
		a.printf("line %d: %s%s; it stays in the file.\n", u.Line, u.What, hint)
	}
}

func newConfigInit(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "init", Short: "Write a commented file to begin with", Example: "  cwmail config init\n  cwmail config init --config ./cwmail.yaml",
		Args: args(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			path, err := a.configPath()
			if err != nil {
				return err
			}
			err = config.Create(path)
			if errors.Is(err, fs.ErrExist) {
				return &failure{what: "could not write " + path, why: "it exists already", hints: []string{"cwmail config check judges it", "--config FILE writes another one"}}
			}
			if err != nil {
				return &failure{what: "could not write " + path, why: cause(err), hints: []string{"--config FILE writes it elsewhere"}}
			}
			if a.shared.json {
				return a.printJSON(map[string]string{"path": path})
			}
			a.printf("%s\n", path)
			return nil
		},
	}
}
