package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"

	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/safe"
)

// helpers are the commands of the scripts that hold the contract.
var helpers = map[string]func(*testscript.TestScript, bool, []string){
	"zone":    scriptZone,
	"refused": scriptRefused,
	"shape":   scriptShape,
	"quiet":   scriptQuiet,
	"narrow":  scriptNarrow,

	"samelines": scriptSameLines,
	"torn":      scriptTorn,
}

// scriptSameLines compares the outputs of audits, the first with all others
// together: the same lines of the list, with the same findings.
func scriptSameLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: samelines FILE FILE ...")
	}
	var whole, parts []string
	for i, file := range args {
		for line := range strings.Lines(ts.ReadFile(file)) {
			var r struct {
				Line     int
				Input    string
				Findings []struct{ Code string }
			}
			ts.Check(json.Unmarshal([]byte(line), &r))
			if text := fmt.Sprint(r); i == 0 {
				whole = append(whole, text)
			} else {
				parts = append(parts, text)
			}
		}
	}
	slices.Sort(whole)
	slices.Sort(parts)
	if !slices.Equal(whole, parts) {
		ts.Fatalf("%q\nis not the same as\n%q", whole, parts)
	}
}

// scriptTorn copies the first lines of a file and a half: torn FILE LINES TO.
func scriptTorn(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: torn FILE LINES TO")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	lines := strings.SplitAfter(ts.ReadFile(args[0]), "\n")
	text := strings.Join(lines[:n], "") + lines[n][:len(lines[n])/2]
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(text), 0o600))
}

// scriptZone serves a zone file until the script ends: zone world.zone. The
// server is $RESOLVER. A line "!silent NAME" keeps that name and those below
// unanswered, "!broken NAME" answers SERVFAIL, "!refuses NAME" REFUSED.
func scriptZone(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: zone FILE")
	}
	z := nameserver.NewZone()
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		word, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "!silent":
			z.Behave(name, nameserver.Behaviour{Drop: true, Below: true})
		case "!broken":
			z.Behave(name, nameserver.Behaviour{Rcode: nameserver.ServFail, Below: true})
		case "!refuses":
			z.Behave(name, nameserver.Behaviour{Rcode: nameserver.Refused, Below: true})
		default:
			ts.Check(z.Add(line))
		}
	}
	server, err := nameserver.Serve(z, nameserver.Options{})
	ts.Check(err)
	ts.Defer(func() { _ = server.Close() })
	ts.Setenv("RESOLVER", server.Addr.String())
}

// errorForm is what the contract says of errors.
var errorForm = regexp.MustCompile(`^(cwmail: [^:].*: .+\n(hint: .+\n)+)+$`)

// scriptRefused runs a command that is used wrongly: refused [STATUS] cwmail …
// It must end with the status (2), write nothing to stdout, and errors in the
// form of the contract to stderr.
func scriptRefused(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: refused [STATUS] command ...")
	}
	want := 2
	if n, err := strconv.Atoi(args[0]); err == nil {
		want, args = n, args[1:]
	}
	got := 0
	if err := ts.Exec(args[0], args[1:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	out, errText := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	switch {
	case got != want:
		ts.Fatalf("exit status %d, want %d", got, want)
	case out != "":
		ts.Fatalf("an error, and yet a result: %s", out)
	case !errorForm.MatchString(errText):
		ts.Fatalf("not the form of an error: %q", errText)
	}
	printable(ts, "stderr", errText)
}

// scriptQuiet holds that files have no octet that a terminal would obey, nor a
// character that cannot be seen.
func scriptQuiet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: quiet FILE ...")
	}
	for _, name := range args {
		printable(ts, name, ts.ReadFile(name))
	}
}

func printable(ts *testscript.TestScript, name, text string) {
	if !utf8.ValidString(text) {
		ts.Fatalf("%s is not UTF-8: %q", name, text)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		for _, r := range line {
			if !unicode.IsPrint(r) {
				ts.Fatalf("%s has %U in %q", name, r, line)
			}
		}
		if len(line) < safe.MaxLine && safe.Line(line) != line {
			ts.Fatalf("%s is not safe to print: %q", name, line)
		}
	}
}

// whole lines are wide on purpose: a record, or one word.
var whole = regexp.MustCompile(`^ *(v=spf1|v=DMARC1|v=DKIM1).*$|^ *\S+$`)

// scriptNarrow holds that files have at most 80 columns, apart from records to
// copy, and nothing that reads badly aloud.
func scriptNarrow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: narrow FILE ...")
	}
	for _, name := range args {
		for line := range strings.Lines(ts.ReadFile(name)) {
			line = strings.TrimSuffix(line, "\n")
			if n := utf8.RuneCountInString(line); n > 80 && !whole.MatchString(line) {
				ts.Fatalf("%s has %d columns: %s", name, n, line)
			}
			if strings.ContainsFunc(line, func(r rune) bool { return r >= 0x2500 && r <= 0x259f || r >= 0x2800 && r <= 0x28ff }) {
				ts.Fatalf("%s draws: %s", name, line)
			}
		}
	}
}

// scriptShape holds fields of a document, in their order: shape stdout
// reports.0 'target:string transport:object|null'. Further fields may stand
// between. "." is the document itself. Each element of a list is one "*".
func scriptShape(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: shape FILE PATH 'FIELD:TYPE[|TYPE] ...'")
	}
	doc := []byte(ts.ReadFile(args[0]))
	if !json.Valid(doc) {
		ts.Fatalf("%s is not one JSON document", args[0])
	}
	found := []json.RawMessage{doc}
	if args[1] != "." {
		for step := range strings.SplitSeq(args[1], ".") {
			var next []json.RawMessage
			for _, d := range found {
				values, err := fieldsOf(d, step)
				if err != nil {
					ts.Fatalf("%s: %v", args[1], err)
				}
				next = append(next, values...)
			}
			found = next
		}
	}
	if len(found) == 0 {
		ts.Fatalf("nothing is at %s", args[1])
	}
	for _, d := range found {
		if err := hasShape(d, strings.Fields(args[2])); err != nil {
			ts.Fatalf("%s: %v in %s", args[1], err, d)
		}
	}
}

func fieldsOf(doc json.RawMessage, step string) ([]json.RawMessage, error) {
	var list []json.RawMessage
	if json.Unmarshal(doc, &list) == nil {
		if step == "*" {
			return list, nil
		}
		i, err := strconv.Atoi(step)
		if err != nil || i >= len(list) {
			return nil, fmt.Errorf("there is no %q in a list of %d", step, len(list))
		}
		return list[i : i+1], nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(doc, &object); err != nil {
		return nil, err
	}
	v, ok := object[step]
	if !ok {
		return nil, fmt.Errorf("there is no %q", step)
	}
	if string(v) == "null" {
		return nil, nil
	}
	return []json.RawMessage{v}, nil
}

// hasShape compares the members of an object with FIELD:TYPE, in order.
func hasShape(doc json.RawMessage, want []string) error {
	d := json.NewDecoder(bytes.NewReader(doc))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("an object is wanted")
	}
	for d.More() && len(want) > 0 {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return err
		}
		name, types, _ := strings.Cut(want[0], ":")
		if key != name {
			continue
		}
		if got := typeOf(value); !strings.Contains("|"+types+"|", "|"+got+"|") {
			return fmt.Errorf("%s is %s, want %s", name, got, types)
		}
		want = want[1:]
	}
	if len(want) > 0 {
		return fmt.Errorf("%s is missing, or not in its place", want[0])
	}
	return nil
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "bool"
	case []any:
		return "list"
	case float64:
		if v == float64(int64(v)) {
			return "int"
		}
		return "number"
	}
	return "object"
}
