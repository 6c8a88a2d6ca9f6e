package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"clockwise.info/cwmail/transports"
)

const edited = `# ours
account: acme # short
acount: typo  # kept

transports:
  # the first
  - name: acme
    zeal: high            # unknown
    type: clockwise
    match: {domain: acme.example, future: 1}
    dkim: {enabled: true, selector: cw1, hash: sha256}
  - name: other # second
    type: smtp
    smtp:
      host: mail.acme.example # ours
      username: jan
      password: hunter2
      retries: 3 # unknown
# at the end
plugins: [a, {b: c}]
`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, path string) *File {
	t.Helper()
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestUnknownKeysSurviveEverySave(t *testing.T) {
	kept := []string{
		"# ours", "acme # short", "acount: typo  # kept", "# the first", "zeal: high            # unknown", "future: 1", "hash: sha256", "# second",
		"mail.acme.example # ours", "retries: 3 # unknown", "# at the end", "plugins: [a, {b: c}]", "hunter2",
	}
	path := write(t, edited)
	for name, change := range map[string]func(f *File) error{
		"none": func(*File) error { return nil },
		"add": func(f *File) error {
			return f.Add(transports.Transport{Name: "new", Type: transports.NoReply, ReplyTo: transports.ReplyTo{Copy: true}})
		},
		"set first": func(f *File) error {
			tr := f.Transports[0]
			tr.From, tr.DKIM.Selector, tr.Match.Domain = "jan@acme.example", "cw2", ""
			return f.Set("acme", tr)
		},
		"set second": func(f *File) error {
			tr := f.Transports[1]
			tr.Server.Port, tr.Server.Host = 465, "mail.acme.example"
			return f.Set("other", tr)
		},
		"type and back": func(f *File) error {
			tr := f.Transports[1]
			tr.Envelope = "bounce@acme.example"
			return errors.Join(f.Set("other", tr), f.Set("other", f.Transports[1]))
		},
	} {
		f := load(t, path)
		unknown := len(f.Unknown)
		if err := change(f); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := f.Save(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		data, _ := os.ReadFile(path)
		for _, k := range kept {
			if !strings.Contains(string(data), k) {
				t.Errorf("%s: %q is lost:\n%s", name, k, data)
			}
		}
		if again := load(t, path); len(again.Unknown) != unknown || len(again.Transports) != len(f.Transports) {
			t.Errorf("%s: read again: %+v", name, again)
		}
	}
	f := load(t, path)
	if a, o := f.Transports[0], f.Transports[1]; a.From != "jan@acme.example" || a.DKIM.Selector != "cw2" || a.Match.Domain != "" || o.Server.Port != 465 ||
		o.Server.Password.Reveal() != "hunter2" || o.Envelope != "bounce@acme.example" || f.Transports[2].Name != "new" {
		t.Errorf("changes are lost: %+v", f.Transports)
	}
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("mode is %v", info.Mode())
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRemove(t *testing.T) {
	path := write(t, edited)
	f := load(t, path)
	if err := errors.Join(f.Remove("acme"), f.Save()); err != nil {
		t.Fatal(err)
	}
	if f = load(t, path); len(f.Transports) != 1 || f.Transports[0].Name != "other" {
		t.Errorf("%+v", f.Transports)
	}
	if err := f.Remove("acme"); err == nil || !strings.Contains(err.Error(), `no transport is named "acme"`) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestAddToNothing(t *testing.T) {
	for _, text := range []string{"", "# only a comment\n", "transports: []\n", "transports:\n", Starter()} {
		path := write(t, text)
		f := load(t, path)
		tr := transports.Transport{Name: "a: b", Type: transports.SMTP, Server: transports.Server{Host: "mail.acme.example", Port: 587, Username: "true", Password: transports.NewClearSecret("# : x")}}
		if err := errors.Join(f.Add(tr), f.Save()); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		got := load(t, path).Transports[0]
		if got.Name != "a: b" || got.Server.Username != "true" || got.Server.Password.Reveal() != "# : x" || got.Server.Auth != "plain" {
			data, _ := os.ReadFile(path)
			t.Errorf("%q: %+v\n%s", text, got, data)
		}
	}
}

func TestEditRefusesMistakes(t *testing.T) {
	f := load(t, write(t, edited))
	before := len(f.Transports)
	err := f.Add(transports.Transport{Name: "ACME", Type: transports.NoReply})
	if _, ok := errors.AsType[*Invalid](err); !ok || len(f.Transports) != before {
		t.Errorf("a second acme is taken: %v", err)
	}
}

func TestSaveRefusesToOverwrite(t *testing.T) {
	path := write(t, edited)
	f := load(t, path)
	if err := os.WriteFile(path, []byte("account: theirs\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Remove("acme"), f.Save()); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v", err)
	}
	if data, _ := os.ReadFile(path); string(data) != "account: theirs\n" {
		t.Errorf("overwritten: %s", data)
	}
	f = load(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(); !errors.Is(err, ErrChanged) {
		t.Errorf("a removed file comes back: %v", err)
	}
}

func TestSaveNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "config.yaml")
	f := load(t, path)
	if f.Exists {
		t.Fatal("exists")
	}
	if err := errors.Join(f.Add(transports.Transport{Name: "a", Type: transports.NoReply}), f.Save(), f.Remove("a"), f.Save()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestSaveKeepsLinksAndLineEnds(t *testing.T) {
	real := write(t, strings.ReplaceAll(edited, "\n", "\r\n"))
	link := filepath.Join(t.TempDir(), "link.yaml")
	if err := os.Symlink(real, link); err != nil {
		t.Skip("no links here")
	}
	f := load(t, link)
	if err := errors.Join(f.Remove("acme"), f.Save()); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Lstat(link); info.Mode()&fs.ModeSymlink == 0 {
		t.Error("the link became a file")
	}
	data, _ := os.ReadFile(real)
	if n := strings.Count(string(data), "\n"); n != strings.Count(string(data), "\r\n") || n == 0 {
		t.Errorf("line ends: %q", data)
	}
}

func TestSaveThroughALinkToNothing(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a right there")
	}
	dir := t.TempDir()
	link := filepath.Join(dir, "config.yaml")
	if err := os.Symlink(filepath.Join("dotfiles", "cwmail.yaml"), link); err != nil {
		t.Fatal(err)
	}
	f := load(t, link)
	if err := errors.Join(f.Add(transports.Transport{Name: "new", Type: transports.NoReply}), f.Save()); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != filepath.Join("dotfiles", "cwmail.yaml") {
		t.Errorf("the link became %q, %v", to, err)
	}
	if f := load(t, filepath.Join(dir, "dotfiles", "cwmail.yaml")); len(f.Transports) != 1 {
		t.Errorf("behind the link: %+v", f)
	}
}

func TestSetFindsTheNameThatWasRead(t *testing.T) {
	f := load(t, write(t, "transports:\n  - name: \" acme \"\n    type: noreply\n"))
	if err := errors.Join(f.Set("acme", f.Transports[0]), f.Remove("acme")); err != nil {
		t.Error(err)
	}
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "config.yaml")
	if err := Create(path); err != nil {
		t.Fatal(err)
	}
	if f := load(t, path); len(f.Transports) != 0 {
		t.Errorf("%+v", f)
	}
	if err := Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("replaced: %v", err)
	}
}

func env(kv ...string) func(string) string {
	return func(k string) string {
		for i := 0; i < len(kv); i += 2 {
			if kv[i] == k {
				return kv[i+1]
			}
		}
		return ""
	}
}

func TestPath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("paths of other systems")
	}
	for _, c := range []struct {
		flag  string
		env   func(string) string
		want  string
		named bool
	}{
		{"f.yaml", env("CWMAIL_CONFIG", "/e"), "f.yaml", true},
		{"", env("CWMAIL_CONFIG", "/e", "XDG_CONFIG_HOME", "/x"), "/e", true},
		{"", env("XDG_CONFIG_HOME", "/x", "HOME", "/h"), "/x/cwmail/config.yaml", false},
	} {
		if got, named, err := Path(c.flag, c.env); got != c.want || named != c.named || err != nil {
			t.Errorf("got %q %v %v, want %q", got, named, err, c.want)
		}
	}
	if dir, err := configDir(env("XDG_CONFIG_HOME", "relative", "HOME", "/h"), "linux"); dir != "/h/.config" || err != nil {
		t.Errorf("linux: %q %v", dir, err)
	}
	if _, err := configDir(env(), "linux"); err == nil {
		t.Error("no error without HOME")
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{dir: "is a folder", filepath.Join(write(t, "a"), "x"): "cannot be read: not a directory"} {
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	missing := filepath.Join(dir, "none.yaml")
	if f, err := Load(missing); err != nil || f.Exists || f.Service != transports.DefaultService() {
		t.Errorf("missing: %+v %v", f, err)
	}
	if _, err := Open(missing, env()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a named file that is missing: %v", err)
	}
	if f, err := Open("", env("XDG_CONFIG_HOME", dir)); err != nil || f.Exists {
		t.Errorf("no file at the usual place: %v", err)
	}
}
