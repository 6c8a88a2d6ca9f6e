package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"clockwise.info/cwmail/transports"
)

const shared = `# kept by two people
transports:
  - name: Company
    type: clockwise
    match: {domain: acme.example}   # all of us

  - name: Invoices
    type: smtp
    smtp: {host: mail.acme.example, port: 587}
`

// desk is a file that jan and eva both have open.
type desk struct {
	path     string
	jan, eva *Store
	base     *File
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{path: filepath.Join(t.TempDir(), "config.yaml")}
	if err := os.WriteFile(d.path, []byte(shared), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	d.jan = NewStore(d.path, "jan on server1", func() time.Time { return at })
	d.eva = NewStore(d.path, "eva on server1", func() time.Time { return at.Add(time.Minute) })
	var err error
	if d.base, err = d.jan.Load(); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) text(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// edit is a change of a transport of the base.
func (d *desk) edit(name string, change func(*transports.Transport)) transports.Change {
	t, _ := named(d.base, name)
	change(&t)
	return transports.Change{Kind: transports.EditTransport, Name: name, To: t}
}

func port(n int) func(*transports.Transport) {
	return func(t *transports.Transport) { t.Server.Port = n }
}

func host(s string) func(*transports.Transport) {
	return func(t *transports.Transport) { t.Server.Host = s }
}

// done is the result of what has to succeed.
func done[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// What others changed elsewhere stays, and is told.
func TestOthersChangesStay(t *testing.T) {
	d := newDesk(t)
	done(d.eva.Change(d.base, "", transports.Change{Kind: transports.AddTransport, To: transports.Transport{Name: "New", Type: transports.NoReply}, At: -1}))(t)
	file := done(d.jan.Change(d.base, "", d.edit("Invoices", port(2525))))(t)
	if !slices.Equal(file.Merged, []string{"adds New"}) {
		t.Errorf("told %q", file.Merged)
	}
	got := d.text(t)
	for _, want := range []string{"# kept by two people\n", "{domain: acme.example}   # all of us\n\n", "name: New", "port: 2525"} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
}

// Who changes the same is told who changed what, and merges or begins anew.
func TestConflict(t *testing.T) {
	d := newDesk(t)
	done(d.eva.Change(d.base, "", d.edit("Invoices", host("smtp.acme.example"))))(t)
	before := d.text(t)
	_, err := d.jan.Change(d.base, "", d.edit("Invoices", port(2525)))
	c, ok := errors.AsType[*Conflict](err)
	if !ok || c.Who != "eva on server1" || c.When.Minute() != 1 || c.Theirs.Server.Host != "smtp.acme.example" || c.Mine.Server.Port != 2525 {
		t.Fatalf("%v, %+v", err, c)
	}
	if len(c.What) != 1 || !strings.Contains(c.What[0], "host of Invoices") || len(c.Both) != 0 {
		t.Errorf("told %q, both %q", c.What, c.Both)
	}
	if d.text(t) != before {
		t.Error("something was written")
	}
	done(d.jan.Merge(c))(t)
	if got := d.text(t); !strings.Contains(got, "smtp.acme.example") || !strings.Contains(got, "2525") {
		t.Errorf("merged:\n%s", got)
	}
}

func TestRedo(t *testing.T) {
	d := newDesk(t)
	done(d.eva.Change(d.base, "", d.edit("Invoices", port(465))))(t)
	_, err := d.jan.Change(d.base, "", d.edit("Invoices", port(2525)))
	c, ok := errors.AsType[*Conflict](err)
	if !ok || !slices.Equal(c.Both, []string{"port"}) {
		t.Fatalf("%v, %+v", err, c)
	}
	done(d.jan.Redo(c))(t)
	if got := d.text(t); !strings.Contains(got, "2525") {
		t.Errorf("ours is not written:\n%s", got)
	}
}

// What they removed is not brought back by an edit.
func TestConflictWithRemoval(t *testing.T) {
	d := newDesk(t)
	done(d.eva.Change(d.base, "", transports.Change{Kind: transports.RemoveTransport, Name: "Invoices"}))(t)
	_, err := d.jan.Change(d.base, "", d.edit("Invoices", port(2525)))
	if c, ok := errors.AsType[*Conflict](err); !ok || !c.Removed {
		t.Errorf("%v", err)
	}
	if strings.Contains(d.text(t), "Invoices") {
		t.Error("it came back")
	}
}

// What was changed by hand meanwhile stays too.
func TestEditorBeside(t *testing.T) {
	d := newDesk(t)
	if err := os.WriteFile(d.path, []byte(strings.Replace(shared, "# all of us", "# all of them", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	done(d.jan.Change(d.base, "", d.edit("Invoices", port(2525))))(t)
	if got := d.text(t); !strings.Contains(got, "# all of them") || !strings.Contains(got, "2525") {
		t.Errorf("lost:\n%s", got)
	}
}

func TestUndo(t *testing.T) {
	d := newDesk(t)
	done(d.jan.Change(d.base, "", d.edit("Invoices", port(2525))))(t)
	if e := done(d.jan.Undoable())(t); e.What != "changes port of Invoices" {
		t.Errorf("would undo %q", e.What)
	}
	if what := done(d.jan.Undo())(t); what != "changes port of Invoices" || d.text(t) != shared {
		t.Errorf("undid %q:\n%s", what, d.text(t))
	}
	if _, err := d.jan.Undo(); !errors.Is(err, ErrNothingToUndo) {
		t.Errorf("a second time: %v", err)
	}
	done(d.jan.Change(d.base, "", d.edit("Invoices", port(2525))))(t)
	fresh := done(d.eva.Load())(t)
	done(d.eva.Change(fresh, "", transports.Change{Kind: transports.MoveTransport, Name: "Invoices", At: 0}))(t)
	before := d.text(t)
	if _, err := d.jan.Undo(); err == nil || !strings.Contains(err.Error(), "eva on server1") || d.text(t) != before {
		t.Errorf("over the change of another: %v", err)
	}
	if all := done(d.jan.History())(t); len(all) != 4 || all[3].Who != "eva on server1" {
		t.Errorf("history %+v", all)
	}
}

// Whatever keeps a change from being written leaves the old file as it was.
func TestNothingWritten(t *testing.T) {
	noSpace := &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	for _, c := range []struct {
		name  string
		spoil func(*testing.T, *desk)
		says  string
	}{
		{"full disk", func(_ *testing.T, d *desk) {
			d.jan.write = func(string, []byte, fs.FileInfo) error { return noSpace }
		}, "no space left"},
		{"full disk for the file alone", func(_ *testing.T, d *desk) {
			d.jan.write = func(path string, data []byte, like fs.FileInfo) error {
				if path == d.path {
					return noSpace
				}
				return writeFile(path, data, like)
			}
		}, "no space left"},
		{"read-only file", func(t *testing.T, d *desk) {
			if err := os.Chmod(d.path, 0o400); err != nil {
				t.Fatal(err)
			}
		}, "read-only"},
		{"no place for backups", func(t *testing.T, d *desk) {
			if err := os.WriteFile(d.path+historySuffix, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "no backup"},
		{"a mistake in the file", func(t *testing.T, d *desk) {
			if err := os.WriteFile(d.path, []byte(shared+"\taccount: x\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			c.spoil(t, d)
			before := d.text(t)
			_, err := d.jan.Change(d.base, "", d.edit("Invoices", port(2525)))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
			if d.text(t) != before {
				t.Error("the file is another one")
			}
			left, _ := filepath.Glob(filepath.Join(filepath.Dir(d.path), ".config.yaml.*"))
			if len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// Backups hold passwords as the file does.
func TestBackupsAreForTheOwner(t *testing.T) {
	d := newDesk(t)
	done(d.jan.Change(d.base, "", d.edit("Invoices", port(2525))))(t)
	err := filepath.WalkDir(d.path+historySuffix, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := e.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Only so many backups stay.
func TestHistoryStaysSmall(t *testing.T) {
	d := newDesk(t)
	file := d.base
	for n := range maxBackups + 10 {
		file = done(d.jan.Change(file, "", d.edit("Invoices", port(1000+n))))(t)
	}
	backups := 0
	entries := done(os.ReadDir(d.path + historySuffix))(t)
	for _, e := range entries {
		if e.Name() != journalName {
			backups++
		}
	}
	if backups > maxBackups {
		t.Errorf("%d backups", backups)
	}
}
