package header_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/sonde-go/sonde/header"
)

func readGolden(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// latin1 gives the bytes of a text in which every character stands for one.
func latin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

var goodID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$`)

// wantIDs says which ids a payload that OSProfiler has accepted gives here: it
// takes any value for an id, this package only texts that are one.
func wantIDs(unpack map[string]any) (base, parent string, ok bool) {
	base, isText := unpack["base_id"].(string)
	if !isText || !goodID.MatchString(base) {
		return "", "", false
	}
	switch p := unpack["parent_id"].(type) {
	case nil:
		return base, base, true
	case string:
		if p == "" {
			return base, base, true
		}
		return base, p, goodID.MatchString(p)
	default:
		return "", "", false
	}
}

// tooLong is the one recorded pair whose X-Trace-Info is longer than MaxLen:
// 26 KB, for an id of 20,000 characters. OSProfiler takes it; here it is
// refused for its length, before anything is computed of it.
const tooLong = "h028"

// TestIncomingGolden checks every recorded header pair: accepted or refused as
// the real OSProfiler did, but for the ids and the length that are refused
// here.
func TestIncomingGolden(t *testing.T) {
	var golden struct {
		Vectors []struct {
			ID, Desc, Why string
			Keys          *string        `json:"hmac_keys"`
			Info          *string        `json:"x_trace_info"`
			HMAC          *string        `json:"x_trace_hmac"`
			Valid         bool           `json:"valid"`
			Unpack        map[string]any `json:"unpack"`
		}
	}
	readGolden(t, "incoming.json", &golden)
	if len(golden.Vectors) < 50 {
		t.Fatalf("only %d vectors", len(golden.Vectors))
	}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return latin1(*s)
	}
	accepted := 0
	for _, v := range golden.Vectors {
		t.Run(v.ID+" "+v.Desc, func(t *testing.T) {
			list := ""
			if v.Keys != nil {
				list = *v.Keys
			}
			keys, err := header.ParseKeys(list, header.AllowDefaultKey())
			if err != nil {
				t.Fatal(err)
			}
			wantBase, wantParent, want := wantIDs(v.Unpack)
			want = want && v.Valid
			in, key, err := keys.Verify(header.Signed{Info: text(v.Info), HMAC: text(v.HMAC)})
			if long := len(text(v.Info)) > header.MaxLen; long != (v.ID == tooLong) || long != (err == header.ErrTooLong) {
				t.Errorf("%d bytes of X-Trace-Info: %v", len(text(v.Info)), err)
			}
			if (err == nil) != want {
				t.Fatalf("error %v, want accepted = %v (upstream: %s)", err, want, v.Why)
			}
			if (key != nil) != want {
				t.Errorf("key %v with error %v", key, err)
			}
			if !want {
				return
			}
			accepted++
			if in.BaseID.String() != wantBase || in.ParentID.String() != wantParent {
				t.Errorf("got %v, %v, want %s, %s", in.BaseID, in.ParentID, wantBase, wantParent)
			}
		})
	}
	if accepted < 15 {
		t.Errorf("only %d vectors were accepted", accepted)
	}
}

// TestOutgoingGolden checks the header texts byte for byte.
func TestOutgoingGolden(t *testing.T) {
	var golden struct {
		Vectors []struct {
			Key     *string `json:"hmac_key"`
			Base    string  `json:"init_base_id"`
			Current string  `json:"current_trace_id"`
			Headers map[string]string
		}
	}
	readGolden(t, "outgoing.json", &golden)
	signed := 0
	for _, v := range golden.Vectors {
		if v.Key == nil || *v.Key == "" || len(v.Headers) == 0 {
			continue
		}
		base, errBase := header.ParseID(v.Base)
		current, errCurrent := header.ParseID(v.Current)
		if errBase != nil || errCurrent != nil {
			continue // an id that is refused here
		}
		keys, err := header.ParseKeys(*v.Key, header.AllowDefaultKey())
		if err != nil {
			t.Fatal(err)
		}
		signed++
		signed := keys.Primary().Sign(header.Info{BaseID: base, ParentID: current})
		info, mac := signed.Info, signed.HMAC
		if info != v.Headers[header.InfoName] || mac != v.Headers[header.HMACName] {
			t.Errorf("%s, %s:\n got %s %s\nwant %v", v.Base, v.Current, info, mac, v.Headers)
		}
	}
	if signed < 3 {
		t.Errorf("only %d vectors were signed", signed)
	}
}
