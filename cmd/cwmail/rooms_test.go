package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "clockwise.info/cwmail"

// A room is a folder, with what its files may import of ours and of others.
// Rooms below it have their own line or belong to it. The standard library is
// free but for what is forbidden. Patterns are those of path.Match, and "x/..."
// stands for x and everything below it.
type room struct {
	folder    string
	ours      []string
	others    []string
	forbidden []string
	why       string
}

var rooms = []room{
	{folder: "cmd/...", ours: []string{"..."}, others: []string{"..."}, why: "the composition root knows everything, and nobody imports it"},
	{
		folder: "config", ours: []string{"transports", "transports/..."}, others: []string{"go.yaml.in/yaml/v3", "github.com/gofrs/flock", "golang.org/x/..."},
		why: "the file of the user becomes domain types here and nowhere else",
	},
	{
		folder: "transports/...", ours: []string{"transports", "transports/..."},
		others:    []string{"golang.org/x/net/...", "golang.org/x/text/...", "github.com/emersion/..."},
		forbidden: []string{"os", "log", "log/slog"}, why: "describes and talks, never judges",
	},
	{folder: "checks/finding", forbidden: pure, why: "the vocabulary imports nothing of ours"},
	{folder: "checks/taglist", forbidden: pure, why: "pure"},
	{folder: "checks/safe", forbidden: pure, why: "pure: hostile text in, printable text out"},
	{folder: "checks/pattern", forbidden: pure, why: "pure"},
	{folder: "checks/nearest", forbidden: pure, why: "pure"},
	{folder: "checks/glossary", forbidden: pure, why: "data"},
	{
		folder: "checks/dns/...", ours: []string{"checks/dns", "checks/dns/..."}, others: []string{"github.com/miekg/dns", "golang.org/x/sync/..."},
		forbidden: []string{"os", "log", "log/slog"}, why: "the only room that knows the DNS library: a change of library touches one folder",
	},
	{folder: "checks/spf", ours: subject, others: []string{"golang.org/x/net/idna", "golang.org/x/net/publicsuffix"}, forbidden: machine, why: "a subject knows only DNS and the vocabulary"},
	{folder: "checks/dkim", ours: subject, others: []string{"github.com/emersion/go-msgauth/...", "golang.org/x/net/..."}, forbidden: machine, why: "a subject"},
	{folder: "checks/dmarc", ours: subject, others: []string{"golang.org/x/net/..."}, forbidden: machine, why: "a subject; it gets SPF's and DKIM's outcome as values"},
	{folder: "checks/mx", ours: subject, forbidden: machine, others: []string{"golang.org/x/net/..."}, why: "a subject"},
	{folder: "checks/address", ours: subject, forbidden: machine, why: "a subject"},
	{folder: "checks/zone", ours: subject, forbidden: machine, others: []string{"golang.org/x/net/..."}, why: "a subject"},
	{folder: "checks/tlsrpt", ours: subject, forbidden: machine, why: "a subject"},
	{folder: "checks/dane", ours: subject, forbidden: machine, why: "a subject"},
	{folder: "checks/mtasts", ours: subject, forbidden: []string{"os", "os/exec", "log", "log/slog"}, why: "a subject; its policy comes over HTTPS"},
	{folder: "checks/propagation", ours: subject, forbidden: machine, why: "a subject"},
	{folder: "checks/provider", ours: subject, forbidden: machine, why: "a subject"},
	{folder: "checks/settings", ours: append(slices.Clone(subject), "transports"), forbidden: machine, others: []string{"golang.org/x/net/..."}, why: "judges how transports are set up"},
	{
		folder: "checks/received", ours: append(slices.Clone(subject), "checks/spf", "checks/dkim", "checks/dmarc", "transports"),
		others: []string{"golang.org/x/net/..."}, forbidden: machine, why: "judges whole messages as a receiver does, by the subjects",
	},
	{folder: "checks/relay", ours: append(slices.Clone(subject), "transports", "transports/..."), forbidden: machine, why: "judges what a server said"},
	{
		folder: "checks/lab", ours: append(slices.Clone(subject), "checks/dns/...", "transports", "transports/..."),
		others: []string{"github.com/emersion/..."}, forbidden: []string{"log", "log/slog"}, why: "a broken world on loopback",
	},
	{folder: "checks/audit", ours: []string{"checks", "checks/...", "transports"}, forbidden: machine, why: "goes through lists; files are passed in"},
	{folder: "checks/wizard", ours: []string{"checks", "checks/...", "transports", "transports/..."}, forbidden: machine, why: "guides are data that every face walks; files are passed in"},
	{folder: "checks/debian", why: "tests against the programs of others"},
	{
		folder: "checks", ours: []string{"checks/...", "transports"}, others: []string{"golang.org/x/sync/..."},
		forbidden: machine, why: "knows its subjects; time, sockets and files are passed in",
	},
	{folder: "tui/theme", others: charm, why: "colours by role: the lowest floor of the console"},
	{folder: "tui/keys", ours: []string{"tui/theme"}, others: charm, why: "one table of keys"},
	{folder: "tui/ui", ours: []string{"tui/theme", "tui/keys", "checks/safe", "checks", "checks/finding", "transports"}, others: charm, why: "what pages and widgets share"},
	{folder: "tui/widget", ours: below("tui/theme", "tui/keys", "tui/ui"), others: charm, why: "knows no page"},
	{folder: "tui/pages", ours: below("tui/theme", "tui/keys", "tui/ui", "tui/widget"), others: charm, why: "pages never import pages"},
	{folder: "tui/wizard", ours: below("tui/theme", "tui/keys", "tui/ui", "tui/widget"), others: charm, why: "like a page"},
	{folder: "tui/tuitest", ours: []string{"..."}, others: []string{"..."}, why: "for tests"},
	{folder: "tui", ours: below("tui/..."), others: charm, why: "the shell around the pages"},
}

// What several rooms have in common.
var (
	subject = []string{"checks/dns", "checks/finding", "checks/taglist", "checks/safe", "checks/pattern", "checks/nearest"}
	machine = []string{"os", "os/exec", "log", "log/slog", "net/http"}
	pure    = append([]string{"net", "os", "os/exec", "log", "log/slog", "net/http", "time/tzdata"}, "math/rand")
	charm   = []string{"charm.land/...", "github.com/charmbracelet/...", "golang.org/x/text/...", "github.com/rivo/uniseg", "github.com/lucasb-eyer/go-colorful"}
)

// below is what pages may use of the rest of the house, and the given rooms.
func below(more ...string) []string {
	return append([]string{"checks", "checks/...", "transports"}, more...)
}

// onlyTests are modules that no product code may import.
var onlyTests = []string{"blitiri.com.ar/go/spf", "github.com/emersion/go-msgauth/...", "github.com/rogpeppe/go-internal/...", "github.com/charmbracelet/x/vt", "testing"}

func TestRooms(t *testing.T) {
	for file, imports := range sources(t) {
		folder := path.Dir(file)
		r, ok := roomOf(folder)
		if !ok {
			t.Errorf("%s: no room is called %q; add it to the table with what it may import", file, folder)
			continue
		}
		test := strings.HasSuffix(file, "_test.go") || strings.HasPrefix(folder, "tui/tuitest") || strings.HasSuffix(folder, "test")
		for _, p := range imports {
			switch {
			case test:
			case matches(onlyTests, p):
				t.Errorf("%s imports %s, which is for tests", file, p)
			case !r.allows(folder, p):
				t.Errorf("%s may not import %s: %s", file, p, r.why)
			}
			if p == module+"/cmd" || strings.HasPrefix(p, module+"/cmd/") {
				t.Errorf("%s imports the program", file)
			}
		}
	}
}

// roomOf is the line of the table for a folder: the one that names it, or the
// nearest one that stands for everything below itself.
func roomOf(folder string) (room, bool) {
	best := -1
	for i, r := range rooms {
		if matches([]string{r.folder}, folder) && (best < 0 || len(r.folder) > len(rooms[best].folder)) {
			best = i
		}
	}
	if best < 0 {
		return room{}, false
	}
	return rooms[best], true
}

func (r room) allows(folder, imported string) bool {
	if own, ok := strings.CutPrefix(imported, module+"/"); ok {
		return matches(r.ours, own) || own == folder
	}
	if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
		return matches(r.others, imported)
	}
	return !matches(r.forbidden, imported)
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		base, all := strings.CutSuffix(p, "...")
		if all {
			return base == "" || strings.HasPrefix(name+"/", base)
		}
		return p == name
	})
}

// sources are the Go files of the house with what they import. They are read,
// not listed by the go command: a test that runs that is cached, and stays green
// after the rule is broken.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	root := filepath.Join("..", "..")
	out := map[string][]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		imports := []string{}
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, p)
		}
		out[filepath.ToSlash(rel)] = imports
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 30 {
		t.Fatalf("found only %d files", len(out))
	}
	return out
}

// TestTopLevel holds that the house has the rooms of its design and no others.
func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"README.md", "checks", "cmd", "config", "go.mod", "go.sum", "transports", "tui"}
	var got []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), "cwmail") || e.Name() == "dist" {
			continue // dot folders, and what .gitignore names
		}
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("the top level holds %v, want %v", got, want)
	}
}
