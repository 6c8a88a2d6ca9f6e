package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// StateFolder is where cwmail keeps what it wants to remember: cwmail in the
// XDG state folder, in Application Support on macOS, in LocalAppData on
// Windows.
func StateFolder(getenv func(string) string) (string, error) {
	dir, err := stateDir(getenv, runtime.GOOS)
	if err != nil {
		return "", fmt.Errorf("config: no folder for the state: %w", err)
	}
	return filepath.Join(dir, "cwmail"), nil
}

func stateDir(getenv func(string) string, system string) (string, error) {
	// The XDG specification tells to ignore relative paths.
	if x := getenv("XDG_STATE_HOME"); filepath.IsAbs(x) {
		return x, nil
	}
	if system == "windows" {
		if d := getenv("LocalAppData"); d != "" {
			return d, nil
		}
		return "", errors.New("LocalAppData is not set")
	}
	home := getenv("HOME")
	switch {
	case home == "":
		return "", errors.New("neither XDG_STATE_HOME nor HOME is set")
	case system == "darwin" || system == "ios":
		return filepath.Join(home, "Library", "Application Support"), nil
	}
	return filepath.Join(home, ".local", "state"), nil
}

// States keeps small files in a folder, each under a name such as
// wizards/dkim-acme.example.json: parts of letters, digits, ".", "_" and "-".
// They are for their owner alone.
type States struct{ folder string }

// NewStates keeps them in folder, which is made with the first one.
func NewStates(folder string) States { return States{folder: folder} }

// maxState is far above what is worth remembering.
const maxState = 4 << 20

var stateName = lazily(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,119}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,119}){0,2}$`)

func (s States) path(name string) (string, error) {
	if !stateName().MatchString(name) {
		return "", fmt.Errorf("config: %q is no name for a state", name)
	}
	return filepath.Join(s.folder, filepath.FromSlash(name)), nil
}

// Store writes data under a name, in one step.
func (s States) Store(name string, data []byte) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	like, err := makeFolders(filepath.Dir(path))
	if err == nil {
		err = writeFile(path, data, like)
	}
	if err != nil {
		return fmt.Errorf("config: %s cannot be kept: %w", path, cause(err))
	}
	return nil
}

// Load returns what is kept under a name. The error of one that is not there
// is an fs.ErrNotExist.
func (s States) Load(name string) ([]byte, error) {
	path, err := s.path(name)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("config: %s cannot be read: %w", path, cause(err))
	case !info.Mode().IsRegular() || info.Size() > maxState:
		return nil, fmt.Errorf("config: %s cannot be read: it is no state of cwmail", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("config: %s cannot be read: %w", path, cause(err))
	}
	return data, nil
}

// List returns the names under which something is kept, in order.
func (s States) List() []string {
	var out []string
	_ = filepath.WalkDir(s.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // a folder that cannot be read has nothing to go on with
		}
		rel, err := filepath.Rel(s.folder, path)
		if name := filepath.ToSlash(rel); err == nil && stateName().MatchString(name) {
			out = append(out, name)
		}
		return nil
	})
	slices.Sort(out)
	return out
}

// Remove forgets what is kept under a name. There may be nothing.
func (s States) Remove(name string) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("config: %s cannot be removed: %w", path, cause(err))
	}
	return nil
}

// StateName makes a part of a name of any text: "DKIM for acme.example"
// becomes "dkim-for-acme.example".
func StateName(text string) string {
	part := strings.Map(func(c rune) rune {
		if c < 0x80 && strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789._-", c) {
			return c
		}
		return '-'
	}, strings.ToLower(text))
	part = strings.TrimLeft(part, ".-")
	if part == "" {
		return "_"
	}
	return part[:min(len(part), 100)]
}
