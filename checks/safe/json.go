package safe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON encodes v so that the text holds no character that Line would change:
// they stand as \u escapes, which a reader of JSON gets back whole. indent is
// the unit of indentation; "" puts everything on one line, for JSON Lines.
// Strings that are not UTF-8 must have passed UTF8 before.
func JSON(v any, indent string) ([]byte, error) {
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("safe: %w", err)
	}
	return escape(buf.Bytes()), nil
}

// buffers are for encoding: documents are long, and many are made in a bulk run.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// escape writes what a terminal must not see as \u escapes. Such characters
// stand only inside the string literals of JSON, so the result is JSON too.
func escape(encoded []byte) []byte {
	if plainLen(encoded) == len(encoded) {
		return bytes.Clone(encoded)
	}
	out := make([]byte, 0, len(encoded)+len(encoded)/8)
	marks := 0
	for len(encoded) > 0 {
		// Nearly all of it is plain.
		if plain := plainLen(encoded); plain > 0 {
			out, encoded, marks = append(out, encoded[:plain]...), encoded[plain:], 0
			continue
		}
		r, n := utf8.DecodeRune(encoded)
		if unicode.In(r, unicode.Mn, unicode.Me) {
			marks++
		} else {
			marks = 0
		}
		if r == 0x7f || invisible(r) || !unicode.IsPrint(r) || marks > maxMarks {
			for _, unit := range utf16.AppendRune(nil, r) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		} else {
			out = append(out, encoded[:n]...)
		}
		encoded = encoded[n:]
	}
	return out
}

// plainLen is the number of octets up to the first one that is not printable
// ASCII or a line end.
func plainLen(text []byte) int {
	for i, c := range text {
		if c-' ' > '~'-' ' && c != '\n' {
			return i
		}
	}
	return len(text)
}

// UTF8 returns s with each octet that is not UTF-8 written as \x9b, because
// JSON has no way to hold it and would drop which octet it was.
func UTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}
