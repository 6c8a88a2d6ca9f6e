// Package config reads and writes the user's file: the configured transports,
// ClockWise's side of the mail and the console's settings. It is the only room
// that reads files and the environment.
package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"go.yaml.in/yaml/v3"

	"clockwise.info/cwmail/transports"
)

// File is a configuration file as read. The zero value of each setting means
// that nothing stands there.
type File struct {
	Path            string
	Exists          bool // false when there is no file at Path: everything is default
	Account         string
	Transports      []transports.Transport
	Service         transports.Service
	Resolvers       []string // HOST:PORT
	PublicResolvers []string // HOST:PORT
	DNSLists        []string
	Console
	Unknown []Unknown
	Merged  []string // what others had changed meanwhile, in words; set by Store

	text hidden            // of the file with the edits so far
	doc  *yaml.Node        // of text; nil when that holds nothing
	sum  [sha256.Size]byte // of what was read: Save refuses to overwrite other content
	crlf bool
}

// hidden gives a text that may hold passwords. A function prints as an
// address, with every verb.
type hidden func() []byte

func hide(text []byte) hidden { return func() []byte { return text } }

// Console holds the settings of the console. Switches are nil where nothing
// stands in the file.
type Console struct {
	Theme      string // auto, dark, light, neutral, high-contrast
	Color      string // auto, always, never
	Lang       string
	ASCII      *bool
	Motion     *bool
	Accessible *bool
	Mouse      *bool
	Privacy    *bool
	Interval   *time.Duration    // between two looks at the same transport; 0: only when asked
	Keys       map[string]string // action → key
}

// Unknown is a key that cwmail does not know. It stays in the file.
type Unknown struct {
	Key       string // with what it stands in: "dkim.selectr"
	Near      string // what was probably meant; "" when nothing is near
	Line      int
	Transport string // name of the transport in which it stands; "" at the top
}

// DefaultPublicResolvers are asked where the file names none.
func DefaultPublicResolvers() []string { return []string{"1.1.1.1:53", "8.8.8.8:53", "9.9.9.9:53"} }

// Path says where the configuration is: flag, else CWMAIL_CONFIG, else
// cwmail/config.yaml in the XDG configuration folder (on Windows and macOS:
// os.UserConfigDir, unless XDG_CONFIG_HOME is set). named says that the user
// named the file, so that it has to exist.
func Path(flag string, getenv func(string) string) (path string, named bool, err error) {
	if flag != "" {
		return flag, true, nil
	}
	if p := getenv("CWMAIL_CONFIG"); p != "" {
		return p, true, nil
	}
	dir, err := configDir(getenv, runtime.GOOS)
	if err != nil {
		return "", false, fmt.Errorf("config: no folder for the configuration: %w", err)
	}
	return filepath.Join(dir, "cwmail", "config.yaml"), false, nil
}

var errNoHome = errors.New("neither XDG_CONFIG_HOME nor HOME is set")

func configDir(getenv func(string) string, system string) (string, error) {
	// The XDG specification tells to ignore relative paths.
	if x := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(x) {
		return x, nil
	}
	if system == "windows" || system == "darwin" || system == "ios" {
		return os.UserConfigDir()
	}
	home := getenv("HOME")
	if home == "" {
		return "", errNoHome
	}
	return filepath.Join(home, ".config"), nil
}

// maxSize is far above any real file: 10,000 transports take some 3 MB.
const maxSize = 32 << 20

// Load reads the file at path and the key files it names. A file that does not
// exist gives an empty configuration with Exists false; Open treats one that
// the user named as an error. Mistakes give an *Invalid.
func Load(path string) (*File, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return empty(path), nil
	}
	if err != nil {
		return nil, fmt.Errorf("config: %s cannot be read: %w", path, cause(err))
	}
	if info.IsDir() {
		return nil, fmt.Errorf("config: %s is a folder, not a file", path)
	}
	data, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("config: %s cannot be read: %w", path, cause(err))
	}
	if len(data) > maxSize {
		return nil, fmt.Errorf("config: %s has more than %d octets; no configuration is that large", path, maxSize)
	}
	f, err := Parse(path, data)
	if err != nil {
		return nil, err
	}
	f.Exists = true
	f.loadKeys()
	return f, nil
}

// read reads a little more than may be read, of devices too, which tell no size.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSize+1))
}

// Open finds and loads the configuration: Path, then Load.
func Open(flag string, getenv func(string) string) (*File, error) {
	path, named, err := Path(flag, getenv)
	if err != nil {
		return nil, err
	}
	f, err := Load(path)
	if err == nil && named && !f.Exists {
		return nil, fmt.Errorf("config: %s: %w", path, fs.ErrNotExist)
	}
	return f, err
}

func empty(path string) *File {
	return &File{Path: path, Service: transports.DefaultService(), PublicResolvers: DefaultPublicResolvers(), text: hide(nil), sum: sha256.Sum256(nil)}
}

// cause strips the operation and the path that an *fs.PathError repeats.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
