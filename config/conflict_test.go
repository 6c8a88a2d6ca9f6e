package config

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/transports"
)

func noReply(name, from string) transports.Transport {
	return transports.Transport{Name: name, Type: transports.NoReply, From: from}
}

func addition(t transports.Transport) transports.Change {
	return transports.Change{Kind: transports.AddTransport, To: t, At: -1}
}

func rename(to string) func(*transports.Transport) {
	return func(t *transports.Transport) { t.Name = to }
}

func names(f *File) string { return strings.Join(namesOf(f), ", ") }

// Each pair of changes that two people make of the same file: what the second
// one is told, and what stands there after Merge and after Redo.
func TestTwoChanges(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		name         string
		eva, jan     transports.Change
		what         string // "" is no conflict
		merged, redo string // names, in order
	}{
		{"the same edit", d.edit("Invoices", port(465)), d.edit("Invoices", port(465)), "", "Company, Invoices", ""},
		{"both remove", remove("Invoices"), remove("Invoices"), "", "Company", ""},
		{"the same addition", addition(noReply("New", "")), addition(noReply("New", "")), "", "Company, Invoices, New", ""},
		{
			"two of one name", addition(noReply("New", "")), addition(noReply("new", "jan@acme.example")),
			"adds New", "Company, Invoices, New", "Company, Invoices, new",
		},
		{"removed, edited", d.edit("Invoices", port(465)), remove("Invoices"), "changes port of Invoices", "Company, Invoices", "Company"},
		{"edited, removed", remove("Invoices"), d.edit("Invoices", port(465)), "removes Invoices", "Company, Invoices", "Company, Invoices"},
		{"moved, removed", remove("Invoices"), move("Invoices", 0), "removes Invoices", "Company", "Company"},
		{
			"renamed to a new name", addition(noReply("New", "")), d.edit("Invoices", rename("New")),
			"adds New", "Company, Invoices, New", "Company, Invoices, New",
		},
		{"renamed, edited", d.edit("Invoices", port(465)), d.edit("Invoices", rename("Bills")), "changes port of Invoices", "Company, Bills", "Company, Bills"},
		{"both move", move("Invoices", 0), move("Company", 1), "moves transports", "Invoices, Company", "Invoices, Company"},
		{"moved before what was added", addition(noReply("New", "")), move("Invoices", 0), "", "Invoices, Company, New", ""},
		{"added at a place", transports.Change{Kind: transports.AddTransport, To: noReply("First", ""), At: 0}, transports.Change{Kind: transports.AddTransport, To: noReply("New", ""), At: 1}, "", "First, Company, New, Invoices", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, way := range []string{"merge", "redo"} {
				d := newDesk(t)
				done(d.eva.Change(d.base, "", c.eva))(t)
				file, err := d.jan.Change(d.base, "", c.jan)
				conflict, is := errors.AsType[*Conflict](err)
				switch {
				case c.what == "" && err != nil:
					t.Fatal(err)
				case c.what == "" && names(file) != c.merged:
					t.Errorf("there is %s", names(file))
				case c.what == "":
					continue
				case !is || !slices.Contains(conflict.What, c.what) || !strings.Contains(err.Error(), "eva on server1"):
					t.Fatalf("%v", err)
				case way == "merge":
					if file := done(d.jan.Merge(conflict))(t); names(file) != c.merged {
						t.Errorf("merged: %s", names(file))
					}
				default:
					if file := done(d.jan.Redo(conflict))(t); names(file) != c.redo {
						t.Errorf("redone: %s", names(file))
					}
				}
			}
		})
	}
}

// Changes that build on each other go together, beside those of others.
func TestChangesOfOwnMaking(t *testing.T) {
	d := newDesk(t)
	done(d.eva.Change(d.base, "", transports.Change{Kind: transports.AddTransport, To: noReply("Theirs", ""), At: 0}))(t)
	file := done(d.jan.Change(
		d.base, "", d.edit("Invoices", rename("Bills")), move("Bills", 0),
		addition(noReply("New", "")), transports.Change{Kind: transports.EditTransport, Name: "New", To: noReply("Newest", "")}, remove("Company"),
	))(t)
	if names(file) != "Theirs, Bills, Newest" {
		t.Errorf("there is %s", names(file))
	}
}

// Passwords show in no conflict.
func TestConflictHidesPasswords(t *testing.T) {
	d := newDesk(t)
	secret := func(s string) func(*transports.Transport) {
		return func(t *transports.Transport) {
			t.Server.Auth, t.Server.Username, t.Server.Password = "plain", "jan", transports.NewClearSecret(s)
		}
	}
	done(d.eva.Change(d.base, "", d.edit("Invoices", secret("theirs-"+password))))(t)
	_, err := d.jan.Change(d.base, "", d.edit("Invoices", secret("mine-"+password)))
	c, ok := errors.AsType[*Conflict](err)
	if !ok || !slices.Equal(c.Both, []string{"password"}) {
		t.Fatalf("%v", err)
	}
	if shown := everyForm(*c, err); strings.Contains(shown, password) {
		t.Errorf("it shows in %s", shown)
	}
	journal := must(os.ReadFile(filepath.Join(d.path+historySuffix, journalName)))
	if strings.Contains(string(journal), password) {
		t.Errorf("it shows in the journal:\n%s", journal)
	}
}

func TestUndoSeveral(t *testing.T) {
	d := newDesk(t)
	var texts []string
	file := d.base
	for n := range 3 {
		texts = append(texts, d.text(t))
		file = done(d.jan.Change(file, "", d.edit("Invoices", port(1000+n))))(t)
	}
	for i, want := range slices.Backward(texts) {
		done(d.jan.Undo())(t)
		if d.text(t) != want {
			t.Errorf("step %d:\n%s", i, d.text(t))
		}
	}
	if _, err := d.jan.Undo(); !errors.Is(err, ErrNothingToUndo) {
		t.Error(err)
	}
	if _, err := d.eva.Undo(); !errors.Is(err, ErrNothingToUndo) {
		t.Errorf("the changes of another: %v", err)
	}
}

func TestUndoAfterAnEditor(t *testing.T) {
	d := newDesk(t)
	done(d.jan.Change(d.base, "", d.edit("Invoices", port(2525))))(t)
	by := d.text(t) + "# by hand\n"
	if err := os.WriteFile(d.path, []byte(by), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.jan.Undo(); err == nil || !strings.Contains(err.Error(), "another program") || d.text(t) != by {
		t.Errorf("%v\n%s", err, d.text(t))
	}
}

func TestUndoTheFirst(t *testing.T) {
	d := newDesk(t)
	if err := os.Remove(d.path); err != nil {
		t.Fatal(err)
	}
	done(d.jan.Change(done(d.jan.Load())(t), "", addition(noReply("New", ""))))(t)
	done(d.jan.Undo())(t)
	if d.text(t) != "" {
		t.Errorf("left:\n%s", d.text(t))
	}
}

// A backup that somebody changed is not taken for the file before.
func TestUndoLooksAtTheBackup(t *testing.T) {
	d := newDesk(t)
	done(d.jan.Change(d.base, "", d.edit("Invoices", port(2525))))(t)
	before := d.text(t)
	backup := filepath.Join(d.path+historySuffix, backupName(1))
	if err := os.WriteFile(backup, []byte("account: theirs\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.jan.Undo(); err == nil || d.text(t) != before {
		t.Errorf("%v\n%s", err, d.text(t))
	}
}

// What a writer left that was killed between its entry and its change is no
// change, and goes with the next one.
func TestKilledBetween(t *testing.T) {
	d := newDesk(t)
	done(d.jan.Change(d.base, "", d.edit("Invoices", port(2525))))(t)
	killed := *d.jan
	killed.write = func(path string, data []byte, _ os.FileInfo) error {
		if path == d.path {
			panic("killed")
		}
		return writeFile(path, data, nil)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = killed.Change(done(d.jan.Load())(t), "", remove("Company"))
	}()
	left := []string{filepath.Join(filepath.Dir(d.path), ".config.yaml.123"), filepath.Join(d.path+historySuffix, ".journal.123")}
	for _, path := range left {
		if err := os.WriteFile(path, []byte(password), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	swap := filepath.Join(filepath.Dir(d.path), ".config.yaml.swp") // an editor's
	if err := os.WriteFile(swap, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if all := done(d.jan.History())(t); len(all) != 1 {
		t.Errorf("history %+v", all)
	}
	done(d.jan.Change(nil, "", remove("Invoices")))(t)
	if all := done(d.jan.History())(t); len(all) != 2 || all[1].What != "removes Invoices" || all[0].After != all[1].Before {
		t.Errorf("history %+v", all)
	}
	for _, path := range left {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is left", path)
		}
	}
	if _, err := os.Stat(swap); err != nil {
		t.Error("an editor's file is gone")
	}
	done(d.jan.Undo())(t)
	if file := done(d.jan.Load())(t); names(file) != "Company, Invoices" {
		t.Errorf("there is %s", names(file))
	}
}

func TestGone(t *testing.T) {
	for name, take := range map[string]func(d *desk) error{
		"the file":   func(d *desk) error { return os.Remove(d.path) },
		"the folder": func(d *desk) error { return os.RemoveAll(filepath.Dir(d.path)) },
	} {
		d := newDesk(t)
		if err := take(d); err != nil {
			t.Fatal(err)
		}
		if _, err := d.jan.Change(d.base, "", addition(noReply("New", ""))); !errors.Is(err, errGone) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(d.path); err == nil {
			t.Errorf("%s was made anew", name)
		}
	}
}

func TestReadOnlyFolder(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("no folder is read-only here")
	}
	d := newDesk(t)
	dir := filepath.Dir(d.path)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chmod(dir, 0o700) }()
	if _, err := d.jan.Change(d.base, "", remove("Company")); err == nil || !strings.Contains(err.Error(), "permission denied") || d.text(t) != shared {
		t.Error(err)
	}
}

func TestHasKeyring(t *testing.T) {
	for _, c := range []struct {
		system, program, bus string
		want                 bool
	}{
		{"linux", "secret-tool", "unix:path=/run/bus", true},
		{"linux", "secret-tool", "", false},
		{"linux", "security", "unix:path=/run/bus", false},
		{"darwin", "security", "", true},
		{"darwin", "secret-tool", "", false},
		{"windows", "security", "", false},
	} {
		have := func(program string) bool { return program == c.program }
		if got := hasKeyring(c.system, have, env("DBUS_SESSION_BUS_ADDRESS", c.bus)); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestFeed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs sh")
	}
	path := filepath.Join(t.TempDir(), "fed")
	if err := feed(t.Context(), password, "sh", "-c", "cat > "+path); err != nil || string(must(os.ReadFile(path))) != password {
		t.Error(err)
	}
	if err := feed(t.Context(), password, "sh", "-c", "cat; cat >&2; exit 3"); err == nil || strings.Contains(err.Error(), password) {
		t.Error(err)
	}
}

func TestStateName(t *testing.T) {
	for text, want := range map[string]string{
		"DKIM for acme.example": "dkim-for-acme.example", "../../etc/passwd": "etc-passwd", "": "_", "…": "_", strings.Repeat("x", 300): strings.Repeat("x", 100),
	} {
		got := StateName(text)
		if got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
		if err := NewStates(t.TempDir()).Store("wizards/"+got+".json", nil); err != nil {
			t.Error(err)
		}
	}
}
