package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run the real main as the command cwmail.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cwmail": func() { os.Exit(run()) }})
}

func TestScripts(t *testing.T) {
	commands := map[string]func(*testscript.TestScript, bool, []string){
		"status": scriptStatus,
		"json":   scriptJSON,

		"samefindings": scriptSameFindings,
	}
	maps.Copy(commands, helpers)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/xdg")
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("ESC", "\x1b")
			// A program with the race detector would wait a second at its end.
			env.Setenv("GORACE", "atexit_sleep_ms=20")
			zone, err := os.ReadFile("testdata/world.zone")
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "world.zone"), zone, 0o600)
		},
		Cmds: commands,
	})
}

// scriptStatus runs a command and compares its exit status:
// status 2 cwmail check 'foo bar'.
func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command ...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// scriptJSON compares a value of a document: json stdout reports.0.verdict
// '"failure"'. "len" behind a list is its length.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: json FILE PATH VALUE")
	}
	var doc any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &doc); err != nil {
		ts.Fatalf("%s is not one JSON document: %v", args[0], err)
	}
	value, err := at(doc, args[1])
	if err != nil {
		ts.Fatalf("%s: %v", args[1], err)
	}
	got, err := json.Marshal(value)
	ts.Check(err)
	if (string(got) == args[2]) == neg {
		ts.Fatalf("%s is %s, compared with %s", args[1], got, args[2])
	}
}

// scriptSameFindings compares the verdicts and the codes of two documents.
func scriptSameFindings(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: samefindings FILE FILE")
	}
	if a, b := codes(ts, args[0]), codes(ts, args[1]); a != b {
		ts.Fatalf("%s\nis not the same as\n%s", a, b)
	}
}

func codes(ts *testscript.TestScript, file string) string {
	var doc struct {
		Reports []struct {
			Target, Verdict string
			Findings        []struct {
				Code, Title string
				SilencedBy  *string `json:"silenced_by"`
			}
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &doc))
	out, err := json.MarshalIndent(doc, "", " ")
	ts.Check(err)
	return string(out)
}

func at(doc any, path string) (any, error) {
	for key := range strings.SplitSeq(path, ".") {
		switch v := doc.(type) {
		case map[string]any:
			var ok bool
			if doc, ok = v[key]; !ok {
				return nil, fmt.Errorf("there is no %q", key)
			}
		case []any:
			if key == "len" {
				doc = float64(len(v))
				continue
			}
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(v) {
				return nil, fmt.Errorf("there is no %q in a list of %d", key, len(v))
			}
			doc = v[i]
		default:
			return nil, fmt.Errorf("nothing is below %v", doc)
		}
	}
	return doc, nil
}
