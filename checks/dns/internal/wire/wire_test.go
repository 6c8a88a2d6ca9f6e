package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for _, name := range []string{"", "a", "a.b", "\x00\xff.x", strings.Repeat("a", 63) + ".b", strings.Repeat("abcdefg.", 31) + "abcde"} {
		b, err := AppendName([]byte("junk"), name)
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		got, next, err := ReadName(b, 4, false)
		if err != nil || got != name || next != len(b) {
			t.Errorf("%q: %q %d %v", name, got, next, err)
		}
	}
	for _, name := range []string{".", "a.", ".a", "a..b", strings.Repeat("a", 64), strings.Repeat("abcdefg.", 31) + "abcdef"} {
		if _, err := AppendName(nil, name); !errors.Is(err, ErrName) {
			t.Errorf("%q is taken: %v", name, err)
		}
	}
}

func TestReadName(t *testing.T) {
	m := []byte("\x01A\x00\x01B\xc0\x00\xc0\x03\xc0\x07\x40\x01a\xc0\x0f\xc0")
	for _, tc := range []struct {
		off  int
		name string
		next int
		ok   bool
	}{
		{0, "a", 3, true},
		{3, "b.a", 7, true},
		{7, "b.a", 9, true},
		{9, "b.a", 11, true},
		{11, "", 0, false},
		{14, "", 0, false},
		{16, "", 0, false},
		{99, "", 0, false},
	} {
		name, next, err := ReadName(m, tc.off, true)
		if name != tc.name || next != tc.next || (err == nil) != tc.ok {
			t.Errorf("%d: %q %d %v", tc.off, name, next, err)
		}
	}
	// Pointers in a circle, and a name that grows without end.
	for _, m := range []string{"\xc0\x00", "\x01a\xc0\x00", "\xc0\x02\xc0\x00"} {
		if _, _, err := ReadName([]byte(m), 0, false); err == nil {
			t.Errorf("%q is read", m)
		}
	}
}

func TestSameQuestion(t *testing.T) {
	a, _ := AppendQuestion(nil, "acme.example", 16)
	for name, want := range map[string]bool{"ACME.example": true, "acme.exampla": false, "acme.example.x": false} {
		if b, _ := AppendQuestion(nil, name, 16); SameQuestion(a, b) != want {
			t.Errorf("%s: %t", name, !want)
		}
	}
	if b, _ := AppendQuestion(nil, "acme.example", 48); SameQuestion(a, b) {
		t.Error("another type is the same")
	}
	// Types are no letters: 'A' and 'a' differ there.
	x, _ := AppendQuestion(nil, "a", 'A')
	if y, _ := AppendQuestion(nil, "a", 'a'); SameQuestion(x, y) {
		t.Error("types are compared as letters")
	}
}

func TestEDE(t *testing.T) {
	b := AppendOPT(nil, 1232, 16, []EDE{{6, "bogus"}, {22, ""}})
	r, err := ReadRecord(b, 0)
	if err != nil || r.Type != TypeOPT || r.TTL>>24 != 1 || r.Next != len(b) {
		t.Fatalf("%+v %v", r, err)
	}
	got := ReadEDE(b[r.Data:r.Next])
	if len(got) != 2 || got[0] != (EDE{6, "bogus"}) || got[1] != (EDE{22, ""}) {
		t.Errorf("%v", got)
	}
	if got := ReadEDE(b[r.Data : r.Next-1]); len(got) != 1 {
		t.Errorf("cut off: %v", got)
	}
	if !bytes.HasPrefix(b, []byte{0, 0, TypeOPT}) {
		t.Errorf("% x", b)
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]byte{`\001`: 1, `\255`: 255, `\"x`: '"', `\\`: '\\', `\`: '\\', `\300`: '3', `\12`: '1'} {
		if got, n := Unescape(in); got != want || n > len(in) {
			t.Errorf("%s: %d, %d octets", in, got, n)
		}
	}
}

func TestReadEDEBounded(t *testing.T) {
	many := make([]EDE, 100)
	m := AppendOPT(nil, 1232, 0, many)
	r, err := ReadRecord(m, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(ReadEDE(m[r.Data:r.Next])); n == 0 || n > 10 {
		t.Errorf("%d errors are read", n)
	}
}
